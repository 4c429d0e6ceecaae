import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../runtime/clock.ts';

interface Timer {
  dueMs: number;
  readonly everyMs: number | undefined;
  readonly task: () => void;
}

/** Time that only `advance` moves; timers fire in their order, promises between them settle. */
export class ManualClock implements Clock {
  #nowMs: number;
  readonly #timers = new Set<Timer>();

  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }
  nowUs(): number {
    return this.#nowMs * 1_000;
  }
  after(delayMs: number, task: () => void): () => void {
    return this.#add({ dueMs: this.#nowMs + delayMs, everyMs: undefined, task });
  }
  every(periodMs: number, task: () => void): () => void {
    return this.#add({ dueMs: this.#nowMs + periodMs, everyMs: periodMs, task });
  }

  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await turn();
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined || next.dueMs > endMs) break;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      if (next.everyMs === undefined) this.#timers.delete(next);
      else next.dueMs += next.everyMs;
      next.task();
      await turn();
    }
    this.#nowMs = endMs;
  }

  #add(timer: Timer): () => void {
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }
}
