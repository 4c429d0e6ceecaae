/**
 * Binance futures: USD-M (settled linearly) and COIN-M (inversely), each with perpetual and dated contracts behind one API.
 * Rules read in the venue's documentation, «Derivatives / USDⓈ-M Futures» and «COIN-M Futures», pages «How to manage a
 * local order book correctly», «Important WebSocket Change Notice», «General Info», «Order Book».
 *
 * The order book, its steps in our words:
 *  1. Open the stream `<symbol>@depth@100ms`, buffer its events.
 *  2. Get the snapshot `/fapi/v1/depth` or `/dapi/v1/depth`.
 *  3. Drop every event with `u` < `lastUpdateId`; the first one left spans it: `U` ≤ `lastUpdateId` ≤ `u`.
 *  4. From then on «each new event's `pu` should be equal to the previous event's `u`, otherwise initialize the process
 *     from step 3» (the snapshot).
 * `U` says nothing between events: many instruments count with one sequence, so `pu` alone names what an event continues.
 * The first event spans the snapshot exactly if `pu` ≤ `lastUpdateId` ≤ `u`, which is the rule that all venues share.
 *
 * Since 2026-04-23 USD-M's `fstream.binance.com` has a path a class of streams. Its old root path still accepts
 * connections and subscriptions and then sends nothing: order books and trades are on `/public`, prices and statistics on
 * `/market`. COIN-M's `dstream.binance.com` is unchanged.
 */
import { UNSTATED, type Instrument } from '../../contract/instrument.ts';
import {
  decodeChainedDepth,
  decodeTimedSnapshot,
  depthRequest,
  type DepthLimits,
} from './binance-chained-book.ts';
import {
  BINANCE_CONNECTIONS,
  decodeMessage,
  decodeSymbols,
  decodeTrade,
  microseconds,
  request,
  stepsOf,
  type Dialect,
} from './binance-wire.ts';
import { openInterestPoll, ratioPolls } from './binance-polls.ts';
import { decodeLiquidation, decodeMarkPrice } from './binance-values.ts';
import { binanceScanner } from './binance-scan.ts';
import { futuresSources, type FuturesApi } from './binance-futures-sources.ts';
import { futuresTrades } from './binance-trades.ts';
import type { ChannelStream, Malformed, Venue, VenueFrame } from './venue.ts';
import { textOrNull, undecodable, type Fields } from './wire.ts';

interface Api extends FuturesApi {
  readonly websocket: string;
  readonly rest: string;
  readonly socketPath: (stream: ChannelStream) => string;
}

const USD_M: Api = {
  settle: 'linear',
  websocket: 'wss://fstream.binance.com',
  rest: 'https://fapi.binance.com',
  restPath: '/fapi/v1',
  socketPath: (stream) => (PUBLIC.has(stream) ? '/public/stream' : '/market/stream'),
  sizeUnit: 'base',
};
const COIN_M: Api = {
  settle: 'inverse',
  websocket: 'wss://dstream.binance.com',
  rest: 'https://dapi.binance.com',
  restPath: '/dapi/v1',
  socketPath: () => '/stream',
  sizeUnit: 'contract',
};
const PUBLIC: ReadonlySet<ChannelStream> = new Set<ChannelStream>(['orderbook', 'trade', 'ticker', 'top']);

/** Kinds of frames that the venue has and that are not collected. */
const IGNORED: ReadonlySet<string> = new Set([
  'kline',
  'continuous_kline',
  'indexPrice_kline',
  'markPrice_kline',
  '24hrTicker',
  '24hrMiniTicker',
  'indexPriceUpdate',
  'compositeIndex',
  'contractInfo',
  'assetIndexUpdate',
]);
const DIALECT: Dialect = {
  depth: decodeChainedDepth,
  trade: decodeFill,
  others: new Map([
    ['markPriceUpdate', decodeMarkPrice],
    ['forceOrder', (event) => [decodeLiquidation(event)]],
  ]),
  ignored: IGNORED,
};

const DEPTH_LIMITS: DepthLimits = [
  [5, 2],
  [10, 2],
  [20, 2],
  [50, 2],
  [100, 5],
  [500, 10],
  [1_000, 20],
];

export const binanceLinearPerpetual = futures(USD_M, 'perpetual');
export const binanceLinearFuture = futures(USD_M, 'future');
export const binanceInversePerpetual = futures(COIN_M, 'perpetual');
export const binanceInverseFuture = futures(COIN_M, 'future');

function futures(api: Api, market: 'perpetual' | 'future'): Venue {
  return {
    exchange: 'binance',
    market,
    settle: api.settle,
    sources: futuresSources(api, market),
    limits: {
      // 1,024 in the general page, 200 in older ones.
      streamsPerConnection: 200,
      // The venue allows 10 a second, pongs included.
      sends: [{ kind: 'window', count: 8, windowMs: 1_000 }],
      sendsOfAddress: [],
      ...BINANCE_CONNECTIONS,
      channelsPerFrame: 200,
      // A ping frame every 3 minutes.
      silenceMs: 200_000,
      noDataMs: 300_000,
      weightPerMinute: 2_400,
      weightWindowMs: 60_000,
    },
    endpoints: { websocket: api.websocket, rest: api.rest },
    socketPath: api.socketPath,
    hasTops: true,
    bookStart: 'rest',
    hello: [],
    keepAlive: null,
    usedWeightHeader: 'x-mbx-used-weight-1m',
    trades: futuresTrades(api.restPath),
    subscribe: (channels, id) => request('SUBSCRIBE', channels, id),
    unsubscribe: (channels, id) => request('UNSUBSCRIBE', channels, id),
    decode: (text) => decodeMessage(text, DIALECT),
    scan: binanceScanner('futures'),
    carrier: ({ instrument, stream }) => ({
      instrument,
      stream: stream === 'funding-rate' ? 'mark-price' : stream,
    }),
    snapshotRequest: (instrument, wanted) => depthRequest(api.restPath, DEPTH_LIMITS, instrument, wanted),
    decodeSnapshot: decodeTimedSnapshot,
    polls: [
      openInterestPoll(api.restPath),
      ...(market === 'perpetual' ? ratioPolls(api.settle === 'linear' ? 'symbol' : 'pair') : []),
    ],
    catalogueRequest: () => ({ path: `${api.restPath}/exchangeInfo`, weight: 1 }),
    decodeCatalogue: (text) => decodeCatalogue(text, market, api.sizeUnit),
  };
}

/** `X` names the order's kind; what is not `MARKET` (insurance fund, auto-deleveraging, none) has an id and is no trade. */
function decodeFill(event: Fields): VenueFrame {
  const { s, t, X } = event;
  if (X === 'MARKET' || X === undefined) return decodeTrade(event);
  if (typeof s !== 'string' || typeof X !== 'string') return undecodable('missingField');
  if (!Number.isSafeInteger(t)) return undecodable('unsafeId');
  return { kind: 'notTrade', instrument: s, name: X.slice(0, 40), sequence: t as number };
}

/** The list holds both markets: `contractType` tells them apart, and is empty before a contract is listed. */
function decodeCatalogue(
  text: string,
  market: 'perpetual' | 'future',
  sizeUnit: Instrument['sizeUnit'],
): readonly Instrument[] | Malformed {
  const symbols = decodeSymbols(text);
  if ('kind' in symbols) return symbols;
  const instruments: Instrument[] = [];
  for (const entry of symbols) {
    const { symbol, baseAsset, quoteAsset, contractType } = entry;
    if (typeof symbol !== 'string' || typeof baseAsset !== 'string' || typeof quoteAsset !== 'string') {
      return undecodable('missingField');
    }
    if (marketOf(contractType) !== market) continue;
    const end = market === 'perpetual' ? 'PERP' : endOf(symbol);
    const status = entry['status'] ?? entry['contractStatus'];
    const word = typeof status === 'string' ? status : 'unknown';
    instruments.push({
      ...UNSTATED,
      ...stepsOf(entry),
      ...contractOf(entry, quoteAsset),
      instrument: symbol,
      symbol: `${baseAsset}-${quoteAsset}-${end}`,
      base: baseAsset,
      quote: quoteAsset,
      priceCurrency: quoteAsset,
      settle: textOrNull(entry['marginAsset']),
      expiry: market === 'perpetual' ? null : deliveryUs(entry['deliveryDate']),
      status: word,
      trading: word === 'TRADING',
      sizeUnit,
    });
  }
  return instruments;
}

/** COIN-M alone has contracts: so many units of the quote each. USD-M counts in the base. */
function contractOf(
  { contractSize }: Fields,
  quote: string,
): Pick<Instrument, 'contractSize' | 'contractUnit'> {
  return Number.isSafeInteger(contractSize)
    ? { contractSize: String(contractSize), contractUnit: quote }
    : { contractSize: null, contractUnit: null };
}

const deliveryUs = (value: unknown): number | null => microseconds(value) ?? null;

/** `CURRENT_QUARTER`, `NEXT_QUARTER`, and the same with ` DELIVERING`; `PERPETUAL`, `TRADIFI_PERPETUAL`. */
function marketOf(contractType: unknown): 'perpetual' | 'future' | undefined {
  if (typeof contractType !== 'string' || contractType === '') return undefined;
  return contractType.includes('PERPETUAL') ? 'perpetual' : 'future';
}

/** `20261225` of `BTCUSDT_261225`; any other name stays as it is, so that no two contracts share a symbol. */
function endOf(symbol: string): string {
  const end = /_(\d{6})$/.exec(symbol)?.[1];
  return end === undefined ? symbol : `20${end}`;
}
