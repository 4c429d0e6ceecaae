import type { LevelText, MarketAggTrade, MarketTrade } from '../ports.ts';

/** The payloads of Binance spot's market streams, fields in the venue's order, times in milliseconds. */

export type StreamKind = 'depth' | 'depth@100ms' | 'trade' | 'aggTrade' | 'bookTicker';

export function streamName(symbol: string, kind: StreamKind): string {
  return `${symbol.toLowerCase()}@${kind}`;
}

export function depthData(
  symbol: string,
  change: {
    readonly firstId: number;
    readonly lastId: number;
    readonly timeMs: number;
    readonly bids: readonly LevelText[];
    readonly asks: readonly LevelText[];
  },
): string {
  return JSON.stringify({
    e: 'depthUpdate',
    E: change.timeMs,
    s: symbol,
    U: change.firstId,
    u: change.lastId,
    b: change.bids,
    a: change.asks,
  });
}

export function tradeData(symbol: string, trade: MarketTrade): string {
  return JSON.stringify({
    e: 'trade',
    E: trade.timeMs,
    s: symbol,
    t: trade.id,
    p: trade.price,
    q: trade.size,
    T: trade.timeMs,
    m: trade.buyerIsMaker,
    M: true,
  });
}

export function aggTradeData(symbol: string, trade: MarketAggTrade): string {
  return JSON.stringify({
    e: 'aggTrade',
    E: trade.timeMs,
    s: symbol,
    a: trade.id,
    p: trade.price,
    q: trade.size,
    f: trade.firstTradeId,
    l: trade.lastTradeId,
    T: trade.timeMs,
    m: trade.buyerIsMaker,
    M: true,
  });
}

export function bookTickerData(symbol: string, updateId: number, bid: LevelText, ask: LevelText): string {
  return JSON.stringify({ u: updateId, s: symbol, b: bid[0], B: bid[1], a: ask[0], A: ask[1] });
}

/** As on a connection opened at `/stream`. */
export function wrappedFrame(stream: string, data: string): string {
  return `{"stream":${JSON.stringify(stream)},"data":${data}}`;
}

/** The recorded and the made payloads alike carry their times as 13-digit milliseconds; `timeUnit=MICROSECOND` asks for 16. */
export function inMicroseconds(payload: string): string {
  return payload.replace(/"([ETt])":(\d{13})(?=[,}])/g, (whole, name: string, digits: string) =>
    name === 't' && !payload.includes('"e":"kline"') ? whole : `"${name}":${digits}000`,
  );
}
