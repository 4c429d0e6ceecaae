// The collector as a whole on one core, venue and server on the other: how many records a second it stores, at what cost, at
// growing rates, and whether it holds them: what arrives is stored and nothing queues up.
import { setTimeout as delay } from 'node:timers/promises';
import { statusOf } from '../test/integration/collect/rig.ts';
import { printRows } from './rig/figures.ts';
import { usageOf, Whole } from './rig/whole.ts';

/** Events a second and symbol; about a quarter are trades, book changes go out each 100 ms. */
const RATES = (process.env['RATES'] ?? '50,400,1200,2500').split(',').map(Number);
const SYMBOLS = Number(process.env['SYMBOLS'] ?? 10);
const MEASURED_MS = 10_000;

async function measure(rate: number): Promise<object> {
  const symbols = Array.from({ length: SYMBOLS }, (_, index) => `S${index}-USDT`);
  const whole = await Whole.start({ symbols, rate });
  try {
    const collector = await whole.collect();
    await whole.inSync(collector);
    // The engine compiles what is hot.
    await delay(MEASURED_MS / 2);
    const framesOf = async (): Promise<number> => {
      const { venue } = (await statusOf(collector.port)).data.collection_stats as unknown as {
        readonly venue: { readonly counters: Readonly<Record<string, number>> };
      };
      return venue.counters['frames'] ?? 0;
    };
    const [before, stored, frames] = [await usageOf(collector), await whole.stored(), await framesOf()];
    await delay(MEASURED_MS);
    const [after, storedAfter, framesAfter] = [
      await usageOf(collector),
      await whole.stored(),
      await framesOf(),
    ];
    const { queued } = (await statusOf(collector.port)).data.collection_stats.publish;
    await whole.end(collector);
    const seconds = (after.atMs - before.atMs) / 1_000;
    const cpuMs = after.cpuMs - before.cpuMs;
    return {
      'frames a second': Math.round((framesAfter - frames) / seconds),
      'records stored a second': Math.round((storedAfter - stored) / seconds),
      '% of a core': Number((cpuMs / seconds / 10).toFixed(1)),
      'µs a frame': Number(((1_000 * cpuMs) / (framesAfter - frames)).toFixed(1)),
      'µs a record': Number(((1_000 * cpuMs) / (storedAfter - stored)).toFixed(1)),
      'queued at the end': queued,
      'GC p99 ms, below': after.gcLongestMs,
      'resident MB': Number((after.rssBytes / 1e6).toFixed(1)),
    };
  } finally {
    await whole.stop();
  }
}

const rows: object[] = [];
for (const rate of RATES) rows.push(await measure(rate));
printRows(`${SYMBOLS} symbols, ${MEASURED_MS / 1_000} s each, the collector on a core of its own`, rows);
process.exit(0);
