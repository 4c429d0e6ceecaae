import { SimulatorError } from '../simulator-error.ts';

export type Json = Readonly<Record<string, unknown>>;

export interface Line {
  readonly t: number;
  readonly dir: string;
  readonly url: string;
  readonly kind: string;
  readonly msg: string;
}

/** Whose addresses these are, in the words of `Protocol.title`; the first that fits. */
const VENUES: readonly (readonly [RegExp, string])[] = [
  [/\/\/nbstream\.|\/eapi\//, 'Binance options'],
  [/\/\/fstream\.|\/fapi\//, 'Binance USD-M'],
  [/\/\/dstream\.|\/dapi\//, 'Binance COIN-M'],
  [/\/\/[^/]*\bbinance\./, 'Binance spot'],
  [/\/\/[^/]*\b(?:okx|okex)\./, 'OKX'],
  [/\/\/[^/]*\bderibit\./, 'Deribit'],
];

/** One line of a recording of this venue; an address that nobody is known by may be anybody's. */
export function parseLine(where: string, text: string, title: string): Line {
  const { t, dir, url, kind, msg } = parseJson(text) ?? {};
  if (
    typeof t !== 'number' ||
    typeof dir !== 'string' ||
    typeof url !== 'string' ||
    typeof kind !== 'string' ||
    typeof msg !== 'string'
  ) {
    throw new SimulatorError(`${where}: is not a line of a recording {"t","dir","url","kind","msg"}`);
  }
  const of = VENUES.find(([address]) => address.test(url))?.[1] ?? title;
  if (of !== title) throw new SimulatorError(`${where}: is of ${of}, and the venue played is ${title}`);
  return { t, dir, url, kind, msg };
}

export function parseJson(text: string): Json | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
