import type { SizeUnit } from './record.ts';

/**
 * An instrument as its venue's list has it. Numbers are text, digit for digit (a JSON number as a plain decimal); null is
 * what the venue does not say: nothing is guessed.
 */
export interface Instrument {
  /** The venue's spelling. */
  readonly instrument: string;
  /** Canonical, unique within the exchange. */
  readonly symbol: string;
  /** The pair of the canonical symbol; the quote is the venue's family (`USD_UM` is not `USD`). */
  readonly base: string | null;
  readonly quote: string | null;
  /** What prices count. */
  readonly priceCurrency: string | null;
  readonly settle: string | null;
  /** Microseconds since 1970; null also of what never expires. */
  readonly expiry: number | null;
  readonly strike: string | null;
  readonly optionType: 'call' | 'put' | null;
  /** Step of prices; the smallest one where it depends on the price. */
  readonly tick: string | null;
  /** Step of sizes, and the smallest size, in `sizeUnit` (OKX derivatives: contracts). */
  readonly lot: string | null;
  readonly minSize: string | null;
  /** What one contract is worth, in `contractUnit`. */
  readonly contractSize: string | null;
  readonly contractUnit: string | null;
  /** What the sizes of its records count. */
  readonly sizeUnit: SizeUnit;
  /** The venue's word; only `trading` ones can be collected. */
  readonly status: string;
  readonly trading: boolean;
}

/** Of a list entry of which only the names are known. */
export const UNSTATED = {
  base: null,
  quote: null,
  priceCurrency: null,
  settle: null,
  expiry: null,
  strike: null,
  optionType: null,
  tick: null,
  lot: null,
  minSize: null,
  contractSize: null,
  contractUnit: null,
} as const satisfies Partial<Instrument>;
