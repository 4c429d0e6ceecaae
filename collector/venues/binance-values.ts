/**
 * What Binance's futures say beside book and trades. Rules read in the venue's documentation, «Derivatives», pages «Mark
 * Price Stream» and «Liquidation Order Streams» of both futures APIs.
 */
import { US_PER_MS } from './binance-wire.ts';
import type { VenueFrame } from './venue.ts';
import { isDecimal, isSignedDecimal, undecodable, type Fields } from './wire.ts';

/**
 * `markPriceUpdate`: `p` mark price, `i` index price, `P` estimated settle price («only useful in the last hour before the
 * settlement starts»), `r` funding rate, `T` next funding time. Dated contracts have no funding: `r` is "" and `T` 0.
 * `r` moves until it is paid at `T`; the frame of that very second still carries the old `T`. `ap`, seen since 2026, is
 * not documented and left out.
 */
export function decodeMarkPrice(event: Fields): readonly VenueFrame[] {
  const { s, E, p, i, P, r, T } = event;
  if (typeof s !== 'string' || !isTime(E) || !isDecimal(p)) return [undecodable('missingField')];
  const head = { kind: 'value', instrument: s, exchangeTimeUs: E * US_PER_MS } as const;
  const fields = {
    markPrice: p,
    priceUnit: 'quote',
    ...(isDecimal(i) ? { indexPrice: i } : {}),
    ...(isDecimal(P) ? { settlePrice: P } : {}),
  } as const;
  const mark = { ...head, stream: 'mark-price', fields } as const;
  if (r === '' || r === undefined || T === 0) return [mark];
  if (!isSignedDecimal(r) || !isTime(T)) return [mark, undecodable('missingField')];
  const nextFundingTime = T * US_PER_MS;
  const funding = { rate: r, rateKind: 'predicted', nextFundingTime } as const;
  return [mark, { ...head, stream: 'funding-rate', fields: funding, onChange: true }];
}

const SIDES: ReadonlyMap<unknown, 'buy' | 'sell'> = new Map([
  ['BUY', 'buy'],
  ['SELL', 'sell'],
]);

/**
 * `forceOrder`: `S` side of the liquidating order, `q` its quantity, `p` its price, `ap` the average price of what was
 * filled, `z` how much that is, `T` when. «For each symbol, only the latest one liquidation order within 1000ms will be
 * pushed».
 */
export function decodeLiquidation({ o }: Fields): VenueFrame {
  const { s, S, q, p, ap, z, T } = (typeof o === 'object' && o !== null ? o : {}) as Fields;
  const side = SIDES.get(S);
  if (typeof s !== 'string' || !isDecimal(p) || !isDecimal(q) || !isTime(T) || side === undefined) {
    return undecodable('missingField');
  }
  const fields = {
    side,
    price: p,
    priceKind: 'order',
    size: q,
    ...(isDecimal(ap) ? { averagePrice: ap } : {}),
    ...(isDecimal(z) ? { filledSize: z } : {}),
    sampled: true,
  } as const;
  return { kind: 'value', stream: 'liquidation', instrument: s, exchangeTimeUs: T * US_PER_MS, fields };
}

/** Milliseconds that can be counted in microseconds. */
export const isTime = (value: unknown): value is number =>
  typeof value === 'number' &&
  value >= 0 &&
  Number.isSafeInteger(value * US_PER_MS) &&
  Number.isInteger(value);
