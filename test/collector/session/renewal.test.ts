import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CASES, openCase } from './simulated-cases.ts';
import { until, type Collected } from './tiny-venue.ts';

/** Of a day, between the renewal and the cut there is an hour at least; scaled, there are seconds all the same. */
const LIFE_MS = 3_000;
const CUT_MS = 30_000;

/** One start, then a chain without a hole; every trade once and in order; nothing said to be interrupted. */
function isUnbroken(feed: Collected, symbol: string): void {
  assert.deepEqual(
    feed.records.filter(({ kind }) => kind === 'interrupted'),
    [],
  );
  assert.deepEqual(
    feed.of('snapshot', symbol).filter(({ role }) => role !== 'periodic').length,
    1,
    'nothing began anew',
  );
  const chain = feed.of('delta', symbol).filter(({ joinOnly }) => !joinOnly);
  assert.ok(chain.length > 10);
  for (const [index, delta] of chain.slice(1).entries()) {
    const before = chain[index]?.lastId ?? 0;
    assert.ok(delta.prevId <= before && delta.lastId > before, `${delta.prevId} follows ${before}`);
  }
  const ids = feed.of('trade', symbol).map(({ id }) => id);
  assert.ok(ids.length > 10);
  assert.equal(new Set(ids).size, ids.length, 'no trade twice');
  const numbers = feed.of('trade', symbol).map(({ sequence, id }) => sequence ?? Number(id));
  for (const [index, number] of numbers.slice(1).entries()) assert.ok(number > (numbers[index] ?? 0));
  if (feed.of('trade', symbol)[0]?.sequence !== null) {
    assert.equal((numbers.at(-1) ?? 0) - (numbers[0] ?? 0), numbers.length - 1, 'no trade is missing');
  }
}

for (const one of CASES) {
  test(`${one.name}: connections that the venue cuts at an age are renewed before it, again and again, without a gap`, async (t) => {
    const { feed, isTrue, counter } = await openCase(t, one, {
      limits: { connectionLifeMs: LIFE_MS },
      simulated: { connectionLifeMs: CUT_MS },
    });
    await until('renewed twice each', () => counter('renewed:age') >= 2 * one.links);
    await isTrue();
    assert.equal(counter('disconnected:closed'), 0, 'none was cut');
    assert.equal(counter('renewal:notMet') + counter('renewal:failed') + counter('renewal:oldEndedFirst'), 0);
    isUnbroken(feed, one.symbol);
  });
}

for (const one of CASES.filter(({ announces }) => announces)) {
  test(`${one.name}: at an announced end the next connection is in sync before the old one goes`, async (t) => {
    const { feed, isTrue, counter, fault } = await openCase(t, one, { limits: { connectionLifeMs: null } });
    await fault({ kind: 'shutdown', ms: 30_000 });
    await until('renewed', () => counter('renewed:shutdown') === one.links);
    await isTrue();
    isUnbroken(feed, one.symbol);
  });
}
