import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TUNING } from '../../../collector/delivery/tuning.ts';
import { MEET_WITHIN_MS } from '../../../collector/link/renewal.ts';
import { DEFAULTS } from '../../../contract/effective.ts';
import { duplicateWindowShort, SHORTEST_DUPLICATE_WINDOW_MS } from '../../../contract/streams.ts';

test('the shortest window spans an overlap and a try, and a quarter of it a try', () => {
  const tryMs = TUNING.ackTimeoutMs + TUNING.retryMaxMs;
  assert.ok(SHORTEST_DUPLICATE_WINDOW_MS >= MEET_WITHIN_MS + tryMs);
  assert.ok(SHORTEST_DUPLICATE_WINDOW_MS / 4 >= tryMs);
});

test('the default is long enough; a shorter one is named with the mend', () => {
  assert.equal(duplicateWindowShort(DEFAULTS.stream.duplicateWindowMs), undefined);
  assert.equal(duplicateWindowShort(SHORTEST_DUPLICATE_WINDOW_MS), undefined);
  assert.match(
    duplicateWindowShort(SHORTEST_DUPLICATE_WINDOW_MS - 1) ?? '',
    /duplicate window 39\.999s is shorter than 40s: .*raise jetstream\.duplicateWindow/,
  );
});
