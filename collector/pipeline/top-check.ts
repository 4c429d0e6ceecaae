import type { Level } from '../../contract/record.ts';
import { compareDecimals } from '../book/decimal.ts';
import type { TopFrame } from '../venues/venue.ts';

/** Tops that no change has led to yet: 100 ms of the busiest market, and some lateness. The oldest go. */
const MAX_AWAITED = 256;
/** A book that agreed this long after it last failed is sound again. */
const SOUND_MS = 60_000;
/** Fresh books in a row that fail before the check itself is no longer believed. */
const MAX_FAILED = 5;

/**
 * The venue's own best bid and ask against the book's, at one id: a chain may be perfect and a level of its snapshot wrong.
 * A top comes before the change that leads to it, or right after; most ids lie between two changes and are not compared.
 */
export class TopCheck {
  readonly #awaited = new Map<number, TopFrame>();
  #failed = 0;
  #failedMs = Number.NEGATIVE_INFINITY;

  /** For an id that the book has not reached. */
  keep(top: TopFrame): void {
    this.#awaited.set(top.lastId, top);
    const [oldest] = this.#awaited.keys();
    if (this.#awaited.size > MAX_AWAITED && oldest !== undefined) this.#awaited.delete(oldest);
  }

  /** The venue's top at this id, if it came; those of earlier ids are of no use any more. */
  take(id: number): TopFrame | undefined {
    const top = this.#awaited.get(id);
    for (const earlier of this.#awaited.keys()) if (earlier <= id) this.#awaited.delete(earlier);
    return top;
  }

  /** Ids begin anew: no top that came says anything about them. */
  forget(): void {
    this.#awaited.clear();
  }

  agreed(nowMs: number): void {
    if (nowMs - this.#failedMs >= SOUND_MS) this.#failed = 0;
  }

  /**
   * The failures in a row, this one included; undefined once they are so many that rather the check is wrong: it is counted
   * further, and the book kept, until it has agreed for a while.
   */
  failed(nowMs: number): number | undefined {
    this.#failedMs = nowMs;
    if (this.#failed >= MAX_FAILED) return undefined;
    this.#failed += 1;
    return this.#failed;
  }
}

export type Best = { readonly bid: Level | undefined; readonly ask: Level | undefined };

export function isSameTop(ours: Best, venue: Pick<TopFrame, 'bid' | 'ask'>): boolean {
  return isSameLevel(ours.bid, venue.bid) && isSameLevel(ours.ask, venue.ask);
}

function isSameLevel(ours: Level | undefined, theirs: Level | null): boolean {
  if (ours === undefined || theirs === null) return ours === undefined && theirs === null;
  return compareDecimals(ours[0], theirs[0]) === 0 && compareDecimals(ours[1], theirs[1]) === 0;
}
