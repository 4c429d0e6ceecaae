import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { allowanceOf } from '../../runtime/allowance.ts';

test('a window lets its count through and says when the oldest leaves it', () => {
  const allowance = allowanceOf({ kind: 'window', count: 3, windowMs: 1_000 });
  for (const atMs of [0, 100, 200]) {
    assert.equal(allowance.waitMs(1, atMs), 0);
    allowance.take(1, atMs);
  }
  assert.equal(allowance.waitMs(1, 300), 700);
  assert.equal(allowance.waitMs(2, 300), 800);
  assert.equal(allowance.waitMs(1, 1_000), 0);
});

test('what is larger than the whole window is let through alone', () => {
  const allowance = allowanceOf({ kind: 'window', count: 3, windowMs: 1_000 });
  assert.equal(allowance.waitMs(10, 0), 0);
  allowance.take(10, 0);
  assert.equal(allowance.waitMs(1, 0), 1_000);
});

test('a bucket gives its burst at once and refills steadily, never above the burst', () => {
  const allowance = allowanceOf({ kind: 'bucket', burst: 2, perSecond: 4 });
  allowance.take(2, 0);
  assert.equal(allowance.waitMs(1, 0), 250);
  assert.equal(allowance.waitMs(1, 250), 0);
  allowance.take(2, 60_000);
  assert.equal(allowance.waitMs(1, 60_000), 250);
});

test('exhausted, both begin from nothing', () => {
  for (const rule of [
    { kind: 'window', count: 4, windowMs: 1_000 },
    { kind: 'bucket', burst: 4, perSecond: 1 },
  ] as const) {
    const allowance = allowanceOf(rule);
    allowance.exhaust(0);
    assert.equal(allowance.waitMs(1, 0), 1_000, rule.kind);
  }
});

test('whoever obeys the waits is never above the count in any window', () => {
  const steps = fc.array(fc.record({ pauseMs: fc.nat(400), amount: fc.integer({ min: 1, max: 5 }) }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(steps, (asked) => {
      const allowance = allowanceOf({ kind: 'window', count: 10, windowMs: 1_000 });
      const taken: { atMs: number; amount: number }[] = [];
      let nowMs = 0;
      for (const { pauseMs, amount } of asked) {
        nowMs += pauseMs;
        nowMs += allowance.waitMs(amount, nowMs);
        assert.equal(allowance.waitMs(amount, nowMs), 0, 'the wait said is enough');
        allowance.take(amount, nowMs);
        taken.push({ atMs: nowMs, amount });
        const within = taken.filter(({ atMs }) => atMs > nowMs - 1_000);
        assert.ok(within.reduce((sum, one) => sum + one.amount, 0) <= 10);
      }
    }),
  );
});

test('a rule that becomes smaller or larger counts what was taken before', () => {
  const window = allowanceOf({ kind: 'window', count: 10, windowMs: 1_000 });
  window.take(4, 0);
  window.become({ kind: 'window', count: 5, windowMs: 2_000 });
  assert.equal(window.waitMs(1, 100), 0);
  assert.equal(window.waitMs(2, 100), 1_900);
  window.become({ kind: 'window', count: 6, windowMs: 1_000 });
  assert.equal(window.waitMs(2, 100), 0);
  const bucket = allowanceOf({ kind: 'bucket', burst: 10, perSecond: 10 });
  bucket.take(8, 0);
  bucket.become({ kind: 'bucket', burst: 2, perSecond: 1 });
  assert.equal(bucket.waitMs(1, 0), 0);
  bucket.take(2, 0);
  assert.equal(bucket.waitMs(1, 0), 1_000);
});
