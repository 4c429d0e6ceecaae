import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { WriterCount } from '../../../collector/delivery/watermark.ts';

type Fate = 'stored' | 'duplicate' | 'lost';
interface Flight {
  readonly fate: Fate;
  readonly sequence: number;
}

const heldUpTo = (ours: readonly number[], through: number): number =>
  ours.filter((sequence) => sequence <= through).length;

test('whatever the order of acknowledgements, losses and duplicates, the entry says exactly what lies at or below its sequence', () => {
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('send' as const),
        fate: fc.constantFrom<Fate>('stored', 'duplicate', 'lost'),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('others' as const), many: fc.integer({ min: 1, max: 4 }) }),
    },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('answer' as const), pick: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('info' as const) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const count = new WriterCount(0);
      const ours: number[] = [];
      const flights: Flight[] = [];
      let last = 0;
      let lastSequence = 0;
      for (const one of steps) {
        if (one.do === 'send') {
          const flight = { fate: one.fate, sequence: one.fate === 'stored' ? (last += 1) : last };
          count.sent(flight);
          if (one.fate === 'stored') ours.push(flight.sequence);
          flights.push(flight);
        } else if (one.do === 'others') {
          last += one.many;
        } else if (one.do === 'info') {
          count.reached(last);
        } else if (flights.length > 0) {
          const [flight] = flights.splice(one.pick % flights.length, 1);
          assert.ok(flight !== undefined);
          if (flight.fate === 'stored') count.stored(flight, flight.sequence, 'trade');
          else if (flight.fate === 'duplicate') count.duplicate(flight);
          else count.notStored(flight);
        }
        const { stored, sequence } = count.entry(false, 0);
        assert.equal(stored, heldUpTo(ours, sequence));
        assert.ok(sequence >= lastSequence, 'the watermark never falls');
        lastSequence = sequence;
      }
      for (const flight of flights) {
        if (flight.fate === 'stored') count.stored(flight, flight.sequence, 'trade');
        else count.notStored(flight);
      }
      count.reached(last);
      const entry = count.entry(true, 0);
      assert.equal(entry.stored, ours.length);
      assert.equal(entry.sequence, last);
      assert.ok(entry.closed);
    }),
    { numRuns: 300 },
  );
});

test('an entry with a record in flight cannot be closed', () => {
  const count = new WriterCount(0);
  count.sent({});
  assert.equal(count.entry(true, 0).closed, false);
});

test('a record stored above one in flight is counted once that one is resolved', () => {
  const count = new WriterCount(10);
  const slow = {};
  const quick = {};
  count.sent(slow);
  count.sent(quick);
  count.stored(quick, 12, 'trade');
  assert.deepEqual([count.entry(false, 0).stored, count.entry(false, 0).sequence], [0, 10]);
  count.stored(slow, 11, 'orderbook');
  assert.deepEqual([count.entry(false, 0).stored, count.entry(false, 0).sequence], [2, 12]);
});
