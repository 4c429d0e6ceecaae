import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { effectiveFeed } from '../../../contract/effective.ts';
import type { CollectorFeed, FeedSpec } from '../../../contract/feed.ts';
import { Neighbours } from '../../../operator/neighbours.ts';
import { feedOf } from '../plan/observed.ts';

describe('neighbours', () => {
  let neighbours: Neighbours;
  let changed: string[];

  const feed = (
    name: string,
    spec: Partial<FeedSpec> = {},
    metadata: Partial<CollectorFeed['metadata']> = {},
  ): CollectorFeed =>
    feedOf(spec, { name, uid: name, creationTimestamp: `2026-11-23T10:00:0${name.at(-1)}Z`, ...metadata });
  const set = (one: CollectorFeed): void => neighbours.set(one, effectiveFeed(one, {}));
  const taken = (name: string): readonly string[] =>
    neighbours.of(name).taken.map(({ symbol, by, stream }) => `${symbol} ${stream} ${by}`);

  beforeEach(() => {
    changed = [];
    neighbours = new Neighbours({ onChange: (uid) => changed.push(uid) });
  });

  it('give each symbol to the oldest of the feeds that publish its subject, in whatever order they come', () => {
    set(feed('feed-2', { symbols: ['ETH-USDT', 'SOL-USDT'], streams: ['trade'] }));
    set(feed('feed-1', { symbols: ['BTC-USDT', 'ETH-USDT'], streams: ['orderbook', 'trade'] }));
    set(feed('feed-3', { symbols: ['SOL-USDT', 'ETH-USDT', 'XRP-USDT'], streams: ['trade'] }));
    assert.deepEqual(taken('feed-1'), []);
    assert.deepEqual(taken('feed-2'), ['ETH-USDT trade market-data/feed-1']);
    assert.deepEqual(taken('feed-3'), [
      'SOL-USDT trade market-data/feed-2',
      'ETH-USDT trade market-data/feed-1',
    ]);
  });

  it('are told when a symbol is taken from them and when it is free again', () => {
    set(feed('feed-2'));
    set(feed('feed-1'));
    assert.deepEqual(changed, ['feed-2']);
    neighbours.forget('feed-1');
    assert.deepEqual(changed, ['feed-2', 'feed-2']);
    assert.deepEqual(taken('feed-2'), []);
  });

  it('that are paused or being deleted leave their symbols to the others', () => {
    for (const gone of [
      feed('feed-1', { paused: true }),
      feed('feed-1', {}, { deletionTimestamp: '2026-11-23T11:00:00Z' }),
    ]) {
      set(feed('feed-1'));
      set(feed('feed-2'));
      assert.equal(taken('feed-2').length, 2);
      set(gone);
      assert.deepEqual(taken('feed-2'), []);
      assert.deepEqual(neighbours.of('feed-2').collectors, 0);
    }
  });

  it('are not in each other’s way with other streams, subjects, venues or servers', () => {
    set(feed('feed-1'));
    set(feed('feed-2', { streams: ['ticker'] }));
    set(feed('feed-3', { nats: { subjects: { orderbook: 'b.{symbol}', trade: 't.{symbol}' } } }));
    set(feed('feed-4', { exchange: 'okx' }));
    set(feed('feed-5', { nats: { servers: ['nats://elsewhere:4222'] } }));
    for (const name of ['feed-2', 'feed-3', 'feed-4', 'feed-5']) assert.deepEqual(taken(name), [], name);
  });

  it('are in each other’s way when a template without the venue merges two of them', () => {
    const subjects = { orderbook: 'book.{symbol}', trade: 'trades.{symbol}' };
    set(feed('feed-1', { nats: { subjects } }));
    set(feed('feed-2', { nats: { subjects }, exchange: 'okx', symbols: ['BTC-USDT'] }));
    assert.deepEqual(taken('feed-2'), ['BTC-USDT orderbook market-data/feed-1']);
  });

  it('know both spellings of an instrument', () => {
    set(feed('feed-1', { symbols: ['BTCUSDT'] }));
    set(feed('feed-2', { symbols: ['BTC-USDT'] }));
    set(feed('feed-3', { market: 'perpetual', symbols: ['BTCUSDT'] }));
    set(feed('feed-4', { market: 'perpetual', symbols: ['BTC-USDT-PERP'] }));
    assert.equal(taken('feed-2').length, 1);
    assert.deepEqual(taken('feed-3'), []);
    assert.equal(taken('feed-4').length, 1);
  });

  it('share the limits of an address by venue, its separate counts, endpoint and proxy', () => {
    set(feed('feed-1', { symbols: ['A-B'] }));
    set(feed('feed-2', { symbols: ['C-D'], redundancy: 2, sharding: { collectors: 3 } }));
    set(feed('feed-3', { market: 'perpetual' }));
    set(feed('feed-4', { symbols: ['E-F'], endpoints: { rest: 'http://elsewhere' } }));
    const env = [{ name: 'HTTPS_PROXY', value: 'http://proxy:3128' }];
    set(feed('feed-5', { symbols: ['G-H'], template: { env } }));
    const shared = ['feed-1', 'feed-2', 'feed-3', 'feed-4', 'feed-5'].map(
      (name) => neighbours.of(name).collectors,
    );
    assert.deepEqual(shared, [6, 1, 0, 0, 0]);
  });

  it('are told of the number of collectors only when the whole has to be cut anew', () => {
    const told: number[] = [];
    for (let count = 0; count < 64; count += 1) {
      changed = [];
      set(feed(`feed-${count}`, { symbols: [`S${count}-USDT`] }));
      if (changed.length > 0) told.push(count + 1);
    }
    assert.deepEqual(told, [2, 3, 5, 9, 17, 33]);
  });

  it('tell nobody when nothing changed', () => {
    set(feed('feed-1'));
    set(feed('feed-2'));
    changed = [];
    set(feed('feed-1'));
    assert.deepEqual(changed, []);
  });
});
