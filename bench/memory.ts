// What a collector holds and uses: a handful of symbols, then many books of 1,000 levels a side. BOOKS=500, which wait for the
// venue's budget of weight for some minutes.
import { setTimeout as delay } from 'node:timers/promises';
import { printRows } from './rig/figures.ts';
import { usageOf, Whole } from './rig/whole.ts';

const BOOKS = Number(process.env['BOOKS'] ?? 500);
const MEASURED_MS = 30_000;

async function measure(books: number, rate: number): Promise<object> {
  const symbols = Array.from({ length: books }, (_, index) => `S${index}-USDT`);
  const whole = await Whole.start({ symbols, rate });
  try {
    const collector = await whole.collect();
    const beganMs = performance.now();
    await whole.inSync(collector);
    const syncSeconds = (performance.now() - beganMs) / 1_000;
    const [before, storedBefore] = [await usageOf(collector), await whole.stored()];
    await delay(MEASURED_MS);
    const [after, stored] = [await usageOf(collector), await whole.stored()];
    await whole.end(collector);
    const records = stored - storedBefore;
    return {
      books,
      'in sync after s': Math.round(syncSeconds),
      'records a second': Math.round((records / (after.atMs - before.atMs)) * 1_000),
      'resident MB': Number((after.rssBytes / 1e6).toFixed(1)),
      '% of a core': Number(((100 * (after.cpuMs - before.cpuMs)) / (after.atMs - before.atMs)).toFixed(1)),
    };
  } finally {
    await whole.stop();
  }
}

const rows = [await measure(4, 20), await measure(BOOKS, 2)];
printRows('resident memory and processor time of the collector process', rows);
process.exit(0);
