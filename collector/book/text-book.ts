import type { Level } from '../../contract/record.ts';
import type { BookState } from './book.ts';
import { compareDecimals } from './decimal.ts';

/**
 * Levels of prices that no number holds exactly at their common scale, keyed by the price text. Such an instrument's venue
 * spells one price one way, so equal text is equal price. Order is made when it is asked for.
 */
export class TextBook {
  readonly #bids = new Map<string, Level>();
  readonly #asks = new Map<string, Level>();

  get depth(): { readonly bids: number; readonly asks: number } {
    return { bids: this.#bids.size, asks: this.#asks.size };
  }

  /** By price, in no order; as they are at this moment. */
  get sides(): { readonly bids: ReadonlyMap<string, Level>; readonly asks: ReadonlyMap<string, Level> } {
    return { bids: this.#bids, asks: this.#asks };
  }

  apply(bids: readonly Level[], asks: readonly Level[]): void {
    set(this.#bids, bids);
    set(this.#asks, asks);
  }

  /** Best first; at most `count` a side. */
  top(count = Number.POSITIVE_INFINITY): BookState {
    const bids = [...this.#bids.values()].sort((x, y) => compareDecimals(y[0], x[0]));
    const asks = [...this.#asks.values()].sort((x, y) => compareDecimals(x[0], y[0]));
    return { bids: bids.slice(0, count), asks: asks.slice(0, count) };
  }

  /** Without the order of the rest: what a check at every update can afford. */
  best(): { readonly bid: Level | undefined; readonly ask: Level | undefined } {
    return { bid: extreme(this.#bids, 1), ask: extreme(this.#asks, -1) };
  }
}

/** `sign` 1: the highest price; -1: the lowest. */
function extreme(side: ReadonlyMap<string, Level>, sign: 1 | -1): Level | undefined {
  let best: Level | undefined;
  for (const level of side.values()) {
    if (best === undefined || compareDecimals(level[0], best[0]) * sign > 0) best = level;
  }
  return best;
}

function set(side: Map<string, Level>, levels: readonly Level[]): void {
  for (const level of levels) {
    if (level[1] === '0') side.delete(level[0]);
    else side.set(level[0], level);
  }
}
