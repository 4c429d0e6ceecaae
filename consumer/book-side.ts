import type { Level } from '../contract/record.ts';
import { compareDecimals } from './decimal.ts';

/** One side of a book, best first. A venue spells one price one way within an instrument, so the text is the key. */
export class BookSide {
  /** 1: lowest first (asks); -1: highest first (bids). */
  readonly #direction: 1 | -1;
  readonly #sizes = new Map<string, string>();
  /** Prices, best first; beside each the number that it is searched by. */
  #prices: string[] = [];
  #keys: number[] = [];

  constructor(side: 'bids' | 'asks') {
    this.#direction = side === 'asks' ? 1 : -1;
  }

  get count(): number {
    return this.#prices.length;
  }
  get best(): string | undefined {
    return this.#prices[0];
  }
  size(price: string): string | undefined {
    return this.#sizes.get(price);
  }

  /** Best first. */
  *levels(): Generator<Level> {
    for (const price of this.#prices) yield [price, this.#sizes.get(price) ?? ''];
  }

  clear(): void {
    this.#sizes.clear();
    this.#prices = [];
    this.#keys = [];
  }

  /** A snapshot's side: it is best first already, else it is put in order. */
  replace(levels: readonly Level[]): void {
    this.clear();
    for (const [price, size] of levels) this.#sizes.set(price, size);
    this.#prices = [...this.#sizes.keys()];
    const isBehind = (price: string, index: number, all: readonly string[]): boolean =>
      index > 0 && compareDecimals(all[index - 1] ?? '', price) * this.#direction > 0;
    if (this.#prices.some(isBehind)) this.#prices.sort((x, y) => compareDecimals(x, y) * this.#direction);
    this.#keys = this.#prices.map((price) => Number(price) * this.#direction);
  }

  /** Sizes are absolute; `"0"` removes, also what is not there. */
  apply(levels: readonly Level[]): void {
    for (const [price, size] of levels) {
      if (size === '0') {
        if (this.#sizes.delete(price)) this.#remove(price);
        continue;
      }
      if (!this.#sizes.has(price)) this.#insert(price);
      this.#sizes.set(price, size);
    }
  }

  #insert(price: string): void {
    const key = Number(price) * this.#direction;
    let at = this.#search(key);
    // Two prices that one double cannot tell apart are put in order by their digits.
    while (this.#keys[at] === key && compareDecimals(this.#prices[at] ?? '', price) * this.#direction < 0)
      at += 1;
    this.#keys.splice(at, 0, key);
    this.#prices.splice(at, 0, price);
  }

  #remove(price: string): void {
    let at = this.#search(Number(price) * this.#direction);
    while (this.#prices[at] !== price) at += 1;
    this.#keys.splice(at, 1);
    this.#prices.splice(at, 1);
  }

  /** Index of the first key that is not below `key`. */
  #search(key: number): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#keys[middle] ?? 0) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
