/**
 * Binance's European options, quoted and settled in USDT. Rules read in the venue's documentation, «Derivatives / Options
 * Trading», pages «How to manage a local order book correctly», «Diff Book Depth Streams», «Individual Symbol Book Ticker
 * Streams», «Trade Streams», «Mark Price», «Order Book» and «Exchange Information», as of 2026.
 *
 * Since 2025-12 they are on the hosts and paths of USD-M: `fstream.binance.com/public` and `/market`; the addresses before,
 * `nbstream.binance.com/eoptions`, answer 404. A stream asked for on the wrong path is confirmed and stays silent.
 *
 * The order book, its steps in our words:
 *  1. Open the stream `<symbol>@depth@100ms` on `/public`, buffer its events.
 *  2. Get the snapshot `/eapi/v1/depth`.
 *  3. Drop every event with `u` < `lastUpdateId`; the first one left spans it: `U` ≤ `lastUpdateId` ≤ `u`.
 *  4. «each new event's `pu` should be equal to the previous event's `u`, otherwise initialize the process from step 3».
 *  5. Sizes are absolute, 0 removes.
 */
import { decodeOptionCatalogue, underlyingOf } from './binance-options-catalogue.ts';
import { decodeOptionMarks } from './binance-options-marks.ts';
import { optionInterestPoll } from './binance-options-interest.ts';
import { optionTrades } from './binance-options-trades.ts';
import { OPTION_SOURCES } from './binance-options-sources.ts';
import {
  decodeChainedDepth,
  decodeTimedSnapshot,
  depthRequest,
  type DepthLimits,
} from './binance-chained-book.ts';
import {
  BINANCE_CONNECTIONS,
  decodeMessage,
  decodeTrade,
  request,
  type Dialect,
  type Suffixes,
} from './binance-wire.ts';
import { QUIET_OPTIONS_MS, type ChannelStream, type Venue, type VenueFrame } from './venue.ts';
import type { Fields } from './wire.ts';

const SUFFIXES: Suffixes = {
  orderbook: 'depth@100ms',
  trade: 'optionTrade',
  top: 'bookTicker',
  'mark-price': 'optionMarkPrice',
};
const MARKET: ReadonlySet<ChannelStream> = new Set<ChannelStream>(['mark-price', 'option-summary']);

const DIALECT: Dialect = {
  depth: decodeChainedDepth,
  trade: decodeOptionTrade,
  list: decodeOptionMarks,
  ignored: new Set(['kline', '24hrTicker', 'indexPrice', 'openInterest', 'optionSymbol']),
};

const DEPTH_LIMITS: DepthLimits = [
  [10, 1],
  [20, 1],
  [50, 1],
  [100, 5],
  [500, 10],
  [1_000, 20],
];

export const binanceOption: Venue = {
  exchange: 'binance',
  market: 'option',
  settle: null,
  sources: OPTION_SOURCES,
  limits: {
    // 200 in the page «Connect» of the options, 1,024 in newer general ones.
    streamsPerConnection: 200,
    // The venue allows 10 a second, pongs included.
    sends: [{ kind: 'window', count: 8, windowMs: 1_000 }],
    sendsOfAddress: [],
    ...BINANCE_CONNECTIONS,
    channelsPerFrame: 200,
    // A ping frame every 3 minutes.
    silenceMs: 200_000,
    noDataMs: QUIET_OPTIONS_MS,
    // The example in the documentation says 2,400, others report 400: the lower one holds in any case.
    weightPerMinute: 400,
    weightWindowMs: 60_000,
  },
  endpoints: { websocket: 'wss://fstream.binance.com', rest: 'https://eapi.binance.com' },
  socketPath: (stream) => (MARKET.has(stream) ? '/market/stream' : '/public/stream'),
  hasTops: true,
  bookStart: 'rest',
  hello: [],
  keepAlive: null,
  usedWeightHeader: 'x-mbx-used-weight-1m',
  trades: optionTrades,
  polls: [optionInterestPoll],
  subscribe: (channels, id) => request('SUBSCRIBE', channels, id, SUFFIXES),
  unsubscribe: (channels, id) => request('UNSUBSCRIBE', channels, id, SUFFIXES),
  decode: (text) => decodeMessage(text, DIALECT),
  /** Marks come for all options of an underlying in one subscription; the top that a book is held against is a ticker. */
  carrier: ({ instrument, stream }) => {
    if (MARKET.has(stream)) return { instrument: underlyingOf(instrument), stream: 'mark-price' };
    return { instrument, stream: stream === 'ticker' ? 'top' : stream };
  },
  snapshotRequest: (instrument, wanted) => depthRequest('/eapi/v1', DEPTH_LIMITS, instrument, wanted),
  decodeSnapshot: decodeTimedSnapshot,
  catalogueRequest: () => ({ path: '/eapi/v1/exchangeInfo', weight: 1 }),
  decodeCatalogue: decodeOptionCatalogue,
};

/**
 * `X`: `MARKET` was traded in the book; `BLOCK` was agreed on beside it and is not in the list of trades by REST, so its id
 * says nothing of others.
 */
function decodeOptionTrade(event: Fields): VenueFrame {
  const trade = decodeTrade(event);
  if (trade.kind !== 'trade' || event['X'] !== 'BLOCK') return trade;
  return { ...trade, sequence: null, marks: ['block'] };
}
