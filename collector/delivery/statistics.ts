import type { CollectorReport } from '../../contract/control.ts';
import { Histogram, type HistogramReading } from '../../runtime/histogram.ts';

const WINDOW_S = 10;
const HALF_WINDOW_MS = 30_000;
/** Upper bounds in milliseconds, each a quarter above the one before: 0.5 ms to about 3 minutes. */
const BOUNDS_MS: readonly number[] = Array.from({ length: 58 }, (_, index) => 0.5 * 1.25 ** index);

/** The way of a record, stage by stage; `venueToAck` is the whole. */
export const STAGES = ['venueToReceive', 'receiveToPublish', 'publishToAck', 'venueToAck'] as const;
export type Stage = (typeof STAGES)[number];

/** Seconds: within a machine, within a region, around the world, and what waits for NATS to come back. */
const STAGE_BOUNDS_S: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800,
];

/** When a stored record was where; its last try counts as the publish. */
export interface RecordTimes {
  readonly exchangeTimeUs: number | null;
  readonly receiveTimeUs: number;
  readonly publishedMs: number;
}

/** Rate over the last ten seconds and latency (venue's time to acknowledgement) over the last half to whole minute. */
export class Statistics {
  readonly #perSecond: { second: number; count: number }[] = Array.from({ length: WINDOW_S + 1 }, () => ({
    second: -1,
    count: 0,
  }));
  #recent = new Uint32Array(BOUNDS_MS.length + 1);
  #previous = new Uint32Array(BOUNDS_MS.length + 1);
  #rotatedMs = 0;
  readonly #stages = mapStages(() => new Histogram(STAGE_BOUNDS_S));
  lastMessageMs = 0;
  lastConfirmedMs = 0;

  stored(nowMs: number, exchangeTimeUs: number | null): void {
    this.lastMessageMs = nowMs;
    const second = Math.floor(nowMs / 1_000);
    const slot = this.#perSecond[second % (WINDOW_S + 1)];
    if (slot === undefined) return;
    if (slot.second !== second) {
      slot.second = second;
      slot.count = 0;
    }
    slot.count += 1;
    if (exchangeTimeUs !== null) this.#observe(nowMs, nowMs - exchangeTimeUs / 1_000);
  }

  /** Another host's clock may be ahead of ours: a stage never took less than nothing. */
  passed({ exchangeTimeUs, receiveTimeUs, publishedMs }: RecordTimes, nowMs: number): void {
    const observe = (stage: Stage, tookMs: number): void =>
      this.#stages[stage].observe(Math.max(0, tookMs) / 1_000);
    const receivedMs = receiveTimeUs / 1_000;
    observe('receiveToPublish', publishedMs - receivedMs);
    observe('publishToAck', nowMs - publishedMs);
    if (exchangeTimeUs === null) return;
    observe('venueToReceive', receivedMs - exchangeTimeUs / 1_000);
    observe('venueToAck', nowMs - exchangeTimeUs / 1_000);
  }

  stages(): Readonly<Record<Stage, HistogramReading>> {
    return mapStages((stage) => this.#stages[stage].read());
  }

  confirmed(nowMs: number): void {
    this.lastConfirmedMs = nowMs;
  }

  perSecond(nowMs: number): number {
    const present = Math.floor(nowMs / 1_000);
    const whole = this.#perSecond.filter(({ second }) => second < present && second >= present - WINDOW_S);
    return whole.reduce((sum, { count }) => sum + count, 0) / WINDOW_S;
  }

  latencyMs(): CollectorReport['latencyMs'] {
    const counts = this.#recent.map((count, index) => count + (this.#previous[index] ?? 0));
    const total = counts.reduce((sum, count) => sum + count, 0);
    return total === 0 ? null : { p50: quantile(counts, total * 0.5), p99: quantile(counts, total * 0.99) };
  }

  #observe(nowMs: number, latencyMs: number): void {
    if (nowMs - this.#rotatedMs >= HALF_WINDOW_MS) {
      this.#previous = this.#recent;
      this.#recent = new Uint32Array(BOUNDS_MS.length + 1);
      this.#rotatedMs = nowMs;
    }
    const found = BOUNDS_MS.findIndex((bound) => latencyMs <= bound);
    const index = found === -1 ? BOUNDS_MS.length : found;
    this.#recent[index] = (this.#recent[index] ?? 0) + 1;
  }
}

function mapStages<T>(make: (stage: Stage) => T): Readonly<Record<Stage, T>> {
  return {
    venueToReceive: make('venueToReceive'),
    receiveToPublish: make('receiveToPublish'),
    publishToAck: make('publishToAck'),
    venueToAck: make('venueToAck'),
  };
}

function quantile(counts: Uint32Array, rank: number): number {
  let seen = 0;
  for (const [index, count] of counts.entries()) {
    seen += count;
    if (seen >= rank) return Math.round((BOUNDS_MS[index] ?? BOUNDS_MS.at(-1) ?? 0) * 10) / 10;
  }
  return BOUNDS_MS.at(-1) ?? 0;
}
