import assert from 'node:assert/strict';
import { test } from 'node:test';
import { upgrade } from '../drill/scenarios/upgrade.ts';

test('a bad image for all feeds stops at the first pod and says how to go back, a good one goes in waves: nothing is missing', async () => {
  const { figures, failures } = await upgrade({ namespace: 'e2e-upgrade', deadlineSeconds: 30 });
  assert.deepEqual(failures, [], JSON.stringify(figures, null, 1));
});
