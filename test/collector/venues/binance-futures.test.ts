import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  binanceInverseFuture,
  binanceInversePerpetual,
  binanceLinearFuture,
  binanceLinearPerpetual,
} from '../../../collector/venues/binance-futures.ts';
import { Pipeline } from '../../../collector/pipeline/pipeline.ts';
import { tradeHole } from '../../../collector/delivery/chain.ts';
import type { Outgoing } from '../../../collector/ports.ts';
import { effectiveFeed } from '../../../contract/effective.ts';
import type { TradeRecord } from '../../../contract/record.ts';

test('each stream of USD-M is asked for where it flows: the old root path would confirm and stay silent', () => {
  for (const venue of [binanceLinearPerpetual, binanceLinearFuture]) {
    assert.equal(venue.endpoints.websocket, 'wss://fstream.binance.com');
    assert.equal(venue.socketPath('orderbook'), '/public/stream');
    assert.equal(venue.socketPath('trade'), '/public/stream');
    assert.equal(venue.socketPath('mark-price'), '/market/stream');
  }
  for (const venue of [binanceInversePerpetual, binanceInverseFuture]) {
    assert.equal(venue.endpoints.websocket, 'wss://dstream.binance.com');
    assert.equal(venue.socketPath('orderbook'), '/stream');
  }
});

test('a snapshot is asked for with a number of levels that the venue knows, and says which', () => {
  const asked = [1, 5, 6, 50, 51, 100, 101, 500, 501, 1_000, 5_000].map((levels) => {
    const { path, weight, levels: given } = binanceLinearPerpetual.snapshotRequest('BTCUSDT', levels);
    assert.equal(path, `/fapi/v1/depth?symbol=BTCUSDT&limit=${given}`);
    return [given, weight];
  });
  assert.deepEqual(asked, [
    [5, 2],
    [5, 2],
    [10, 2],
    [50, 2],
    [100, 5],
    [100, 5],
    [500, 10],
    [500, 10],
    [1_000, 20],
    [1_000, 20],
    [1_000, 20],
  ]);
  assert.match(binanceInverseFuture.snapshotRequest('BTCUSD_261225', 5).path, /^\/dapi\/v1\/depth\?/);
});

test('a catalogue gives each market its own contracts, with the unit of their sizes', () => {
  const entry = { baseAsset: 'ETH', quoteAsset: 'USD' };
  const text = JSON.stringify({
    symbols: [
      { ...entry, symbol: 'ETHUSD_PERP', contractType: 'PERPETUAL', contractStatus: 'TRADING' },
      { ...entry, symbol: 'ETHUSD_261225', contractType: 'NEXT_QUARTER', contractStatus: 'TRADING' },
      { ...entry, symbol: 'ETHUSD_260925', contractType: 'CURRENT_QUARTER DELIVERING', status: 'SETTLING' },
      { ...entry, symbol: 'GOLDUSDT', contractType: 'TRADIFI_PERPETUAL', status: 'TRADING' },
    ],
  });
  const names = (listed: ReturnType<typeof binanceLinearFuture.decodeCatalogue>): readonly unknown[] => {
    assert.ok(!('kind' in listed));
    return listed.map(({ instrument, trading, sizeUnit }) => [instrument, trading, sizeUnit]);
  };
  assert.deepEqual(names(binanceInversePerpetual.decodeCatalogue(text)), [
    ['ETHUSD_PERP', true, 'contract'],
    ['GOLDUSDT', true, 'contract'],
  ]);
  assert.deepEqual(names(binanceLinearFuture.decodeCatalogue(text)), [
    ['ETHUSD_261225', true, 'base'],
    ['ETHUSD_260925', false, 'base'],
  ]);
});

interface Rig {
  readonly emitted: Outgoing[];
  readonly counters: Readonly<Record<string, number>>;
}

function feed(...messages: readonly object[]): Rig {
  const emitted: Outgoing[] = [];
  const effective = effectiveFeed(
    {
      spec: {
        exchange: 'binance',
        market: 'perpetual',
        settle: 'linear',
        streams: ['orderbook', 'trade'],
        symbols: [],
      },
    },
    {},
  );
  const pipeline = new Pipeline({
    venue: binanceLinearPerpetual,
    feed: effective,
    epoch: 'test',
    emit: (record) => emitted.push(record),
    command: () => undefined,
  });
  pipeline.add({ instrument: 'BTCUSDT', symbol: 'BTC-USDT-PERP', sizeUnit: 'base' }, 0);
  for (const message of messages) {
    for (const frame of binanceLinearPerpetual.decode(JSON.stringify(message))) pipeline.frame(frame, 1, 1);
  }
  return { emitted, counters: pipeline.counters };
}
const fill = (t: number, X = 'MARKET'): object => ({
  e: 'trade',
  T: 1,
  s: 'BTCUSDT',
  t,
  p: '1.5',
  q: '2',
  X,
  m: true,
});

test('what is no trade is counted by its kind, published nowhere, and leaves no hole behind', () => {
  const { emitted, counters } = feed(
    fill(1),
    fill(2, 'INSURANCE_FUND'),
    fill(3, 'ADL'),
    fill(4),
    fill(5),
    fill(7),
  );
  const trades = emitted.filter((record) => record.kind === 'trade');
  assert.deepEqual(
    trades.map(({ id }) => id),
    ['1', '4', '5', '7'],
  );
  const said = trades.map(({ payload }) => JSON.parse(new TextDecoder().decode(payload)) as TradeRecord);
  assert.deepEqual(
    said.map(({ skippedFrom }) => skippedFrom),
    [undefined, 2, undefined, undefined],
    'a consumer is told that 2 and 3 are not missing',
  );
  assert.deepEqual(
    [counters['notTrade:INSURANCE_FUND'], counters['notTrade:ADL'], counters['tradeHole']],
    [1, 1, 1],
  );
  const holes = trades.map((trade, index) => {
    const id = trades[index - 1]?.sequence ?? null;
    return tradeHole({ kind: 'trade', id, sequence: 1, exchangeTimeUs: null }, trade);
  });
  assert.deepEqual(
    holes.map((hole) => hole && [hole.fromId, hole.toId]),
    [undefined, undefined, undefined, [5, 7]],
  );
});

test('an id that is missing before one of no trade is a hole all the same', () => {
  const { emitted, counters } = feed(fill(1), fill(4, 'ADL'), fill(5));
  const last = emitted.at(-1);
  assert.ok(last?.kind === 'trade');
  const hole = tradeHole({ kind: 'trade', id: 1, sequence: 1, exchangeTimeUs: null }, last);
  assert.deepEqual([hole?.fromId, hole?.toId, counters['tradeHole']], [1, 4, 2]);
});
