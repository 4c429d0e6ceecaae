import { Backoff } from '../runtime/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import { HolePages, type FetchedTrade } from './pipeline/hole-pages.ts';
import type { TradesFetched, TradesWanted } from './ports.ts';
import type { RestAnswer, RestClient } from './rest.ts';
import type { TradeSource } from './venues/trade-source.ts';
import type { Malformed } from './venues/venue.ts';

const BACKOFF = { firstMs: 500, maxMs: 8_000 };
/** Answers in a row that led no further before the rest is given up. */
const MAX_VAIN = 6;
/** For all of one hole, waiting for its turn included. */
export const PATIENCE_MS = 300_000;
const MAX_WAITING = 2_000;
/** The budget and the connections are the book snapshots' first. */
const MAX_PARALLEL = 2;
const YIELD_MS = 250;

export interface BackfillOptions {
  /** Null: the market has no trades. */
  readonly source: TradeSource | null;
  readonly rest: Pick<RestClient, 'waitMs' | 'get'>;
  readonly clock: Clock;
  readonly random: () => number;
  /** Book snapshots that wait: they go first. */
  readonly snapshotsWaiting: () => number;
  /** What a book snapshot costs: as much of the budget is left to it. */
  readonly reservedWeight: (instrument: string) => number;
  readonly push: (instrument: string, trades: readonly FetchedTrade[], receiveTimeUs: number) => void;
  readonly log: Logger;
}

interface Job {
  readonly instrument: string;
  readonly source: TradeSource;
  readonly pages: HolePages;
  readonly backoff: Backoff;
  readonly untilMs: number;
  readonly resolve: (fetched: TradesFetched) => void;
  dueMs: number;
  vain: number;
}

/** Fetches trades that are missing in the stream, hole by hole, when nothing more urgent needs the venue's REST side. */
export class Backfill {
  readonly #options: BackfillOptions;
  readonly #jobs: Job[] = [];
  readonly #running = new Set<Job>();
  readonly #counters: Record<string, number> = {};
  #cancelTimer: (() => void) | undefined;
  #stopped = false;

  constructor(options: BackfillOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#jobs.length + this.#running.size;
  }

  get counters(): Readonly<Record<string, number>> {
    return this.#counters;
  }

  /** Undefined: there is no list, or too many wait already. */
  ask(instrument: string, wanted: TradesWanted): Promise<TradesFetched> | undefined {
    const { clock, source, random } = this.#options;
    if (source === null) return undefined;
    if (this.#stopped || this.#jobs.length >= MAX_WAITING) {
      this.#bump('backfill:refused');
      return undefined;
    }
    const { promise, resolve } = Promise.withResolvers<TradesFetched>();
    const nowMs = clock.nowMs();
    this.#jobs.push({
      instrument,
      source,
      pages: new HolePages(wanted, source),
      backoff: new Backoff({ ...BACKOFF, random }),
      untilMs: nowMs + PATIENCE_MS,
      resolve,
      dueMs: nowMs,
      vain: 0,
    });
    this.#bump('backfill:asked');
    this.#next();
    return promise;
  }

  /** The instrument is no longer collected. */
  forget(instrument: string): void {
    for (const job of [...this.#jobs, ...this.#running]) if (job.instrument === instrument) this.#finish(job);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer?.();
    for (const job of [...this.#jobs, ...this.#running]) this.#finish(job);
  }

  #next(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#stopped) return;
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    let soonestMs = Number.POSITIVE_INFINITY;
    for (const job of this.#jobs.slice()) {
      if (this.#running.size >= MAX_PARALLEL) return;
      const waitMs = Math.max(job.dueMs - nowMs, this.#budgetWaitMs(job));
      if (nowMs >= job.untilMs) this.#finish(job);
      else if (waitMs <= 0) this.#start(job);
      else soonestMs = Math.min(soonestMs, waitMs, job.untilMs - nowMs);
    }
    if (soonestMs < Number.POSITIVE_INFINITY) this.#cancelTimer = clock.after(soonestMs, () => this.#next());
  }

  #budgetWaitMs({ instrument, source, pages }: Job): number {
    const { rest, snapshotsWaiting, reservedWeight } = this.#options;
    if (snapshotsWaiting() > 0) return YIELD_MS;
    const { fromId, toId } = pages.open;
    return rest.waitMs(source.request(instrument, fromId, toId).weight + reservedWeight(instrument));
  }

  #start(job: Job): void {
    this.#jobs.splice(this.#jobs.indexOf(job), 1);
    this.#running.add(job);
    void this.#fetch(job).then((isDone) => {
      // Given up meanwhile.
      if (!this.#running.has(job)) return this.#next();
      this.#running.delete(job);
      if (isDone) this.#finish(job);
      else this.#jobs.push(job);
      this.#next();
    });
  }

  /** One page; true when no other is to follow. */
  async #fetch(job: Job): Promise<boolean> {
    const { rest, clock, push } = this.#options;
    const { instrument, source, pages } = job;
    const { fromId, toId } = pages.open;
    const answer = await rest.get(source.request(instrument, fromId, toId));
    if (!this.#running.has(job)) return true;
    if (answer.kind !== 'ok') {
      this.#failed(instrument, answer);
      return this.#again(job, answer.kind === 'limited' ? answer.retryAfterMs : 0);
    }
    const page = source.decode(answer.body, instrument);
    if ('kind' in page) {
      this.#failed(instrument, page);
      return this.#again(job, 0);
    }
    const { trades, verdict } = pages.take(page);
    this.#bump('backfill:trades', trades.length);
    if (trades.length > 0) push(instrument, trades, answer.receiveTimeUs);
    if (verdict === 'later') return this.#again(job, 0);
    job.vain = 0;
    job.dueMs = clock.nowMs();
    return verdict === 'done';
  }

  #again(job: Job, leastMs: number): boolean {
    job.vain += 1;
    job.dueMs = this.#options.clock.nowMs() + Math.max(leastMs, job.backoff.nextMs());
    if (job.vain < MAX_VAIN) this.#bump('backfill:retries');
    return job.vain >= MAX_VAIN;
  }

  #finish(job: Job): void {
    const index = this.#jobs.indexOf(job);
    if (index !== -1) this.#jobs.splice(index, 1);
    this.#running.delete(job);
    const { result } = job.pages;
    this.#bump(`backfill:${result.outcome}`);
    job.resolve(result);
  }

  #failed(instrument: string, failure: Exclude<RestAnswer, { kind: 'ok' }> | Malformed): void {
    this.#bump(`backfill:${failure.kind}`);
    this.#options.log.warn({ instrument, ...failure }, 'trades could not be fetched from the venue');
  }

  #bump(name: string, by = 1): void {
    this.#counters[name] = (this.#counters[name] ?? 0) + by;
  }
}
