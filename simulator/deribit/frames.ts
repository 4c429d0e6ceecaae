import { seedFor } from '../market/random.ts';
import type { BookText, LevelText, MarketSymbol, MarketTrade } from '../ports.ts';
import { floatText, shortText } from './numbers.ts';

/** The frames of Deribit's channels, fields in the order captured in 2026; JSON by hand, because of its numbers. */

export type LevelAction = 'new' | 'change' | 'delete';
export type ActionLevel = readonly [action: LevelAction, price: string, amount: string];

export interface BookFrame {
  readonly instrument: string;
  readonly timeMs: number;
  readonly changeId: number;
}

/** 0 a rise, 1 the same after one, 2 a fall, 3 the same after one. */
type ToldTrade = MarketTrade & { readonly tickDirection: number };

export interface Prices {
  readonly indexPrice: string;
  readonly markPrice: string;
}

export function subscriptionFrame(channel: string, data: string): string {
  return `{"jsonrpc":"2.0","method":"subscription","params":{"channel":"${channel}","data":${data}}}`;
}

export function snapshotData({ instrument, timeMs, changeId }: BookFrame, { bids, asks }: BookText): string {
  const side = (levels: readonly LevelText[]): string =>
    levels.map(([price, amount]) => `["new",${floatText(price)},${floatText(amount)}]`).join(',');
  return (
    `{"timestamp":${timeMs},"type":"snapshot","change_id":${changeId},"instrument_name":"${instrument}",` +
    `"bids":[${side(bids)}],"asks":[${side(asks)}]}`
  );
}

/** A grouped book of one level: pairs, no `type`. */
export function topData({ instrument, timeMs, changeId }: BookFrame, { bids, asks }: BookText): string {
  const side = (levels: readonly LevelText[]): string =>
    levels.map(([price, amount]) => `[${floatText(price)},${floatText(amount)}]`).join(',');
  return (
    `{"timestamp":${timeMs},"instrument_name":"${instrument}","change_id":${changeId},` +
    `"bids":[${side(bids)}],"asks":[${side(asks)}]}`
  );
}

export function changeData(
  { instrument, timeMs, changeId }: BookFrame,
  prevChangeId: number,
  sides: { readonly bids: readonly ActionLevel[]; readonly asks: readonly ActionLevel[] },
): string {
  const side = (levels: readonly ActionLevel[]): string =>
    levels
      .map(([action, price, amount]) => `["${action}",${shortText(price)},${shortText(amount)}]`)
      .join(',');
  return (
    `{"timestamp":${timeMs},"type":"change","change_id":${changeId},"instrument_name":"${instrument}",` +
    `"bids":[${side(sides.bids)}],"asks":[${side(sides.asks)}],"prev_change_id":${prevChangeId}}`
  );
}

export function tradesData(symbol: MarketSymbol, trades: readonly ToldTrade[], prices: Prices): string {
  return `[${trades.map((trade) => tradeData(symbol, trade, prices)).join(',')}]`;
}

/** The two starbase numbers are beyond 2^53, as the venue's are. */
function tradeData(symbol: MarketSymbol, trade: ToldTrade, { indexPrice, markPrice }: Prices): string {
  const { kind, baseAsset } = symbol;
  const volatility = kind === 'option' ? '"iv":38.25,' : '';
  // One contract is ten dollars of BTC, one dollar of ETH, one coin of an option.
  const contracts = kind === 'option' || baseAsset !== 'BTC' ? trade.size : String(Number(trade.size) / 10);
  return (
    `{"timestamp":${trade.timeMs},"price":${floatText(trade.price)},"amount":${floatText(trade.size)},` +
    `"direction":"${trade.buyerIsMaker ? 'sell' : 'buy'}","index_price":${floatText(indexPrice)},` +
    `"instrument_name":"${symbol.symbol}","trade_seq":${trade.id},"mark_price":${floatText(markPrice)},` +
    `${volatility}"tick_direction":${trade.tickDirection},${liquidation(symbol, trade.id)}"starbase_match_id":${BigInt(trade.id) * 131_072n},` +
    `"trade_id":"${tradeId(symbol, trade.id)}","contracts":${floatText(contracts)},` +
    `"starbase_timestamp":${BigInt(trade.timeMs) * 1_000_000n + 718_924n}}`
  );
}

function liquidation(symbol: MarketSymbol, id: number): string {
  const side = liquidatedSide(symbol, id);
  return side === undefined ? '' : `"liquidation":"${side}",`;
}

/** The side that was forced to trade; options are not liquidated here. */
export function liquidatedSide({ kind }: MarketSymbol, id: number): 'T' | 'M' | 'MT' | undefined {
  if (kind === 'option' || id % 8 !== 0) return undefined;
  const sides = ['T', 'M', 'T', 'MT'] as const;
  return sides[(id / 8) % sides.length];
}

/** Unique in its currency, as the venue's are: the instrument's name is folded in; ETH's have a prefix. */
export function tradeId({ symbol, baseAsset }: MarketSymbol, seq: number): string {
  return `${baseAsset === 'BTC' ? '' : `${baseAsset}-`}${seq * 1_000 + (seedFor(0, symbol) % 1_000)}`;
}

export function volatilityData(indexName: string, volatility: string, timeMs: number): string {
  return `{"volatility":${floatText(volatility)},"timestamp":${timeMs},"index_name":"${indexName}"}`;
}
