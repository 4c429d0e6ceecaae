import { Backoff } from '../runtime/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import type { RestAnswer, RestClient } from './rest.ts';
import type { SnapshotCommand } from './pipeline/book-start.ts';
import type { RestRequest } from './venues/venue.ts';

const BACKOFF = { firstMs: 200, maxMs: 30_000 };
/** Requests under way at once: enough to fill the weight budget, few enough not to be cut. */
const MAX_PARALLEL = 4;

export interface SnapshotOptions {
  readonly rest: RestClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly request: (instrument: string) => RestRequest;
  /** True when the answer could be used; false asks again with backoff. */
  readonly onBody: (command: SnapshotCommand, body: string, receiveTimeUs: number) => boolean;
  readonly onFailure: (answer: Exclude<RestAnswer, { kind: 'ok' }>) => void;
}

/**
 * The queue of book snapshots: one question an instrument (the newest), a few at once, under the weight budget. Bounded by
 * the number of instruments.
 */
export class Snapshots {
  readonly #options: SnapshotOptions;
  readonly #waiting = new Map<string, { readonly command: SnapshotCommand; readonly dueMs: number }>();
  readonly #backoff = new Map<string, Backoff>();
  #underWay = 0;
  #cancelTimer: (() => void) | undefined;
  #stopped = false;

  constructor(options: SnapshotOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.size + this.#underWay;
  }

  /** How long the REST budget keeps this instrument's question waiting; undefined: it does not. */
  budgetWaitOf(instrument: string): number | undefined {
    if (!this.#waiting.has(instrument)) return undefined;
    const waitMs = this.#options.rest.waitMs(this.#options.request(instrument).weight);
    return waitMs > 0 ? waitMs : undefined;
  }

  ask(command: SnapshotCommand): void {
    const nowMs = this.#options.clock.nowMs();
    if (command.attempt === 0) this.#backoff.delete(command.instrument);
    const dueMs = command.attempt === 0 ? nowMs : nowMs + this.#backoffOf(command.instrument).nextMs();
    this.#waiting.set(command.instrument, { command, dueMs });
    this.#next();
  }

  /** The instrument is in sync, or no longer wanted. */
  forget(instrument: string): void {
    this.#waiting.delete(instrument);
    this.#backoff.delete(instrument);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer?.();
    this.#waiting.clear();
  }

  #backoffOf(instrument: string): Backoff {
    const known = this.#backoff.get(instrument) ?? new Backoff({ ...BACKOFF, random: this.#options.random });
    this.#backoff.set(instrument, known);
    return known;
  }

  #next(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const { clock, rest, request } = this.#options;
    let soonestMs = Number.POSITIVE_INFINITY;
    for (const [instrument, { command, dueMs }] of this.#waiting) {
      if (this.#stopped || this.#underWay >= MAX_PARALLEL) return;
      const asked = request(instrument);
      const waitMs = Math.max(dueMs - clock.nowMs(), rest.waitMs(asked.weight));
      if (waitMs > 0) {
        soonestMs = Math.min(soonestMs, waitMs);
        continue;
      }
      this.#waiting.delete(instrument);
      this.#underWay += 1;
      void this.#fetch(command, asked);
    }
    if (soonestMs < Number.POSITIVE_INFINITY) this.#cancelTimer = clock.after(soonestMs, () => this.#next());
  }

  async #fetch(command: SnapshotCommand, asked: RestRequest): Promise<void> {
    const answer = await this.#options.rest.get(asked);
    this.#underWay -= 1;
    if (this.#stopped) return;
    const used = answer.kind === 'ok' && this.#options.onBody(command, answer.body, answer.receiveTimeUs);
    if (answer.kind !== 'ok') this.#options.onFailure(answer);
    // A newer question of the same instrument has taken this one's place.
    if (!used && !this.#waiting.has(command.instrument))
      this.ask({ ...command, attempt: command.attempt + 1 });
    else this.#next();
  }
}
