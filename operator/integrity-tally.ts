import type { FeedStatus } from '../contract/feed.ts';
import { parseRfc3339 } from './plan/time.ts';
import type { ReceivedReport } from './plan/types.ts';

interface Pair {
  readonly gaps: number;
  readonly resyncs: number;
}
type Writer = Pair & { readonly startedMs: number };

const NONE: Pair = { gaps: 0, resyncs: 0 };
const plus = (a: Pair, b: Pair): Pair => ({ gaps: a.gaps + b.gaps, resyncs: a.resyncs + b.resyncs });
const minus = (a: Pair, b: Pair): Pair => ({ gaps: a.gaps - b.gaps, resyncs: a.resyncs - b.resyncs });

/** Writers told apart: more than a feed may have at once, so only those that are no more are folded. */
const KEPT_WRITERS = 4_096;

/**
 * Gaps and resyncs of a feed over all its writers. A report counts from the start of its process, so a new writer adds
 * its whole count and one that is followed already adds what came since. After the operator's restart the status says
 * what was counted before: of a writer that is older than that status only what comes from now on is added.
 */
export class IntegrityTally {
  /** Least recently heard first. */
  readonly #writers = new Map<string, Writer>();
  #base = NONE;
  #countedUntilMs = 0;

  adopt(before: Pick<FeedStatus, 'integrity' | 'observedTime'> | undefined): void {
    this.#countedUntilMs = parseRfc3339(before?.observedTime);
    this.#base = plus(this.#base, { ...NONE, ...before?.integrity });
    for (const writer of this.#writers.values())
      if (writer.startedMs < this.#countedUntilMs) this.#base = minus(this.#base, writer);
  }

  add({ writer, startedMs, gaps, resyncs }: ReceivedReport): void {
    const before = this.#writers.get(writer);
    if (before === undefined && startedMs < this.#countedUntilMs)
      this.#base = minus(this.#base, { gaps, resyncs });
    this.#writers.delete(writer);
    this.#writers.set(writer, {
      startedMs,
      gaps: Math.max(gaps, before?.gaps ?? 0),
      resyncs: Math.max(resyncs, before?.resyncs ?? 0),
    });
    if (this.#writers.size > KEPT_WRITERS) this.#foldOldest();
  }

  sum(): Pair {
    return [...this.#writers.values()].reduce<Pair>(plus, this.#base);
  }

  #foldOldest(): void {
    const [oldest] = this.#writers;
    if (oldest === undefined) return;
    this.#base = plus(this.#base, oldest[1]);
    this.#writers.delete(oldest[0]);
  }
}
