/**
 * `ticker.(instrument_name).(interval)`: what the venue says of an instrument beside its book and trades, in one message,
 * pushed when any of it changes. It becomes a frame a stream, each written only when its own part changed.
 *
 * Units, by the page of the channel: amounts and `open_interest` are USD for perpetuals and inverse futures, the base coin
 * for options and linear futures, as in the catalogue. Volatilities are percent a year. `current_funding` is paid all the
 * time and stated for 8 hours; `funding_8h` is the mean of the past ones and no rate of now. The best bid and ask come
 * without `change_id`.
 */
import type { Level } from '../../contract/record.ts';
import { microseconds } from './deribit-frames.ts';
import { plainDecimal, signedDecimal } from './json-numbers.ts';
import type { ValueFrame } from './value-frame.ts';
import type { VenueFrame } from './venue.ts';
import { isObject, undecodable, type Fields } from './wire.ts';

const FUNDING_INTERVAL_S = 8 * 3_600;

interface Head {
  readonly kind: 'value';
  readonly instrument: string;
  readonly exchangeTimeUs: number;
  readonly onChange: true;
}

export function decodeTicker(data: unknown): readonly VenueFrame[] {
  if (!isObject(data)) return [undecodable('missingField')];
  const { instrument_name: instrument } = data;
  const exchangeTimeUs = microseconds(data['timestamp']);
  if (typeof instrument !== 'string' || exchangeTimeUs === undefined) return [undecodable('missingField')];
  const head: Head = { kind: 'value', instrument, exchangeTimeUs, onChange: true };
  const parts = [bestOf(head, data), markOf(head, data), interestOf(head, data), ...ofKind(head, data)];
  return parts.map((frame) => frame ?? undecodable('missingField'));
}

/** An empty side is written as zeros. */
function bestOf(head: Head, data: Fields): ValueFrame | undefined {
  const bid = side(data['best_bid_price'], data['best_bid_amount']);
  const ask = side(data['best_ask_price'], data['best_ask_amount']);
  if (bid === undefined || ask === undefined) return undefined;
  const last = data['last_price'] === null ? undefined : plainDecimal(data['last_price']);
  if (last === undefined && data['last_price'] !== null) return undefined;
  const fields = { bid, ask, ...(last === undefined ? {} : { lastPrice: last }) };
  return { ...head, stream: 'ticker', fields };
}

function side(priceSource: unknown, amountSource: unknown): Level | null | undefined {
  if (priceSource === null) return null;
  const [price, amount] = [plainDecimal(priceSource), plainDecimal(amountSource)];
  if (price === undefined || amount === undefined) return undefined;
  return amount === '0' ? null : [price, amount];
}

function markOf(head: Head, data: Fields): ValueFrame | undefined {
  const [markPrice, indexPrice] = [plainDecimal(data['mark_price']), plainDecimal(data['index_price'])];
  if (markPrice === undefined || indexPrice === undefined) return undefined;
  const settlePrice = isDated(head) ? plainDecimal(data['estimated_delivery_price']) : undefined;
  const settle = settlePrice === undefined ? {} : { settlePrice };
  const fields = { markPrice, priceUnit: priceUnit(head, data), indexPrice, ...settle };
  return { ...head, stream: 'mark-price', fields };
}

/** A future: `BTC-25DEC26`. An option's estimate is that of its underlying, which says nothing of the option's price. */
const isDated = ({ instrument }: Head): boolean => /^[A-Z0-9_]+-\d{1,2}[A-Z]{3}\d{2}$/.test(instrument);

/** An option named by its base alone is priced in that coin, `BTC-…`; `BTC_USDC-…` in the quote, as all futures are. */
const priceUnit = ({ instrument }: Head, data: Fields): 'base' | 'quote' =>
  isOption(data) && !instrument.includes('_') ? 'base' : 'quote';

const isOption = (data: Fields): boolean => isObject(data['greeks']);

function interestOf(head: Head, data: Fields): ValueFrame | undefined {
  const openInterest = plainDecimal(data['open_interest']);
  return openInterest === undefined
    ? undefined
    : { ...head, stream: 'open-interest', fields: { openInterest } };
}

function ofKind(head: Head, data: Fields): readonly (ValueFrame | undefined)[] {
  if (isOption(data)) return [summaryOf(head, data)];
  return data['current_funding'] === undefined ? [] : [fundingOf(head, data)];
}

function fundingOf(head: Head, data: Fields): ValueFrame | undefined {
  const rate = signedDecimal(data['current_funding']);
  if (rate === undefined) return undefined;
  const fields = {
    rate,
    rateKind: 'continuous',
    nextFundingTime: null,
    intervalSeconds: FUNDING_INTERVAL_S,
  } as const;
  return { ...head, stream: 'funding-rate', fields };
}

/** A side's volatility is there with the side; 0 where its price is below the option's value at once. */
function summaryOf(head: Head, data: Fields): ValueFrame | undefined {
  const greeks = greeksOf(data['greeks']);
  const mark = plainDecimal(data['mark_iv']);
  const [markPrice, indexPrice] = [plainDecimal(data['mark_price']), plainDecimal(data['index_price'])];
  if (greeks === undefined || mark === undefined || markPrice === undefined || indexPrice === undefined) {
    return undefined;
  }
  const ofSide = (name: 'bid' | 'ask'): string | undefined =>
    side(data[`best_${name}_price`], data[`best_${name}_amount`])
      ? plainDecimal(data[`${name}_iv`])
      : undefined;
  const [bid, ask] = [ofSide('bid'), ofSide('ask')];
  const [forwardPrice, interestRate] = [
    plainDecimal(data['underlying_price']),
    signedDecimal(data['interest_rate']),
  ];
  const fields = {
    volatilityUnit: 'percent',
    markVolatility: mark,
    ...(bid === undefined ? {} : { bidVolatility: bid }),
    ...(ask === undefined ? {} : { askVolatility: ask }),
    greeks,
    ...(forwardPrice === undefined ? {} : { forwardPrice }),
    markPrice,
    priceUnit: priceUnit(head, data),
    indexPrice,
    ...(interestRate === undefined ? {} : { interestRate }),
  } as const;
  return { ...head, stream: 'option-summary', fields };
}

interface Greeks {
  readonly delta: string;
  readonly gamma: string;
  readonly vega: string;
  readonly theta: string;
  readonly rho: string;
}

function greeksOf(value: unknown): Greeks | undefined {
  if (!isObject(value)) return undefined;
  const [delta, gamma, vega, theta, rho] = ['delta', 'gamma', 'vega', 'theta', 'rho'].map((name) =>
    signedDecimal(value[name]),
  );
  if (delta === undefined || gamma === undefined || vega === undefined) return undefined;
  return theta === undefined || rho === undefined ? undefined : { delta, gamma, vega, theta, rho };
}
