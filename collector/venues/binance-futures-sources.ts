import { OPEN_INTEREST_EVERY_MS, RATIO_EVERY_MS } from './binance-polls.ts';
import type { StreamSource, StreamSources } from './source.ts';
import type { Instrument } from '../../contract/instrument.ts';

export interface FuturesApi {
  readonly settle: 'linear' | 'inverse';
  /** Before `/depth` and `/openInterest`. */
  readonly restPath: string;
  readonly sizeUnit: Instrument['sizeUnit'];
}

const FUNDING: StreamSource = {
  channel: '<symbol>@markPrice@1s',
  pace: { kind: 'pushed', every: '1 s, where it changed' },
  checks: [],
  units: 'a fraction an interval, as predicted for its end',
  login: null,
};

const ratioSource = ({ settle }: FuturesApi): StreamSource => ({
  channel:
    'GET /futures/data/globalLongShortAccountRatio, topLongShortAccountRatio, topLongShortPositionRatio',
  pace: { kind: 'polled', everyMs: RATIO_EVERY_MS },
  checks: [],
  units: `long by short over 5 min, ${settle === 'linear' ? 'of the instrument' : 'of all contracts of its pair'}`,
  login: null,
});

export function futuresSources(api: FuturesApi, market: 'perpetual' | 'future'): StreamSources {
  const units =
    api.sizeUnit === 'base'
      ? 'price in quote, size in base'
      : 'price in quote, size in contracts of `contractSize` quote';
  const common = { units, login: null };
  return {
    orderbook: {
      ...common,
      channel: `<symbol>@depth@100ms, started by GET ${api.restPath}/depth`,
      pace: { kind: 'pushed', every: '100 ms, while it changes' },
      checks: [
        { by: 'sequence', rule: '`pu` is the last `u`' },
        { by: 'top', rule: '`bookTicker`, by `u`' },
        { by: 'audit', rule: '`depth`, by `lastUpdateId`' },
      ],
    },
    trade: {
      ...common,
      channel: '<symbol>@trade',
      pace: { kind: 'pushed', every: 'every trade' },
      checks: [{ by: 'sequence', rule: '`t` is the last `t` + 1; what is no trade takes ids as well' }],
    },
    ticker: {
      ...common,
      channel: '<symbol>@bookTicker',
      pace: { kind: 'pushed', every: 'every change of the best bid or ask' },
      checks: [],
    },
    'mark-price': {
      ...common,
      channel: '<symbol>@markPrice@1s',
      pace: { kind: 'pushed', every: '1 s' },
      checks: [],
      units: 'prices in quote',
    },
    'open-interest': {
      ...common,
      channel: `GET ${api.restPath}/openInterest`,
      pace: { kind: 'polled', everyMs: OPEN_INTEREST_EVERY_MS },
      checks: [],
      units: units.replace('price in quote, size', 'open interest'),
    },
    liquidation: {
      ...common,
      channel: '<symbol>@forceOrder',
      pace: { kind: 'pushed', every: '1 s at most, the latest order of it only' },
      checks: [],
    },
    ...(market === 'perpetual' ? { 'funding-rate': FUNDING, 'long-short-ratio': ratioSource(api) } : {}),
  };
}
