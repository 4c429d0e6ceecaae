import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  emptyLedger,
  KEPT_CLOSED_WRITERS,
  ledgerStored,
  ledgerSums,
  ledgerThrough,
  parseLedger,
  rebaseLedger,
  withWriter,
  type WriterEntry,
} from '../../contract/ledger.ts';

const stream = { name: 'S', created: '2026-01-01T00:00:00Z' };
const entry = (stored: number, closed = false, updatedMs = 0): WriterEntry => ({
  stored,
  sequence: stored * 10,
  byStream: { trade: stored },
  duplicates: 1,
  closed,
  updatedMs,
});

test('folding closed writers away changes no sum', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 1_000 }), { maxLength: 40 }), (counts) => {
      let ledger = emptyLedger(stream);
      for (const [index, stored] of counts.entries())
        ledger = withWriter(ledger, `w${index}`, entry(stored, true, index));
      const sum = counts.reduce((total, stored) => total + stored, 0);
      assert.equal(ledgerStored(ledger), sum);
      assert.equal(ledgerSums(ledger).duplicates, counts.length);
      assert.ok(Object.keys(ledger.writers).length <= KEPT_CLOSED_WRITERS);
    }),
  );
});

test('a writer never claims less than it did', () => {
  const ledger = withWriter(withWriter(emptyLedger(stream), 'w', entry(9, true)), 'w', entry(5));
  assert.equal(ledger.writers['w']?.stored, 9);
  assert.equal(ledger.writers['w']?.closed, true);
});

test('everything is counted through the lowest sequence of the writers that are open', () => {
  let ledger = withWriter(emptyLedger(stream), 'a', entry(5));
  ledger = withWriter(ledger, 'b', entry(3));
  ledger = withWriter(ledger, 'c', entry(1, true));
  assert.equal(ledgerThrough(ledger), 30);
  assert.equal(ledgerThrough(emptyLedger(stream)), undefined);
});

test('a replaced stream keeps the total as its base and names what was open as lost', () => {
  const before = withWriter(withWriter(emptyLedger(stream), 'a', entry(5)), 'b', entry(3, true));
  assert.equal(rebaseLedger(before, stream), before);
  const after = rebaseLedger(before, { ...stream, created: 'later' });
  assert.deepEqual([after.base, ledgerStored(after)], [8, 0]);
  assert.deepEqual(after.lost, [{ writer: 'a', fromSequence: 51, toSequence: -1 }]);
});

test('what is no ledger is not taken for one', () => {
  assert.equal(parseLedger(null), undefined);
  assert.equal(parseLedger({ v: 2 }), undefined);
  const ledger = emptyLedger(stream);
  assert.deepEqual(parseLedger(JSON.parse(JSON.stringify(ledger))), ledger);
});
