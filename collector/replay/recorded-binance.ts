import { guessSymbol } from './guess-symbol.ts';
import type { MarketKey, NamedInstrument, RecordedApi, RestKind } from './recorded-venues.ts';

const SPOT_STREAM_HOST = /^(data-)?stream\.binance\.(com|vision)$/;
const SPOT_REST_HOST = /^(www|api\d?|api-gcp|data-api)\.binance\.(com|vision)$/;
/** What the venue hands out where no `limit` is asked for. */
const SPOT_LIMIT = 100;
const FUTURES_LIMIT = 500;

export const recordedBinance: readonly RecordedApi[] = [
  {
    exchange: 'binance',
    markets: [{ market: 'spot', settle: null }],
    owns: ({ hostname, pathname }) =>
      SPOT_STREAM_HOST.test(hostname) || (SPOT_REST_HOST.test(hostname) && pathname.startsWith('/api/')),
    rest: (url) => restKind(url, SPOT_LIMIT),
    instrument: (name) => ({ market: 'spot', settle: null, symbol: guessSymbol(name), sizeUnit: 'base' }),
  },
  futures('linear', /^fstream(-auth)?\.binance\.com$/, '/fapi/'),
  futures('inverse', /^dstream(-auth)?\.binance\.com$/, '/dapi/'),
];

function futures(settle: 'linear' | 'inverse', streamHost: RegExp, restPath: string): RecordedApi {
  const keys: readonly MarketKey[] = [
    { market: 'perpetual', settle },
    { market: 'future', settle },
  ];
  return {
    exchange: 'binance',
    markets: keys,
    owns: ({ hostname, pathname }) =>
      streamHost.test(hostname) || (hostname.endsWith('.binance.com') && pathname.startsWith(restPath)),
    rest: (url) => restKind(url, FUTURES_LIMIT),
    instrument: (name) => contract(name, settle),
  };
}

/** `BTCUSDT` and `BTCUSD_PERP` have no end, `BTCUSDT_261225` has. */
function contract(name: string, settle: 'linear' | 'inverse'): NamedInstrument {
  const [pair = '', end] = name.split('_');
  const sizeUnit = settle === 'linear' ? 'base' : 'contract';
  const base = settle === 'inverse' && pair.endsWith('USD') ? `${pair.slice(0, -3)}-USD` : guessSymbol(pair);
  return end !== undefined && /^\d{6}$/.test(end)
    ? { market: 'future', settle, symbol: `${base}-20${end}`, sizeUnit }
    : { market: 'perpetual', settle, symbol: `${base}-PERP`, sizeUnit };
}

/** Version and host do not matter. */
function restKind({ pathname, searchParams }: URL, defaultLimit: number): RestKind {
  const instrument = searchParams.get('symbol')?.toUpperCase();
  if (/^\/[fd]?api\/v\d+\/depth$/.test(pathname) && instrument !== undefined) {
    return { kind: 'depth', instrument, limit: Number(searchParams.get('limit') ?? defaultLimit) };
  }
  return { kind: /^\/[fd]?api\/v\d+\/exchangeInfo$/.test(pathname) ? 'catalogue' : 'other' };
}
