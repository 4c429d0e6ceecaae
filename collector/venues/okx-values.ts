/**
 * OKX's channels that tell one value of an instrument. Rules read in «OKX API v5», sections «Public data / WebSocket» and
 * «Order book trading / Market data»; everything is text, an empty one says «none».
 *
 *  - `tickers`: best bid and ask, last trade. `bbo-tbt` is faster and names the book's `seqId`; that one is subscribed.
 *  - `mark-price`: every 200 ms while it changes, else every 10 s.
 *  - `funding-rate`: every 30 s to 90 s. `method: current_period`: `fundingRate` moves until it is paid at `fundingTime`;
 *    `next_period`, and before the field came: it is fixed, and `nextFundingRate` is the forecast for the one after.
 *  - `open-interest`: every 3 s while it changes; `oi` contracts, `oiCcy` coins, `oiUsd` dollars.
 *  - `liquidation-orders`: by type of instrument, at most one a contract and second («this data doesn't represent the total
 *    number of liquidations on OKX»); `bkPx` is the bankruptcy price, `side` that of the liquidating order, `sz` contracts.
 *  - `opt-summary`: by family, all of its options; volatilities are fractions; greeks with `BS` are in dollars, those without
 *    in coin.
 */
import type { Level } from '../../contract/record.ts';
import { microseconds } from './okx-wire.ts';
import type { ValueFrame } from './value-frame.ts';
import type { VenueFrame } from './venue.ts';
import { isDecimal, isObject, undecodable, type Fields } from './wire.ts';

const SIGNED = /^-?\d+(?:\.\d+)?$/;
const isSigned = (value: unknown): value is string => typeof value === 'string' && SIGNED.test(value);

interface Head {
  readonly kind: 'value';
  readonly instrument: string;
  readonly exchangeTimeUs: number | null;
}
type Decoder = (head: Head, entry: Fields) => ValueFrame | undefined;

const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['tickers', ticker],
  ['mark-price', markPrice],
  ['funding-rate', fundingRate],
  ['open-interest', openInterest],
  ['opt-summary', optionSummary],
]);

/** Every entry of a message names its own instrument; undefined: no channel of this kind. */
export function decodeValues(channel: string, data: readonly unknown[]): readonly VenueFrame[] | undefined {
  if (channel === 'liquidation-orders') return data.flatMap(liquidations);
  const decoder = DECODERS.get(channel);
  return decoder === undefined ? undefined : data.map((entry) => decodeValue(decoder, entry));
}

function decodeValue(decoder: Decoder, entry: unknown): VenueFrame {
  if (!isObject(entry)) return undecodable('notAnObject');
  const { instId, ts } = entry;
  // Funding rates had no time before 2023.
  const exchangeTimeUs = ts === undefined ? null : microseconds(ts);
  if (typeof instId !== 'string' || exchangeTimeUs === undefined) return undecodable('missingField');
  return decoder({ kind: 'value', instrument: instId, exchangeTimeUs }, entry) ?? undecodable('missingField');
}

function ticker(head: Head, { bidPx, bidSz, askPx, askSz, last, lastSz }: Fields): ValueFrame | undefined {
  const [bid, ask] = [side(bidPx, bidSz), side(askPx, askSz)];
  if (bid === undefined || ask === undefined) return undefined;
  const lastPrice = isDecimal(last) ? { lastPrice: last } : {};
  const lastSize = isDecimal(lastSz) ? { lastSize: lastSz } : {};
  return { ...head, stream: 'ticker', fields: { bid, ask, ...lastPrice, ...lastSize } };
}

function side(price: unknown, size: unknown): Level | null | undefined {
  if (price === '') return null;
  return isDecimal(price) && isDecimal(size) ? [price, size] : undefined;
}

function markPrice(head: Head, { markPx, instType }: Fields): ValueFrame | undefined {
  if (!isDecimal(markPx)) return undefined;
  // Options of a family like BTC-USD are settled and priced in the coin, those of BTC-USD_UM are not.
  const isCoin = instType === 'OPTION' && head.instrument.split('-')[1] === 'USD';
  const priceUnit = isCoin ? 'base' : 'quote';
  return { ...head, stream: 'mark-price', fields: { markPrice: markPx, priceUnit } };
}

function fundingRate(head: Head, entry: Fields): ValueFrame | undefined {
  const { fundingRate: rate, nextFundingRate, method } = entry;
  const [payUs, followingUs] = [microseconds(entry['fundingTime']), microseconds(entry['nextFundingTime'])];
  if (!isSigned(rate) || payUs === undefined) return undefined;
  const seconds = followingUs === undefined ? 0 : (followingUs - payUs) / 1_000_000;
  const fields = {
    rate,
    rateKind: method === 'current_period' ? 'predicted' : 'fixed',
    nextFundingTime: payUs,
    ...(Number.isInteger(seconds) && seconds > 0 ? { intervalSeconds: seconds } : {}),
    ...(isSigned(nextFundingRate) ? { followingRate: nextFundingRate } : {}),
  } as const;
  return { ...head, stream: 'funding-rate', fields };
}

function openInterest(head: Head, { oi, oiCcy, oiUsd }: Fields): ValueFrame | undefined {
  if (!isDecimal(oi)) return undefined;
  const base = isDecimal(oiCcy) ? { openInterestBase: oiCcy } : {};
  const usd = isDecimal(oiUsd) ? { openInterestUsd: oiUsd } : {};
  return { ...head, stream: 'open-interest', fields: { openInterest: oi, ...base, ...usd } };
}

function optionSummary(head: Head, entry: Fields): ValueFrame | undefined {
  const { markVol, bidVol, askVol, fwdPx } = entry;
  const greeks = greeksOf(entry['deltaBS'], entry['gammaBS'], entry['vegaBS'], entry['thetaBS']);
  const coinGreeks = greeksOf(entry['delta'], entry['gamma'], entry['vega'], entry['theta']);
  if (!isDecimal(markVol) || greeks === undefined) return undefined;
  const fields = {
    volatilityUnit: 'fraction',
    markVolatility: markVol,
    ...(isDecimal(bidVol) ? { bidVolatility: bidVol } : {}),
    ...(isDecimal(askVol) ? { askVolatility: askVol } : {}),
    greeks,
    ...(coinGreeks === undefined ? {} : { coinGreeks }),
    ...(isDecimal(fwdPx) ? { forwardPrice: fwdPx } : {}),
  } as const;
  return { ...head, stream: 'option-summary', fields };
}

function greeksOf(
  ...[delta, gamma, vega, theta]: readonly unknown[]
):
  | { readonly delta: string; readonly gamma: string; readonly vega: string; readonly theta: string }
  | undefined {
  if (!isSigned(delta) || !isSigned(gamma) || !isSigned(vega) || !isSigned(theta)) return undefined;
  return { delta, gamma, vega, theta };
}

/** Each of an entry's details is one order; two alike in a message are two orders. */
function liquidations(entry: unknown): readonly VenueFrame[] {
  if (!isObject(entry)) return [undecodable('notAnObject')];
  const { instId, details } = entry;
  if (typeof instId !== 'string' || !Array.isArray(details)) return [undecodable('missingField')];
  const alike = new Map<string, number>();
  return (details as unknown[]).map((detail) => {
    const key = JSON.stringify(detail);
    const ordinal = alike.get(key) ?? 0;
    alike.set(key, ordinal + 1);
    const frame = isObject(detail) ? liquidation(instId, detail) : undefined;
    if (frame === undefined) return undecodable('missingField');
    return ordinal === 0 ? frame : { ...frame, ordinal };
  });
}

function liquidation(instrument: string, { side: of, bkPx, sz, ts }: Fields): ValueFrame | undefined {
  const exchangeTimeUs = microseconds(ts);
  if ((of !== 'buy' && of !== 'sell') || !isDecimal(bkPx) || !isDecimal(sz) || exchangeTimeUs === undefined) {
    return undefined;
  }
  const fields = { side: of, price: bkPx, priceKind: 'bankruptcy', size: sz, sampled: true } as const;
  return { kind: 'value', stream: 'liquidation', instrument, exchangeTimeUs, fields };
}
