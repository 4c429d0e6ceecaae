import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DrillResult } from '../../drill/rig/result.ts';
import { apiFaults } from '../../drill/scenarios/api-faults.ts';
import { twoOperators } from '../../drill/scenarios/two-operators.ts';

function assertHolds({ figures, failures }: DrillResult): void {
  assert.deepEqual(failures, [], JSON.stringify(figures, null, 1));
}

test('a leader killed, ended, frozen with a write on its way: the other takes over in time, nothing is turned back', async () =>
  assertHolds(await twoOperators({ feeds: 4, editEveryMs: 250, frozenMs: 1_000 })));

test('whatever the API server answers, or does not: every edit is in a status soon after, no busy loop, no restart', async () =>
  assertHolds(await apiFaults({ feeds: 4, editEveryMs: 300, faultMs: 3_000, withSilence: false })));
