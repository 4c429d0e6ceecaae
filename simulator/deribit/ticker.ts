import { decimals } from '../market/figures.ts';
import type { Best, Standing } from '../market/figures.ts';
import { greeksOf } from '../market/greeks.ts';
import type { LevelText, MarketSymbol } from '../ports.ts';
import { expirationMs } from './instruments.ts';
import { shortText } from './numbers.ts';

/** The frames that tell figures: ticker, quote and perpetual, fields in the order captured in 2026 or documented. */

const YEAR_MS = 365 * 24 * 3_600_000;

/** A mark price has more decimals than the tick. */
export const markPriceText = ({ kind }: MarketSymbol, { markPrice }: Standing): string =>
  decimals(markPrice, kind === 'option' ? 6 : 2);

export const indexPriceText = ({ indexPrice }: Standing): string => decimals(indexPrice, 2);

/** Any number, an exponent where that is shorter. */
const numberText = (value: number, most: number): string => shortText(decimals(value, most));

export function tickerData(symbol: MarketSymbol, standing: Standing): string {
  const { timeMs, last, bid, ask } = standing;
  const [mark, index] = [markPriceText(symbol, standing), indexPriceText(standing)].map(shortText);
  return (
    `{"timestamp":${timeMs},"state":"open",${statistics(symbol, standing)}${greeks(symbol, standing)}` +
    `"index_price":${index},"instrument_name":"${symbol.symbol}",` +
    `"last_price":${last === undefined ? 'null' : shortText(last.price)},` +
    `"settlement_price":${mark},"open_interest":${openInterest(symbol, standing)},` +
    `"mark_price":${mark},${ofKind(symbol, standing)}"estimated_delivery_price":${index},` +
    `"best_ask_price":${shortText(ask[0])},"best_bid_price":${shortText(bid[0])},` +
    `"best_ask_amount":${shortText(ask[1])},"best_bid_amount":${shortText(bid[1])}}`
  );
}

/** `volume` in coin, `volume_usd` in dollars; null until something was traded. */
function statistics(symbol: MarketSymbol, { last, high, low, volume, indexPrice }: Standing): string {
  const isOption = symbol.kind === 'option';
  const coins = isOption ? volume : volume / indexPrice;
  const dollars = isOption ? volume * indexPrice : volume;
  const told = (price: string): string => (last === undefined ? 'null' : shortText(price));
  return (
    `"stats":{"high":${told(high)},"low":${told(low)},"price_change":null,` +
    `"volume":${numberText(coins, 8)},"volume_usd":${numberText(dollars, 2)}},`
  );
}

/** USD where the book counts in USD, written as a whole number; coin for an option. */
function openInterest({ kind }: MarketSymbol, { openInterest: amount }: Standing): string {
  return kind === 'option' ? numberText(amount / 10_000, 1) : String(Math.round(amount / 10) * 10);
}

function ofKind(symbol: MarketSymbol, { premium, volatility, indexPrice, markPrice }: Standing): string {
  if (symbol.kind === 'future') return '';
  if (symbol.kind === 'perpetual') {
    const interest = numberText(markPrice - indexPrice, 15);
    return `"interest_value":${interest},"current_funding":${numberText(premium, 8)},"funding_8h":${numberText(premium / 4, 8)},`;
  }
  const percent = (share: number): string => shortText(decimals(share * 100, 2));
  const underlying = symbol.symbol.split('-').slice(0, 2).join('-');
  return (
    `"interest_rate":0.0,"mark_iv":${percent(volatility)},"bid_iv":${percent(volatility - 0.02)},` +
    `"ask_iv":${percent(volatility + 0.02)},"underlying_price":${numberText(indexPrice, 4)},` +
    `"underlying_index":"${underlying}",`
  );
}

function greeks(symbol: MarketSymbol, { indexPrice, volatility, timeMs }: Standing): string {
  if (symbol.kind !== 'option') return '';
  const { delta, gamma, vega, theta, rho } = greeksOf({
    forward: indexPrice,
    strike: Number(symbol.strike?.replace('d', '.')),
    years: (expirationMs(symbol.expiry) - timeMs) / YEAR_MS,
    volatility,
    right: symbol.right ?? 'C',
  });
  const [told, of] = [(value: number) => numberText(value, 5), (value: number) => numberText(value, 6)];
  return (
    `"greeks":{"delta":${told(delta)},"gamma":${of(gamma)},"vega":${told(vega)},` +
    `"theta":${told(theta)},"rho":${told(rho)}},`
  );
}

export function quoteData({ symbol }: MarketSymbol, timeMs: number, { bid, ask }: Best): string {
  const side = (name: string, [price, amount]: LevelText): string =>
    `"best_${name}_price":${shortText(price)},"best_${name}_amount":${shortText(amount)}`;
  return `{"timestamp":${timeMs},"instrument_name":"${symbol}",${side('bid', bid)},${side('ask', ask)}}`;
}

export function perpetualData(standing: Standing): string {
  const { timeMs, premium } = standing;
  return `{"timestamp":${timeMs},"interest":${numberText(premium, 12)},"index_price":${shortText(indexPriceText(standing))}}`;
}
