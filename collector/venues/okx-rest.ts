import { UNSTATED, type Instrument } from '../../contract/instrument.ts';
import { decimalProduct } from './json-numbers.ts';
import { decodeOkxTrade } from './okx-decode.ts';
import { microseconds, OKX_WINDOW } from './okx-wire.ts';
import type { TradeSource } from './trade-source.ts';
import type { BookSnapshot, Malformed, TradeFrame } from './venue.ts';
import { isObject, levels, stepOrNull, textOrNull, undecodable, type Fields } from './wire.ts';

/** `{"code":"0","data":[…]}`; any other code is an error, and no answer. */
export function okxData(text: string): readonly unknown[] | Malformed {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undecodable('notJson');
  }
  if (!isObject(value)) return undecodable('notAnObject');
  return value['code'] === '0' && Array.isArray(value['data'])
    ? (value['data'] as unknown[])
    : undecodable('missingField');
}

export function decodeOkxSnapshot(text: string): BookSnapshot | Malformed {
  const data = okxData(text);
  if ('kind' in data) return data;
  const [book] = data;
  if (!isObject(book)) return undecodable('notAnObject');
  const { seqId, ts, bids, asks } = book;
  if (!Number.isSafeInteger(seqId)) return undecodable('unsafeId');
  const exchangeTimeUs = microseconds(ts);
  if (exchangeTimeUs === undefined) return undecodable('missingField');
  const bidLevels = levels(bids);
  const askLevels = levels(asks);
  if (bidLevels === undefined || askLevels === undefined) return undecodable('badLevel');
  const sides = { bids: bidLevels, asks: askLevels };
  return { kind: 'snapshot', lastId: seqId as number, exchangeTimeUs, window: OKX_WINDOW, ...sides };
}

/**
 * «Get trades history», `GET /api/v5/market/history-trades`: 3 months, up to 100 trades, newest first; `after` asks for ids
 * below it. 20 in 2 s and address. The documentation does not say that ids are consecutive (in our recordings they are,
 * 136 of 136): a jump is looked up in this list.
 */
export const okxTrades: TradeSource = {
  ids: 'increasing',
  pages: 'descending',
  leavesOutNoTrades: false,
  pageSize: 100,
  request: (instrument, _fromId, toId) => ({
    path: `/api/v5/market/history-trades?instId=${instrument}&type=1&after=${toId + 1}&limit=100`,
    weight: 2,
  }),
  decode: decodeOkxTrades,
};

function decodeOkxTrades(text: string, instrument: string): readonly TradeFrame[] | Malformed {
  const data = okxData(text);
  if ('kind' in data) return data;
  const trades: TradeFrame[] = [];
  for (const entry of data) {
    if (!isObject(entry)) return undecodable('notAnObject');
    const trade = decodeOkxTrade(instrument, entry, false);
    if (trade.kind === 'undecodable') return trade;
    trades.push(trade);
  }
  return trades;
}

const FAMILY = /^[A-Z0-9]{1,20}-[A-Z0-9_]{1,20}$/;

/** `{"data":[["BTC-USD","ETH-USD"]]}` of `public/underlying`. */
export function decodeOkxFamilies(text: string): readonly string[] | Malformed {
  const data = okxData(text);
  if ('kind' in data) return data;
  const families = data.flatMap((entry) => (Array.isArray(entry) ? (entry as unknown[]) : [entry]));
  const isFamily = (family: unknown): family is string => typeof family === 'string' && FAMILY.test(family);
  return families.length > 0 && families.every(isFamily) ? families : undecodable('missingField');
}

export function decodeOkxCatalogue(text: string): readonly Instrument[] | Malformed {
  const data = okxData(text);
  if ('kind' in data) return data;
  const instruments: Instrument[] = [];
  for (const entry of data) {
    if (!isObject(entry)) return undecodable('notAnObject');
    const instrument = listed(entry);
    if (instrument === undefined) return undecodable('missingField');
    instruments.push(instrument);
  }
  return instruments;
}

function listed(entry: Fields): Instrument | undefined {
  const { instId, instType, state } = entry;
  if (typeof instId !== 'string' || instId === '' || typeof state !== 'string') return undefined;
  const isSpot = instType === 'SPOT';
  return {
    ...UNSTATED,
    ...pairOf(entry),
    ...(isSpot ? {} : contractOf(entry)),
    instrument: instId,
    symbol: okxCanonical(instId),
    priceCurrency: textOrNull(entry['quoteCcy']),
    tick: stepOrNull(entry['tickSz']),
    lot: stepOrNull(entry['lotSz']),
    minSize: stepOrNull(entry['minSz']),
    status: state,
    trading: state === 'live',
    // Derivatives are counted in contracts of `ctVal` `ctValCcy`.
    sizeUnit: isSpot ? 'base' : 'contract',
  };
}

/** `instFamily` since 2022, `uly` before; spot names its currencies. */
function pairOf(entry: Fields): Pick<Instrument, 'base' | 'quote'> {
  const family = textOrNull(entry['instFamily']) ?? textOrNull(entry['uly']);
  const [base, quote] = family?.split('-') ?? [entry['baseCcy'], entry['quoteCcy']];
  return { base: textOrNull(base), quote: textOrNull(quote) };
}

const SIDES: ReadonlyMap<unknown, 'call' | 'put'> = new Map([
  ['C', 'call'],
  ['P', 'put'],
]);

/** A contract is worth `ctVal` · `ctMult` of `ctValCcy`. */
function contractOf(entry: Fields): Partial<Instrument> {
  const value = stepOrNull(entry['ctVal']);
  const multiplier = stepOrNull(entry['ctMult']);
  return {
    settle: textOrNull(entry['settleCcy']),
    expiry: microseconds(entry['expTime']) ?? null,
    strike: stepOrNull(entry['stk']),
    optionType: SIDES.get(entry['optType']) ?? null,
    contractSize: value === null || multiplier === null ? null : decimalProduct(value, multiplier),
    contractUnit: textOrNull(entry['ctValCcy']),
  };
}

const DERIVATIVE = /^([^-]+-[^-]+)-(?:SWAP|(\d{6})(?:-(\d+(?:\.\d+)?)-([CP]))?)$/;

/** A name that follows none of the venue's known patterns stays as it is: it is unique as well. */
export function okxCanonical(instId: string): string {
  const [, pair, date, strike, side] = DERIVATIVE.exec(instId) ?? [];
  if (pair === undefined) return instId;
  if (date === undefined) return `${pair}-PERP`;
  const dated = `${pair}-20${date}`;
  return strike === undefined ? dated : `${dated}-${strike.replace('.', 'd')}-${side}`;
}
