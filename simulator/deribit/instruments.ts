import { canonicalParts, optionStartPrice, syntheticInstrument } from '../market/instrument.ts';
import type { CanonicalParts } from '../market/instrument.ts';
import type { SyntheticInstrument } from '../ports.ts';
import { plainNumber } from './numbers.ts';

/** Canonical symbols to Deribit's instruments: `BTC-PERPETUAL`, `BTC-25JUN27`, `BTC-25JUN27-20000-C`. */

const UNITS = 100_000_000;
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'] as const;

/** Perpetuals and futures count in steps of 10 USD, options in coin. */
const TICKS = { BTC: 0.5, ETH: 0.05, option: 0.0005 } as const;
const LOTS = { usd: 10, BTC: 0.1, ETH: 1 } as const;

export const INDEX_PRICES = { BTC: 64_012.35, ETH: 3_105.2 } as const;
type Currency = keyof typeof INDEX_PRICES;

export const DEFAULT_SYMBOLS = [
  'BTC-USD-PERP',
  'ETH-USD-PERP',
  'BTC-USD-20270625',
  'BTC-USD-20270625-20000-C',
  'ETH-USD-20270625-6000-P',
];

/** Undefined: the venue has no such instrument. */
export function deribitInstrument(canonical: string, seed: number): SyntheticInstrument | undefined {
  const parts = canonicalParts(canonical);
  if (parts === undefined || parts.kind === 'spot' || parts.quoteAsset !== 'USD') return undefined;
  const currency = currencyOf(parts.baseAsset);
  const symbol = nativeName(parts);
  if (currency === undefined || symbol === undefined) return undefined;
  const isOption = parts.kind === 'option';
  const tickUnits = Math.round(TICKS[isOption ? 'option' : currency] * UNITS);
  const lotUnits = Math.round(LOTS[isOption ? currency : 'usd'] * UNITS);
  const style = { symbol, priceText: plainNumber, sizeText: plainNumber, tickUnits, lotUnits };
  const startPriceTicks = Math.round((startPrice(parts, currency) * UNITS) / tickUnits);
  return { ...syntheticInstrument(parts, style, seed), startPriceTicks };
}

/** `BTC` of `BTC-PERPETUAL`. */
export function currencyOf(name: string): Currency | undefined {
  const currency = name.split('-')[0];
  return currency === 'BTC' || currency === 'ETH' ? currency : undefined;
}

/** 08:00 UTC of its day; a perpetual's is the year 3000. */
export function expirationMs(expiry: string | undefined): number {
  if (expiry === undefined) return 32_503_708_800_000;
  const { year, month, day } = dayOf(expiry);
  return Date.UTC(year, month - 1, day, 8);
}

/** `25JUN27` → `20270625`; undefined: no day. */
export function canonicalDay(text: string): string | undefined {
  const [, day = '', month = '', year = ''] = /^(\d{1,2})([A-Z]{3})(\d{2})$/.exec(text) ?? [];
  const number = MONTHS.findIndex((name) => name === month) + 1;
  return number === 0 ? undefined : `20${year}${String(number).padStart(2, '0')}${day.padStart(2, '0')}`;
}

function nativeName({ baseAsset, kind, expiry, strike, right }: CanonicalParts): string | undefined {
  if (kind === 'perpetual') return `${baseAsset}-PERPETUAL`;
  const { year, month, day } = dayOf(expiry ?? '');
  const monthName = MONTHS[month - 1];
  const isDay = new Date(expirationMs(expiry ?? '')).getUTCDate() === day;
  if (monthName === undefined || !isDay) return undefined;
  const dated = `${baseAsset}-${day}${monthName}${String(year).slice(2)}`;
  return strike === undefined ? dated : `${dated}-${strike}-${right ?? ''}`;
}

function dayOf(expiry: string): { readonly year: number; readonly month: number; readonly day: number } {
  const part = (from: number, to: number): number => Number(expiry.slice(from, to));
  return { year: part(0, 4), month: part(4, 6), day: part(6, 8) };
}

/** USD, of an option coin. */
function startPrice(parts: CanonicalParts, currency: Currency): number {
  const index = INDEX_PRICES[currency];
  if (parts.kind === 'option') return optionStartPrice(parts) ?? index;
  return parts.kind === 'future' ? index * 1.012 : index;
}
