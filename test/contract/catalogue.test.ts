import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CATALOGUE_INDEX,
  catalogueMarket,
  INSTRUMENT,
  indexKey,
  instrumentEntry,
  instrumentKey,
  parseIndex,
  parseSelectable,
} from '../../contract/catalogue.ts';
import { UNSTATED } from '../../contract/instrument.ts';
import { recordFaults } from '../../contract/schema-faults.ts';

const NO_ENDPOINTS = { websocket: null, rest: null };
const SPOT = catalogueMarket({ exchange: 'binance', market: 'spot', settle: null, endpoints: NO_ENDPOINTS });
const ENTRY = instrumentEntry(SPOT, {
  ...UNSTATED,
  instrument: 'BTCUSDT',
  symbol: 'BTC-USDT',
  base: 'BTC',
  quote: 'USDT',
  tick: '0.01000000',
  status: 'TRADING',
  trading: true,
  sizeUnit: 'base',
});
const INDEX = {
  v: 1,
  exchange: 'binance',
  market: 'spot',
  settlement: null,
  revision: 3,
  instruments: 2,
  trading: 1,
  readTime: 1_795_000_000_000_000,
  writer: 'uid',
};

test('a market has keys of its own, and so has another address of the venue', () => {
  assert.equal(indexKey(SPOT), 'index.binance.spot');
  assert.equal(instrumentKey(SPOT, 'BTC-USDT'), 'binance.spot.BTC-USDT');
  assert.equal(instrumentKey(SPOT, '币-USDT'), 'binance.spot.=E5=B8=81-USDT');
  const linear = { exchange: 'binance', market: 'perpetual', settle: 'linear' } as const;
  assert.equal(catalogueMarket({ ...linear, endpoints: NO_ENDPOINTS }).name, 'perpetual-linear');
  const at = (rest: string): string =>
    catalogueMarket({ ...linear, endpoints: { websocket: null, rest } }).name;
  assert.match(at('http://simulator:8090'), /^perpetual-linear_[0-9a-f]{8}$/);
  assert.equal(at('http://simulator:8090'), at('http://simulator:8090/'));
  assert.notEqual(at('http://simulator:8090'), at('http://simulator:8091'));
});

test('an entry and an index follow their schemas, and are read back', () => {
  assert.deepEqual(recordFaults(INSTRUMENT, ENTRY), []);
  assert.deepEqual(recordFaults(CATALOGUE_INDEX, INDEX), []);
  assert.deepEqual(parseIndex(JSON.stringify(INDEX)), INDEX);
  const { symbol, base, quote, expiry, trading } = ENTRY;
  assert.deepEqual(parseSelectable(JSON.stringify(ENTRY)), { symbol, base, quote, expiry, trading });
});

test('what is no entry and no index is refused', () => {
  for (const text of ['', 'null', '[]', '{}', '{"v":2}', JSON.stringify({ ...INDEX, revision: '3' })])
    assert.equal(parseIndex(text), undefined, text);
  for (const text of [
    '',
    'null',
    '{}',
    JSON.stringify({ ...ENTRY, trading: 'yes' }),
    JSON.stringify({ ...ENTRY, base: 7 }),
  ])
    assert.equal(parseSelectable(text), undefined, text);
});
