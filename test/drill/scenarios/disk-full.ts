// File systems that are really full: NATS's own, and that of a collector's spill.
import { setTimeout as delay } from 'node:timers/promises';
import { startNats } from '../../support/nats.ts';
import { smallDisk, type SmallDisk } from '../../support/small-disk.ts';
import { single } from '../rig/brokers.ts';
import { DeliveryDrill } from '../rig/delivery-drill.ts';
import { until, type DrillResult } from '../rig/result.ts';
import { says, type TroubleOptions } from './broker-trouble.ts';

/** What a machine says that lets nobody mount. */
export const NO_DISK =
  'no file system can be mounted here (`unshare --mount`): run as root, or allow user namespaces';

async function onDisk(bytes: number, run: (disk: SmallDisk) => Promise<DrillResult>): Promise<DrillResult> {
  const disk = await smallDisk(bytes);
  if (disk === undefined) throw new Error(NO_DISK);
  try {
    return await run(disk);
  } finally {
    await disk.remove();
  }
}

/**
 * The store of NATS has no space. nats-server (2.15) then answers nothing to a publish, and does not come back by itself
 * when there is space again: it is restarted, as a user has to.
 */
export function natsDiskFull({ troubleMs }: TroubleOptions): Promise<DrillResult> {
  return onDisk(48 << 20, async (disk) => {
    // It would refuse a stream larger than its own bound: here the bound is a promise that the disk does not keep.
    const nats = await startNats({ store: disk.path, jetstream: 'max_file_store: 64G' });
    const drill = await DeliveryDrill.start({ redundancy: 1, broker: single(nats) });
    try {
      await drill.flows();
      await disk.fill();
      await says(drill, /(PublishTimeout|StreamRefused): .*disk/);
      await delay(troubleMs);
      await disk.free();
      await nats.kill('SIGKILL');
      await nats.start();
      await drill.flows();
      return await drill.judge(true);
    } finally {
      await drill.stop();
    }
  });
}

const SPILL_DISK_BYTES = 1 << 20;

/** NATS away for longer than the spill's disk lasts, which is smaller than `buffer.disk` says: dropped is what is stated. */
export function spillDiskFull({ troubleMs }: TroubleOptions): Promise<DrillResult> {
  return onDisk(SPILL_DISK_BYTES, async (disk) => {
    const nats = await startNats();
    const drill = await DeliveryDrill.start({
      redundancy: 1,
      broker: single(nats),
      venue: ['--rate', '1000'],
      buffer: { memory: '1Mi', disk: '64Mi' },
      spillRoot: disk.path,
    });
    try {
      await drill.flows();
      await nats.kill('SIGKILL');
      await says(drill, /SpillFailed: .*ENOSPC/);
      await until('the queue to drop', () => drill.watch.mostDropped > 0);
      await delay(troubleMs);
      await nats.start();
      await drill.flows();
      await until('the disk to be found well', async () => {
        const problems = (await drill.pods[0]?.stats())?.problems;
        return problems?.every(({ reason }) => reason !== 'SpillFailed') === true;
      });
      const { figures, failures, judged } = await drill.judge(false);
      const lost = judged.bookJumps.length + judged.missingTrades.length;
      return {
        figures,
        failures: [
          ...failures,
          ...(lost === 0 ? ['nothing was lost, so nothing is proven of what is'] : []),
          ...(/overflow/.test(figures['gap records'] ?? '') ? [] : ['no gap record says overflow']),
        ],
      };
    } finally {
      await drill.stop();
    }
  });
}
