import type { Clock } from '../runtime/clock.ts';

/** Milliseconds since the process began, as `performance.eventLoopUtilization()` counts them. */
export interface LoopTimes {
  readonly active: number;
  readonly idle: number;
}

export interface LoadOptions {
  readonly clock: Clock;
  readonly read: () => LoopTimes;
}

const LOOK_EVERY_MS = 1_000;
/** A start, or a venue that sends everything anew, keeps the loop busy for seconds: that is no load to spread. */
const MEMORY_MS = 30_000;
/** Finer is noise, and each change would be a report. */
const STEP = 0.05;

/**
 * How busy the one thread is that does all the work, from 0 to 1: the share of the time in which it did not wait for anything,
 * over the last half minute or so. A processor that is taken away, by a limit or by others, counts as busy: the data waits.
 */
export class Load {
  readonly #options: LoadOptions;
  readonly #end: () => void;
  #seen: LoopTimes;
  #share = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#seen = options.read();
    this.#end = options.clock.every(LOOK_EVERY_MS, () => this.#look());
  }

  get value(): number {
    return Number((Math.round(this.#share / STEP) * STEP).toFixed(2));
  }

  close(): void {
    this.#end();
  }

  #look(): void {
    const { active, idle } = this.#options.read();
    const [activeMs, idleMs] = [active - this.#seen.active, idle - this.#seen.idle];
    const wholeMs = activeMs + idleMs;
    if (wholeMs <= 0) return;
    this.#seen = { active, idle };
    // A loop that was busy for long looks late, and then for all of that time.
    const kept = Math.exp(-wholeMs / MEMORY_MS);
    this.#share = this.#share * kept + (activeMs / wholeMs) * (1 - kept);
  }
}
