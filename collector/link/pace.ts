/** How long a stream may be silent, whatever it did so far. */
export interface PaceLimits {
  /** Never sooner than this: bursts and pauses of a busy stream. */
  readonly floorMs: number;
  /** What holds until a pace is known. */
  readonly firstMs: number;
  /** Never later than this, once a pace is known. */
  readonly ceilingMs: number;
}

/** Pauses that have to be seen before they are called a pace. */
const ENOUGH = 10;
/** The mean follows the latest so many; the longest pause is forgotten at the same rate. */
const MEMORY = 256;
/** Events that come by chance at a mean pause m leave one of 30·m once in 10^13. */
const MEANS = 30;
/** Those that come in bursts are told by the longest pause between them. */
const LONGESTS = 5;

/** The pauses of one stream in four numbers. */
export class Pace {
  #lastMs: number;
  #pauses = 0;
  #meanMs = 0;
  #longestMs = 0;

  constructor(nowMs: number) {
    this.#lastMs = nowMs;
  }

  /** Of the last frame, or of the moment from which on one could come. */
  get lastMs(): number {
    return this.#lastMs;
  }
  get isLearned(): boolean {
    return this.#pauses >= ENOUGH;
  }

  seen(nowMs: number): void {
    const pauseMs = Math.max(0, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    this.#pauses = Math.min(this.#pauses + 1, MEMORY);
    this.#meanMs += (pauseMs - this.#meanMs) / this.#pauses;
    this.#longestMs = Math.max(pauseMs, this.#longestMs * (1 - 1 / MEMORY));
  }

  /** Nothing could come until now: that was no pause of the stream's own. */
  restart(nowMs: number): void {
    this.#lastMs = nowMs;
  }

  /** Silence beyond this is not its pace. */
  limitMs({ floorMs, firstMs, ceilingMs }: PaceLimits): number {
    if (!this.isLearned) return firstMs;
    return Math.min(ceilingMs, Math.max(floorMs, MEANS * this.#meanMs, LONGESTS * this.#longestMs));
  }
}
