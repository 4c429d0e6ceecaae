/**
 * Binance spot. Rules read in the venue's own documentation, `binance-spot-api-docs`:
 * `web-socket-streams.md` and `rest-api.md`.
 *
 * «How to manage a local order book correctly», its steps in our words:
 *  1. Open the stream `<symbol>@depth@100ms`.
 *  2. Buffer its events, note `U` of the first.
 *  3. Get the snapshot `/api/v3/depth?symbol=…&limit=…`.
 *  4. A snapshot whose `lastUpdateId` is below that first `U` is too old: get another.
 *  5. Drop every buffered event with `u` ≤ `lastUpdateId`; the first one left spans it: `U` ≤ `lastUpdateId` + 1 ≤ `u`.
 *     (The page says `lastUpdateId` itself lies in [U, u]; recordings also begin exactly at `lastUpdateId` + 1.)
 *  6. The book is the snapshot; apply the events left, and all that follow:
 *     `u` ≤ the book's id: ignore. `U` > the book's id + 1: events are missing, begin again. Else set the levels
 *     (sizes are absolute, 0 removes) and the book's id becomes `u`.
 */
import { UNSTATED, type Instrument } from '../../contract/instrument.ts';
import {
  BINANCE_CONNECTIONS,
  decodeMessage,
  decodeSymbols,
  decodeTrade,
  microseconds,
  parse,
  request,
  stepsOf,
  type Dialect,
} from './binance-wire.ts';
import { binanceScanner } from './binance-scan.ts';
import { spotTrades } from './binance-trades.ts';
import type { BookSnapshot, Malformed, RestRequest, Venue, VenueFrame } from './venue.ts';
import { isObject, levels, undecodable, type Fields } from './wire.ts';

/** Kinds of frames that the venue has and that are not collected. */
const IGNORED: ReadonlySet<string> = new Set([
  'kline',
  '24hrTicker',
  '24hrMiniTicker',
  'avgPrice',
  '1hTicker',
  '4hTicker',
  '1dTicker',
]);

const DIALECT: Dialect = { depth: decodeDepth, trade: decodeTrade, ignored: IGNORED };

export const binanceSpot: Venue = {
  exchange: 'binance',
  market: 'spot',
  settle: null,
  sources: {
    orderbook: {
      channel: '<symbol>@depth@100ms, started by GET /api/v3/depth',
      pace: { kind: 'pushed', every: '100 ms, while it changes' },
      checks: [
        { by: 'sequence', rule: '`U` is at most the last `u` + 1' },
        { by: 'top', rule: '`bookTicker`, by `u`' },
        { by: 'audit', rule: '`depth`, by `lastUpdateId`' },
      ],
      units: 'price in quote, size in base',
      login: null,
    },
    trade: {
      channel: '<symbol>@trade',
      pace: { kind: 'pushed', every: 'every trade' },
      checks: [{ by: 'sequence', rule: '`t` is the last `t` + 1' }],
      units: 'price in quote, size in base',
      login: null,
    },
    ticker: {
      channel: '<symbol>@bookTicker',
      pace: { kind: 'pushed', every: 'every change of the best bid or ask' },
      checks: [],
      units: 'price in quote, size in base',
      login: null,
    },
  },
  limits: {
    streamsPerConnection: 1_024,
    // The venue allows 5 a second, pongs included.
    sends: [{ kind: 'window', count: 3, windowMs: 1_000 }],
    sendsOfAddress: [],
    ...BINANCE_CONNECTIONS,
    channelsPerFrame: 200,
    // A ping frame every 20 s.
    silenceMs: 60_000,
    noDataMs: 300_000,
    weightPerMinute: 6_000,
    weightWindowMs: 60_000,
  },
  endpoints: { websocket: 'wss://stream.binance.com:9443', rest: 'https://api.binance.com' },
  socketPath: () => '/stream',
  hasTops: true,
  bookStart: 'rest',
  hello: [],
  keepAlive: null,
  usedWeightHeader: 'x-mbx-used-weight-1m',
  trades: spotTrades,
  subscribe: (channels, id) => request('SUBSCRIBE', channels, id),
  unsubscribe: (channels, id) => request('UNSUBSCRIBE', channels, id),
  decode: (text) => decodeMessage(text, DIALECT),
  scan: binanceScanner('spot'),
  snapshotRequest: (instrument, levels): RestRequest => ({
    path: `/api/v3/depth?symbol=${instrument}&limit=${levels}`,
    weight: depthWeight(levels),
  }),
  decodeSnapshot,
  catalogueRequest: () => ({ path: '/api/v3/exchangeInfo', weight: 20 }),
  decodeCatalogue,
};

function depthWeight(levels: number): number {
  if (levels <= 100) return 5;
  if (levels <= 500) return 25;
  return levels <= 1_000 ? 50 : 250;
}

function decodeDepth(event: Fields): VenueFrame {
  const { s, U, u, E, b, a } = event;
  const exchangeTimeUs = microseconds(E);
  if (typeof s !== 'string' || exchangeTimeUs === undefined) return undecodable('missingField');
  if (!Number.isSafeInteger(U) || !Number.isSafeInteger(u)) return undecodable('unsafeId');
  const bids = levels(b);
  const asks = levels(a);
  if (bids === undefined || asks === undefined) return undecodable('badLevel');
  const ids = { lastId: u as number, prevId: (U as number) - 1 };
  return { kind: 'depth', instrument: s, ...ids, exchangeTimeUs, bids, asks };
}

function decodeSnapshot(text: string): BookSnapshot | Malformed {
  const value = parse(text);
  if (!isObject(value)) return undecodable(value === undefined ? 'notJson' : 'notAnObject');
  if (!Number.isSafeInteger(value['lastUpdateId'])) return undecodable('unsafeId');
  const bids = levels(value['bids']);
  const asks = levels(value['asks']);
  if (bids === undefined || asks === undefined) return undecodable('badLevel');
  // The REST snapshot of spot carries no time.
  return { kind: 'snapshot', lastId: value['lastUpdateId'] as number, exchangeTimeUs: null, bids, asks };
}

function decodeCatalogue(text: string): readonly Instrument[] | Malformed {
  const symbols = decodeSymbols(text);
  if ('kind' in symbols) return symbols;
  const instruments: Instrument[] = [];
  for (const entry of symbols) {
    const { symbol, baseAsset, quoteAsset, status } = entry;
    if (typeof symbol !== 'string' || typeof baseAsset !== 'string' || typeof quoteAsset !== 'string') {
      return undecodable('missingField');
    }
    const word = typeof status === 'string' ? status : 'TRADING';
    instruments.push({
      ...UNSTATED,
      ...stepsOf(entry),
      instrument: symbol,
      symbol: `${baseAsset}-${quoteAsset}`,
      base: baseAsset,
      quote: quoteAsset,
      priceCurrency: quoteAsset,
      status: word,
      trading: word === 'TRADING',
      sizeUnit: 'base',
    });
  }
  return instruments;
}
