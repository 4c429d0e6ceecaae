import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as assertProperty, constantFrom, integer, property, record } from 'fast-check';
import { budgetOf, CONNECTION_BUDGET, isBudgetFair } from '../../contract/budget.ts';

const WEIGHT = { binance: 6_000, okx: 1_200, deribit: 1_200 } as const;
const feeds = array(record({ collectors: integer({ min: 1, max: 8 }), redundancy: constantFrom(1, 2) }), {
  minLength: 1,
  maxLength: 12,
});
const exchanges = constantFrom('binance', 'okx', 'deribit');

test('all collectors of an address together get at most 80 % of what the venue grants, as far as it can be cut', () => {
  assertProperty(
    property(exchanges, feeds, (exchange, all) => {
      const counts = all.map(({ collectors, redundancy }) => collectors * redundancy);
      const total = counts.reduce((sum, count) => sum + count, 0);
      const shares = all.map((feed, index) =>
        budgetOf({ ...feed, exchange, market: 'spot' }, total - (counts[index] ?? 0)),
      );
      const used = (of: 'weightPerMinute' | 'connections'): number =>
        shares.reduce((sum, share, index) => sum + share[of] * (counts[index] ?? 0), 0);
      // A share is at least 1: beyond that the fault BudgetExhausted says so.
      assert.ok(used('weightPerMinute') <= Math.max(total, WEIGHT[exchange] * 0.8));
      assert.ok(used('connections') <= Math.max(total, CONNECTION_BUDGET[exchange] * 0.8));
    }),
  );
});

test('a share is kept while it is fair, so that feeds that come and go do not change it each time', () => {
  assertProperty(
    property(integer({ min: 1, max: 60 }), (others) => {
      const feed = { exchange: 'binance', market: 'spot', collectors: 1, redundancy: 1 } as const;
      const share = budgetOf(feed, others);
      assert.equal(isBudgetFair(share, feed, others), true);
      assert.equal(isBudgetFair(share, feed, others * 4 + 3), false, 'too much for the others');
      assert.equal(isBudgetFair(budgetOf(feed, others * 8 + 8), feed, others), false, 'needlessly small');
    }),
  );
});
