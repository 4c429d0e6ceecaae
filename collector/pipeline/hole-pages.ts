import type { TradesFetched, TradesWanted } from '../ports.ts';
import type { TradeSource } from '../venues/trade-source.ts';
import type { TradeFrame } from '../venues/venue.ts';

/** Trades that are fetched for one hole; the rest of a larger one is stated as missing. */
export const MAX_BACKFILL = 10_000;

/** `skippedFrom`: first of the ids directly before it that the list leaves out because they are no trades. */
export interface FetchedTrade {
  readonly frame: TradeFrame;
  readonly skippedFrom: number | undefined;
}

/** `more`: ask for what is left; `later`: the list does not reach there yet; `done`: there is no more to ask for. */
export type PageVerdict = 'more' | 'later' | 'done';

/**
 * What pages of a venue's list prove about a hole. Both ends of the hole are trades, so an answer that names one of them
 * proves the ids from there to its own last one; what it names in between is new, once.
 */
export class HolePages {
  readonly #wanted: Pick<TradesWanted, 'fromId' | 'toId' | 'held'>;
  readonly #source: TradeSource;
  readonly #fetched = new Set<number>();
  /** Where a hole beyond the bound is begun. */
  readonly #startId: number;
  /** From the hole's begin to here all is proven. */
  #low: number;
  /** From here to the hole's end all is proven. */
  #high: number;
  /** That led on. */
  #pages = 0;

  constructor(wanted: Pick<TradesWanted, 'fromId' | 'toId' | 'held'>, source: TradeSource) {
    const { fromId, toId } = wanted;
    this.#wanted = wanted;
    this.#source = source;
    this.#startId = source.ids === 'consecutive' ? Math.max(fromId, toId - MAX_BACKFILL) : fromId;
    this.#low = this.#startId;
    this.#high = toId;
  }

  /** Ends of what is still open. */
  get open(): { readonly fromId: number; readonly toId: number } {
    return { fromId: this.#low, toId: this.#high };
  }

  /** The trades of an answer that are wanted, oldest first, and what to do next. */
  take(page: readonly TradeFrame[]): {
    readonly trades: readonly FetchedTrade[];
    readonly verdict: PageVerdict;
  } {
    const { fromId, toId, held } = this.#wanted;
    const known = new Set(page.map(({ sequence }) => sequence).filter((id) => id !== null));
    const trades: FetchedTrade[] = [];
    let before: number | undefined;
    for (const frame of page.toSorted((one, other) => (one.sequence ?? 0) - (other.sequence ?? 0))) {
      const id = frame.sequence;
      if (id === null) continue;
      const skippedFrom = this.#skippedFrom(before, id);
      before = id;
      if (id <= fromId || id >= toId || held.has(id) || this.#fetched.has(id)) continue;
      this.#fetched.add(id);
      trades.push({ frame, skippedFrom });
    }
    return { trades, verdict: this.#prove(known) };
  }

  /** `before`: the id that stands before it in the same answer. */
  #skippedFrom(before: number | undefined, id: number): number | undefined {
    if (!this.#source.leavesOutNoTrades || before === undefined) return undefined;
    const { fromId, held } = this.#wanted;
    let first = id;
    while (first - 1 > Math.max(before, fromId) && !held.has(first - 1)) first -= 1;
    return first < id ? first : undefined;
  }

  get result(): TradesFetched {
    const isProven = this.#low >= this.#high;
    return {
      outcome:
        isProven && this.#startId === this.#wanted.fromId ? 'whole' : this.#reached ? 'part' : 'failed',
      noTrades: this.#source.leavesOutNoTrades ? this.#countNoTrades() : 0,
    };
  }

  get #reached(): boolean {
    const { toId } = this.#wanted;
    return this.#fetched.size > 0 || this.#low > this.#startId || this.#high < toId;
  }

  #prove(ids: ReadonlySet<number>): PageVerdict {
    const lowest = Math.min(...ids);
    const highest = Math.max(...ids);
    const before = { low: this.#low, high: this.#high };
    switch (this.#source.pages) {
      case 'ascending':
        if (ids.has(this.#low)) this.#low = Math.min(highest, this.#high);
        break;
      case 'descending':
        if (ids.has(this.#high)) this.#high = Math.max(lowest, this.#low);
        break;
      case 'newest':
        if (!(highest >= this.#high)) return 'later';
        this.#high = Math.min(this.#high, Math.max(lowest, this.#low));
        return 'done';
    }
    if (this.#low >= this.#high) return 'done';
    const hasMoved = this.#low > before.low || this.#high < before.high;
    if (!hasMoved) return 'later';
    this.#pages += 1;
    return this.#pages * this.#source.pageSize >= MAX_BACKFILL + this.#source.pageSize ? 'done' : 'more';
  }

  /** Of what is proven, all that the list does not name and the stream does not hold. */
  #countNoTrades(): number {
    const { fromId, toId, held } = this.#wanted;
    let count = 0;
    const isProven = (id: number): boolean => id <= this.#low || id >= this.#high;
    for (let id = Math.max(fromId, this.#startId) + 1; id < toId; id += 1)
      if (isProven(id) && !held.has(id) && !this.#fetched.has(id)) count += 1;
    return count;
  }
}
