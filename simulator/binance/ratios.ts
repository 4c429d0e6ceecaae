import { Random, seedFor } from '../market/random.ts';
import type { MarketSymbol } from '../ports.ts';
import { pairOf } from './futures-frames.ts';
import { illegal, limitOf, Refused } from './refused.ts';

const PERIODS_MS: Readonly<Record<string, number>> = {
  '5m': 300_000,
  '15m': 900_000,
  '30m': 1_800_000,
  '1h': 3_600_000,
  '2h': 7_200_000,
  '4h': 14_400_000,
  '6h': 21_600_000,
  '12h': 43_200_000,
  '1d': 86_400_000,
};
const PREFIX = '/futures/data/';
const NAMES: ReadonlySet<string> = new Set([
  'globalLongShortAccountRatio',
  'topLongShortAccountRatio',
  'topLongShortPositionRatio',
]);
const STANDARD = 30;
const MOST = 500;

export const isRatioPath = (path: string): boolean =>
  path.startsWith(PREFIX) && NAMES.has(path.slice(PREFIX.length));

/**
 * Oldest first; each period has one value, whenever it is asked for. USD-M goes by `symbol`, COIN-M by `pair` and names
 * the shares of positions otherwise.
 */
export function longShortRatios(
  { pathname, searchParams: query }: URL,
  symbols: readonly MarketSymbol[],
  { inverse, nowMs }: { readonly inverse: boolean; readonly nowMs: number },
): readonly object[] | Refused {
  const by = inverse ? 'pair' : 'symbol';
  const about = query.get(by);
  if (about === null)
    return new Refused(-1102, `Mandatory parameter '${by}' was not sent, was empty/null, or malformed.`);
  const isKnown = symbols.some(({ symbol }) => (inverse ? pairOf(symbol) : symbol) === about);
  if (!isKnown) return new Refused(-1121, 'Invalid symbol.');
  const period = query.get('period') ?? '';
  const periodMs = Object.hasOwn(PERIODS_MS, period) ? PERIODS_MS[period] : undefined;
  if (periodMs === undefined) return illegal('period');
  const limit = limitOf(query, STANDARD, MOST);
  if (limit instanceof Refused) return limit;
  const name = pathname.slice(PREFIX.length);
  const of = inverse && name.includes('Position') ? 'Position' : 'Account';
  const newestMs = Math.floor(nowMs / periodMs) * periodMs;
  return Array.from({ length: limit }, (_, index) => {
    const timestamp = newestMs - (limit - 1 - index) * periodMs;
    const long = 0.3 + new Random(seedFor(0, `${name}/${about}/${timestamp}`)).next() * 0.4;
    const longShare = Number(long.toFixed(4));
    const shortShare = 1 - longShare;
    return {
      [by]: about,
      longShortRatio: (longShare / shortShare).toFixed(4),
      [`long${of}`]: longShare.toFixed(4),
      [`short${of}`]: shortShare.toFixed(4),
      timestamp,
    };
  });
}
