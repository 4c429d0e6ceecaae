import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { decodeSegment, encodeOwner, encodeRecord } from '../../../../collector/delivery/spill/format.ts';
import { OWNER, spilledOf } from './records.ts';

const segmentOf = (ids: readonly number[]): Buffer =>
  Buffer.concat([
    encodeOwner(OWNER),
    ...ids.map((id) => encodeRecord(spilledOf(id, 'trade.binance.é', id % 90))),
  ]);
const expected = (ids: readonly number[]): unknown =>
  ids.map((id) => spilledOf(id, 'trade.binance.é', id % 90));
const someIds = fc.array(fc.nat({ max: 1_000 }), { minLength: 1, maxLength: 20 });

test('what is written is read, to the last byte', () => {
  fc.assert(
    fc.property(someIds, (ids) => {
      const { owner, records, damagedBytes } = decodeSegment(segmentOf(ids));
      assert.deepEqual([owner, records, damagedBytes], [OWNER, expected(ids), 0]);
    }),
  );
});

test('a torn tail costs the entry that it tore and nothing before it', () => {
  fc.assert(
    fc.property(someIds, fc.double({ min: 0, max: 1, noNaN: true }), (ids, share) => {
      const whole = segmentOf(ids);
      const cut = Math.floor(share * whole.byteLength);
      const { records, damagedBytes } = decodeSegment(whole.subarray(0, cut));
      assert.deepEqual(records, expected(ids.slice(0, records.length)));
      const kept = segmentOf(ids.slice(0, records.length)).byteLength;
      assert.equal(damagedBytes, cut < encodeOwner(OWNER).byteLength ? cut : cut - kept);
    }),
  );
});

test('a changed byte is found, and nothing behind it is believed', () => {
  fc.assert(
    fc.property(someIds, fc.nat(), fc.integer({ min: 1, max: 255 }), (ids, place, by) => {
      const bytes = segmentOf(ids);
      const at = place % bytes.byteLength;
      bytes[at] = (bytes[at] ?? 0) ^ by;
      const { owner, records, damagedBytes } = decodeSegment(bytes);
      if (owner !== undefined) assert.deepEqual(owner, OWNER);
      assert.deepEqual(records, expected(ids.slice(0, records.length)));
      assert.ok(damagedBytes > bytes.byteLength - at - 1, 'the damaged entry counts as damaged');
      assert.ok(records.length < ids.length || owner === undefined);
    }),
  );
});
