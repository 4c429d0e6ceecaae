import type { Between } from '../consumer/id-set.ts';

/** Ranges of ids, merged where they touch, to be asked often: how many there are costs a search, not a walk. */
export class Spans {
  /** First and last id of each, rising. */
  readonly #spans: (readonly [first: number, last: number])[] = [];

  constructor(ranges: Iterable<Between>) {
    const all = [...ranges]
      .map(({ fromId, toId }): [number, number] => [fromId + 1, toId - 1])
      .filter(([first, last]) => last >= first)
      .sort(([a], [b]) => a - b);
    for (const [first, last] of all) {
      const before = this.#spans.at(-1);
      if (before === undefined || first > before[1] + 1) this.#spans.push([first, last]);
      else this.#spans[this.#spans.length - 1] = [before[0], Math.max(before[1], last)];
    }
  }

  /** Every id between the two is in one of them. */
  covers({ fromId, toId }: Between): boolean {
    const span = this.#endingAt(fromId + 1);
    return toId - fromId < 2 || (span !== undefined && span[0] <= fromId + 1 && span[1] >= toId - 1);
  }

  /** Some id between the two is in one of them. */
  touches({ fromId, toId }: Between): boolean {
    const span = this.#endingAt(fromId + 1);
    return toId - fromId >= 2 && span !== undefined && span[0] < toId;
  }

  /** The first one that ends at `id` or behind it. */
  #endingAt(id: number): readonly [first: number, last: number] | undefined {
    let low = 0;
    let high = this.#spans.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#spans[middle]?.[1] ?? 0) < id) low = middle + 1;
      else high = middle;
    }
    return this.#spans[low];
  }
}
