import { decimals } from '../market/figures.ts';
import type { Standing } from '../market/figures.ts';
import { greeksOf } from '../market/greeks.ts';
import type { MarketAggTrade, MarketSymbol } from '../ports.ts';
import { contractOf, deliveryMs, familyOf, instTypeOf } from './contracts.ts';

/** Entries of the channels that tell figures, fields as captured in 2026-09 or documented; everything is text. */

const YEAR_MS = 365 * 24 * 3_600_000;
const FUNDING_MS = 8 * 3_600_000;
const INTEREST = 0.0001;
const MOST_FUNDING = 0.00375;

export function tickerEntry(symbol: MarketSymbol, standing: Standing): object {
  const { last, open, high, low, bid, ask, volume, markPrice, timeMs } = standing;
  const own = decimals(volume, 8);
  const coins = coinsOf(symbol, volume, markPrice);
  return {
    instType: instTypeOf(symbol),
    instId: symbol.symbol,
    last: last?.price ?? open,
    lastSz: last?.size ?? '0',
    askPx: ask[0],
    askSz: ask[1],
    bidPx: bid[0],
    bidSz: bid[1],
    open24h: open,
    high24h: high,
    low24h: low,
    sodUtc0: open,
    sodUtc8: open,
    // Spot: quote currency and base currency; contracts: base currency and contracts.
    volCcy24h: decimals(coins ?? volume * markPrice, 8),
    vol24h: own,
    ts: String(timeMs),
  };
}

export function markPriceText(symbol: MarketSymbol, { markPrice }: Standing): string {
  const tickDecimals = symbol.tickSize.split('.')[1]?.length ?? 0;
  return decimals(markPrice, symbol.kind === 'option' ? 16 : tickDecimals + 1);
}

export function markPriceEntry(symbol: MarketSymbol, standing: Standing): object {
  const markPx = markPriceText(symbol, standing);
  return { instId: symbol.symbol, instType: instTypeOf(symbol), markPx, ts: String(standing.timeMs) };
}

export const indexPriceText = ({ indexPrice }: Standing): string => decimals(indexPrice, 1);

export function indexEntry(symbol: MarketSymbol, standing: Standing): object {
  const idxPx = indexPriceText(standing);
  const since = { open24h: idxPx, high24h: idxPx, low24h: idxPx, sodUtc0: idxPx, sodUtc8: idxPx };
  return { instId: familyOf(symbol), idxPx, ...since, ts: String(standing.timeMs) };
}

export const openInterestText = ({ openInterest }: Standing): string => openInterest.toFixed(2);

/** `oi` contracts, `oiCcy` coins, `oiUsd` dollars. */
export function openInterestEntry(symbol: MarketSymbol, standing: Standing): object {
  const { markPrice, indexPrice, openInterest, timeMs } = standing;
  const coins = coinsOf(symbol, openInterest, markPrice) ?? 0;
  return {
    instId: symbol.symbol,
    instType: instTypeOf(symbol),
    oi: openInterestText(standing),
    oiCcy: decimals(coins, 10),
    oiUsd: decimals(coins * (symbol.kind === 'option' ? indexPrice : markPrice), 6),
    ts: String(timeMs),
  };
}

/** Undefined for spot. */
function coinsOf(symbol: MarketSymbol, contracts: number, markPrice: number): number | undefined {
  const contract = contractOf(symbol);
  if (contract === undefined) return undefined;
  const amount = contracts * contract.value * contract.multiplier;
  return contract.type === 'inverse' ? amount / markPrice : amount;
}

/** Of the period that runs: it is paid at `fundingTime`. */
export function fundingEntry(symbol: MarketSymbol, { premium, timeMs }: Standing): object {
  const rate = Math.max(-MOST_FUNDING, Math.min(MOST_FUNDING, premium + INTEREST));
  const period = Math.floor(timeMs / FUNDING_MS);
  return {
    formulaType: 'withRate',
    fundingRate: rate.toFixed(16),
    fundingTime: String((period + 1) * FUNDING_MS),
    impactValue: '20000.0000000000000000',
    instId: symbol.symbol,
    instType: instTypeOf(symbol),
    interestRate: INTEREST.toFixed(16),
    maxFundingRate: String(MOST_FUNDING),
    method: 'current_period',
    minFundingRate: String(-MOST_FUNDING),
    nextFundingRate: '',
    nextFundingTime: String((period + 2) * FUNDING_MS),
    premium: premium.toFixed(16),
    prevFundingTime: String(period * FUNDING_MS),
    settFundingRate: INTEREST.toFixed(16),
    settState: 'settled',
    ts: String(timeMs),
  };
}

/** Greeks without `BS` are in coin, those with it in dollars. */
export function summaryEntry(symbol: MarketSymbol, standing: Standing): object {
  const { indexPrice, volatility, timeMs } = standing;
  const { delta, gamma, vega, theta } = greeksOf({
    forward: indexPrice,
    strike: Number(symbol.strike?.replace('d', '.')),
    years: (deliveryMs(symbol.expiry ?? '') - timeMs) / YEAR_MS,
    volatility,
    right: symbol.right ?? 'C',
  });
  const text = (value: number): string => value.toFixed(10);
  return {
    instType: 'OPTION',
    instId: symbol.symbol,
    uly: familyOf(symbol),
    delta: text(delta - standing.markPrice),
    gamma: text(gamma * indexPrice - delta),
    theta: text(theta / indexPrice),
    vega: text(vega / indexPrice),
    deltaBS: text(delta),
    gammaBS: text(gamma),
    thetaBS: text(theta),
    vegaBS: text(vega),
    realVol: '',
    bidVol: decimals(volatility - 0.01, 4),
    askVol: decimals(volatility + 0.01, 4),
    markVol: decimals(volatility, 4),
    volLv: decimals(volatility, 4),
    lever: decimals(1 / standing.markPrice, 4),
    fwdPx: decimals(indexPrice, 16),
    ts: String(timeMs),
  };
}

/** A forced order of the taker's; `posSide` is the position that it closes. */
export function liquidationEntry(symbol: MarketSymbol, trade: MarketAggTrade): object {
  const { price, size, timeMs, buyerIsMaker } = trade;
  const closing = buyerIsMaker ? { posSide: 'long', side: 'sell' } : { posSide: 'short', side: 'buy' };
  const detail = { bkLoss: '0', bkPx: price, ccy: '', ...closing, sz: size, ts: String(timeMs) };
  const family = familyOf(symbol);
  const head = { instFamily: family, instId: symbol.symbol, instType: instTypeOf(symbol), uly: family };
  return { details: [detail], ...head };
}

/** One leg of a trade agreed outside the book, told later. */
export function blockTradeEntry(symbol: MarketSymbol, standing: Standing, id: number): object {
  const { indexPrice, volatility, timeMs } = standing;
  const markPx = markPriceText(symbol, standing);
  const option = symbol.kind === 'option';
  return {
    fillVol: option ? decimals(volatility, 4) : '',
    fwdPx: option ? decimals(indexPrice, 8) : '',
    idxPx: indexPriceText(standing),
    instId: symbol.symbol,
    markPx,
    px: standing.bid[0],
    side: id % 2 === 0 ? 'buy' : 'sell',
    sz: '100',
    // Beyond 2^53, as the venue's are.
    tradeId: String(633_971_452_580_000_000n + BigInt(id)),
    ts: String(timeMs),
  };
}
