export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Unlimited exponential backoff with full-range jitter (half to whole of the step), so that many do not return at once. */
export class Backoff {
  #attempt = 0;
  readonly #options: BackoffOptions;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  get attempts(): number {
    return this.#attempt;
  }

  nextMs(): number {
    const { firstMs, maxMs, random } = this.#options;
    const stepMs = Math.min(maxMs, firstMs * 2 ** Math.min(this.#attempt, 30));
    this.#attempt += 1;
    return Math.round(stepMs * (0.5 + random() / 2));
  }

  reset(): void {
    this.#attempt = 0;
  }
}
