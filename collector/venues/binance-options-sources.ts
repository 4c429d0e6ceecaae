import { OPTION_INTEREST_EVERY_MS } from './binance-options-interest.ts';
import type { StreamSources } from './source.ts';

const UNITS = 'price in quote, size in contracts of `unit` base';

export const OPTION_SOURCES: StreamSources = {
  orderbook: {
    channel: '<symbol>@depth@100ms, started by GET /eapi/v1/depth',
    pace: { kind: 'pushed', every: '100 ms, while it changes' },
    checks: [
      { by: 'sequence', rule: '`pu` is the last `u`' },
      { by: 'top', rule: '`bookTicker`, by `u`' },
      { by: 'audit', rule: '`depth`, by `lastUpdateId`' },
    ],
    units: UNITS,
    login: null,
  },
  trade: {
    channel: '<symbol>@optionTrade',
    pace: { kind: 'pushed', every: 'every trade' },
    checks: [
      {
        by: 'audit',
        rule: 'ids are not said to be consecutive: a jump of `t`, and what lies before a new connection, is looked up in GET /eapi/v1/trades, which leaves out block trades',
      },
    ],
    units: UNITS,
    login: null,
  },
  ticker: {
    channel: '<symbol>@bookTicker',
    pace: { kind: 'pushed', every: 'every change of the best bid or ask' },
    checks: [],
    units: UNITS,
    login: null,
  },
  'mark-price': {
    channel: '<underlying>@optionMarkPrice (all of an underlying)',
    pace: { kind: 'pushed', every: '1 s' },
    checks: [],
    units: 'prices in quote',
    login: null,
  },
  'open-interest': {
    channel: 'GET /eapi/v1/openInterest (all of an underlying and a day of expiry)',
    pace: { kind: 'polled', everyMs: OPTION_INTEREST_EVERY_MS },
    checks: [],
    units: 'contracts of `unit` base (`sumOpenInterest`), dollars (`sumOpenInterestUsd`)',
    login: null,
  },
  'option-summary': {
    channel: '<underlying>@optionMarkPrice (all of an underlying)',
    pace: { kind: 'pushed', every: '1 s' },
    checks: [],
    units: 'volatility as a fraction a year, greeks and prices in quote',
    login: null,
  },
};
