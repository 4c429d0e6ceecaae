import assert from 'node:assert/strict';
import { test } from 'node:test';
import { microseconds } from '../../../collector/venues/okx-wire.ts';

test('a time is taken to the last microsecond, or not at all', () => {
  const rows: readonly (readonly [unknown, number | undefined])[] = [
    ['1777000000123', 1_777_000_000_123_000],
    ['9007199254740', 9_007_199_254_740_000],
    ['9007199254741', undefined],
    ['9790439596400', undefined],
    ['17770000001234', undefined],
    ['-1', undefined],
    ['', undefined],
    [1_777_000_000_123, undefined],
  ];
  for (const [given, expected] of rows) assert.equal(microseconds(given), expected, String(given));
});
