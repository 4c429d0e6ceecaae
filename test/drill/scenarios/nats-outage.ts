import { setTimeout as delay } from 'node:timers/promises';
import { startNats, type NatsServer } from '../../support/nats.ts';
import { DeliveryDrill } from '../rig/delivery-drill.ts';
import { until, type DrillResult } from '../rig/result.ts';
import { single } from '../rig/brokers.ts';

/** A drain may be over before the server is killed again. */
const MOST_ROUNDS = 3;
const DISK_BYTES = 256 << 20;

export interface OutageOptions {
  readonly redundancy: 1 | 2;
  /** In real time; the stream's duplicate window is `windowMs`. */
  readonly outageMs: number;
  readonly windowMs: number;
}

/** Killed for longer than the duplicate window under load, again while what had waited is drained, and shortly after. */
export async function natsOutage({ redundancy, outageMs, windowMs }: OutageOptions): Promise<DrillResult> {
  const nats = await startNats();
  const drill = await DeliveryDrill.start({
    redundancy,
    broker: single(nats),
    venue: ['--rate', '3000'],
    jetstream: { duplicateWindow: `${windowMs / 1_000}s` },
    // Memory for what a disk that others keep busy takes late.
    buffer: { memory: '32Mi', disk: `${DISK_BYTES >> 20}Mi` },
  });
  try {
    await drill.flows();
    let rounds = 1;
    let met = false;
    const away = async (): Promise<void> => {
      await nats.kill('SIGKILL');
      // Real time on purpose: it is the server's window that has to pass.
      await delay(outageMs);
      await until('records to wait on disk', () => drill.watch.mostSpilled > 0);
      await nats.start();
    };
    await away();
    while (!met && rounds <= MOST_ROUNDS) {
      met = await interrupted(drill, nats);
      rounds += 1;
      await away();
    }
    const result = await drill.judge(true);
    const failures = [...result.failures];
    if (drill.watch.mostSpilled > DISK_BYTES) failures.push('the spill outgrew its bound');
    // How fast a drain is says the machine, not the collector: a figure, no failure.
    return {
      figures: { ...result.figures, outages: String(rounds), 'drain interrupted': met ? 'yes' : 'no' },
      failures,
    };
  } finally {
    await drill.stop();
  }
}

/** Kills the server as soon as records come off the disk; true: some were left there. */
async function interrupted(drill: DeliveryDrill, nats: NatsServer): Promise<boolean> {
  const stored = await drill.stored();
  while ((await drill.stored()) <= stored) await delay(1);
  await nats.kill('SIGKILL');
  const stats = await Promise.all(drill.pods.map((pod) => pod.stats()));
  return stats.some((one) => (one?.publish.spilledBytes ?? 0) > 0);
}
