import { setTimeout as delay } from 'node:timers/promises';
import type { Pod } from './pod.ts';

const EVERY_MS = 200;

/** Reads the pods' status all the time: what it said, and how much waited at most. */
export class Watch {
  readonly said = new Set<string>();
  mostSpilled = 0;
  mostQueued = 0;
  mostDropped = 0;
  readonly #dropped = new Map<string, number>();
  readonly #watching: Promise<void>;
  #ended = false;

  constructor(pods: readonly Pod[]) {
    this.#watching = this.#follow(pods);
  }

  /** Resolves with what the queues dropped, of the processes that were seen last. */
  async end(): Promise<number> {
    this.#ended = true;
    await this.#watching;
    return [...this.#dropped.values()].reduce((sum, dropped) => sum + dropped, 0);
  }

  async #follow(pods: readonly Pod[]): Promise<void> {
    while (!this.#ended) {
      for (const pod of pods) {
        const stats = await pod.stats();
        if (stats === undefined) continue;
        this.mostSpilled = Math.max(this.mostSpilled, stats.publish.spilledBytes ?? 0);
        this.mostQueued = Math.max(this.mostQueued, stats.publish.queued ?? 0);
        this.mostDropped = Math.max(this.mostDropped, stats.publish.dropped ?? 0);
        this.#dropped.set(`${pod.name} ${pod.starts}`, stats.publish.dropped ?? 0);
        for (const { reason, message } of stats.problems)
          this.said.add(`${reason}: ${message.replaceAll(/\d+(\.\d+){3}(:\d+)?/g, 'NATS')}`);
      }
      await delay(EVERY_MS);
    }
  }
}
