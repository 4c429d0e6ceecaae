import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectiveFeed } from '../../contract/effective.ts';
import { covers, diffStream, STREAM_OWNER, wantedStreams } from '../../contract/streams.ts';
import type { StreamConfig } from '@nats-io/jetstream';
import type { FeedSpec } from '../../contract/feed.ts';

const spec: FeedSpec = {
  exchange: 'binance',
  market: 'spot',
  symbols: ['BTC-USDT'],
  streams: ['orderbook', 'trade'],
};
const shared = effectiveFeed({ spec }, {});

test('a shared stream takes every default subject, and the templates of a feed that has its own', () => {
  const [data, gap] = wantedStreams(shared, 'me');
  assert.ok(data.subjects.includes('orderbook.>') && data.subjects.includes('trade.>'));
  assert.deepEqual(gap.subjects, ['gap.>']);
  const custom = effectiveFeed(
    { spec: { ...spec, nats: { subjects: { trade: 'fills.{exchange}.{symbol}' } } } },
    {},
  );
  assert.ok(wantedStreams(custom, 'me')[0].subjects.includes('fills.binance.*'));
});

test('a stream of a feed takes the subjects of that feed and no others', () => {
  const own = effectiveFeed(
    {
      spec: {
        ...spec,
        jetstream: { stream: 'MINE' },
        nats: {
          subjects: { orderbook: 'x.book.{symbol}', trade: 'x.{exchange}.{symbol}', gap: 'x.gap.{symbol}' },
        },
      },
    },
    {},
  );
  const [data, gap] = wantedStreams(own, 'me');
  assert.deepEqual([data.name, data.subjects], ['MINE', ['x.book.*', 'x.binance.*']]);
  assert.deepEqual([gap.name, gap.subjects], ['MINE_GAPS', ['x.gap.*']]);
});

test('a filter covers another only when it matches all that the other does', () => {
  assert.ok(covers('a.>', 'a.b.c'));
  assert.ok(covers('a.*', 'a.b'));
  assert.ok(!covers('a.*', 'a.b.c'));
  assert.ok(!covers('a.*', 'a.>'));
  assert.ok(!covers('a.>', 'a'));
  assert.ok(!covers('a.b', 'a.*'));
});

test('a difference is changed in place, refused when immutable, and left alone in a stream of somebody else', () => {
  const [wanted] = wantedStreams(shared, 'me');
  const existing = { ...wanted, sealed: false } as unknown as StreamConfig;
  assert.deepEqual(diffStream(wanted, existing), { kind: 'same' });
  const update = diffStream(wanted, { ...existing, max_age: 5, subjects: ['orderbook.>', 'extra.>'] });
  assert.equal(update.kind, 'update');
  assert.ok(update.kind === 'update' && update.config.subjects?.includes('extra.>'));
  assert.ok(update.kind === 'update' && update.config.max_age === wanted.max_age);
  assert.equal(diffStream(wanted, { ...existing, storage: 'memory' }).kind, 'immutable');
  const foreign = diffStream(wanted, {
    ...existing,
    metadata: { [STREAM_OWNER]: 'you' },
    subjects: ['trade.>'],
  });
  assert.equal(foreign.kind, 'foreignOwner');
  assert.ok(foreign.kind === 'foreignOwner' && foreign.uncovered.includes('orderbook.>'));
  assert.equal(diffStream(wanted, { ...existing, metadata: {} }).kind, 'foreignOwner');
});
