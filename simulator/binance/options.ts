import { canonicalParts, optionStartPrice, START_PRICES } from '../market/instrument.ts';
import { syntheticInstrument, textOfUnits } from '../market/instrument.ts';
import type { MadeFrame, MarketSymbol, Protocol, SymbolEvent, SyntheticInstrument } from '../ports.ts';
import { deliveryMs } from './futures-exchange-info.ts';
import { BINANCE_OPTIONS_LIMITS } from './limits.ts';
import { OptionInterest } from './options-interest.ts';
import { OptionMarks } from './options-marks.ts';
import { optionsRest } from './options-rest.ts';
import { binanceFailure } from './rest.ts';
import { binanceEndpoint } from './session.ts';

/** Sources: developers.binance.com, «Options Trading», pages «Diff Book Depth Streams», «Trade Streams», «Bookticker», «Mark Price». */

const UNITS = 100_000_000;
/** Of a cheap underlying the step is smaller, so that there is room for some hundred levels below its options. */
const CHEAP = 100;
const DEPTHS: Readonly<Record<number, string>> = { 100: 'depth@100ms', 500: 'depth@500ms' };
const isPublic = (stream: string): boolean => /@(?:depth|bookTicker|optionTrade)/.test(stream);
/** The root is not served at all. */
const PATHS: Readonly<Record<string, (stream: string) => boolean>> = {
  '/public': isPublic,
  '/market': (stream) => !isPublic(stream),
};

export function binanceOptions(): Protocol {
  const interest = new OptionInterest();
  const marks = new OptionMarks(interest);
  return {
    title: 'Binance options',
    webSocketPaths: Object.keys(PATHS).map((prefix) => `${prefix}/stream`),
    restPath: '/eapi/v1',
    limits: BINANCE_OPTIONS_LIMITS,
    symbolForm: 'BASE-USDT-YYYYMMDD-STRIKE-C or -P',
    defaultSymbols: ['BTC-USDT-20270625-60000-C', 'ETH-USDT-20270625-4000-P'],
    depthSlotsMs: Object.keys(DEPTHS).map(Number),
    idsJump: false,
    venueFaults: ['lifeEnd', 'http418'],
    playback: null,
    instrument: instrumentOf,
    frames: (symbol, event) => [...streamFrames(symbol, event), ...marks.frames(symbol, event)],
    endpoint(url, context) {
      const prefix = /^\/(?:public|market)(?=\/)/.exec(url.pathname)?.[0] ?? '';
      const serves = PATHS[prefix];
      return serves === undefined ? 404 : binanceEndpoint(url, context, { prefix, serves });
    },
    rest: optionsRest(interest),
    failure: (kind, retryAfterMs) =>
      binanceFailure(kind, retryAfterMs, BINANCE_OPTIONS_LIMITS.weightPerMinute),
  };
}

/** `BTC-261225-100000-C`; the premium is in USDT. */
function instrumentOf(canonical: string, seed: number): SyntheticInstrument | undefined {
  const parts = canonicalParts(canonical);
  if (parts?.kind !== 'option' || parts.quoteAsset !== 'USDT') return undefined;
  const { baseAsset, expiry = '', strike = '', right = '' } = parts;
  const [share, index] = [optionStartPrice(parts), START_PRICES[baseAsset]];
  if (share === undefined || index === undefined || Number.isNaN(deliveryMs(expiry))) return undefined;
  const symbol = `${baseAsset}-${expiry.slice(2)}-${strike.replace('d', '.')}-${right}`;
  const isCheap = index < CHEAP;
  const tickUnits = isCheap ? UNITS / 10_000 : UNITS / 100;
  const style = {
    symbol,
    tickUnits,
    lotUnits: UNITS / 100,
    priceText: (units: number) => textOfUnits(units).slice(0, isCheap ? -4 : -5),
    sizeText: (units: number) => textOfUnits(units).slice(0, -4),
  };
  const startPriceTicks = Math.round((share * index * UNITS) / tickUnits);
  return { ...syntheticInstrument(parts, style, seed), startPriceTicks };
}

function streamFrames({ symbol }: MarketSymbol, event: SymbolEvent): readonly MadeFrame[] {
  const made = (channel: string, fields: () => object): readonly MadeFrame[] => [
    { stream: `${symbol.toLowerCase()}@${channel}`, data: () => JSON.stringify(fields()) },
  ];
  switch (event.kind) {
    case 'trade': {
      const { id, price, size, timeMs, buyerIsMaker } = event.trade;
      const head = { e: 'trade', E: timeMs, T: timeMs, s: symbol, t: id, p: price, q: size };
      const taker = { S: buyerIsMaker ? 'SELL' : 'BUY', m: buyerIsMaker };
      return made('optionTrade', () => ({ ...head, X: 'MARKET', ...taker }));
    }
    case 'top':
      return made('bookTicker', () => {
        const { bid, ask } = event.best();
        const top = { b: bid[0], B: bid[1], a: ask[0], A: ask[1] };
        return { e: 'bookTicker', u: event.updateId, s: symbol, ...top, T: event.timeMs, E: event.timeMs };
      });
    case 'depth':
      return made(DEPTHS[event.everyMs] ?? 'depth', () => {
        const { bids, asks } = event.changes();
        const ids = { U: event.firstId, u: event.lastId, pu: event.previousId };
        const times = { E: event.timeMs, T: event.timeMs };
        return { e: 'depthUpdate', ...times, s: symbol, ...ids, b: bids, a: asks };
      });
    default:
      return [];
  }
}
