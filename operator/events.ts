import type { CollectorFeed, FeedStatus } from '../contract/feed.ts';
import type { Clock } from '../runtime/clock.ts';
import { transitionEvents, type KubeEvent } from './plan/events.ts';

export interface EventRecorderOptions {
  /** Creates one event; a failure is counted, never retried: the condition says the same. */
  readonly create: (event: KubeEvent) => Promise<void>;
  readonly clock: Clock;
  /** The operator's pod. */
  readonly instance: string;
}

/** Events a feed may send at once, and how long until it has one more: a flapping venue must not fill etcd. */
const BURST = 25;
const ONE_MORE_MS = 60_000;
const MOST_FEEDS = 10_000;

interface Budget {
  left: number;
  atMs: number;
}

/** Events on transitions only, after the status that tells of them was written. */
export class EventRecorder {
  readonly counters = { sent: 0, failed: 0, withheld: 0 };
  readonly #options: EventRecorderOptions;
  readonly #budgets = new Map<string, Budget>();

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  async record(feed: CollectorFeed, before: FeedStatus | undefined, after: FeedStatus): Promise<void> {
    const { clock, create, instance } = this.#options;
    const nowMs = clock.nowMs();
    const events = transitionEvents(feed, before, after, { nowMs, instance });
    for (const event of events) {
      if (!this.#maySpend(feed.metadata.uid, nowMs)) {
        this.counters.withheld += 1;
        continue;
      }
      try {
        await create(event);
        this.counters.sent += 1;
      } catch {
        // Events are a courtesy; the condition was written.
        this.counters.failed += 1;
      }
    }
  }

  forget(feedUid: string): void {
    this.#budgets.delete(feedUid);
  }

  #maySpend(feedUid: string, nowMs: number): boolean {
    const budget = this.#budgets.get(feedUid) ?? { left: BURST, atMs: nowMs };
    const more = Math.floor((nowMs - budget.atMs) / ONE_MORE_MS);
    if (more > 0) {
      budget.left = Math.min(BURST, budget.left + more);
      budget.atMs += more * ONE_MORE_MS;
    }
    if (!this.#budgets.has(feedUid) && this.#budgets.size >= MOST_FEEDS) return false;
    this.#budgets.set(feedUid, budget);
    if (budget.left === 0) return false;
    budget.left -= 1;
    return true;
  }
}
