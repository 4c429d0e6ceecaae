import type { Level } from '../../contract/record.ts';
import { Book, type BookState } from '../book/book.ts';
import { okxChecksum } from '../book/checksum.ts';
import { compareDecimals } from '../book/decimal.ts';
import { listOf } from '../book/level-reader.ts';
import type { BookLevels } from '../venues/scanned.ts';
import type { BookSnapshot, DepthFrame } from '../venues/venue.ts';
import type { SnapshotInput } from './record-writer.ts';

export type Reach = Pick<SnapshotInput, 'completeFrom' | 'completeTo'>;

/** One instrument's levels at one id, and how far every level of them is known. */
export class HeldBook {
  readonly #book = new Book();
  #id = 0;
  #exchangeTimeUs: number | null = null;
  #receiveTimeUs = 0;
  #reach: Reach = { completeFrom: null, completeTo: null };
  /** Levels a side that the venue keeps whole, where it does. */
  #window: number | undefined;
  #wasFull = false;
  /** Of the levels as they were when it was asked for last. */
  #checksum = 0;

  get id(): number {
    return this.#id;
  }
  get exchangeTimeUs(): number | null {
    return this.#exchangeTimeUs;
  }
  get window(): number | undefined {
    return this.#window;
  }
  get depth(): Book['depth'] {
    return this.#book.depth;
  }
  get sides(): Book['sides'] {
    return this.#book.sides;
  }
  get reach(): Reach {
    return this.#window === undefined ? this.#reach : reachOf(this.#book.lists(), this.#window);
  }

  clear(): void {
    this.#book.clear();
  }

  /** `cut`: levels a side that the snapshot was asked for. */
  begin(snapshot: BookSnapshot, receiveTimeUs: number, cut: number): void {
    const levels = snapshot.levels ?? {
      bids: listOf('bids', snapshot.bids),
      asks: listOf('asks', snapshot.asks),
    };
    this.#book.load(levels.bids, levels.asks);
    this.#id = snapshot.lastId;
    this.#exchangeTimeUs = snapshot.exchangeTimeUs;
    this.#receiveTimeUs = receiveTimeUs;
    this.#window = snapshot.window;
    this.#wasFull = this.#isFull();
    this.#reach = reachOf(levels, cut);
  }

  /** False when a side is over its bound. */
  advance(frame: DepthFrame, receiveTimeUs: number): boolean {
    this.#id = frame.lastId;
    this.#exchangeTimeUs = frame.exchangeTimeUs;
    this.#receiveTimeUs = receiveTimeUs;
    const { levels } = frame;
    return levels === undefined
      ? this.#book.applyText(frame.bids, frame.asks)
      : this.#book.apply(levels.bids, levels.asks);
  }

  /** Levels that were not known, and how far every level is known with them. False when a side is over its bound. */
  widen(bids: readonly Level[], asks: readonly Level[], reach: Reach): boolean {
    this.#reach = reach;
    return this.#book.applyText(bids, asks);
  }

  top(count?: number): BookState {
    return this.#book.top(count);
  }

  best(): { readonly bid: Level | undefined; readonly ask: Level | undefined } {
    return this.#book.best();
  }

  /**
   * After a change. A venue that keeps a window removes what leaves it and sends what enters: more levels than it has prove
   * that something is wrong (`broken`), and fewer on a side that was full until now are suspect, though a market may thin out.
   */
  windowState(): 'whole' | 'short' | 'broken' {
    const window = this.#window;
    if (window === undefined) return 'whole';
    const { bids, asks } = this.#book.depth;
    if (bids > window || asks > window) return 'broken';
    const wasFull = this.#wasFull;
    this.#wasFull = this.#isFull();
    return wasFull && !this.#wasFull ? 'short' : 'whole';
  }

  #isFull(): boolean {
    const { bids, asks } = this.#book.depth;
    return bids === this.#window && asks === this.#window;
  }

  /** OKX's; made anew only where one of the levels that it covers changed. */
  checksum(): number {
    if (!this.#book.isInterleavedSame) this.#checksum = okxChecksum(this.#book);
    return this.#checksum;
  }

  /** The state for a record, cut at `count` levels a side; it lasts until the next is asked for, of any book. */
  now(count?: number): SnapshotInput {
    const levels = this.#book.lists(count);
    return {
      lastId: this.#id,
      exchangeTimeUs: this.#exchangeTimeUs,
      receiveTimeUs: this.#receiveTimeUs,
      levels,
      ...this.#reachOf(levels, count),
    };
  }

  #reachOf(levels: BookLevels, count = Number.POSITIVE_INFINITY): Reach {
    if (this.#window !== undefined) return reachOf(levels, Math.min(count, this.#window));
    const cut = reachOf(levels, count);
    const { completeFrom, completeTo } = this.#reach;
    return {
      completeFrom: nearer(cut.completeFrom, completeFrom, 1),
      completeTo: nearer(cut.completeTo, completeTo, -1),
    };
  }
}

/** The one of two ends that leaves less known; null is no end. `sign` 1: of the bids. */
function nearer(a: string | null, b: string | null, sign: 1 | -1): string | null {
  if (a === null || b === null) return a ?? b;
  return compareDecimals(a, b) * sign > 0 ? a : b;
}

/** How far a state reaches that was cut at so many levels a side: a side with fewer is whole. */
function reachOf({ bids, asks }: BookLevels, cut: number): Reach {
  return {
    completeFrom: bids.count < cut ? null : (bids.lastPrice ?? null),
    completeTo: asks.count < cut ? null : (asks.lastPrice ?? null),
  };
}
