import { canonicalSymbol, indexSymbol } from '../venues/deribit-catalogue.ts';
import type { MarketKey, NamedInstrument, RecordedApi, RestKind } from './recorded-venues.ts';

const PERPETUAL = /-PERPETUAL$/;
const FUTURE = /-\d{1,2}[A-Z]{3}\d{2}$/;
const OPTION = /-\d{1,2}[A-Z]{3}\d{2}-[\dd]+-[CP]$/;
const INDEX = /^[a-z0-9-]+_[a-z0-9]+$/;
/** What the venue hands out where no `depth` is asked for. */
const DEFAULT_DEPTH = 5;

const key = (market: MarketKey['market']): MarketKey => ({ market, settle: null });

export const recordedDeribit: readonly RecordedApi[] = [
  {
    exchange: 'deribit',
    markets: [key('perpetual'), key('future'), key('option'), key('index')],
    owns: ({ hostname, pathname }) =>
      hostname.endsWith('.deribit.com') && /^\/(ws\/)?api\/v2(\/|$)/.test(pathname),
    rest: restKind,
    instrument: named,
  },
];

/** A base alone, as in `BTC-PERPETUAL`, names an inverse contract; `BTC_USDC-PERPETUAL` is linear. */
function named(name: string): NamedInstrument | undefined {
  if (INDEX.test(name)) return { ...key('index'), symbol: indexSymbol(name), sizeUnit: 'base' };
  const symbol = canonicalSymbol(name);
  if (OPTION.test(name)) return { ...key('option'), symbol, sizeUnit: 'base' };
  const sizeUnit = name.includes('_') ? 'base' : 'quote';
  if (PERPETUAL.test(name)) return { ...key('perpetual'), symbol, sizeUnit };
  return FUTURE.test(name) ? { ...key('future'), symbol, sizeUnit } : undefined;
}

function restKind({ pathname, searchParams }: URL): RestKind {
  const method = pathname.slice(pathname.lastIndexOf('/') + 1);
  const instrument = searchParams.get('instrument_name');
  if (method === 'get_order_book' && instrument !== null) {
    return { kind: 'depth', instrument, limit: Number(searchParams.get('depth') ?? DEFAULT_DEPTH) };
  }
  return { kind: method === 'get_instruments' ? 'catalogue' : 'other' };
}
