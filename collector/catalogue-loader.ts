import type { Instrument } from '../contract/instrument.ts';
import { Backoff } from '../runtime/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import type { RestAnswer, RestClient } from './rest.ts';
import type { RestRequest, Venue } from './venues/venue.ts';

type Failure = Exclude<RestAnswer, { kind: 'ok' }>;

export interface CatalogueLoaderOptions {
  readonly venue: Venue;
  readonly rest: RestClient;
  readonly clock: Clock;
  readonly random: () => number;
  /** How often the lists are read again. */
  readonly everyMs: number;
  /** Answers how soon they should be read again at the latest; the loader's own pace is the upper bound. */
  readonly onLoaded: (instruments: readonly Instrument[]) => number;
  readonly onFailure: (answer: Failure) => void;
}

export const CATALOGUE_EVERY_MS = 300_000;
const RETRY = { firstMs: 500, maxMs: 60_000 };
/** All collectors of a feed would ask at the same moments. */
const JITTER = 0.2;
/** And at the moment of an expiry. */
const SPREAD_MS = 5_000;
/** Lists of one market: OKX has one for each of its few families of options. */
const MOST_LISTS = 20;
/** However soon somebody wants it. */
const LEAST_MS = 1_000;

/** Reads the venue's lists at the start and from time to time, within the weight budget; never two reads at once. */
export class CatalogueLoader {
  readonly counters = { catalogueReads: 0, catalogueFailures: 0 };
  readonly #options: CatalogueLoaderOptions;
  readonly #retry: Backoff;
  #cancel: (() => void) | undefined;
  #loading = false;
  #again = false;
  #stopped = false;
  /** Instruments of the last list. */
  #held = 0;

  constructor(options: CatalogueLoaderOptions) {
    this.#options = options;
    this.#retry = new Backoff({ ...RETRY, random: options.random });
  }

  /** Now, or once the read under way has ended. */
  load(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#stopped) return;
    this.#again = this.#loading;
    if (this.#loading) return;
    this.#loading = true;
    void this.#once().then((delayMs) => {
      this.#loading = false;
      if (this.#again) this.load();
      else this.#in(delayMs);
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  #in(delayMs: number): void {
    if (this.#stopped) return;
    this.#cancel = this.#options.clock.after(delayMs, () => this.load());
  }

  /** Milliseconds until the next. */
  async #once(): Promise<number> {
    const { venue, rest, everyMs, random, onLoaded, onFailure } = this.#options;
    const first = venue.catalogueRequest();
    const waitMs = rest.waitMs(first.weight * (venue.catalogueLists === undefined ? 1 : 1 + MOST_LISTS));
    if (waitMs > 0) return waitMs;
    this.counters.catalogueReads += 1;
    const instruments = await this.#readLists(first);
    if (this.#stopped) return 0;
    if ('kind' in instruments) {
      this.counters.catalogueFailures += 1;
      onFailure(instruments);
      return instruments.kind === 'limited' ? instruments.retryAfterMs : this.#retry.nextMs();
    }
    this.#retry.reset();
    this.#held = instruments.length;
    const ownMs = everyMs * (1 + JITTER * (2 * random() - 1));
    return Math.max(LEAST_MS, Math.min(ownMs, onLoaded(instruments) + SPREAD_MS * random()));
  }

  /** One after the other; the first failure ends it. */
  async #readLists(first: RestRequest): Promise<readonly Instrument[] | Failure> {
    const { rest, venue } = this.#options;
    const answer = await rest.get(first);
    if (answer.kind !== 'ok') return answer;
    const lists = venue.catalogueLists?.(answer.body);
    if (lists === undefined) return this.#instruments([answer.body]);
    if ('kind' in lists) return refused('the list of lists of instruments is malformed');
    if (lists.length > MOST_LISTS) return refused(`more than ${MOST_LISTS} lists of instruments`);
    const bodies: string[] = [];
    for (const list of lists) {
      const part = await rest.get(list);
      if (part.kind !== 'ok') return part;
      bodies.push(part.body);
    }
    return this.#instruments(bodies);
  }

  #instruments(bodies: readonly string[]): readonly Instrument[] | Failure {
    const instruments: Instrument[] = [];
    for (const body of bodies) {
      const listed = this.#options.venue.decodeCatalogue(body);
      if ('kind' in listed) return refused('the list of instruments is malformed');
      instruments.push(...listed);
    }
    // A venue under maintenance; all symbols would be dropped for nothing.
    if (instruments.length === 0 && this.#held > 0) return refused('the list of instruments is empty');
    return instruments;
  }
}

const refused = (detail: string): Failure => ({ kind: 'refused', status: 200, detail });
