import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { effectiveFeed, type EffectiveFeed } from '../../../contract/effective.ts';
import type { FeedSpec } from '../../../contract/feed.ts';
import { CatalogueBook, type CatalogueMark } from '../../../operator/catalogues.ts';
import { createLogger } from '../../../runtime/log.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const effectiveOf = (spec: Partial<FeedSpec> = {}): EffectiveFeed =>
  effectiveFeed(
    {
      spec: {
        exchange: 'binance',
        market: 'spot',
        streams: ['trade'],
        symbolSelector: { quote: 'USDT' },
        ...spec,
      },
    },
    {},
  );
const SPOT = effectiveOf();
const listed = (symbol: string) => ({ symbol, base: null, quote: 'USDT', expiry: null, trading: true });

describe('the catalogue that the operator reads', () => {
  let clock: ManualClock;
  let mark: CatalogueMark | undefined;
  let symbols: readonly string[];
  let failing: boolean;
  let changed: (readonly string[])[];
  let book: CatalogueBook;

  beforeEach(() => {
    clock = new ManualClock();
    mark = undefined;
    symbols = [];
    failing = false;
    changed = [];
    book = new CatalogueBook({
      source: {
        mark: async () => {
          if (failing) throw new Error('NATS is away');
          return mark;
        },
        read: async () => symbols.map((symbol) => listed(symbol)),
      },
      clock,
      log: createLogger('test', 'silent'),
      onChange: (feeds) => changed.push(feeds),
    });
  });

  it('is not asked for where the spec lists its symbols', async () => {
    const plain = effectiveFeed(
      { spec: { exchange: 'binance', market: 'spot', streams: ['trade'], symbols: ['A-USDT'] } },
      {},
    );
    assert.deepEqual(book.observe('feed', plain), { kind: 'unneeded' });
    await clock.advance(60_000);
    assert.equal(book.counters.looks, 0);
  });

  it('is pending until a collector has written it, then known, and read again only when it changed', async () => {
    assert.deepEqual(book.observe('feed', SPOT), { kind: 'unread' });
    await clock.advance(0);
    assert.deepEqual(book.observe('feed', SPOT), {
      kind: 'pending',
      message: 'no collector has written it yet',
    });
    mark = { revision: 1, writer: 'w' };
    symbols = ['A-USDT'];
    await clock.advance(5_000);
    assert.deepEqual(book.observe('feed', SPOT), {
      kind: 'known',
      revision: 1,
      instruments: [listed('A-USDT')],
    });
    await clock.advance(60_000);
    assert.equal(book.counters.reads, 1);
    mark = { revision: 2, writer: 'w' };
    symbols = ['A-USDT', 'B-USDT'];
    await clock.advance(5_000);
    const observed = book.observe('feed', SPOT);
    assert.equal(observed.kind === 'known' ? observed.instruments.length : 0, 2);
    assert.deepEqual(changed, [['feed'], ['feed'], ['feed']], 'once for each change');
  });

  it('stays known while NATS is away, and while the bucket is empty', async () => {
    mark = { revision: 1, writer: 'w' };
    symbols = ['A-USDT'];
    book.observe('feed', SPOT);
    await clock.advance(0);
    failing = true;
    await clock.advance(20_000);
    assert.ok(book.counters.failures >= 3);
    assert.equal(book.observe('feed', SPOT).kind, 'known');
    failing = false;
    mark = undefined;
    await clock.advance(20_000);
    assert.equal(book.observe('feed', SPOT).kind, 'known');
  });

  it('says why it is not known, once', async () => {
    failing = true;
    book.observe('feed', SPOT);
    await clock.advance(20_000);
    assert.deepEqual(book.observe('feed', SPOT), { kind: 'pending', message: 'NATS is away' });
    assert.equal(changed.length, 1);
  });

  it('is one for all feeds of a market, and let go of with the last of them', async () => {
    const usdm = effectiveOf({ market: 'perpetual' });
    book.observe('one', SPOT);
    book.observe('two', SPOT);
    book.observe('three', usdm);
    await clock.advance(0);
    assert.equal(book.counters.looks, 2);
    assert.deepEqual(changed, [['one', 'two'], ['three']]);
    book.forget('one');
    book.observe('two', usdm);
    const { looks } = book.counters;
    await clock.advance(5_000);
    assert.equal(book.counters.looks, looks + 1, 'spot is followed no more');
    book.stop();
    await clock.advance(60_000);
    assert.equal(book.counters.looks, looks + 1);
  });

  it('follows a bounded number of markets, and says so', async () => {
    for (let index = 0; index < 101; index += 1)
      book.observe(`feed-${index}`, effectiveOf({ endpoints: { rest: `http://venue-${index}` } }));
    const last = book.observe('feed-100', effectiveOf({ endpoints: { rest: 'http://venue-100' } }));
    assert.deepEqual(last, { kind: 'pending', message: 'more than 100 markets are selected from' });
    assert.ok(book.counters.refused > 0);
  });
});
