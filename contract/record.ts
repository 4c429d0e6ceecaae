/** All records, by schema and by type; `docs/records.md` explains them, `docs/schemas/` is printed from them. */
import type { JsonSchema } from './json-schema.ts';
import { FUNDING_RATE, type FundingRateRecord } from './records/funding-rate.ts';
import { GAP, type GapRecord } from './records/gap.ts';
import { LIQUIDATION, type LiquidationRecord } from './records/liquidation.ts';
import { LONG_SHORT_RATIO, type LongShortRatioRecord } from './records/long-short-ratio.ts';
import { MARK_PRICE, type MarkPriceRecord } from './records/mark-price.ts';
import { OPEN_INTEREST, type OpenInterestRecord } from './records/open-interest.ts';
import { OPTION_SUMMARY, type OptionSummaryRecord } from './records/option-summary.ts';
import {
  ORDERBOOK_DELTA,
  ORDERBOOK_SNAPSHOT,
  type DeltaRecord,
  type SnapshotRecord,
} from './records/orderbook.ts';
import type { HEAD, SIZE_UNITS } from './records/parts.ts';
import { TICKER, type TickerRecord } from './records/ticker.ts';
import { TRADE, type TradeRecord } from './records/trade.ts';
import { VOLATILITY_INDEX, type VolatilityIndexRecord } from './records/volatility-index.ts';

export { GAP_CAUSES, type GapCause, type GapRecord } from './records/gap.ts';
export type { DeltaRecord, SnapshotRecord } from './records/orderbook.ts';
export type { TradeMark, TradeRecord } from './records/trade.ts';

export type SizeUnit = (typeof SIZE_UNITS)[number];
/** [price, size], both as the venue wrote them; size `"0"` removes the level. */
export type Level = DeltaRecord['bids'][number];
/** A book id: a JSON integer below 2^53, else text. */
export type BookId = DeltaRecord['lastId'];

/** What every record begins with, but for its `type`. */
export type RecordHead = Pick<GapRecord, keyof typeof HEAD>;

export type MarketRecord = TradeRecord | DeltaRecord | SnapshotRecord | GapRecord | ValueRecord;

/** Records that stand alone: no chain, no id of the venue. */
export type ValueRecord =
  | VolatilityIndexRecord
  | TickerRecord
  | MarkPriceRecord
  | FundingRateRecord
  | OpenInterestRecord
  | LiquidationRecord
  | OptionSummaryRecord
  | LongShortRatioRecord;

/** By the name of the file in `docs/schemas/`. */
export const RECORD_SCHEMAS = {
  'orderbook-delta': ORDERBOOK_DELTA,
  'orderbook-snapshot': ORDERBOOK_SNAPSHOT,
  trade: TRADE,
  'volatility-index': VOLATILITY_INDEX,
  ticker: TICKER,
  'mark-price': MARK_PRICE,
  'funding-rate': FUNDING_RATE,
  'open-interest': OPEN_INTEREST,
  liquidation: LIQUIDATION,
  'option-summary': OPTION_SUMMARY,
  'long-short-ratio': LONG_SHORT_RATIO,
  gap: GAP,
} as const satisfies Readonly<Record<string, JsonSchema>>;

/** The schema that a record of this `type` and `action` follows; undefined where there is none. */
export function schemaOf(record: {
  readonly type?: unknown;
  readonly action?: unknown;
}): JsonSchema | undefined {
  const { type, action } = record;
  const name = type === 'orderbook' ? `orderbook-${String(action)}` : String(type);
  return Object.hasOwn(RECORD_SCHEMAS, name)
    ? RECORD_SCHEMAS[name as keyof typeof RECORD_SCHEMAS]
    : undefined;
}
