import type { BookText, LevelText } from './ports.ts';

/** A book kept from text: sizes are absolute, a size of zero removes, deleting an unknown level is normal. */
export class KeptBook {
  lastUpdateId: number;
  readonly #bids = new Map<string, string>();
  readonly #asks = new Map<string, string>();

  constructor(book: BookText) {
    this.lastUpdateId = book.lastUpdateId;
    this.apply(book);
  }

  apply(change: BookText): void {
    this.lastUpdateId = change.lastUpdateId;
    put(this.#bids, change.bids);
    put(this.#asks, change.asks);
  }

  replace(book: BookText): void {
    this.#bids.clear();
    this.#asks.clear();
    this.apply(book);
  }

  text(): BookText {
    return { lastUpdateId: this.lastUpdateId, bids: sorted(this.#bids, -1), asks: sorted(this.#asks, 1) };
  }
}

function put(side: Map<string, string>, levels: readonly LevelText[]): void {
  for (const [price, size] of levels) {
    if (Number(size) === 0) side.delete(price);
    else side.set(price, size);
  }
}

function sorted(side: ReadonlyMap<string, string>, order: 1 | -1): LevelText[] {
  return [...side].sort(([left], [right]) => order * (Number(left) - Number(right)));
}
