import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hotShard } from '../drill/scenarios/hot-shard.ts';

test('a collector that has too little of a processor is named with the number of collectors that mends it, until it is mended', async () => {
  const { figures, failures } = await hotShard({ namespace: 'e2e-hot' });
  assert.deepEqual(failures, [], JSON.stringify(figures, null, 1));
});
