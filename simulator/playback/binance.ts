import { depthData } from '../binance/frames.ts';
import { pairOf } from '../binance/futures-frames.ts';
import type { BookText, LevelText, MarketTrade } from '../ports.ts';
import type { Heard, HeardFrame, PlaybackDialect, RecordedEvent, Seam, SymbolName } from './dialect.ts';
import { isObject, parseJson } from './line.ts';
import type { Json, Line } from './line.ts';
import type { Shift, ShiftFields } from './shift.ts';

/** Longest first, so that `BTCFDUSD` is not read as quoted in USD. */
const QUOTES = 'FDUSD USDT USDC BUSD TUSD BIDR DAI BTC ETH BNB EUR GBP TRY BRL JPY USD'.split(' ');

/** Which bare numbers of a payload are what. Prices and sizes are text and never match. */
const FIELDS: Readonly<Record<string, ShiftFields>> = {
  depthUpdate: { E: 'timesMs', T: 'timesMs', U: 'bookIds', u: 'bookIds', pu: 'bookIds' },
  bookTicker: { E: 'timesMs', T: 'timesMs', u: 'bookIds' },
  trade: { E: 'timesMs', T: 'timesMs', t: 'tradeIds' },
  aggTrade: { E: 'timesMs', T: 'timesMs', a: 'aggTradeIds', f: 'tradeIds', l: 'tradeIds' },
  kline: { E: 'timesMs', t: 'timesMs', T: 'timesMs', f: 'tradeIds', L: 'tradeIds' },
  markPriceUpdate: { E: 'timesMs', T: 'timesMs' },
  forceOrder: { E: 'timesMs', T: 'timesMs' },
};

const COMMON = {
  hear: (line: Line) => (line.kind === 'http' ? (heardBook(line) ?? heardListing(line)) : heardFrame(line)),
  hasIds: () => true,
  renamed: (data: string): string => data,
  shifted: shiftedText,
} as const;

export const SPOT_PLAYBACK: PlaybackDialect = {
  ...COMMON,
  title: 'Binance spot',
  symbolName: (symbol) => ({ ...symbolName(symbol), kind: 'spot' }),
  stepText: (digits) => (10 ** -digits).toFixed(8),
  standsFor: () => undefined,
  seamData(symbol, seam) {
    const worded = (side: readonly LevelText[]): readonly LevelText[] =>
      side.map(([price, size]) => [price, size === '0' ? '0.00000000' : size]);
    return depthData(symbol, { ...seam, bids: worded(seam.bids), asks: worded(seam.asks) });
  },
};

const FUTURES = {
  ...COMMON,
  symbolName,
  stepText: (digits: number): string => (10 ** -digits).toFixed(digits),
  // Every change for all of 100 ms: the frames are finer than that stream's, and as true.
  standsFor: (stream: string): string | undefined =>
    stream.endsWith('@depth@0ms') ? stream.replace(/0ms$/, '100ms') : undefined,
} as const;

export const USD_M_PLAYBACK: PlaybackDialect = {
  ...FUTURES,
  title: 'Binance USD-M',
  seamData: (symbol, seam) => futuresSeam({ s: symbol }, seam),
};
export const COIN_M_PLAYBACK: PlaybackDialect = {
  ...FUTURES,
  title: 'Binance COIN-M',
  seamData: (symbol, seam) => futuresSeam({ s: symbol, ps: pairOf(symbol) }, seam),
};

function futuresSeam(names: Json, { firstId, lastId, previousId, timeMs, bids, asks }: Seam): string {
  const ids = { U: firstId, u: lastId, pu: previousId };
  return JSON.stringify({ e: 'depthUpdate', E: timeMs, T: timeMs, ...names, ...ids, b: bids, a: asks });
}

function heardFrame({ url, msg }: Line): Heard | undefined {
  const parsed = parseJson(msg);
  if (parsed === undefined) return undefined;
  if (typeof parsed['stream'] === 'string' && isObject(parsed['data'])) {
    const stream = parsed['stream'];
    const prefix = `{"stream":${JSON.stringify(stream)},"data":`;
    const data = msg.startsWith(prefix) ? msg.slice(prefix.length, -1) : JSON.stringify(parsed['data']);
    return frameOf({ stream, data, wrapped: msg }, parsed['data']);
  }
  const stream = /\/ws\/([^/?]+)$/.exec(url)?.[1];
  return stream === undefined ? undefined : frameOf({ stream, data: msg, wrapped: undefined }, parsed);
}

function frameOf(text: Omit<HeardFrame, 'symbol' | 'event'>, data: Json): Heard | undefined {
  const symbol = data['s'] ?? (isObject(data['o']) ? data['o']['s'] : undefined);
  if (typeof symbol !== 'string') return undefined;
  return { kind: 'frame', frame: { ...text, symbol, event: eventOf(text.stream, data) } };
}

function eventOf(stream: string, data: Json): RecordedEvent {
  switch (data['e']) {
    case 'depthUpdate': {
      const firstId = Number(data['U']);
      return {
        kind: 'depth',
        firstId,
        lastId: Number(data['u']),
        // Futures share their ids with symbols outside, and name it.
        previousId: Number(data['pu'] ?? firstId - 1),
        eventTimeMs: Number(data['E']),
        bids: data['b'] as readonly LevelText[],
        asks: data['a'] as readonly LevelText[],
      };
    }
    case 'trade':
      return { kind: 'trades', trades: [tradeOf(data, 't')] };
    case 'aggTrade': {
      const trade = tradeOf(data, 'a');
      return {
        kind: 'aggTrade',
        trade: { ...trade, firstTradeId: Number(data['f']), lastTradeId: Number(data['l']) },
      };
    }
    default:
      return stream.endsWith('@bookTicker')
        ? { kind: 'bookTicker', updateId: Number(data['u']) }
        : { kind: 'other' };
  }
}

function tradeOf(data: Json, idField: 't' | 'a'): MarketTrade {
  return {
    id: Number(data[idField]),
    price: String(data['p']),
    size: String(data['q']),
    timeMs: Number(data['T']),
    buyerIsMaker: data['m'] === true,
  };
}

/** Any version of the depth endpoint: the recordings of 2021 asked `/api/v1/depth`. */
function heardBook({ t, url, msg }: Line): Heard | undefined {
  const symbol = /\/[a-z]*api\/v\d\/depth\?(?:.*&)?symbol=([A-Z0-9_]+)/.exec(url)?.[1];
  const body = symbol === undefined ? undefined : parseJson(msg);
  if (symbol === undefined || typeof body?.['lastUpdateId'] !== 'number') return undefined;
  const { lastUpdateId, bids, asks } = body as unknown as BookText;
  const book = { lastUpdateId, bids, asks };
  return { kind: 'book', symbol, book, timeMs: Number(body['T'] ?? t), frame: undefined };
}

function heardListing({ url, msg }: Line): Heard | undefined {
  const list = url.includes('/exchangeInfo') ? parseJson(msg)?.['symbols'] : undefined;
  if (!Array.isArray(list)) return undefined;
  const entries = list.filter(isObject).map((entry) => [String(entry['symbol']), entry] as const);
  return { kind: 'listing', entries: new Map(entries) };
}

/** `BTCUSDT`, `BTCUSDT_210924`, `BTCUSD_PERP`: the assets by the name, as far as it tells. */
function symbolName(symbol: string): SymbolName {
  const [pair = symbol, end] = symbol.split('_');
  const quoteAsset = QUOTES.find((quote) => pair.endsWith(quote) && pair.length > quote.length) ?? '';
  const day = /^\d{6}$/.test(end ?? '') ? `20${end}` : undefined;
  return {
    kind: day === undefined ? 'perpetual' : 'future',
    expiry: day,
    strike: undefined,
    right: undefined,
    baseAsset: pair.slice(0, pair.length - quoteAsset.length),
    quoteAsset,
  };
}

function shiftedText(text: string, shift: Shift): string {
  const event = /"e":"(\w+)"/.exec(text)?.[1] ?? 'bookTicker';
  const fields = FIELDS[event] ?? { E: 'timesMs' };
  return text.replace(/"(\w+)":(\d+)(?=[,}])/g, (whole, name: string, digits: string) => {
    const part = Object.hasOwn(fields, name) ? fields[name] : undefined;
    return part === undefined ? whole : `"${name}":${Number(digits) + shift[part]}`;
  });
}
