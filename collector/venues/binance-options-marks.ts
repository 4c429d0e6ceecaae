/**
 * `<underlying>@optionMarkPrice`: all options of an underlying in one message, once a second. Rules read in «Derivatives /
 * Options Trading», page «Mark Price»: `mp` mark price, `i` index price, `P` estimated settle price («only useful in the
 * 0.5 hour before the settlement starts», else 0), `vo` volatility, `b` and `a` those of the best bid and ask (-1: there is
 * none), `d` `g` `v` `t` greeks, `rf` interest rate. Volatilities are fractions a year.
 */
import { US_PER_MS } from './binance-wire.ts';
import { isTime } from './binance-values.ts';
import type { VenueFrame } from './venue.ts';
import { isDecimal, isObject, isSignedDecimal, stepOrNull, undecodable, type Fields } from './wire.ts';

/** Two frames an entry: what it is worth, and why. */
export function decodeOptionMarks(entries: readonly unknown[]): readonly VenueFrame[] {
  if (entries.length === 0) return [{ kind: 'ignored', name: 'emptyList' }];
  const frames: VenueFrame[] = [];
  for (const entry of entries) {
    if (!isObject(entry)) frames.push(undecodable('notAnObject'));
    else if (entry['e'] === 'markPrice') pushMark(frames, entry);
    else frames.push(otherOf(entry));
  }
  return frames;
}

function pushMark(frames: VenueFrame[], entry: Fields): void {
  const { s, E, mp, i, P, vo, b, a, d, g, v, t, rf } = entry;
  if (typeof s !== 'string' || !isTime(E) || !isDecimal(mp)) {
    frames.push(undecodable('missingField'));
    return;
  }
  const head = { kind: 'value', instrument: s, exchangeTimeUs: E * US_PER_MS } as const;
  const settlePrice = stepOrNull(P);
  const worth = {
    markPrice: mp,
    priceUnit: 'quote',
    ...(isDecimal(i) ? { indexPrice: i } : {}),
  } as const;
  const settle = settlePrice === null ? {} : { settlePrice };
  frames.push({ ...head, stream: 'mark-price', fields: { ...worth, ...settle } });
  const isWhole = isSignedDecimal(d) && isSignedDecimal(g) && isSignedDecimal(v) && isSignedDecimal(t);
  if (!isDecimal(vo) || !isWhole) {
    frames.push(undecodable('missingField'));
    return;
  }
  const fields = {
    volatilityUnit: 'fraction',
    markVolatility: vo,
    ...(isDecimal(b) ? { bidVolatility: b } : {}),
    ...(isDecimal(a) ? { askVolatility: a } : {}),
    greeks: { delta: d, gamma: g, vega: v, theta: t },
    ...worth,
    ...(isSignedDecimal(rf) ? { interestRate: rf } : {}),
  } as const;
  frames.push({ ...head, stream: 'option-summary', fields });
}

/** Lists that nobody subscribes: index prices, open interest. */
function otherOf({ e }: Fields): VenueFrame {
  return typeof e === 'string' ? { kind: 'unknown', name: e.slice(0, 40) } : undecodable('missingField');
}
