/** One side of a book: prices in ticks, sizes in lots. */
export class BookSide {
  /** Ascending, so that the best price is the last and changes near it are cheap; asks are kept negated. */
  readonly #keys: number[] = [];
  readonly #sizes = new Map<number, number>();
  readonly #sign: 1 | -1;

  constructor(side: 'bid' | 'ask') {
    this.#sign = side === 'bid' ? 1 : -1;
  }

  get count(): number {
    return this.#keys.length;
  }

  get best(): number {
    return this.priceAt(0);
  }

  /** Rank 0 is the best. */
  priceAt(rank: number): number {
    const key = this.#keys[this.#keys.length - 1 - rank];
    if (key === undefined) throw new Error(`no level at rank ${rank} of ${this.#keys.length}`);
    return key * this.#sign;
  }

  sizeAt(price: number): number {
    return this.#sizes.get(price) ?? 0;
  }

  /** Size 0 removes the level. */
  set(price: number, size: number): void {
    const key = price * this.#sign;
    const index = this.#indexOf(key);
    const known = this.#keys[index] === key;
    if (size === 0) {
      if (known) this.#keys.splice(index, 1);
      this.#sizes.delete(price);
      return;
    }
    if (!known) this.#keys.splice(index, 0, key);
    this.#sizes.set(price, size);
  }

  /** Best first. */
  levels(): [price: number, size: number][] {
    return this.#keys
      .map((key): [number, number] => [key * this.#sign, this.sizeAt(key * this.#sign)])
      .reverse();
  }

  #indexOf(key: number): number {
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
