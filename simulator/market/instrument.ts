import type { InstrumentKind, SyntheticInstrument } from '../ports.ts';
import { Random, seedFor } from './random.ts';

/** Prices and sizes count in units of 10^-8, the eight decimals of Binance spot's text. */
const UNITS = 100_000_000;

/** A canonical symbol in its parts. */
export interface CanonicalParts {
  readonly kind: InstrumentKind;
  readonly baseAsset: string;
  readonly quoteAsset: string;
  /** `20261225` */
  readonly expiry: string | undefined;
  readonly strike: string | undefined;
  readonly right: 'C' | 'P' | undefined;
}

const CANONICAL =
  /^(?<base>[A-Z0-9]{1,16})-(?<quote>[A-Z0-9_]{2,8})(?:-(?:(?<perpetual>PERP)|(?<expiry>\d{8})(?:-(?<strike>\d+(?:d\d+)?)-(?<right>[CP]))?))?$/;

/** `BTC-USDT`, `BTC-USD-PERP`, `BTC-USD-20261225`, `BTC-USD-20261225-100000-C`; undefined: none of these forms. */
export function canonicalParts(canonical: string): CanonicalParts | undefined {
  const { base, quote, perpetual, expiry, strike, right } = CANONICAL.exec(canonical)?.groups ?? {};
  if (base === undefined || quote === undefined) return undefined;
  const kind = strike !== undefined ? 'option' : expiry !== undefined ? 'future' : 'spot';
  return {
    kind: perpetual === undefined ? kind : 'perpetual',
    baseAsset: base,
    quoteAsset: quote,
    expiry,
    strike,
    right: right === 'C' || right === 'P' ? right : undefined,
  };
}

/** Where known names begin; any other begins at a price out of its seed. */
export const START_PRICES: Readonly<Record<string, number>> = {
  BTC: 64_012.35,
  ETH: 3_105.2,
  BNB: 581.4,
  SOL: 148.62,
  XRP: 0.5241,
  DOGE: 0.1213,
  DOT: 6.482,
};

/**
 * Of an option in coin: its intrinsic value, but never so little that there would be no room for some hundred levels below
 * it; undefined: the underlying's price is not known.
 */
export function optionStartPrice({ baseAsset, strike, right }: CanonicalParts): number | undefined {
  const index = START_PRICES[baseAsset];
  if (index === undefined) return undefined;
  const strikePrice = Number(strike?.replace('d', '.') ?? 0);
  return Math.max(0.6, (right === 'C' ? index - strikePrice : strikePrice - index) / index);
}

/** Eight decimals, as Binance spot writes them: `64012.35000000`. */
export function textOfUnits(units: number): string {
  const digits = String(units).padStart(9, '0');
  return `${digits.slice(0, -8)}.${digits.slice(-8)}`;
}

/** At most eight decimals, without trailing zeros: `64012.35`. */
export function shortTextOfUnits(units: number): string {
  return textOfUnits(units).replace(/\.?0+$/, '');
}

/** How a venue spells an instrument, and in what steps it trades; undefined steps: by the price. */
export interface InstrumentStyle {
  readonly symbol: string;
  readonly priceText: (units: number) => string;
  readonly sizeText: (units: number) => string;
  readonly tickUnits?: number;
  readonly lotUnits?: number;
}

/** `BTC-USDT` as Binance spot has it; undefined: not of that form. */
export function spotInstrument(canonical: string, seed: number): SyntheticInstrument | undefined {
  const parts = canonicalParts(canonical);
  if (parts?.kind !== 'spot') return undefined;
  const symbol = `${parts.baseAsset}${parts.quoteAsset}`;
  return syntheticInstrument(parts, { symbol, priceText: textOfUnits, sizeText: textOfUnits }, seed);
}

export function syntheticInstrument(
  parts: CanonicalParts,
  style: InstrumentStyle,
  seed: number,
): SyntheticInstrument {
  const random = new Random(seedFor(seed, `price/${style.symbol}`));
  const price = START_PRICES[parts.baseAsset] ?? 10 ** (random.next() * 4 - 1);
  const decimals = price >= 100 ? 2 : price >= 1 ? 4 : 5;
  const tickUnits = style.tickUnits ?? 10 ** (8 - decimals);
  const lotUnits = style.lotUnits ?? (price >= 1_000 ? 1_000 : price >= 10 ? 100_000 : 10_000_000);
  return {
    ...parts,
    symbol: style.symbol,
    tickSize: style.priceText(tickUnits),
    stepSize: style.sizeText(lotUnits),
    tickUnits,
    lotUnits,
    startPriceTicks: Math.round((price * UNITS) / tickUnits),
    priceText: style.priceText,
    sizeText: style.sizeText,
  };
}
