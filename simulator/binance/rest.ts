import type {
  Market,
  MarketAggTrade,
  MarketSymbol,
  MarketTrade,
  RestAnswer,
  RestFault,
  VenueContext,
} from '../ports.ts';
import { spotExchangeInfo } from './exchange-info.ts';
import { illegal, limitOf, Refused } from './refused.ts';
import type { VenueLimits } from '../limits.ts';
import { spotDepthWeight } from './weights.ts';
import type { RequestWeights } from './weights.ts';

/** In what the REST interfaces of Binance's markets differ. */
export interface RestFlavour {
  /** `/api/v3` */
  readonly prefix: string;
  readonly standardDepth: number;
  readonly mostDepth: number;
  readonly depthWeight: (limit: number) => number;
  readonly exchangeInfoWeight: number;
  readonly tradesWeight: number;
  /** True: `/historicalTrades` is refused, nobody has a key here. */
  readonly oldTradesNeedKey: boolean;
  readonly exchangeInfo: (
    symbols: readonly MarketSymbol[],
    limits: VenueLimits,
    serverTime: number,
  ) => unknown;
  /** Fields of the depth answer beside `lastUpdateId`, `bids` and `asks`. */
  readonly depthFields: (symbol: string, nowMs: number) => Readonly<Record<string, unknown>>;
  /** Endpoints that only this market has. */
  readonly others?: Readonly<Record<string, Endpoint>>;
}

export const SPOT_REST: RestFlavour = {
  prefix: '/api/v3',
  standardDepth: 100,
  mostDepth: 5_000,
  depthWeight: spotDepthWeight,
  exchangeInfoWeight: 20,
  tradesWeight: 25,
  oldTradesNeedKey: false,
  exchangeInfo: spotExchangeInfo,
  depthFields: () => ({}),
};

export interface RestContext extends VenueContext {
  readonly flavour: RestFlavour;
  readonly weights: RequestWeights;
}

export interface Endpoint {
  readonly weight: (query: URLSearchParams, flavour: RestFlavour) => number;
  readonly answer: (query: URLSearchParams, context: RestContext) => unknown;
}

const MOST_TRADES = 1_000;

const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  '/ping': { weight: () => 1, answer: () => ({}) },
  '/time': { weight: () => 1, answer: (_, { nowMs }) => ({ serverTime: nowMs() }) },
  '/exchangeInfo': { weight: (_, { exchangeInfoWeight }) => exchangeInfoWeight, answer: answerExchangeInfo },
  '/depth': {
    weight: (query, { depthWeight, standardDepth }) =>
      depthWeight(Number(query.get('limit') ?? standardDepth)),
    answer: answerDepth,
  },
  '/trades': {
    weight: (_, { tradesWeight }) => tradesWeight,
    answer: (query, context) => answerTrades(query, context, false),
  },
  '/historicalTrades': {
    weight: (_, { tradesWeight, oldTradesNeedKey }) => (oldTradesNeedKey ? 20 : tradesWeight),
    answer: (query, context) =>
      context.flavour.oldTradesNeedKey
        ? new Refused(-2014, 'API-key format invalid.', 401)
        : answerTrades(query, context, true),
  },
  '/aggTrades': { weight: () => 4, answer: answerAggTrades },
};

/** The answer to a GET, its weight spent from the address's budget. */
export function binanceRest(url: URL, address: string, context: RestContext): RestAnswer {
  const { flavour, weights } = context;
  const path = url.pathname.startsWith(`${flavour.prefix}/`) ? url.pathname.slice(flavour.prefix.length) : '';
  const endpoints = { ...ENDPOINTS, ...flavour.others };
  const endpoint = Object.hasOwn(endpoints, path) ? endpoints[path] : undefined;
  if (endpoint === undefined) return { status: 404, headers: {}, body: {} };
  const weight = endpoint.weight(url.searchParams, flavour);
  return spent(weights, { address, weight }, context, () => endpoint.answer(url.searchParams, context));
}

/** The answer, where the address's budget has room for it. */
export function spent(
  weights: RequestWeights,
  { address, weight }: { readonly address: string; readonly weight: number },
  { nowMs, limits }: VenueContext,
  answer: () => unknown,
): RestAnswer {
  const verdict = weights.spend(address, weight, nowMs());
  if (verdict.kind === 'banned') {
    const msg = `Way too much request weight used; IP banned until ${verdict.untilMs}. Please use WebSocket Streams for live updates to avoid bans.`;
    return {
      status: 418,
      headers: { 'Retry-After': String(verdict.retryAfterS) },
      body: { code: -1003, msg },
    };
  }
  const used = {
    'X-MBX-USED-WEIGHT': String(verdict.usedWeight),
    'X-MBX-USED-WEIGHT-1M': String(verdict.usedWeight),
  };
  if (verdict.kind === 'limited') return tooManyRequests(verdict.retryAfterS, used, limits.weightPerMinute);
  const body = answer();
  if (body instanceof Refused)
    return { status: body.status, headers: used, body: { code: body.code, msg: body.msg } };
  return { status: 200, headers: used, body };
}

export function binanceFailure(kind: RestFault, retryAfterMs: number, weightPerMinute: number): RestAnswer {
  if (kind === 'http418') {
    // The moment is in the text, and who sends on before it is banned longer.
    const msg = 'Way too much request weight used; IP banned. Please use WebSocket Streams to avoid bans.';
    const retryAfterS = String(Math.ceil(retryAfterMs / 1_000));
    return { status: 418, headers: { 'Retry-After': retryAfterS }, body: { code: -1003, msg } };
  }
  if (kind === 'http429') return tooManyRequests(Math.ceil(retryAfterMs / 1_000), {}, weightPerMinute);
  const body = { code: -1000, msg: 'An unknown error occurred while processing the request.' };
  return { status: 500, headers: {}, body };
}

function tooManyRequests(
  retryAfterS: number,
  headers: Readonly<Record<string, string>>,
  weightPerMinute: number,
): RestAnswer {
  const msg = `Too much request weight used; current limit is ${weightPerMinute} request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.`;
  return {
    status: 429,
    headers: { ...headers, 'Retry-After': String(retryAfterS) },
    body: { code: -1003, msg },
  };
}

function answerExchangeInfo(
  query: URLSearchParams,
  { market, limits, nowMs, flavour }: RestContext,
): unknown {
  const wanted = wantedSymbols(query);
  if (wanted instanceof Refused) return wanted;
  const symbols = market.symbols.filter(({ symbol }) => wanted === undefined || wanted.includes(symbol));
  if (wanted !== undefined && symbols.length < new Set(wanted).size) return invalidSymbol();
  return flavour.exchangeInfo(symbols, limits, nowMs());
}

function wantedSymbols(query: URLSearchParams): readonly string[] | undefined | Refused {
  const one = query.get('symbol');
  if (one !== null) return [one];
  const list = query.get('symbols');
  if (list === null) return undefined;
  try {
    const parsed: unknown = JSON.parse(list);
    if (Array.isArray(parsed) && parsed.every((item) => typeof item === 'string')) return parsed;
  } catch {
    return illegal('symbols');
  }
  return illegal('symbols');
}

function answerDepth(query: URLSearchParams, context: RestContext): unknown {
  const symbol = symbolOf(query, context.market);
  if (symbol instanceof Refused) return symbol;
  const limit = limitOf(query, context.flavour.standardDepth, context.flavour.mostDepth);
  if (limit instanceof Refused) return limit;
  const book = context.snapshot(symbol);
  if (book === undefined) return new Refused(-1000, 'No book is kept for this symbol.');
  const { lastUpdateId, bids, asks } = book;
  const timeMs = context.market.bookStamp?.(symbol)?.timeMs ?? context.marketNowMs();
  const fields = context.flavour.depthFields(symbol, timeMs);
  return { lastUpdateId, ...fields, bids: bids.slice(0, limit), asks: asks.slice(0, limit) };
}

function answerTrades(query: URLSearchParams, { market }: RestContext, historical: boolean): unknown {
  const range = rangeOf(query, market, historical);
  if (range instanceof Refused) return range;
  return market.trades(range.symbol, range.fromId, range.limit).map((trade: MarketTrade) => ({
    id: trade.id,
    price: trade.price,
    qty: trade.size,
    quoteQty: (Number(trade.price) * Number(trade.size)).toFixed(8),
    time: trade.timeMs,
    isBuyerMaker: trade.buyerIsMaker,
    isBestMatch: true,
  }));
}

function answerAggTrades(query: URLSearchParams, { market }: RestContext): unknown {
  const range = rangeOf(query, market, true);
  if (range instanceof Refused) return range;
  return market.aggTrades(range.symbol, range.fromId, range.limit).map((trade: MarketAggTrade) => ({
    a: trade.id,
    p: trade.price,
    q: trade.size,
    f: trade.firstTradeId,
    l: trade.lastTradeId,
    T: trade.timeMs,
    m: trade.buyerIsMaker,
    M: true,
  }));
}

function rangeOf(
  query: URLSearchParams,
  market: Market,
  historical: boolean,
): { readonly symbol: string; readonly fromId: number | undefined; readonly limit: number } | Refused {
  const symbol = symbolOf(query, market);
  if (symbol instanceof Refused) return symbol;
  const limit = limitOf(query, 500, MOST_TRADES);
  if (limit instanceof Refused) return limit;
  const fromText = historical ? query.get('fromId') : null;
  if (fromText !== null && !/^\d{1,16}$/.test(fromText)) return illegal('fromId');
  return { symbol, fromId: fromText === null ? undefined : Number(fromText), limit };
}

export function symbolOf(query: URLSearchParams, market: Market): string | Refused {
  const symbol = query.get('symbol');
  if (symbol === null || symbol === '') {
    return new Refused(-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.");
  }
  if (!/^[A-Z0-9-_.]{1,20}$/.test(symbol)) return illegal('symbol');
  return market.symbols.some((known) => known.symbol === symbol) ? symbol : invalidSymbol();
}

function invalidSymbol(): Refused {
  return new Refused(-1121, 'Invalid symbol.');
}
