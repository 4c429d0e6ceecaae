/**
 * What Binance's futures tell by REST only. Rules read in the venue's documentation, «Derivatives», pages «Open Interest»,
 * «Long/Short Ratio», «Top Trader Long/Short Ratio (Accounts)» and «(Positions)» of both futures APIs.
 *
 * Ratios come a period apart; the venue keeps them for 30 days, so a late question misses none. They cost no weight and
 * have a limit of their own, 1,000 questions in five minutes; they are charged so that the common budget keeps it.
 * USD-M answers by instrument, COIN-M by pair, that is for all of its contracts together.
 */
import { parse, US_PER_MS } from './binance-wire.ts';
import { isTime } from './binance-values.ts';
import type { Poll, PollRequest } from './poll.ts';
import type { ValueFrame } from './value-frame.ts';
import type { VenueFrame } from './venue.ts';
import { isDecimal, isObject, undecodable, type Fields } from './wire.ts';

export const OPEN_INTEREST_EVERY_MS = 60_000;
export const RATIO_EVERY_MS = 300_000;

/** Of 2,400 a minute, as 1,000 in five minutes. */
const RATIO_WEIGHT = 12;
/** An hour of points. */
const RATIO_POINTS = 12;
const RATIO_PERIOD_S = 300;

export function openInterestPoll(restPath: string): Poll {
  return {
    streams: ['open-interest'],
    requests: (instruments) =>
      instruments.map((instrument) => ({
        instrument,
        path: `${restPath}/openInterest?symbol=${instrument}`,
        weight: 1,
      })),
    decode: (text) => [decodeOpenInterest(text)],
  };
}

function decodeOpenInterest(text: string): VenueFrame {
  const value = parse(text);
  if (!isObject(value)) return undecodable(value === undefined ? 'notJson' : 'notAnObject');
  const { symbol, openInterest, time } = value;
  if (typeof symbol !== 'string' || !isDecimal(openInterest) || !isTime(time))
    return undecodable('missingField');
  const fields = { openInterest, polled: true } as const;
  const exchangeTimeUs = time * US_PER_MS;
  return { kind: 'value', stream: 'open-interest', instrument: symbol, exchangeTimeUs, fields };
}

type Ratio = Extract<ValueFrame, { stream: 'long-short-ratio' }>;
type Measure = Ratio['fields']['measure'];

const MEASURES: readonly (readonly [Measure, path: string])[] = [
  ['accounts', 'globalLongShortAccountRatio'],
  ['topAccounts', 'topLongShortAccountRatio'],
  ['topPositions', 'topLongShortPositionRatio'],
];

/** One poll a measure, each with its own endpoint. */
export function ratioPolls(by: 'symbol' | 'pair'): readonly Poll[] {
  return MEASURES.map(([measure, name]) => ({
    streams: ['long-short-ratio'],
    requests: (instruments) =>
      instruments.map((instrument) => {
        const of = by === 'symbol' ? instrument : (instrument.split('_')[0] ?? instrument);
        const path = `/futures/data/${name}?${by}=${of}&period=5m&limit=${RATIO_POINTS}`;
        return { instrument, path, weight: RATIO_WEIGHT };
      }),
    decode: (text, asked) => decodeRatios(text, asked, measure, by === 'symbol' ? 'instrument' : 'pair'),
  }));
}

function decodeRatios(
  text: string,
  { instrument }: PollRequest,
  measure: Measure,
  covers: Ratio['fields']['covers'],
): readonly VenueFrame[] {
  const value = parse(text);
  if (!Array.isArray(value)) return [undecodable(value === undefined ? 'notJson' : 'missingField')];
  const points = (value as unknown[])
    .map((point) => (isObject(point) ? ratioOf(point) : undefined))
    .filter((point) => point !== undefined)
    .toSorted((x, y) => x.exchangeTimeUs - y.exchangeTimeUs);
  if (instrument === null || points.length < value.length) return [undecodable('missingField')];
  return points.map(({ exchangeTimeUs, ratio, longShare, shortShare }): Ratio => {
    const shares = { longShare, shortShare };
    const fields = {
      measure,
      covers,
      ratio,
      ...shares,
      periodSeconds: RATIO_PERIOD_S,
      polled: true,
    } as const;
    return { kind: 'value', stream: 'long-short-ratio', instrument, exchangeTimeUs, fields };
  });
}

interface RatioPoint {
  readonly exchangeTimeUs: number;
  readonly ratio: string;
  readonly longShare: string;
  readonly shortShare: string;
}

/** COIN-M names the shares of positions `longPosition` and `shortPosition`, all else `longAccount` and `shortAccount`. */
function ratioOf(point: Fields): RatioPoint | undefined {
  const { longShortRatio: ratio, timestamp } = point;
  const longShare = point['longAccount'] ?? point['longPosition'];
  const shortShare = point['shortAccount'] ?? point['shortPosition'];
  // A number in the answers, a text in the documentation.
  const timeMs = typeof timestamp === 'string' ? Number(timestamp) : timestamp;
  if (!isDecimal(ratio) || !isDecimal(longShare) || !isDecimal(shortShare) || !isTime(timeMs))
    return undefined;
  return { exchangeTimeUs: timeMs * US_PER_MS, ratio, longShare, shortShare };
}
