/**
 * «Open Interest»: `GET /eapi/v1/openInterest`, weight 0, all options of an underlying and a day of expiry in one answer, told
 * anew once a minute. `sumOpenInterest` is in contracts, `sumOpenInterestUsd` the same in dollars; `timestamp` is a text.
 *
 * There is a stream of the same figures. Its page calls it `<underlyingAsset>@openInterest@<expirationDate>`, others
 * `<underlying>@optionOpenInterest@<expirationDate>`; a name that is not there is confirmed and silent, so it is asked by REST.
 */
import { isTime } from './binance-values.ts';
import { parse, US_PER_MS } from './binance-wire.ts';
import type { Poll, PollRequest } from './poll.ts';
import type { VenueFrame } from './venue.ts';
import { isDecimal, isObject, undecodable } from './wire.ts';

export const OPTION_INTEREST_EVERY_MS = 60_000;
/** It costs nothing; counted all the same, so that questions stay within some bound. */
const WEIGHT = 1;

export const optionInterestPoll: Poll = {
  streams: ['open-interest'],
  requests: (instruments) => [...new Set(instruments.map(pathOf))].map(question),
  decode: decodeList,
};

/** Of `BTC-261225-100000-C` the one of `BTC` and `261225`. */
function pathOf(instrument: string): string {
  const [asset = '', expiration = ''] = instrument.split('-');
  return `/eapi/v1/openInterest?underlyingAsset=${asset}&expiration=${expiration}`;
}

const question = (path: string): PollRequest => ({ path, weight: WEIGHT, instrument: null });

function decodeList(text: string): readonly VenueFrame[] {
  const list = parse(text);
  if (!Array.isArray(list)) return [undecodable(list === undefined ? 'notJson' : 'missingField')];
  return (list as unknown[]).map(decodeEntry);
}

function decodeEntry(entry: unknown): VenueFrame {
  if (!isObject(entry)) return undecodable('notAnObject');
  const { symbol, sumOpenInterest, sumOpenInterestUsd, timestamp } = entry;
  const timeMs = typeof timestamp === 'string' && /^\d+$/.test(timestamp) ? Number(timestamp) : timestamp;
  if (typeof symbol !== 'string' || !isDecimal(sumOpenInterest) || !isTime(timeMs))
    return undecodable('missingField');
  const usd = isDecimal(sumOpenInterestUsd) ? { openInterestUsd: sumOpenInterestUsd } : {};
  const fields = { openInterest: sumOpenInterest, ...usd, polled: true } as const;
  const exchangeTimeUs = timeMs * US_PER_MS;
  return { kind: 'value', stream: 'open-interest', instrument: symbol, exchangeTimeUs, fields };
}
