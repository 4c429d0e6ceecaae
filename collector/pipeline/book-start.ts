import type { Venue } from '../venues/venue.ts';

/** A stream that brings the state does so at once; after this long without it REST is asked. */
export const STATE_WAIT_MS = 5_000;
/** Between two subscriptions of one channel that did not last: a venue counts them by the hour. */
const FIRST_SPACING_MS = 1_000;
const MAX_SPACING_MS = 30_000;
/** A subscription that lasted this long was sound: the next one may follow at once. */
const SOUND_MS = 60_000;

/**
 * Ask the venue for a snapshot (`audit`: for a small one, to be compared); `generation` comes back with it, an answer to an older question is ignored. Where the
 * stream itself brings the state, the channel has to be subscribed anew instead.
 */
export interface SnapshotCommand {
  readonly kind: 'snapshot' | 'resubscribe' | 'audit';
  readonly instrument: string;
  readonly generation: number;
  /** 0: at once; above: the last one was of no use, wait with backoff. */
  readonly attempt: number;
}

export interface StartPorts {
  readonly command: (command: SnapshotCommand) => void;
  readonly bookStart: Venue['bookStart'];
  readonly count: (event: 'stateMissing') => void;
}

/** Where an instrument's next book comes from: asked for once at a time, by REST or by subscribing anew. */
export class BookStart {
  readonly #instrument: string;
  readonly #ports: StartPorts;
  #generation = 0;
  #asked = false;
  #attempt = 0;
  /** False while no stream runs: a snapshot asked for then would be a book that nothing keeps up to date. */
  #isOpen = false;
  /** The subscription is new and its state has not come yet: nothing needs to be asked for. */
  #comingSinceMs: number | undefined;
  /** The venue subscribes without sending the state; until it does again. */
  #viaRest = false;
  #subscribedMs = Number.NEGATIVE_INFINITY;
  #spacingMs = FIRST_SPACING_MS;

  constructor(instrument: string, ports: StartPorts) {
    this.#instrument = instrument;
    this.#ports = ports;
  }

  get generation(): number {
    return this.#generation;
  }

  opened(nowMs: number, hasBook: boolean): void {
    if ((!this.#isOpen || !hasBook) && this.#byStream) this.#comingSinceMs = nowMs;
    this.#isOpen = true;
  }

  flows(): void {
    this.#isOpen = true;
  }

  closed(): void {
    this.#isOpen = false;
    this.#comingSinceMs = undefined;
  }

  /** The stream sent its state, asked for or not. */
  stateCame(): void {
    this.#isOpen = true;
    this.#comingSinceMs = undefined;
    this.#viaRest = false;
    this.#generation += 1;
    this.#asked = true;
  }

  /** The book is gone; whatever is on its way belongs to it. */
  lost(): void {
    this.#asked = false;
    this.#attempt = 0;
    this.#generation += 1;
  }

  /** What came was of no use, or what it became. */
  useless(attempt = this.#attempt + 1): void {
    this.#asked = false;
    this.#attempt = attempt;
  }

  synced(): void {
    this.#attempt = 0;
  }

  /** True when it was not on its way yet and is from here on. */
  ask(nowMs: number): boolean {
    if (this.#asked || !this.#isOpen) return false;
    const isComing = this.#comingSinceMs !== undefined;
    if (this.#byStream && !isComing && !this.#mayResubscribe(nowMs)) return false;
    this.#asked = true;
    this.#generation += 1;
    if (this.#byStream && isComing) return true;
    if (this.#byStream) this.#comingSinceMs = nowMs;
    this.#command(this.#byStream ? 'resubscribe' : 'snapshot');
    return true;
  }

  tick(nowMs: number): void {
    const sinceMs = this.#comingSinceMs;
    if (!this.#isOpen || sinceMs === undefined || nowMs - sinceMs < STATE_WAIT_MS) return;
    this.#comingSinceMs = undefined;
    this.#viaRest = true;
    this.#asked = true;
    this.#generation += 1;
    this.#ports.count('stateMissing');
    this.#command('snapshot');
  }

  get #byStream(): boolean {
    return this.#ports.bookStart === 'stream' && !this.#viaRest;
  }

  #mayResubscribe(nowMs: number): boolean {
    const sinceMs = nowMs - this.#subscribedMs;
    if (sinceMs < this.#spacingMs) return false;
    this.#spacingMs = sinceMs >= SOUND_MS ? FIRST_SPACING_MS : Math.min(this.#spacingMs * 2, MAX_SPACING_MS);
    this.#subscribedMs = nowMs;
    return true;
  }

  /** The book is to be audited without waiting for its turn. */
  audit(): void {
    this.#command('audit');
  }

  #command(kind: SnapshotCommand['kind']): void {
    const asked = { instrument: this.#instrument, generation: this.#generation, attempt: this.#attempt };
    this.#ports.command({ kind, ...asked });
  }
}
