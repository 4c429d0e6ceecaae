import type { Clock } from '../runtime/clock.ts';
import type { FrameSink, Market } from './ports.ts';

/** How often the market goes forward, in true time. */
const TICK_MS = 5;
/** Frames in one go; then the event loop has its turn, however far behind market time is. */
const FRAMES_PER_GO = 1_000;
/** In scaled time the market waits for slow readers, but no longer than this. */
const LONGEST_HOLD_MS = 5_000;

/** What is to be done at market times, between the frames before and those after. */
interface Agenda {
  readonly nextMs: number;
  run(marketMs: number): void;
}

export interface MarketClockOptions {
  readonly market: Market;
  readonly sink: FrameSink;
  readonly clock: Clock;
  /** Market milliseconds per true millisecond. */
  readonly speed: number;
  /** True while a reader is far behind. */
  readonly pressed: () => boolean;
  readonly agenda: Agenda;
}

/** The one clock of all connections: waiting, playing or paused. Market time 0 is the first play. */
export class MarketClock {
  readonly #options: MarketClockOptions;
  #state: 'waiting' | 'playing' | 'pausing' | 'paused' = 'waiting';
  #reachedMs = 0;
  #targetMs = 0;
  #lastTickMs = 0;
  #heldSinceMs: number | undefined;
  #endTicks: (() => void) | undefined;
  #going = false;

  constructor(options: MarketClockOptions) {
    this.#options = options;
  }

  get marketMs(): number {
    return this.#reachedMs;
  }

  get state(): 'waiting' | 'playing' | 'pausing' | 'paused' | 'finished' {
    return this.#options.market.finished ? 'finished' : this.#state;
  }

  play(): void {
    if (this.#state === 'playing') return;
    this.#state = 'playing';
    this.#lastTickMs = this.#trueMs();
    this.#targetMs = this.#reachedMs;
    this.#options.market.setOrigin(this.#options.clock.nowMs() - this.#reachedMs);
    this.#endTicks ??= this.#options.clock.every(TICK_MS, () => this.#tick());
  }

  /** Goes on to the next point at which everything that happened is also published, and stops there. */
  pause(): void {
    if (this.#state === 'playing') this.#state = 'pausing';
    else if (this.#state === 'waiting') this.#state = 'paused';
  }

  stop(): void {
    this.#endTicks?.();
    this.#endTicks = undefined;
    this.#state = 'paused';
  }

  #trueMs(): number {
    return this.#options.clock.nowUs() / 1_000;
  }

  #tick(): void {
    const nowMs = this.#trueMs();
    if (this.#state === 'playing' && !this.#held(nowMs)) {
      this.#targetMs += (nowMs - this.#lastTickMs) * this.#options.speed;
    } else if (this.#state === 'pausing') {
      const { pauseGridMs } = this.#options.market;
      this.#targetMs = Math.ceil(this.#reachedMs / pauseGridMs) * pauseGridMs;
    }
    this.#lastTickMs = nowMs;
    if (!this.#going) this.#go();
  }

  #go(): void {
    this.#going = false;
    if (this.#endTicks === undefined || (this.#state !== 'playing' && this.#state !== 'pausing')) return;
    if (this.#held(this.#trueMs())) return;
    const { market, sink, agenda } = this.#options;
    this.#reachedMs = market.advance(Math.min(this.#targetMs, agenda.nextMs), FRAMES_PER_GO, sink);
    agenda.run(this.#reachedMs);
    if (this.#reachedMs < this.#targetMs && !market.finished) {
      this.#going = true;
      setImmediate(() => this.#go());
    } else if (this.#state === 'pausing') this.#state = 'paused';
  }

  #held(nowMs: number): boolean {
    const { speed, pressed } = this.#options;
    if (speed <= 1 || !pressed()) {
      this.#heldSinceMs = undefined;
      return false;
    }
    this.#heldSinceMs ??= nowMs;
    return nowMs - this.#heldSinceMs < LONGEST_HOLD_MS;
  }
}
