import type { Clock } from '../../runtime/clock.ts';

/** True time, so many times as fast: what waits a minute waits seconds. */
export class ScaledClock implements Clock {
  readonly #base: Clock;
  readonly #factor: number;
  readonly #originMs: number;

  constructor(base: Clock, factor: number) {
    this.#base = base;
    this.#factor = factor;
    this.#originMs = base.nowMs();
  }

  nowMs(): number {
    return Math.floor(this.nowUs() / 1_000);
  }
  nowUs(): number {
    const originUs = this.#originMs * 1_000;
    return Math.max(originUs, Math.round(originUs + (this.#base.nowUs() - originUs) * this.#factor));
  }
  after(delayMs: number, task: () => void): () => void {
    return this.#base.after(delayMs / this.#factor, task);
  }
  every(periodMs: number, task: () => void): () => void {
    return this.#base.every(periodMs / this.#factor, task);
  }
}
