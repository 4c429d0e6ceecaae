import type { Level, SnapshotRecord } from '../contract/record.ts';
import type { Book } from '../consumer/book.ts';
import { compareDecimals } from '../consumer/decimal.ts';

export interface Difference {
  readonly side: 'bid' | 'ask';
  readonly price: string;
  /** Null: no such level. */
  readonly rebuilt: string | null;
  readonly stated: string | null;
}

/** The rebuilt book against a snapshot of the same id, inside the range that both know. */
export function differences(book: Book, stated: SnapshotRecord): readonly Difference[] {
  return [
    ...sideDifferences('bid', book.bids.levels(), stated.bids, [book.completeFrom, stated.completeFrom]),
    ...sideDifferences('ask', book.asks.levels(), stated.asks, [book.completeTo, stated.completeTo]),
  ];
}

function sideDifferences(
  side: 'bid' | 'ask',
  rebuilt: Iterable<Level>,
  stated: readonly Level[],
  bounds: readonly (string | null)[],
): readonly Difference[] {
  const isKnown = (price: string): boolean =>
    bounds.every(
      (bound) =>
        bound === null ||
        (side === 'bid' ? compareDecimals(price, bound) >= 0 : compareDecimals(price, bound) <= 0),
    );
  const left = new Map(stated);
  const found: Difference[] = [];
  for (const [price, size] of rebuilt) {
    const said = left.get(price) ?? null;
    left.delete(price);
    if (said !== size && isKnown(price)) found.push({ side, price, rebuilt: size, stated: said });
  }
  for (const [price, size] of left)
    if (isKnown(price)) found.push({ side, price, rebuilt: null, stated: size });
  return found;
}

export function describeDifferences(all: readonly Difference[], id: unknown): string {
  const [first] = all;
  if (first === undefined) return '';
  const { side, price, rebuilt, stated } = first;
  const more = all.length === 1 ? '' : `, and ${all.length - 1} more`;
  return `at id ${String(id)}: ${side} ${price} is ${rebuilt ?? 'not there'} when rebuilt, ${stated ?? 'not there'} in the snapshot${more}`;
}
