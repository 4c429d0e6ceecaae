import { KeptBook } from './kept-book.ts';
import type { BookChange, BookText, Market } from './ports.ts';

/** Upper bound of the lag, and with it of the changes held back. */
export const MOST_LAG_MS = 60_000;

export interface SnapshotPorts {
  /** The book served without a lag, under its id on the wire. */
  readonly present: (symbol: string) => BookText | undefined;
  readonly wireId: (symbol: string, id: number) => number;
  readonly marketMs: () => number;
}

/** The books that REST serves: the market's own, or, with a lag, as they were that much earlier. */
export class Snapshots {
  readonly #market: Market;
  readonly #present: SnapshotPorts['present'];
  readonly #wireId: SnapshotPorts['wireId'];
  readonly #marketMs: () => number;
  readonly #books = new Map<string, KeptBook>();
  #waiting: { readonly dueMs: number; readonly change: BookChange }[] = [];
  #lagMs = 0;

  constructor(market: Market, { present, wireId, marketMs }: SnapshotPorts) {
    this.#market = market;
    this.#present = present;
    this.#wireId = wireId;
    this.#marketMs = marketMs;
  }

  get lagMs(): number {
    return this.#lagMs;
  }

  /** The books of now become the oldest that are served: what was before is not kept. */
  setLag(lagMs: number): void {
    this.#lagMs = Math.min(lagMs, MOST_LAG_MS);
    this.#waiting = [];
    this.#books.clear();
    this.#market.onBookChange = undefined;
    if (this.#lagMs === 0) return;
    for (const { symbol } of this.#market.symbols) {
      const book = this.#market.snapshot(symbol);
      if (book !== undefined) this.#books.set(symbol, new KeptBook(book));
    }
    this.#market.onBookChange = (change) => {
      this.#catchUp();
      this.#waiting.push({ dueMs: this.#marketMs() + this.#lagMs, change });
    };
  }

  book(symbol: string): BookText | undefined {
    if (this.#lagMs === 0) return this.#present(symbol);
    this.#catchUp();
    const book = this.#books.get(symbol)?.text();
    return book && { ...book, lastUpdateId: this.#wireId(symbol, book.lastUpdateId) };
  }

  #catchUp(): void {
    const nowMs = this.#marketMs();
    const due = this.#waiting.findIndex(({ dueMs }) => dueMs > nowMs);
    const ready = this.#waiting.splice(0, due < 0 ? this.#waiting.length : due);
    for (const { change } of ready) {
      const book = this.#books.get(change.symbol);
      if (book !== undefined && change.lastUpdateId > book.lastUpdateId) book.apply(change);
    }
  }
}
