/**
 * «Recent Trades List»: `GET /eapi/v1/trades`, weight 5, without a key, the last 500 at most, of the order book alone.
 * `tradeId` is the stream's `t`; `id`, larger than a double holds, is another number. `side` is the taker's: 1 bought, -1
 * sold. No page says that ids are consecutive.
 */
import { microseconds, parse, tradeId } from './binance-wire.ts';
import type { TradeSource } from './trade-source.ts';
import type { Malformed, TradeFrame } from './venue.ts';
import { isDecimal, isObject, undecodable } from './wire.ts';

const PAGE_SIZE = 500;

export const optionTrades: TradeSource = {
  ids: 'increasing',
  pages: 'newest',
  leavesOutNoTrades: false,
  pageSize: PAGE_SIZE,
  request: (instrument) => ({
    path: `/eapi/v1/trades?symbol=${instrument}&limit=${PAGE_SIZE}`,
    weight: 5,
  }),
  decode: decodeList,
};

function decodeList(text: string, instrument: string): readonly TradeFrame[] | Malformed {
  const list = parse(text);
  if (list === undefined) return undecodable('notJson');
  if (!Array.isArray(list)) return undecodable('missingField');
  const trades: TradeFrame[] = [];
  for (const entry of list as unknown[]) {
    const trade = decodeEntry(entry, instrument);
    if (trade.kind === 'undecodable') return trade;
    trades.push(trade);
  }
  return trades;
}

const SIDES: ReadonlyMap<unknown, 'buy' | 'sell'> = new Map([
  [1, 'buy'],
  [-1, 'sell'],
]);

function decodeEntry(entry: unknown, instrument: string): TradeFrame | Malformed {
  if (!isObject(entry)) return undecodable('notAnObject');
  const { tradeId: id, price, qty, time } = entry;
  const side = SIDES.get(entry['side']);
  const exchangeTimeUs = microseconds(time);
  if (!isDecimal(price) || !isDecimal(qty) || side === undefined || exchangeTimeUs === undefined) {
    return undecodable('missingField');
  }
  const ids = tradeId(id);
  if (ids === undefined) return undecodable('unsafeId');
  return { kind: 'trade', instrument, ...ids, price, size: qty, side, exchangeTimeUs };
}
