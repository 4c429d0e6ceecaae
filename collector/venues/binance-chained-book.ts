/** The order book of Binance's futures and options: every event names the one before it with `pu`. */
import { microseconds, parse } from './binance-wire.ts';
import type { BookSnapshot, Malformed, RestRequest, VenueFrame } from './venue.ts';
import { isObject, levels, undecodable, type Fields } from './wire.ts';

/** Levels a side that the venue hands out, and what it charges; ascending. */
export type DepthLimits = readonly (readonly [levels: number, weight: number])[];

/** The next larger limit that the venue knows, else its largest. */
export function depthRequest(
  restPath: string,
  limits: DepthLimits,
  instrument: string,
  wanted: number,
): RestRequest {
  const [limit, weight] = limits.find(([known]) => known >= wanted) ?? limits.at(-1) ?? [1_000, 20];
  return { path: `${restPath}/depth?symbol=${instrument}&limit=${limit}`, weight, levels: limit };
}

export function decodeChainedDepth(event: Fields): VenueFrame {
  const { s, pu, u, T, b, a } = event;
  // `T` is when the book changed; `E`, when it was sent, is out of order between streams.
  const exchangeTimeUs = microseconds(T);
  if (typeof s !== 'string' || exchangeTimeUs === undefined) return undecodable('missingField');
  if (!Number.isSafeInteger(pu) || !Number.isSafeInteger(u)) return undecodable('unsafeId');
  const bids = levels(b);
  const asks = levels(a);
  if (bids === undefined || asks === undefined) return undecodable('badLevel');
  return {
    kind: 'depth',
    instrument: s,
    lastId: u as number,
    prevId: pu as number,
    exchangeTimeUs,
    bids,
    asks,
  };
}

export function decodeTimedSnapshot(text: string): BookSnapshot | Malformed {
  const value = parse(text);
  if (!isObject(value)) return undecodable(value === undefined ? 'notJson' : 'notAnObject');
  const { lastUpdateId, T } = value;
  if (!Number.isSafeInteger(lastUpdateId)) return undecodable('unsafeId');
  const bids = levels(value['bids']);
  const asks = levels(value['asks']);
  if (bids === undefined || asks === undefined) return undecodable('badLevel');
  const exchangeTimeUs = microseconds(T) ?? null;
  return { kind: 'snapshot', lastId: lastUpdateId as number, exchangeTimeUs, bids, asks };
}
