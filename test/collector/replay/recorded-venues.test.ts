import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordedApi } from '../../../collector/replay/recorded-venues.ts';

const marketsAt = (url: string): readonly string[] | undefined =>
  recordedApi(url)?.markets.map(({ market, settle }) => `${market} ${settle}`);

test('an address tells the API: Binance spot, USD-M and COIN-M are three, options and strangers none', () => {
  for (const url of [
    'wss://stream.binance.com:9443/stream?streams=btcusdt@trade',
    'https://api1.binance.com/api/v3/depth?symbol=BTCUSDT',
    'wss://data-stream.binance.vision/ws',
  ])
    assert.deepEqual(marketsAt(url), ['spot null'], url);
  for (const url of [
    'wss://fstream.binance.com/public/stream',
    'https://fapi.binance.com/fapi/v1/exchangeInfo',
    'https://www.binance.com/fapi/v1/depth?symbol=BTCUSDT',
  ])
    assert.deepEqual(marketsAt(url), ['perpetual linear', 'future linear'], url);
  for (const url of ['wss://dstream.binance.com/stream', 'https://dapi.binance.com/dapi/v1/depth'])
    assert.deepEqual(marketsAt(url), ['perpetual inverse', 'future inverse'], url);
  for (const url of [
    'https://eapi.binance.com/eapi/v1/depth',
    'wss://stream.binance.com.example.com/stream',
    'https://evil.example/fapi/v1/depth',
  ])
    assert.equal(marketsAt(url), undefined, url);
});

test('a name without a list tells market, symbol and the unit of sizes', () => {
  const named = (url: string, name: string): readonly unknown[] => {
    const found = recordedApi(url)?.instrument(name);
    return [found?.market, found?.settle, found?.symbol, found?.sizeUnit];
  };
  const usdm = 'wss://fstream.binance.com/stream';
  const coinm = 'wss://dstream.binance.com/stream';
  assert.deepEqual(named('wss://stream.binance.com/ws', 'BTCUSDT'), ['spot', null, 'BTC-USDT', 'base']);
  assert.deepEqual(named(usdm, 'BTCUSDT'), ['perpetual', 'linear', 'BTC-USDT-PERP', 'base']);
  assert.deepEqual(named(usdm, 'ETHUSDT_261225'), ['future', 'linear', 'ETH-USDT-20261225', 'base']);
  assert.deepEqual(named(coinm, 'BTCUSD_PERP'), ['perpetual', 'inverse', 'BTC-USD-PERP', 'contract']);
  assert.deepEqual(named(coinm, 'ADAUSD_261225'), ['future', 'inverse', 'ADA-USD-20261225', 'contract']);
});

test('a recorded answer is known by its path, with the levels that were asked for or are the default', () => {
  const rest = (url: string): unknown => recordedApi(url)?.rest(new URL(url));
  assert.deepEqual(rest('https://fapi.binance.com/fapi/v1/depth?symbol=btcusdt&limit=20'), {
    kind: 'depth',
    instrument: 'BTCUSDT',
    limit: 20,
  });
  assert.deepEqual(rest('https://dapi.binance.com/dapi/v1/depth?symbol=BTCUSD_PERP'), {
    kind: 'depth',
    instrument: 'BTCUSD_PERP',
    limit: 500,
  });
  assert.deepEqual(rest('https://fapi.binance.com/fapi/v1/exchangeInfo'), { kind: 'catalogue' });
  assert.deepEqual(rest('https://fapi.binance.com/fapi/v1/openInterest?symbol=X'), { kind: 'other' });
});
