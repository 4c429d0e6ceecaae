/**
 * What OKX tells by REST only. Rules read in «OKX API v5», section «Trading statistics»: «Get contract long/short ratio», «Get
 * top traders contract long/short ratio» and «… (by position)», three endpoints of their own. Each answers for one swap or
 * future with `[ts, ratio]`, newest first, a period apart, and keeps 1,440 of them, so a late question misses none. Five
 * questions in two seconds, address and instrument.
 */
import { okxData } from './okx-rest.ts';
import { microseconds } from './okx-wire.ts';
import type { Poll, PollRequest } from './poll.ts';
import type { ValueFrame } from './value-frame.ts';
import type { VenueFrame } from './venue.ts';
import { isDecimal, undecodable } from './wire.ts';

export const RATIO_EVERY_MS = 300_000;
/** An hour of points. */
const RATIO_POINTS = 12;
const RATIO_PERIOD_S = 300;

type Ratio = Extract<ValueFrame, { stream: 'long-short-ratio' }>;
type Measure = Ratio['fields']['measure'];

const ENDPOINTS: readonly (readonly [Measure, path: string])[] = [
  ['accounts', 'long-short-account-ratio-contract'],
  ['topAccounts', 'long-short-account-ratio-contract-top-trader'],
  ['topPositions', 'long-short-position-ratio-contract-top-trader'],
];

/** One poll a measure. */
export const okxRatioPolls: readonly Poll[] = ENDPOINTS.map(([measure, name]) => ({
  streams: ['long-short-ratio'],
  requests: (instruments) =>
    instruments.map((instrument) => ({
      instrument,
      path: `/api/v5/rubik/stat/contracts/${name}?instId=${instrument}&period=5m&limit=${RATIO_POINTS}`,
      weight: 1,
    })),
  decode: (text, asked) => decodeRatios(text, asked, measure),
}));

function decodeRatios(text: string, { instrument }: PollRequest, measure: Measure): readonly VenueFrame[] {
  const data = okxData(text);
  if ('kind' in data) return [data];
  const points = data.map(pointOf).filter((point) => point !== undefined);
  if (instrument === null || points.length < data.length) return [undecodable('missingField')];
  return points
    .toSorted((x, y) => x.exchangeTimeUs - y.exchangeTimeUs)
    .map(({ exchangeTimeUs, ratio }): Ratio => {
      const about = { measure, covers: 'instrument', periodSeconds: RATIO_PERIOD_S, polled: true } as const;
      const fields = { ...about, ratio };
      return { kind: 'value', stream: 'long-short-ratio', instrument, exchangeTimeUs, fields };
    });
}

function pointOf(point: unknown): { readonly exchangeTimeUs: number; readonly ratio: string } | undefined {
  if (!Array.isArray(point)) return undefined;
  const [ts, ratio] = point as unknown[];
  const exchangeTimeUs = microseconds(ts);
  return exchangeTimeUs === undefined || !isDecimal(ratio) ? undefined : { exchangeTimeUs, ratio };
}
