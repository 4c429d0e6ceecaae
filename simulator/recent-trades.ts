/** The newest trades of one symbol, ids ascending; bounded, the oldest leave first. */
export class RecentTrades<Trade extends { readonly id: number }> {
  readonly #trades: Trade[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(trade: Trade): void {
    this.#trades.push(trade);
    // Cut in blocks: a shift for each trade would move the whole array each time.
    if (this.#trades.length >= 2 * this.#most) this.#trades.splice(0, this.#trades.length - this.#most);
  }

  /** From `fromId` on, else the newest; oldest first. */
  list(fromId: number | undefined, limit: number): readonly Trade[] {
    if (fromId === undefined) return this.#trades.slice(-limit);
    const begin = this.#trades.findIndex(({ id }) => id >= fromId);
    return begin < 0 ? [] : this.#trades.slice(begin, begin + limit);
  }
}

/** Kept per symbol for `/api/v3/historicalTrades` and `/api/v3/aggTrades`. */
export const KEPT_TRADES = 10_000;
