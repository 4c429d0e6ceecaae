import type { Clock } from '../../runtime/clock.ts';

/** A clock that runs so many times faster than the real one; timers are real, and as much shorter. */
export class FastClock implements Clock {
  readonly #speed: number;
  readonly #startMs = Date.now();

  constructor(speed: number) {
    this.#speed = speed;
  }

  nowMs(): number {
    return Math.round(this.#startMs + (Date.now() - this.#startMs) * this.#speed);
  }
  nowUs(): number {
    return this.nowMs() * 1_000;
  }
  after(delayMs: number, task: () => void): () => void {
    const timer = setTimeout(task, delayMs / this.#speed);
    return () => clearTimeout(timer);
  }
  every(periodMs: number, task: () => void): () => void {
    const timer = setInterval(task, periodMs / this.#speed);
    return () => clearInterval(timer);
  }
}
