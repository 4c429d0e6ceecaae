import type { TradeRecord } from '../contract/record.ts';
import { countedId } from './id.ts';
import { IdSet, type Between } from './id-set.ts';

/** What one trade was to those before it. */
export type TradeStep =
  /** `joined` without a hole, or the first one of all. */
  | { readonly kind: 'first' | 'next' }
  /** Ids between the two are missing so far; a late trade may still fill them. */
  | { readonly kind: 'gap'; readonly gap: Between }
  /** Behind the newest, into a hole: another writer's, or fetched later. */
  | { readonly kind: 'late' }
  | { readonly kind: 'repeated' }
  /** Older than all that is remembered. */
  | { readonly kind: 'old' }
  /** The venue does not count its trades without holes: nothing can be said. */
  | { readonly kind: 'uncounted' };

/** Venues whose trade `id` counts without holes within an instrument; elsewhere only `sequence` does. */
const COUNTED_BY_ID: ReadonlySet<string> = new Set(['binance']);

/** The number that must follow its predecessor, if the venue gives one. */
export function tradeCount(trade: TradeRecord): number | undefined {
  if (trade.sequence !== undefined) return trade.sequence;
  return trade.aggregated === true || !COUNTED_BY_ID.has(trade.exchange) ? undefined : countedId(trade.id);
}

/** One symbol's trades: which are here, which are missing. */
export class Trades {
  readonly ids = new IdSet();

  trade(trade: TradeRecord): TradeStep {
    const id = tradeCount(trade);
    if (id === undefined) return { kind: 'uncounted' };
    const { first, last } = this.ids;
    // Ids directly before it that the venue gave to what is no trade.
    const from = countedSkip(trade, id);
    if (!this.ids.add(id)) return { kind: first !== undefined && id < first ? 'old' : 'repeated' };
    for (let skipped = from; skipped < id; skipped += 1) this.ids.add(skipped);
    if (last === undefined) return { kind: 'first' };
    if (id < last) return { kind: 'late' };
    return from <= last + 1 ? { kind: 'next' } : { kind: 'gap', gap: { fromId: last, toId: from } };
  }
}

/** More ids in a row than any venue skips: a record that says more is not believed. */
const MAX_SKIPPED = 10_000;

function countedSkip({ skippedFrom }: TradeRecord, id: number): number {
  return skippedFrom !== undefined && skippedFrom < id && id - skippedFrom <= MAX_SKIPPED ? skippedFrom : id;
}
