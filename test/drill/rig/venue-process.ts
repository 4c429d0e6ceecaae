import { startVenue, type Venue } from '../../integration/collect/rig.ts';
import { until } from './result.ts';
import type { TrueBook } from './venues.ts';

/** The simulated spot venue as a process of its own, spoken to over its endpoints and `/admin`. */
export class VenueProcess {
  readonly #venue: Venue;

  private constructor(venue: Venue) {
    this.#venue = venue;
  }

  static async start(args: readonly string[]): Promise<VenueProcess> {
    return new VenueProcess(await startVenue(...args));
  }

  get websocket(): string {
    return `ws://127.0.0.1:${this.#venue.port}`;
  }
  get rest(): string {
    return `http://127.0.0.1:${this.#venue.port}`;
  }

  /** `waiting`, `playing`, `paused`, `finished`. */
  async state(): Promise<string> {
    return ((await this.#get('/admin/state')) as { state: string }).state;
  }

  async play(): Promise<void> {
    await this.#post('/admin/play', {});
  }

  /** Everything that happened is published when this resolves. */
  async pause(): Promise<void> {
    await this.#post('/admin/pause', {});
    await until('the venue pauses', async () => /paused|finished/.test(await this.state()));
  }

  book(instrument: string): Promise<TrueBook> {
    return this.#get(`/admin/book?symbol=${instrument}`) as Promise<TrueBook>;
  }

  async lastTradeId(instrument: string): Promise<number> {
    const [last] = (await this.#get(`/api/v3/trades?symbol=${instrument}&limit=1`)) as { id: number }[];
    return last?.id ?? 0;
  }

  async end(): Promise<void> {
    await this.#venue.command.ended('SIGKILL');
  }

  async #get(path: string): Promise<unknown> {
    return (await fetch(this.rest + path)).json();
  }

  async #post(path: string, body: object): Promise<void> {
    const answer = await fetch(this.rest + path, { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
  }
}
