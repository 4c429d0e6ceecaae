import { Random, seedFor } from '../market/random.ts';

const PERIODS_MS: Readonly<Record<string, number>> = {
  '5m': 300_000,
  '15m': 900_000,
  '30m': 1_800_000,
  '1H': 3_600_000,
  '2H': 7_200_000,
  '4H': 14_400_000,
};
const MOST = 100;

/**
 * Long over short, `[ts, ratio]`, newest first; each period has one value, whenever it is asked for. Text: the parameter
 * that is wrong.
 */
export function longShortRatios(
  about: string,
  nowMs: number,
  { period, limit }: { readonly period: string; readonly limit: string },
): readonly (readonly [ts: string, ratio: string])[] | string {
  const periodMs = Object.hasOwn(PERIODS_MS, period) ? PERIODS_MS[period] : undefined;
  if (periodMs === undefined) return 'period';
  const count = Number(limit);
  if (!/^\d{1,3}$/.test(limit) || count < 1 || count > MOST) return 'limit';
  const newestMs = Math.floor(nowMs / periodMs) * periodMs;
  return Array.from({ length: count }, (_, back) => {
    const ts = String(newestMs - back * periodMs);
    return [ts, (0.4 + new Random(seedFor(0, `${about}/${ts}`)).next() * 2).toFixed(4)];
  });
}
