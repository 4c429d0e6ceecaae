import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OLDEST_NATS, serverTooOld, streamRefusal } from '../../contract/stream-refusals.ts';

for (const [code, reason] of [
  [10_002, 'AccountLimit'],
  [10_005, 'ReplicasUnavailable'],
  [10_023, 'StorageInsufficient'],
  [10_026, 'AccountLimit'],
  [10_027, 'AccountLimit'],
  [10_028, 'StorageInsufficient'],
  [10_039, 'JetStreamUnavailable'],
  [10_047, 'StorageInsufficient'],
  [10_058, 'StreamOverlap'],
  [10_065, 'StreamOverlap'],
  [10_074, 'ReplicasUnavailable'],
  [10_076, 'JetStreamUnavailable'],
  [10_113, 'AccountLimit'],
  [10_120, 'AccountLimit'],
  [10_122, 'AccountLimit'],
  [10_052, 'StreamRefused'],
] as const)
  test(`${code} is ${reason}, with what NATS said`, () => {
    const refusal = streamRefusal('S', code, 'its words');
    assert.equal(refusal.reason, reason);
    assert.match(refusal.message, new RegExp(`^stream S: NATS answers ${code} its words`));
  });

for (const [version, isOld] of [
  ['2.9.25', true],
  ['1.4.1', true],
  ['2.10.0-beta.1', false],
  [OLDEST_NATS, false],
  ['2.10.29', false],
  ['v2.15.2', false],
  ['3.0.0', false],
  ['', false],
  [undefined, false],
  ['something else', false],
] as const)
  test(`a server of version ${version ?? 'unknown'} is ${isOld ? 'too old, and named' : 'taken'}`, () => {
    const refusal = serverTooOld('nats:4222', version);
    assert.equal(refusal?.reason, isOld ? 'ServerTooOld' : undefined);
    if (isOld)
      assert.match(refusal?.message ?? '', new RegExp(`${version} at nats:4222 .*2\\.10\\.0.*upgrade it`));
  });
