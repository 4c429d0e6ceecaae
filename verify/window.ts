/** The last few keys, for what has no order of its own to find a repetition by. */
export class RecentKeys<K> {
  readonly #keys = new Set<K>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  /** False when it is there already. */
  add(key: K): boolean {
    if (this.#keys.has(key)) return false;
    this.#keys.add(key);
    if (this.#keys.size > this.#max) {
      const [oldest] = this.#keys;
      this.#keys.delete(oldest as K);
    }
    return true;
  }
}
