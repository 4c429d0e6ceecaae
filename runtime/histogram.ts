/** Counts by upper bound, for a scrape: an observation writes into two arrays and allocates nothing. */
export class Histogram {
  readonly bounds: readonly number[];
  /** One more than the bounds: what lies above the last. */
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const { bounds } = this;
    let index = 0;
    while (index < bounds.length && value > (bounds[index] ?? Infinity)) index += 1;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#sum += value;
  }

  read(): HistogramReading {
    const cumulative: number[] = [];
    let count = 0;
    for (const one of this.#counts) {
      count += one;
      cumulative.push(count);
    }
    return { bounds: this.bounds, cumulative, sum: this.#sum };
  }
}

export interface HistogramReading {
  readonly bounds: readonly number[];
  /** Observations at or below each bound, and last of all: how many there were. */
  readonly cumulative: readonly number[];
  readonly sum: number;
}
