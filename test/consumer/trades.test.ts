import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { IdSet } from '../../consumer/id-set.ts';
import { tradeCount, Trades, type TradeStep } from '../../consumer/trades.ts';
import type { TradeRecord } from '../../contract/record.ts';

const trade = (id: number | string, more: Partial<TradeRecord> = {}): TradeRecord => ({
  v: 1,
  type: 'trade',
  exchange: 'binance',
  market: 'spot',
  symbol: 'X-Y',
  instrument: 'XY',
  exchangeTime: 1,
  receiveTime: 1,
  id: String(id),
  price: '1',
  size: '1',
  sizeUnit: 'base',
  side: 'buy',
  ...more,
});

const steps = (...all: readonly TradeRecord[]): readonly TradeStep[] => {
  const trades = new Trades();
  return all.map((one) => trades.trade(one));
};
const kinds = (...all: readonly TradeRecord[]): readonly string[] => steps(...all).map(({ kind }) => kind);

describe('trades of one symbol', () => {
  it('follow each other by their number', () => {
    assert.deepEqual(kinds(trade(7), trade(8), trade(9)), ['first', 'next', 'next']);
  });
  it('show what is missing, and a late one fills it', () => {
    const all = steps(trade(7), trade(10), trade(8), trade(9), trade(11));
    assert.deepEqual(all[1], { kind: 'gap', gap: { fromId: 7, toId: 10 } });
    assert.deepEqual(
      all.map(({ kind }) => kind),
      ['first', 'gap', 'late', 'late', 'next'],
    );
  });
  it('are repeated when their number was there, and old before all that is known', () => {
    assert.deepEqual(kinds(trade(7), trade(8), trade(7), trade(3)), ['first', 'next', 'repeated', 'old']);
  });
  it('miss nothing where the venue gave ids to what is no trade', () => {
    assert.deepEqual(kinds(trade(7), trade(10, { skippedFrom: 8 })), ['first', 'next']);
    const [, gap] = steps(trade(7), trade(12, { skippedFrom: 10 }));
    assert.deepEqual(gap, { kind: 'gap', gap: { fromId: 7, toId: 10 } });
  });
  it('are not believed to skip more than any venue skips', () => {
    assert.deepEqual(kinds(trade(7), trade(900_000, { skippedFrom: 8 })), ['first', 'gap']);
  });
  it('are counted by sequence where there is one, by id at Binance only, never when aggregated', () => {
    assert.equal(tradeCount(trade('ETH-5', { exchange: 'deribit', sequence: 5 })), 5);
    assert.equal(tradeCount(trade(5)), 5);
    assert.equal(tradeCount(trade(5, { exchange: 'okx' })), undefined);
    assert.equal(tradeCount(trade(5, { aggregated: true })), undefined);
    assert.equal(tradeCount(trade('99999999999999999999')), undefined);
    assert.deepEqual(kinds(trade(5, { exchange: 'okx' })), ['uncounted']);
  });
});

describe('a set of ids', () => {
  it('is what a plain set is, from the first id on', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(60), { minLength: 1, maxLength: 80 }), (ids) => {
        const set = new IdSet();
        const plain = new Set<number>();
        const [first = 0] = ids;
        for (const id of ids) {
          assert.equal(set.add(id), id >= first && !plain.has(id));
          if (id >= first) plain.add(id);
        }
        for (let id = 0; id <= 62; id += 1) assert.equal(set.has(id), plain.has(id), `has ${id}`);
        const missing = set.missing({ fromId: first, toId: 62 });
        const named = new Set(
          missing.flatMap(({ fromId, toId }) =>
            Array.from({ length: toId - fromId - 1 }, (_, more) => fromId + 1 + more),
          ),
        );
        for (let id = first + 1; id < 62; id += 1)
          assert.equal(named.has(id), !plain.has(id), `missing ${id}`);
      }),
      { numRuns: 500 },
    );
  });

  it('forgets the oldest ids, not the newest, when there are too many holes', () => {
    const set = new IdSet(3);
    for (const id of [1, 3, 5, 7, 9]) assert.equal(set.add(id), true);
    assert.deepEqual([set.has(1), set.has(3), set.has(5), set.has(9)], [false, false, true, true]);
    assert.equal(set.add(3), false, 'what lies before all that is known is not new');
  });
});
