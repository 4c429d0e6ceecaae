import type { Level } from '../../contract/record.ts';
import { LevelList, viewOf } from './level-list.ts';
import { listOf } from './level-reader.ts';
import { MAX_COPIED, SortedSide } from './sorted-side.ts';
import { TextBook } from './text-book.ts';

/** Levels a side that a book may hold; far above what a venue sends, it guards memory. */
export const MAX_LEVELS = 50_000;

const written = { bids: new LevelList(), asks: new LevelList() };
let scratch = Buffer.alloc(0);
let scratchView = viewOf(scratch);

export interface BookState {
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

/** One instrument's levels in order, exact. Prices that no double holds exactly are kept as text from the first one on. */
export class Book {
  readonly #bids = new SortedSide(1);
  readonly #asks = new SortedSide(-1);
  #text: TextBook | undefined;

  get depth(): { readonly bids: number; readonly asks: number } {
    return this.#text?.depth ?? { bids: this.#bids.size, asks: this.#asks.size };
  }

  /** By price, in no order; as they are at this moment. */
  get sides(): { readonly bids: ReadonlyMap<string, Level>; readonly asks: ReadonlyMap<string, Level> } {
    if (this.#text !== undefined) return this.#text.sides;
    const { bids, asks } = this.top();
    return { bids: byPrice(bids), asks: byPrice(asks) };
  }

  clear(): void {
    this.#bids.clear();
    this.#asks.clear();
    this.#text = undefined;
  }

  /** A whole book, best first, in place of this one. False when a side is over its bound. */
  load(bids: LevelList, asks: LevelList): boolean {
    this.clear();
    // Nothing has to be moved.
    if (!this.#bids.apply(bids, true) || !this.#asks.apply(asks, true))
      this.#asText().apply(bids.levels(), asks.levels());
    return this.#isWithinBounds();
  }

  /** Sizes are absolute, zero removes; removing a level that is not there is normal. False when a side is over its bound. */
  apply(bids: LevelList, asks: LevelList): boolean {
    if (this.#text !== undefined || !this.#bids.apply(bids) || !this.#asks.apply(asks))
      this.#asText().apply(bids.levels(), asks.levels());
    return this.#isWithinBounds();
  }

  applyText(bids: readonly Level[], asks: readonly Level[]): boolean {
    return this.apply(listOf('bids', bids), listOf('asks', asks));
  }

  /** Best first; at most `count` a side. */
  top(count = Number.POSITIVE_INFINITY): BookState {
    return this.#text?.top(count) ?? { bids: this.#bids.levels(count), asks: this.#asks.levels(count) };
  }

  /** The same as it stands in a record; it lasts until the next call. */
  lists(count = Number.POSITIVE_INFINITY): { readonly bids: LevelList; readonly asks: LevelList } {
    if (this.#text !== undefined) {
      const { bids, asks } = this.#text.top(count);
      return { bids: listOf('bids', bids), asks: listOf('asks', asks) };
    }
    this.#bids.write(written.bids, count);
    this.#asks.write(written.asks, count);
    return written;
  }

  best(): { readonly bid: Level | undefined; readonly ask: Level | undefined } {
    return this.#text?.best() ?? { bid: this.#bids.best(), ask: this.#asks.best() };
  }

  /** True where `interleaved` would give what it gave the last time, asked for as many levels. */
  get isInterleavedSame(): boolean {
    return this.#text === undefined && !this.#bids.isTouched && !this.#asks.isTouched;
  }

  /** `bid:size:ask:size…` by rank, a side that has ended left out; valid until the next call. */
  interleaved(count: number): Uint8Array {
    if (this.#text !== undefined) return Buffer.from(interleavedText(this.#text.top(count)), 'latin1');
    if (scratch.length < count * 2 * MAX_COPIED) {
      scratch = Buffer.allocUnsafeSlow(count * 2 * MAX_COPIED);
      scratchView = viewOf(scratch);
    }
    let at = 0;
    let bid = this.#bids.bestPlace;
    let ask = this.#asks.bestPlace;
    let lastBid = -1;
    let lastAsk = -1;
    for (let rank = 0; rank < count && (bid >= 0 || ask >= 0); rank += 1) {
      if (bid >= 0) at = this.#bids.copy(bid, scratchView, at);
      if (ask >= 0) at = this.#asks.copy(ask, scratchView, at);
      if (bid >= 0) lastBid = bid;
      if (ask >= 0) lastAsk = ask;
      bid = this.#bids.worse(bid);
      ask = this.#asks.worse(ask);
    }
    // Of a side with fewer levels every change counts.
    this.#bids.watch(this.#bids.size < count ? -1 : lastBid);
    this.#asks.watch(this.#asks.size < count ? -1 : lastAsk);
    return scratch.subarray(0, Math.max(0, at - 1));
  }

  #isWithinBounds(): boolean {
    if (this.#text === undefined) return this.#bids.size <= MAX_LEVELS && this.#asks.size <= MAX_LEVELS;
    const { bids, asks } = this.depth;
    return bids <= MAX_LEVELS && asks <= MAX_LEVELS;
  }

  /** What was applied of an update before it stopped is applied again: sizes are absolute. */
  #asText(): TextBook {
    if (this.#text !== undefined) return this.#text;
    const text = new TextBook();
    const { bids, asks } = this.top();
    text.apply(bids, asks);
    this.#text = text;
    return text;
  }
}

function byPrice(levels: readonly Level[]): ReadonlyMap<string, Level> {
  return new Map(levels.map((level) => [level[0], level]));
}

function interleavedText({ bids, asks }: BookState): string {
  const parts: string[] = [];
  for (let rank = 0; rank < Math.max(bids.length, asks.length); rank += 1) {
    for (const level of [bids[rank], asks[rank]]) if (level !== undefined) parts.push(level[0], level[1]);
  }
  return parts.join(':');
}
