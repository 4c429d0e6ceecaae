import type { MadeFrame, MarketSymbol, SymbolEvent } from '../ports.ts';

/** The payloads of Binance's futures streams, fields in the order seen in recordings. */

/** Channel of each depth slot in milliseconds; 0: at every change. */
export const FUTURES_DEPTHS: Readonly<Record<number, string>> = {
  0: 'depth@0ms',
  100: 'depth@100ms',
  250: 'depth',
  500: 'depth@500ms',
};

/** `BTCUSD_261225` → `BTCUSD`. */
export function pairOf(symbol: string): string {
  return symbol.split('_')[0] ?? symbol;
}

export function futuresFrames(
  { symbol }: MarketSymbol,
  event: SymbolEvent,
  inverse: boolean,
): readonly MadeFrame[] {
  const made = (channel: string, fields: () => object): readonly MadeFrame[] => [
    { stream: `${symbol.toLowerCase()}@${channel}`, data: () => JSON.stringify(fields()) },
  ];
  const pair = inverse ? { ps: pairOf(symbol) } : {};
  switch (event.kind) {
    case 'trade':
      return made('trade', () => tradeFields(symbol, event.trade));
    case 'aggTrade':
      return made('aggTrade', () => aggTradeFields(symbol, event.trade));
    case 'top':
      return made('bookTicker', () => {
        const { bid, ask } = event.best();
        const top = { b: bid[0], B: bid[1], a: ask[0], A: ask[1] };
        const times = { T: event.timeMs, E: event.timeMs };
        return { e: 'bookTicker', u: event.updateId, s: symbol, ...pair, ...top, ...times };
      });
    case 'depth':
      return made(FUTURES_DEPTHS[event.everyMs] ?? 'depth', () => {
        const { bids, asks } = event.changes();
        const ids = { U: event.firstId, u: event.lastId, pu: event.previousId };
        const times = { E: event.timeMs, T: event.timeMs };
        return { e: 'depthUpdate', ...times, s: symbol, ...pair, ...ids, b: bids, a: asks };
      });
    default:
      return [];
  }
}

function tradeFields(symbol: string, trade: Extract<SymbolEvent, { kind: 'trade' }>['trade']): object {
  const { id, price, size, timeMs, buyerIsMaker } = trade;
  return {
    e: 'trade',
    E: timeMs,
    T: timeMs,
    s: symbol,
    t: id,
    p: price,
    q: size,
    X: 'MARKET',
    m: buyerIsMaker,
  };
}

function aggTradeFields(symbol: string, trade: Extract<SymbolEvent, { kind: 'aggTrade' }>['trade']): object {
  const { id, price, size, timeMs, firstTradeId, lastTradeId, buyerIsMaker } = trade;
  const ids = { f: firstTradeId, l: lastTradeId };
  return {
    e: 'aggTrade',
    E: timeMs,
    a: id,
    s: symbol,
    p: price,
    q: size,
    ...ids,
    T: timeMs,
    m: buyerIsMaker,
  };
}
