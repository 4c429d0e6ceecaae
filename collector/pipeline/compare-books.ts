import type { Level } from '../../contract/record.ts';
import { compareDecimals } from '../book/decimal.ts';
import type { BookSnapshot } from '../venues/venue.ts';
import type { Reach } from './held-book.ts';

export type Prices = ReadonlySet<string>;
export interface Held {
  readonly bids: ReadonlyMap<string, Level>;
  readonly asks: ReadonlyMap<string, Level>;
}

/** `wider`: levels that the other book knows and ours does not, and how far ours is known with them. */
export type Comparison =
  | { readonly kind: 'equal'; readonly wider: Wider | undefined }
  | { readonly kind: 'mismatch'; readonly detail: string };

export interface Wider {
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
  readonly reach: Reach;
}

export interface Ours {
  readonly held: Held;
  readonly reach: Reach;
  /** Prices that say nothing. */
  readonly bids: Prices;
  readonly asks: Prices;
}

/**
 * Compared is what both know: down to the last level of the other book on its side (all, where it has fewer than it was asked
 * for), and of what lies beyond our own reach only the levels that we have.
 */
export function compareBooks(book: BookSnapshot, { held, reach, bids, asks }: Ours): Comparison {
  const bid = side(book.bids, held.bids, { touched: bids, end: reach.completeFrom, book, sign: 1 });
  const ask = side(book.asks, held.asks, { touched: asks, end: reach.completeTo, book, sign: -1 });
  const detail = bid.difference ?? ask.difference;
  if (detail !== undefined) return { kind: 'mismatch', detail };
  if (!bid.isWider && !ask.isWider) return { kind: 'equal', wider: undefined };
  const ends = { completeFrom: bid.end, completeTo: ask.end };
  return { kind: 'equal', wider: { bids: bid.unknown, asks: ask.unknown, reach: ends } };
}

interface SideRules {
  readonly touched: Prices;
  /** To which price every level of ours is known; null: all. */
  readonly end: string | null;
  readonly book: BookSnapshot;
  /** 1: bids, higher is better; -1: asks. */
  readonly sign: 1 | -1;
}

interface SideResult {
  readonly difference: string | undefined;
  readonly unknown: readonly Level[];
  readonly end: string | null;
  readonly isWider: boolean;
}

function side(
  theirs: readonly Level[],
  ours: ReadonlyMap<string, Level>,
  { touched, end, book, sign }: SideRules,
): SideResult {
  const cut = book.limit ?? book.window ?? Number.POSITIVE_INFINITY;
  const theirEnd = theirs.length < cut ? null : (theirs.at(-1)?.[0] ?? null);
  const isWithin = (price: string, last: string | null): boolean =>
    last === null || compareDecimals(price, last) * sign >= 0;
  const unknown: Level[] = [];
  const sizes = new Map(theirs);
  let difference: string | undefined;
  const differs = (price: string, size: string, own: string): void => {
    difference ??= `${sign === 1 ? 'bid' : 'ask'} ${price}: ${own} here, ${size} there`;
  };
  for (const [price, size] of theirs) {
    if (touched.has(price)) continue;
    const own = ours.get(price)?.[1];
    if (own === undefined && !isWithin(price, end)) unknown.push([price, size]);
    else if (own === undefined || compareDecimals(own, size) !== 0) differs(price, size, own ?? 'nothing');
  }
  for (const [price, size] of ours.values()) {
    if (!touched.has(price) && isWithin(price, theirEnd) && !sizes.has(price))
      differs(price, 'nothing', size);
  }
  const isWider = end !== null && (theirEnd === null || compareDecimals(theirEnd, end) * sign < 0);
  return { difference, unknown, end: isWider ? theirEnd : end, isWider };
}
