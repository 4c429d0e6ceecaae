import type { MarketSymbol, RestAnswer, VenueContext } from '../ports.ts';
import type { VenueLimits } from '../limits.ts';
import { deliveryMs } from './futures-exchange-info.ts';
import type { OptionInterest } from './options-interest.ts';
import { underlyingOf } from './options-marks.ts';
import { limitOf, Refused } from './refused.ts';
import { binanceRest, symbolOf } from './rest.ts';
import type { Endpoint, RestFlavour } from './rest.ts';
import { optionsDepthWeight, RequestWeights } from './weights.ts';

/** Sources: developers.binance.com, «Options Trading», pages «Exchange Information», «Order Book», «Recent Trades List», «Open Interest». */

const MOST_TRADES = 500;
/** `id` of the list is another number than the stream's, and larger than 2^53. */
const LIST_ID = 2_323_857_420_000_000_000;
const LIST_STEP = 1_024;

const TRADES: Endpoint = {
  weight: () => 5,
  answer(query, { market }) {
    const symbol = symbolOf(query, market);
    if (symbol instanceof Refused) return symbol;
    const limit = limitOf(query, 100, MOST_TRADES);
    if (limit instanceof Refused) return limit;
    return market.trades(symbol, undefined, limit).map(({ id, price, size, timeMs, buyerIsMaker }) => ({
      id: LIST_ID + id * LIST_STEP,
      tradeId: id,
      symbol,
      price,
      qty: size,
      quoteQty: (Number(price) * Number(size)).toFixed(8),
      side: buyerIsMaker ? -1 : 1,
      time: timeMs,
    }));
  },
};
const ABSENT: Endpoint = { weight: () => 0, answer: () => new Refused(-5_000, 'Path not found.', 404) };

const OPTIONS_REST: RestFlavour = {
  prefix: '/eapi/v1',
  standardDepth: 100,
  mostDepth: 1_000,
  depthWeight: optionsDepthWeight,
  exchangeInfoWeight: 1,
  tradesWeight: 5,
  oldTradesNeedKey: true,
  exchangeInfo,
  depthFields: (_symbol, nowMs) => ({ T: nowMs }),
  others: { '/trades': TRADES, '/aggTrades': ABSENT },
};

export function optionsRest(
  interest: OptionInterest,
): (url: URL, address: string, context: VenueContext) => RestAnswer {
  const openInterest: Endpoint = { weight: () => 0, answer: (query) => interest.answer(query) };
  const others = { ...OPTIONS_REST.others, '/openInterest': openInterest };
  const flavour = { ...OPTIONS_REST, others };
  let weights: RequestWeights | undefined;
  return (url, address, context) => {
    weights ??= new RequestWeights(context.limits);
    return binanceRest(url, address, { ...context, weights, flavour });
  };
}

function exchangeInfo(symbols: readonly MarketSymbol[], limits: VenueLimits, serverTime: number): unknown {
  const underlyings = new Map(symbols.map((symbol) => [underlyingOf(symbol), symbol]));
  return {
    timezone: 'UTC',
    serverTime,
    optionContracts: [...underlyings].map(([underlying, { baseAsset, quoteAsset }]) => ({
      baseAsset,
      quoteAsset,
      underlying,
      settleAsset: quoteAsset,
    })),
    optionAssets: [{ name: 'USDT' }],
    optionSymbols: symbols.map(symbolInfo),
    rateLimits: [
      { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: limits.weightPerMinute },
      { rateLimitType: 'ORDERS', interval: 'MINUTE', intervalNum: 1, limit: 1_200 },
    ],
  };
}

function symbolInfo(known: MarketSymbol): unknown {
  const { symbol, quoteAsset, tickSize, stepSize, expiry = '', strike = '', right, halted } = known;
  return {
    expiryDate: deliveryMs(expiry),
    filters: [
      { filterType: 'PRICE_FILTER', minPrice: tickSize, maxPrice: '1000000', tickSize },
      { filterType: 'LOT_SIZE', minQty: stepSize, maxQty: '10000', stepSize },
    ],
    symbol,
    side: right === 'P' ? 'PUT' : 'CALL',
    strikePrice: strike.replace('d', '.'),
    underlying: underlyingOf(known),
    unit: 1,
    minQty: stepSize,
    maxQty: '10000',
    priceScale: 3,
    quantityScale: 4,
    quoteAsset,
    status: halted === true ? 'HALT' : 'TRADING',
  };
}
