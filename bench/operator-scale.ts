// The operator with many feeds, on a control plane of its own: nodes and pods are played by kwok, collectors by a process that
// reports as they do. Needs the local cluster's tools, not the cluster. FEEDS=1000 COLLECTORS=5 SYMBOLS=100: about ten minutes.
import { setTimeout as delay } from 'node:timers/promises';
import { printRows } from './rig/figures.ts';
import { broken, figure, percentile, scaleLimits, type Figure } from './scale/figures.ts';
import type { Done } from './scale/operator.ts';
import { Scale } from './scale/rig.ts';

const setting = (name: string, value: number): number => Number(process.env[name] ?? value);
const FEEDS = setting('FEEDS', 1_000);
const COLLECTORS = setting('COLLECTORS', 5);
const SYMBOLS = setting('SYMBOLS', 100);
const PER_SECOND = setting('PER_SECOND', 20);
/** Feeds a second that get more collectors: each of these makes as many Deployments. */
const GROW_PER_SECOND = setting('GROW_PER_SECOND', 4);
const REST_MS = setting('REST_S', 30) * 1_000;
/** Until what a change still causes is over: ledgers of shards that are no more, counts that wait for their turn. */
const QUIET_MS = 20_000;
const EDITS = Math.min(FEEDS, 200);
const SETTLE_MS = 900_000;
const MIB = 1_048_576;

const startedMs = performance.now();
const say = (text: string): void => {
  process.stderr.write(`${((performance.now() - startedMs) / 1_000).toFixed(0)} s  ${text}\n`);
};
const figures: Figure[] = [];
const note = (name: string, value: number, unit: string, digits = 0): void => {
  figures.push(figure(name, value, unit, digits));
  say(`${name}: ${value.toFixed(digits)} ${unit}`);
};
const times = (name: string, values: readonly number[]): void => {
  note(`${name}, p50`, percentile(values, 0.5), 'ms');
  note(`${name}, p99`, percentile(values, 0.99), 'ms');
};

async function created({ feeds, operator }: Scale): Promise<void> {
  const before = await operator.done();
  await feeds.create(0, FEEDS, PER_SECOND);
  await feeds.until('every feed to be Ready', () => feeds.ready === FEEDS, SETTLE_MS);
  const after = await operator.done();
  const { deploymentMs, readyMs } = feeds.lifeTimes();
  times('create to Deployment', deploymentMs);
  times('create to Ready', readyMs);
  const statusWrites = after.statusWrites - before.statusWrites;
  note('applies a feed, created to Ready', (after.patches - before.patches - statusWrites) / FEEDS, '', 2);
  note('status writes a feed, created to Ready', statusWrites / FEEDS, '', 2);
}

async function edited(
  { feeds, operator }: Scale,
  what: string,
  count: number,
  perSecond: number,
): Promise<void> {
  const before = await operator.done();
  await feeds.edit(0, count, perSecond);
  await feeds.until('every edit to be acknowledged', () => feeds.unseenEdits === 0, SETTLE_MS);
  const after = await operator.done();
  const { observedMs, acknowledgedMs } = feeds.editTimes();
  times(`${what} to observed`, observedMs);
  times(`${what} to acknowledged by collectors`, acknowledgedMs);
  note(`${what}: requests a feed`, (after.requests - before.requests) / count, '', 2);
  note(`${what}: CPU`, cpuShare(before, after), '% of a core');
}

const cpuShare = (before: Done, after: Done): number =>
  (100_000 * (after.cpuSeconds - before.cpuSeconds)) / (after.atMs - before.atMs);

async function atRest({ operator }: Scale, what: string): Promise<void> {
  const before = await operator.done();
  await delay(REST_MS);
  const after = await operator.done();
  const seconds = (after.atMs - before.atMs) / 1_000;
  note(`${what}: requests a second`, (after.requests - before.requests) / seconds, '', 2);
  note(`${what}: status writes a second`, (after.statusWrites - before.statusWrites) / seconds, '', 2);
  note(`${what}: CPU`, cpuShare(before, after), '% of a core');
  note(`${what}: memory`, after.rssBytes / MIB, 'MiB');
}

/** From the start of the process to a user's change, made meanwhile, observed. */
async function restarted({ feeds, operator }: Scale): Promise<void> {
  await operator.end();
  const beganMs = performance.now();
  await operator.start();
  await feeds.edit(0, 1, 1);
  await feeds.until('the change to be observed', () => feeds.unseenEdits === 0, SETTLE_MS);
  const [fromEdit = Number.NaN] = feeds.editTimes().observedMs;
  const editMs = feeds.lastEditMs;
  note('restart to the first change observed', editMs + fromEdit - beganMs, 'ms');
  await operator.ready();
}

const scale = await Scale.start(FEEDS * COLLECTORS, { symbols: SYMBOLS });
try {
  const { feeds } = scale;
  say('a control plane, the operator and the played collectors are up');
  await created(scale);
  await edited(scale, 'edit', EDITS, 5);
  await feeds.grow(COLLECTORS, FEEDS, GROW_PER_SECOND);
  await feeds.until(
    `${FEEDS * COLLECTORS} Deployments, every feed Ready`,
    () => feeds.deployments === FEEDS * COLLECTORS && feeds.ready === FEEDS,
    SETTLE_MS,
  );
  say(`${feeds.deployments} collectors`);
  await delay(QUIET_MS);
  await atRest(scale, 'at rest');
  await edited(scale, 'change of all feeds', FEEDS, PER_SECOND);
  await scale.flow(true);
  await delay(QUIET_MS);
  await atRest(scale, 'all counts moving');
  await scale.flow(false);
  await delay(QUIET_MS);
  await restarted(scale);
} finally {
  await scale.stop();
}
printRows(`${FEEDS} feeds, ${FEEDS * COLLECTORS} collectors, ${FEEDS * SYMBOLS} symbols`, figures);
const failures = broken(figures, scaleLimits());
for (const failure of failures) process.stderr.write(`${failure}\n`);
process.exit(failures.length === 0 ? 0 : 1);
