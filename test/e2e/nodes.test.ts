import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodes } from '../drill/scenarios/nodes.ts';

test('edits, scale, a roll to another image, evictions, a drained node, killed operators: nothing is missing, counts exact', async () => {
  const { figures, failures } = await nodes({
    namespace: 'e2e-nodes',
    edits: 6,
    scales: [1, 2],
    drains: ['node2'],
    apiAwayMs: 5_000,
    steps: ['edit', 'scale', 'upgrade', 'evict', 'operatorKilled', 'apiServerStopped', 'drain'],
  });
  assert.deepEqual(failures, [], JSON.stringify(figures, null, 1));
});
