// From the start of the process to the first record that JetStream has acknowledged; beside it the start of Node alone, and of the
// command line without a collector, in turn in every round.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { printRows, spreadOf } from './rig/figures.ts';
import { Whole } from './rig/whole.ts';

const run = promisify(execFile);
const ROUNDS = Number(process.env['ROUNDS'] ?? 7);

async function tookMs(work: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await work();
  return performance.now() - beganMs;
}

const whole = await Whole.start({ symbols: ['BTC-USDT', 'ETH-USDT'], rate: 200 });
const watcher = await whole.nats.connect();
const bare: number[] = [];
const command: number[] = [];
const first: number[] = [];
const synced: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  bare.push(await tookMs(() => run(process.execPath, ['-e', '0'])));
  command.push(await tookMs(() => run(process.execPath, ['cli/main.ts', '--version'])));
  const before = round === 0 ? 0 : await whole.stored();
  const beganMs = performance.now();
  // What is seen on its subject is on its way to the stream, which is asked whether it is there.
  const seen = watcher.subscribe('*.binance.>', { max: 1 });
  const running = whole.collect();
  for await (const _ of seen);
  while ((await whole.stored().catch(() => 0)) <= before);
  first.push(performance.now() - beganMs);
  const collector = await running;
  await whole.inSync(collector);
  synced.push(performance.now() - beganMs);
  await whole.end(collector);
}
await whole.stop();
const row = (name: string, values: readonly number[]): object => {
  const { median, low, high } = spreadOf(values, 0);
  const ratio = spreadOf(values.map((value, index) => value / (bare[index] ?? value)));
  return { name, ms: median, low, high, ratio: ratio.median };
};
printRows(`${ROUNDS} starts; ratio to the start of Node alone in the same round`, [
  row('node -e 0', bare),
  row('marketprism --version', command),
  row('first record acknowledged', first),
  row('two books in sync', synced),
]);
process.exit(0);
