import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Catalogue } from '../../../collector/catalogue.ts';
import { binanceSpot } from '../../../collector/venues/binance.ts';
import {
  binanceInverseFuture,
  binanceInversePerpetual,
  binanceLinearFuture,
  binanceLinearPerpetual,
} from '../../../collector/venues/binance-futures.ts';
import { deribitFuture, deribitOption, deribitPerpetual } from '../../../collector/venues/deribit.ts';
import { okxFuture, okxOption, okxPerpetual, okxSpot } from '../../../collector/venues/okx.ts';
import type { Venue } from '../../../collector/venues/venue.ts';
import type { Instrument } from '../../../contract/instrument.ts';
import { escapeToken } from '../../../contract/subjects.ts';
import { recordedLists } from './recorded-lists.ts';

const us = (day: string): number => Date.parse(`${day}T08:00:00Z`) * 1_000;
const OKX = 'okx/cf-20210722-books-l2-tbt';
const COIN_M = 'binance-coinm/cf-20210721-perp-and-quarterly-12s';
const USD_M = 'binance-usdm/cf-20210722-all';
const DERIBIT = 'deribit/cf-20210722-options-instruments';

interface Case {
  readonly name: string;
  readonly venue: Venue;
  readonly recording: string;
  readonly part: string;
  /** Counted in the recording by other means. */
  readonly count: number;
  readonly has: Partial<Instrument> & Pick<Instrument, 'symbol'>;
}

/** Counted with another tool, values read by eye. */
const CASES: readonly Case[] = [
  {
    name: 'binance spot',
    venue: binanceSpot,
    recording: 'binance-spot/cf-20211011-exchangeinfo-trimmed',
    part: 'exchangeInfo',
    count: 11,
    has: {
      symbol: 'BTC-USDT',
      instrument: 'BTCUSDT',
      base: 'BTC',
      quote: 'USDT',
      priceCurrency: 'USDT',
      settle: null,
      expiry: null,
      tick: '0.01000000',
      lot: '0.00001000',
      minSize: '0.00001000',
      contractSize: null,
      sizeUnit: 'base',
      status: 'TRADING',
      trading: true,
    },
  },
  {
    name: 'binance USD-M future',
    venue: binanceLinearFuture,
    recording: USD_M,
    part: 'exchangeInfo',
    count: 2,
    has: {
      symbol: 'BTC-USDT-20210924',
      instrument: 'BTCUSDT_210924',
      settle: 'USDT',
      expiry: us('2021-09-24'),
      tick: '0.1',
      lot: '0.001',
      contractSize: null,
      contractUnit: null,
    },
  },
  {
    name: 'binance USD-M perpetual',
    venue: binanceLinearPerpetual,
    recording: USD_M,
    part: 'exchangeInfo',
    count: 119,
    has: { symbol: 'BTC-USDT-PERP', expiry: null, settle: 'USDT', tick: '0.01', sizeUnit: 'base' },
  },
  {
    name: 'binance COIN-M perpetual',
    venue: binanceInversePerpetual,
    recording: COIN_M,
    part: 'exchangeInfo',
    count: 18,
    has: {
      symbol: 'BTC-USD-PERP',
      instrument: 'BTCUSD_PERP',
      settle: 'BTC',
      expiry: null,
      contractSize: '100',
      contractUnit: 'USD',
      sizeUnit: 'contract',
      status: 'TRADING',
      trading: true,
    },
  },
  {
    name: 'binance COIN-M future',
    venue: binanceInverseFuture,
    recording: COIN_M,
    part: 'exchangeInfo',
    count: 18,
    has: { symbol: 'BTC-USD-20211231', expiry: us('2021-12-31'), lot: '1', minSize: '1', tick: '0.1' },
  },
  {
    name: 'okx spot',
    venue: okxSpot,
    recording: OKX,
    part: 'instType=SPOT',
    count: 475,
    has: { symbol: 'BTC-USDT', priceCurrency: 'USDT', lot: '0.00000001', minSize: '0.00001', tick: '0.1' },
  },
  {
    name: 'okx perpetual',
    venue: okxPerpetual,
    recording: OKX,
    part: 'instType=SWAP',
    count: 135,
    has: {
      symbol: 'BTC-USDT-PERP',
      instrument: 'BTC-USDT-SWAP',
      base: 'BTC',
      quote: 'USDT',
      priceCurrency: null,
      settle: 'USDT',
      contractSize: '0.01',
      contractUnit: 'BTC',
      sizeUnit: 'contract',
    },
  },
  {
    name: 'okx future',
    venue: okxFuture,
    recording: OKX,
    part: 'instType=FUTURES',
    count: 104,
    has: {
      symbol: 'BTC-USD-20210723',
      settle: 'BTC',
      expiry: us('2021-07-23'),
      contractSize: '100',
      contractUnit: 'USD',
    },
  },
  {
    name: 'okx option, its multiplier counted in',
    venue: okxOption,
    recording: OKX,
    part: 'instType=OPTION&uly=BTC-USD',
    count: 214,
    has: {
      symbol: 'BTC-USD-20210723-26000-C',
      strike: '26000',
      optionType: 'call',
      tick: '0.0005',
      contractSize: '0.1',
      contractUnit: 'BTC',
      expiry: us('2021-07-23'),
    },
  },
  {
    name: 'deribit option',
    venue: deribitOption,
    recording: DERIBIT,
    part: 'currency=BTC',
    count: 390,
    has: {
      symbol: 'BTC-USD-20210924-40000-P',
      quote: 'USD',
      priceCurrency: 'BTC',
      settle: null,
      strike: '40000',
      optionType: 'put',
      tick: '0.0005',
      lot: null,
      minSize: '0.1',
      contractSize: '1',
      contractUnit: 'BTC',
      expiry: us('2021-09-24'),
      status: 'open',
    },
  },
  {
    name: 'deribit perpetual',
    venue: deribitPerpetual,
    recording: DERIBIT,
    part: 'currency=BTC',
    count: 1,
    has: {
      symbol: 'BTC-USD-PERP',
      expiry: null,
      tick: '0.5',
      minSize: '10',
      contractSize: '10',
      contractUnit: 'USD',
      sizeUnit: 'quote',
    },
  },
  {
    name: 'deribit future',
    venue: deribitFuture,
    recording: DERIBIT,
    part: 'currency=BTC',
    count: 7,
    has: { symbol: 'BTC-USD-20220325', expiry: us('2022-03-25'), strike: null, optionType: null },
  },
];

for (const { name, venue, recording, part, count, has } of CASES) {
  test(`${name}: the recorded list says what the catalogue says, and no two share a symbol or a subject`, (t) => {
    const lists = recordedLists(recording, part);
    if (lists === undefined) return t.skip('recordings are missing');
    const instruments = venue.decodeCatalogue(lists[0] ?? '');
    assert.ok(!('kind' in instruments));
    assert.equal(instruments.length, count);
    const found = instruments.find(({ symbol }) => symbol === has.symbol);
    assert.deepEqual({ ...found, ...has }, found);
    const catalogue = new Catalogue({
      venue: venue.exchange,
      instruments,
      subjectsOf: ({ symbol }) => [`trade.${venue.exchange}.${escapeToken(symbol)}`],
    });
    assert.deepEqual(catalogue.merged, []);
    for (const { tick, lot, contractSize } of instruments)
      for (const text of [tick, lot, contractSize]) assert.match(text ?? '1', /^\d+(\.\d+)?$/);
  });
}
