import type { Market } from '../../contract/feed.ts';
import { UNSTATED, type Instrument } from '../../contract/instrument.ts';
import type { SizeUnit } from '../../contract/record.ts';
import { parseWithNumberText, plainDecimal, safeInteger } from './json-numbers.ts';
import type { Malformed, RestRequest } from './venue.ts';
import { isObject, stepOrNull, textOrNull, type Fields } from './wire.ts';

/** `get_instruments` may be asked once a second, other methods 20 times: it counts 20 of 1,200 a minute. */
const INSTRUMENTS_WEIGHT = 20;
/**
 * Of all price indexes these have a volatility index («Index identifier supported for DVOL»). The venue also lists price
 * indexes of them, `btcdvol_usdc`, for the futures on them; one of another base says that there is one more.
 */
const VOLATILITY_INDEXES = ['btc_usd', 'eth_usd'];
const DVOL = /^([a-z0-9]+)dvol_/;
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

export function catalogueRequest(market: Market): RestRequest {
  if (market === 'index') return { path: '/api/v2/public/get_index_price_names', weight: 1 };
  const kind = market === 'option' ? 'option' : 'future';
  const path = `/api/v2/public/get_instruments?currency=any&kind=${kind}`;
  return { path, weight: INSTRUMENTS_WEIGHT };
}

export function decodeCatalogue(market: Market, text: string): readonly Instrument[] | Malformed {
  const answer = parseWithNumberText(text);
  if (answer === undefined) return { kind: 'undecodable', reason: 'notJson' };
  if (!isObject(answer)) return { kind: 'undecodable', reason: 'notAnObject' };
  if (!Array.isArray(answer['result'])) return { kind: 'undecodable', reason: 'missingField' };
  const instruments: Instrument[] = [];
  const list = answer['result'] as unknown[];
  const offered = market === 'index' ? volatilityIndexes(list) : new Set<string>();
  for (const entry of list) {
    const listed = market === 'index' ? index(entry, offered) : contract(market, entry);
    if (listed === undefined) return { kind: 'undecodable', reason: 'missingField' };
    if (listed !== 'otherMarket') instruments.push(listed);
  }
  return instruments;
}

/** Perpetuals are listed among the futures. */
function contract(market: Market, entry: unknown): Instrument | 'otherMarket' | undefined {
  if (!isObject(entry)) return undefined;
  const { instrument_name: name, kind, settlement_period: period, is_active: isActive, state } = entry;
  if (typeof name !== 'string' || typeof kind !== 'string' || typeof isActive !== 'boolean') return undefined;
  const future = period === 'perpetual' ? 'perpetual' : 'future';
  if ((kind === 'future' ? future : kind) !== market) return 'otherMarket';
  const plain = isActive ? 'open' : 'inactive';
  const { symbol, base, quote } = canonicalName(name);
  return {
    ...UNSTATED,
    ...termsOf(entry),
    instrument: name,
    symbol,
    base,
    quote,
    status: typeof state === 'string' ? state : plain,
    trading: isActive,
    sizeUnit: sizeUnit(entry),
  };
}

/** Of a perpetual, which never expires: the year 3000. */
const NEVER_MS = 32_503_708_800_000;

/**
 * Amounts are in `sizeUnit`, not in contracts, and so is `contract_size`. `tick_size` is the smallest where
 * `tick_size_steps` has others; a step of amounts is not stated.
 */
function termsOf(entry: Fields): Partial<Instrument> {
  const decimal = (value: unknown): string | null => stepOrNull(plainDecimal(value));
  const expiryMs = safeInteger(entry['expiration_timestamp']);
  const contractSize = decimal(entry['contract_size']);
  const { option_type: option, base_currency: base, quote_currency: quote } = entry;
  return {
    priceCurrency: textOrNull(quote),
    settle: textOrNull(entry['settlement_currency']),
    expiry: expiryMs === undefined || expiryMs >= NEVER_MS ? null : expiryMs * 1_000,
    strike: decimal(entry['strike']),
    optionType: option === 'call' || option === 'put' ? option : null,
    tick: decimal(entry['tick_size']),
    minSize: decimal(entry['min_trade_amount']),
    contractSize,
    contractUnit: contractSize === null ? null : textOrNull(sizeUnit(entry) === 'quote' ? quote : base),
  };
}

/**
 * `public/get_instruments` and the book's page say alike: amounts are USD for perpetuals and inverse futures, the base coin
 * for options and linear futures. Lists of 2021 lack `instrument_type`; what was quoted in USD then was inverse.
 */
function sizeUnit(entry: Readonly<Record<string, unknown>>): SizeUnit {
  if (entry['kind'] === 'option') return 'base';
  const isInverse =
    typeof entry['instrument_type'] === 'string'
      ? entry['instrument_type'] === 'reversed'
      : entry['quote_currency'] === 'USD';
  return isInverse ? 'quote' : 'base';
}

const NAME = /^([A-Z0-9]+)(?:_([A-Z0-9]+))?-(.+)$/;
const DATED = /^(\d{1,2})([A-Z]{3})(\d{2})(-.+)?$/;

type CanonicalName = Pick<Instrument, 'symbol' | 'base' | 'quote'>;

/** `BTC-25DEC26-100000-C`: a base alone is the family settled in it and quoted in USD. A name of another form stays as it is. */
function canonicalName(name: string): CanonicalName {
  const [, base, quote = 'USD', rest = ''] = NAME.exec(name) ?? [];
  if (base === undefined) return { symbol: name, base: null, quote: null };
  if (rest === 'PERPETUAL') return { symbol: `${base}-${quote}-PERP`, base, quote };
  const [, day = '', month = '', year = '', option = ''] = DATED.exec(rest) ?? [];
  const number = MONTHS.indexOf(month) + 1;
  if (number === 0) return { symbol: name, base: null, quote: null };
  const date = `20${year}${String(number).padStart(2, '0')}${day.padStart(2, '0')}`;
  return { symbol: `${base}-${quote}-${date}${option}`, base, quote };
}

export const canonicalSymbol = (name: string): string => canonicalName(name).symbol;

/** `btc_usd` is BTC; other quotes are kept, a symbol names one index. */
export const indexSymbol = (name: string): string =>
  name.replace(/_usd$/, '').replaceAll('_', '-').toUpperCase();

/** The one of a base that is in dollars, else in USDC. */
function volatilityIndexes(list: readonly unknown[]): ReadonlySet<string> {
  const names = new Set(list.map(indexName));
  const derived = [...names].flatMap((name) => {
    const base = DVOL.exec(name ?? '')?.[1];
    if (base === undefined) return [];
    return [`${base}_usd`, `${base}_usdc`].filter((one) => names.has(one)).slice(0, 1);
  });
  return new Set([...VOLATILITY_INDEXES, ...derived]);
}

/** A name, or with `extended` an object that holds it. */
function indexName(entry: unknown): string | undefined {
  const name = isObject(entry) ? entry['name'] : entry;
  return typeof name === 'string' && name !== '' ? name : undefined;
}

function index(entry: unknown, offered: ReadonlySet<string>): Instrument | 'otherMarket' | undefined {
  if (isObject(entry) && 'instrument_name' in entry) return 'otherMarket';
  const name = indexName(entry);
  if (name === undefined) return undefined;
  const isOffered = offered.has(name);
  const [base, quote] = name.toUpperCase().split('_');
  return {
    ...UNSTATED,
    instrument: name,
    symbol: indexSymbol(name),
    base: textOrNull(base),
    quote: textOrNull(quote),
    status: isOffered ? 'open' : 'a price index without volatility index',
    trading: isOffered,
    sizeUnit: 'base',
  };
}
