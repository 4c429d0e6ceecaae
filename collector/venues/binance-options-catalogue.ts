import { UNSTATED, type Instrument } from '../../contract/instrument.ts';
import { decodeSymbols, microseconds, stepsOf } from './binance-wire.ts';
import type { Malformed } from './venue.ts';
import { textOrNull, undecodable, type Fields } from './wire.ts';

/** `BTC-261225-100000-C`: the quote is not in the name. */
const NAME = /^([^-]+)-(\d{6})-(.+)$/;
/** The only quote that the venue has; what comes for all options of an underlying is asked for under it. */
const QUOTE = 'USDT';

/** `BTCUSDT` of `BTC-261225-100000-C`. */
export const underlyingOf = (instrument: string): string => `${instrument.split('-')[0] ?? ''}${QUOTE}`;

/** `GET /eapi/v1/exchangeInfo`; what settles an option is said of its underlying, in `optionContracts`. */
export function decodeOptionCatalogue(text: string): readonly Instrument[] | Malformed {
  const listed = decodeSymbols(text, 'optionSymbols');
  if ('kind' in listed) return listed;
  const contracts = decodeSymbols(text, 'optionContracts');
  const underlyings = new Map('kind' in contracts ? [] : contracts.map((one) => [one['underlying'], one]));
  const instruments: Instrument[] = [];
  for (const entry of listed) {
    const { symbol, quoteAsset, underlying } = entry;
    if (typeof symbol !== 'string' || typeof quoteAsset !== 'string') return undecodable('missingField');
    const base = symbol.split('-')[0] ?? '';
    instruments.push({
      ...UNSTATED,
      ...stepsOf(entry),
      ...termsOf(entry, base),
      ...statusOf(entry, quoteAsset),
      instrument: symbol,
      symbol: canonicalName(symbol, quoteAsset),
      base,
      quote: quoteAsset,
      priceCurrency: quoteAsset,
      settle: textOrNull(underlyings.get(underlying)?.['settleAsset']),
      sizeUnit: 'contract',
    });
  }
  return instruments;
}

const SIDES: ReadonlyMap<unknown, 'call' | 'put'> = new Map([
  ['CALL', 'call'],
  ['PUT', 'put'],
]);

function termsOf({ expiryDate, strikePrice, side, unit }: Fields, base: string): Partial<Instrument> {
  const size = typeof unit === 'number' && unit > 0 ? String(unit) : null;
  return {
    expiry: microseconds(expiryDate) ?? null,
    strike: textOrNull(strikePrice),
    optionType: SIDES.get(side) ?? null,
    contractSize: size,
    contractUnit: size === null ? null : base,
  };
}

/** Before 2026 the list held what trades, and no status. Another quote is another underlying than `underlyingOf` names. */
function statusOf({ status }: Fields, quote: string): Pick<Instrument, 'status' | 'trading'> {
  const word = textOrNull(status) ?? 'listed';
  if (quote !== QUOTE) return { status: `${word}, quoted in ${quote}`, trading: false };
  return { status: word, trading: word === 'TRADING' || status === undefined };
}

/** A strike's point is written `d`: points separate the parts of a subject. A name of another form stays as it is. */
function canonicalName(name: string, quote: string): string {
  const [, base = '', day = '', rest = ''] = NAME.exec(name) ?? [];
  return base === '' ? name : `${base}-${quote}-20${day}-${rest.replaceAll('.', 'd')}`;
}
