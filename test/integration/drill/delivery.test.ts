import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectorKill, KILL_RECORDING } from '../../drill/scenarios/collector-kill.ts';
import { natsOutage } from '../../drill/scenarios/nats-outage.ts';
import {
  accountLimit,
  leaderChange,
  natsSlow,
  streamDeleted,
  streamFull,
} from '../../drill/scenarios/broker-trouble.ts';
import { natsDiskFull, NO_DISK, spillDiskFull } from '../../drill/scenarios/disk-full.ts';
import type { DrillResult } from '../../drill/rig/result.ts';
import { recordingPath } from '../../support/recording.ts';
import { smallDisk } from '../../support/small-disk.ts';

function assertHolds({ figures, failures }: DrillResult): void {
  assert.deepEqual(failures, [], JSON.stringify(figures, null, 1));
}

for (const redundancy of [1, 2] as const)
  test(`NATS away for longer than the duplicate window, and again during the drain: nothing lost or twice, redundancy ${redundancy}`, async () =>
    assertHolds(await natsOutage({ redundancy, outageMs: 2_500, windowMs: 1_000 })));

const recording = recordingPath(KILL_RECORDING);
for (const redundancy of [1, 2] as const)
  test(
    `collectors killed at random over one playback: ${redundancy === 2 ? 'nothing' : 'exactly what is stated'} is missing, redundancy ${redundancy}`,
    { skip: recording === undefined && 'no recordings' },
    async () => {
      const common = { kills: 6, mostApartMs: 2_500, seed: 1, speed: 0.25 };
      assertHolds(await collectorKill({ ...common, redundancy, recording: recording ?? '' }));
    },
  );

for (const [what, drill] of [
  ['NATS frozen and slow', natsSlow],
  ['a stream full with discard: new', streamFull],
  ["an account's storage used up", accountLimit],
  ['a stream deleted by hand', streamDeleted],
  ['leaders that step down or are killed', leaderChange],
] as const)
  test(`${what}: the status says so, and nothing is lost`, async () =>
    assertHolds(await drill({ troubleMs: 500 })));

const probe = await smallDisk(1 << 20);
await probe?.remove();
const skip = probe === undefined && NO_DISK;
test("NATS's disk really full: the status says so, and nothing is lost", { skip }, async () =>
  assertHolds(await natsDiskFull({ troubleMs: 500 })),
);
test("the spill's disk really full: the status says so, and what is missing is stated", { skip }, async () =>
  assertHolds(await spillDiskFull({ troubleMs: 500 })),
);
