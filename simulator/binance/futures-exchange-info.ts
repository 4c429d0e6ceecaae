import type { VenueLimits } from '../limits.ts';
import type { MarketSymbol } from '../ports.ts';
import { pairOf } from './futures-frames.ts';

/** The delivery date of what is never delivered: 2100-12-25. */
const NEVER_MS = 4_133_404_800_000;
const DELIVERY_HOUR_UTC = 8;

/** `/fapi/v1/exchangeInfo` and `/dapi/v1/exchangeInfo` with the fields that market-data clients read. */
export function futuresExchangeInfo(
  symbols: readonly MarketSymbol[],
  limits: VenueLimits,
  market: { readonly nowMs: number; readonly inverse: boolean },
): unknown {
  return {
    timezone: 'UTC',
    serverTime: market.nowMs,
    ...(market.inverse ? {} : { futuresType: 'U_MARGINED' }),
    rateLimits: [
      { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: limits.weightPerMinute },
      { rateLimitType: 'ORDERS', interval: 'MINUTE', intervalNum: 1, limit: 1_200 },
    ],
    exchangeFilters: [],
    symbols: symbols.map((symbol) => symbolInfo(symbol, symbols, market.inverse)),
  };
}

function symbolInfo(known: MarketSymbol, all: readonly MarketSymbol[], inverse: boolean): unknown {
  const { symbol, baseAsset, quoteAsset, tickSize, stepSize } = known;
  const status = known.halted === true ? 'SETTLING' : 'TRADING';
  return {
    symbol,
    pair: pairOf(symbol),
    contractType: contractType(known, all),
    deliveryDate: known.expiry === undefined ? NEVER_MS : deliveryMs(known.expiry),
    onboardDate: 1_569_398_400_000,
    ...(inverse ? { contractStatus: status, contractSize: baseAsset === 'BTC' ? 100 : 10 } : { status }),
    baseAsset,
    quoteAsset,
    marginAsset: inverse ? baseAsset : quoteAsset,
    pricePrecision: decimalsOf(tickSize),
    quantityPrecision: decimalsOf(stepSize),
    baseAssetPrecision: 8,
    quotePrecision: 8,
    underlyingType: 'COIN',
    underlyingSubType: [],
    filters: [
      { minPrice: tickSize, maxPrice: '1000000', filterType: 'PRICE_FILTER', tickSize },
      { stepSize, filterType: 'LOT_SIZE', maxQty: '1000000', minQty: stepSize },
    ],
    orderTypes: ['LIMIT', 'MARKET', 'STOP', 'STOP_MARKET', 'TAKE_PROFIT', 'TAKE_PROFIT_MARKET'],
    timeInForce: ['GTC', 'IOC', 'FOK', 'GTX'],
    ...known.listing,
  };
}

export function contractType({ symbol, expiry }: MarketSymbol, all: readonly MarketSymbol[]): string {
  if (expiry === undefined) return 'PERPETUAL';
  const sooner = all.some(
    (other) => pairOf(other.symbol) === pairOf(symbol) && other.expiry !== undefined && other.expiry < expiry,
  );
  return sooner ? 'NEXT_QUARTER' : 'CURRENT_QUARTER';
}

/** 08:00 UTC of a canonical day, `20261225`. */
export function deliveryMs(day: string): number {
  return Date.UTC(
    Number(day.slice(0, 4)),
    Number(day.slice(4, 6)) - 1,
    Number(day.slice(6)),
    DELIVERY_HOUR_UTC,
  );
}

function decimalsOf(step: string): number {
  return step.split('.')[1]?.length ?? 0;
}
