/**
 * Binance's single trades by REST.
 *
 * Spot, «Old trade lookup»: `GET /api/v3/historicalTrades`, weight 25, without a key, up to 1,000 from `fromId` on.
 * Futures, «Old Trades Lookup»: `historicalTrades` needs an API key (401 without). «Recent Trades List»:
 * `GET /fapi/v1/trades`, `/dapi/v1/trades`, weight 5, without a key, the last 1,000 at most. On both futures pages: «Only
 * market trades will be returned, which means the insurance fund trades and ADL trades won't be returned».
 * `aggTrades` are sums, not single trades, and never fill a hole.
 */
import { microseconds, parse, takerSide, tradeId } from './binance-wire.ts';
import type { TradeSource } from './trade-source.ts';
import type { Malformed, TradeFrame } from './venue.ts';
import { isDecimal, isObject, undecodable } from './wire.ts';

const PAGE_SIZE = 1_000;

export const spotTrades: TradeSource = {
  ids: 'consecutive',
  pages: 'ascending',
  leavesOutNoTrades: false,
  pageSize: PAGE_SIZE,
  request: (instrument, fromId, toId) => ({
    path: `/api/v3/historicalTrades?symbol=${instrument}&fromId=${fromId}&limit=${Math.min(toId - fromId + 1, PAGE_SIZE)}`,
    weight: 25,
  }),
  decode: decodeList,
};

export function futuresTrades(restPath: string): TradeSource {
  return {
    ids: 'consecutive',
    pages: 'newest',
    leavesOutNoTrades: true,
    pageSize: PAGE_SIZE,
    request: (instrument) => ({
      path: `${restPath}/trades?symbol=${instrument}&limit=${PAGE_SIZE}`,
      weight: 5,
    }),
    decode: decodeList,
  };
}

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

function decodeEntry(entry: unknown, instrument: string): TradeFrame | Malformed {
  if (!isObject(entry)) return undecodable('notAnObject');
  const { id, price, qty, time, isBuyerMaker } = entry;
  if (!isDecimal(price) || !isDecimal(qty)) return undecodable('missingField');
  const exchangeTimeUs = microseconds(time);
  if (exchangeTimeUs === undefined || typeof isBuyerMaker !== 'boolean') return undecodable('missingField');
  const ids = tradeId(id);
  if (ids === undefined) return undecodable('unsafeId');
  return {
    kind: 'trade',
    instrument,
    ...ids,
    price,
    size: qty,
    side: takerSide(isBuyerMaker),
    exchangeTimeUs,
  };
}
