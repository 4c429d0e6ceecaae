import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseRfc3339, rfc3339, rfc3339Micro } from '../../../operator/plan/time.ts';

const moment = fc.integer({ min: 0, max: 4_102_444_800_000 });

test('a time is written as the platform writes it, to the second and to the microsecond', () => {
  fc.assert(
    fc.property(moment, (ms) => {
      const iso = new Date(ms).toISOString();
      assert.equal(rfc3339(ms), iso.replace(/\.\d+Z$/, 'Z'));
      assert.equal(rfc3339Micro(ms), iso.replace('Z', '000Z'));
      assert.equal(parseRfc3339(iso), ms);
    }),
  );
});

test('what is no time is 0', () => {
  assert.deepEqual([parseRfc3339(undefined), parseRfc3339(''), parseRfc3339('yesterday')], [0, 0, 0]);
});
