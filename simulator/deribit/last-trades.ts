import type { MarketSymbol, MarketTrade, VenueContext } from '../ports.ts';
import { liquidatedSide, tradeId } from './frames.ts';
import { invalidParams, result } from './rpc.ts';
import type { RpcParams, RpcResult } from './rpc.ts';

const STANDARD_COUNT = 10;
const MOST_COUNT = 1_000;
const SORTINGS = ['default', 'asc', 'desc'];

/**
 * `public/get_last_trades_by_instrument`: from `start_seq` to `end_seq`, both included, at most `count`; the newest ones
 * first, unless a begin is named or `asc` asked for.
 */
export function answerLastTrades(params: RpcParams, { market }: Pick<VenueContext, 'market'>): RpcResult {
  const symbol = market.symbols.find((one) => one.symbol === params['instrument_name']);
  if (symbol === undefined) return invalidParams('instrument_name', 'wrong format');
  const wrong = ['start_seq', 'end_seq', 'count'].find((name) => !isWhole(params[name]));
  if (wrong !== undefined) return invalidParams(wrong, 'must be an integer');
  const { sorting = 'default' } = params;
  if (typeof sorting !== 'string' || !SORTINGS.includes(sorting))
    return invalidParams('sorting', 'invalid value');
  const { start_seq: start, end_seq: end, count = STANDARD_COUNT } = params;
  if (!(Number(count) >= 1 && Number(count) <= MOST_COUNT)) return invalidParams('count', 'invalid value');
  const within = market
    .trades(symbol.symbol, undefined, Infinity)
    .filter(({ id }) => id >= Number(start ?? 0) && id <= Number(end ?? Infinity));
  const isAscending = sorting === 'asc' || (sorting === 'default' && start !== undefined);
  const ordered = isAscending ? within : within.toReversed();
  const trades = ordered.slice(0, Number(count)).map((trade) => listed(symbol, trade));
  return result({ trades, has_more: trades.length < within.length });
}

/** A number over WebSocket, text over HTTP; or left out. */
function isWhole(value: unknown): boolean {
  return (
    value === undefined ||
    Number.isSafeInteger(value) ||
    /^\d{1,16}$/.test(JSON.stringify(value).slice(1, -1))
  );
}

function listed(symbol: MarketSymbol, trade: MarketTrade): object {
  const { id, price, size, timeMs, buyerIsMaker, recorded } = trade;
  const side = recorded === undefined ? liquidatedSide(symbol, id) : recorded.liquidation;
  return {
    trade_seq: id,
    trade_id: recorded?.tradeId ?? tradeId(symbol, id),
    timestamp: timeMs,
    price: Number(price),
    ...(side === undefined ? {} : { liquidation: side }),
    instrument_name: symbol.symbol,
    direction: buyerIsMaker ? 'sell' : 'buy',
    amount: Number(size),
  };
}
