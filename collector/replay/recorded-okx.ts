import { okxCanonical } from '../venues/okx-rest.ts';
import type { MarketKey, NamedInstrument, RecordedApi, RestKind } from './recorded-venues.ts';

const HOST = /^(ws|wsaws|www|aws)\.oke?x\.com$/;
const MARKETS: readonly MarketKey[] = [
  { market: 'spot', settle: null },
  { market: 'perpetual', settle: null },
  { market: 'future', settle: null },
  { market: 'option', settle: null },
];
/** What the venue hands out where no `sz` is asked for. */
const DEFAULT_LEVELS = 1;

export const recordedOkx: readonly RecordedApi[] = [
  {
    exchange: 'okx',
    markets: MARKETS,
    owns: ({ hostname }) => HOST.test(hostname),
    rest: restKind,
    instrument: named,
  },
];

function restKind({ pathname, searchParams }: URL): RestKind {
  const instrument = searchParams.get('instId');
  if (pathname === '/api/v5/market/books' && instrument !== null) {
    return { kind: 'depth', instrument, limit: Number(searchParams.get('sz') ?? DEFAULT_LEVELS) };
  }
  return { kind: pathname === '/api/v5/public/instruments' ? 'catalogue' : 'other' };
}

/** `X-Y`, `X-Y-SWAP`, `X-Y-YYMMDD`, `X-Y-YYMMDD-K-C`. */
function named(name: string): NamedInstrument | undefined {
  const parts = name.split('-');
  const market = marketOf(parts);
  if (market === undefined) return undefined;
  const sizeUnit = market === 'spot' ? 'base' : 'contract';
  return { market, settle: null, symbol: okxCanonical(name), sizeUnit };
}

function marketOf(parts: readonly string[]): MarketKey['market'] | undefined {
  const [, , end] = parts;
  switch (parts.length) {
    case 2:
      return 'spot';
    case 3:
      return end === 'SWAP' ? 'perpetual' : 'future';
    case 5:
      return 'option';
    default:
      return undefined;
  }
}
