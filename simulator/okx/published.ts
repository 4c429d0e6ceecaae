import type { BookText, LevelText } from '../ports.ts';
import { BOOK_LEVELS } from './limits.ts';

export interface BookUpdate {
  readonly bids: readonly LevelText[];
  readonly asks: readonly LevelText[];
  readonly seqId: number;
  readonly prevSeqId: number;
}

/** States from before so many restarts are asked for by nobody. */
const MOST_RESETS = 16;

/** One instrument's 400 levels a side as the channel `books` has last told them. */
export class PublishedBook {
  #book: BookText;
  #seqId: number;
  /** What ids lost each time that the sequence began anew, the latest first. */
  #resets: readonly { readonly atId: number; readonly by: number }[] = [];

  constructor(book: BookText) {
    this.#book = windowOf(book);
    this.#seqId = book.lastUpdateId;
  }

  /** Under the id of the last update. */
  get book(): BookText {
    return { ...this.#book, lastUpdateId: this.#seqId };
  }

  get seqId(): number {
    return this.#seqId;
  }

  /** The id on the wire of an id of the market, also of one from before the sequence began anew. */
  wireId(id: number): number {
    return id - (this.#resets.find(({ atId }) => atId <= id)?.by ?? 0);
  }

  /** Moves on to this book; undefined: nothing within the window is different. `reset`: ids begin anew with this update. */
  moveTo(book: BookText, reset: () => boolean): BookUpdate | undefined {
    const next = windowOf(book);
    const bids = differences(this.#book.bids, next.bids, -1);
    const asks = differences(this.#book.asks, next.asks, 1);
    this.#book = next;
    if (bids.length + asks.length === 0) return undefined;
    // Any number below the present one does; the venue's documentation has 3 after 15.
    const atId = book.lastUpdateId;
    if (reset()) this.#resets = [{ atId, by: atId - 3 }, ...this.#resets].slice(0, MOST_RESETS);
    const prevSeqId = this.#seqId;
    this.#seqId = this.wireId(atId);
    return { bids, asks, seqId: this.#seqId, prevSeqId };
  }
}

function windowOf({ lastUpdateId, bids, asks }: BookText): BookText {
  return { lastUpdateId, bids: bids.slice(0, BOOK_LEVELS), asks: asks.slice(0, BOOK_LEVELS) };
}

/** Levels that came, changed, or left the window (size 0), best first. */
function differences(before: readonly LevelText[], after: readonly LevelText[], order: 1 | -1): LevelText[] {
  const old = new Map(before);
  const changed: LevelText[] = [];
  for (const [price, size] of after) {
    if (old.get(price) !== size) changed.push([price, size]);
    old.delete(price);
  }
  for (const price of old.keys()) changed.push([price, '0']);
  return changed.sort(([left], [right]) => order * (Number(left) - Number(right)));
}
