import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  array,
  assert as assertProperty,
  asyncProperty,
  constant,
  constantFrom,
  integer,
  nat,
  oneof,
  record,
} from 'fast-check';
import { PRIORITIES, WorkQueue, type Outcome, type Priority } from '../../../operator/kube/queue.ts';
import { ManualClock } from '../../support/manual-clock.ts';

interface Bench {
  readonly clock: ManualClock;
  readonly queue: WorkQueue;
  readonly order: string[];
  readonly panics: unknown[];
  /** Ends the oldest run of the key. */
  readonly finish: (key: string, outcome?: Outcome) => Promise<void>;
  readonly running: () => readonly string[];
  rooms: number;
}

const DONE: Outcome = { kind: 'done' };

function bench(
  options: { readonly concurrency?: number; readonly capacity?: number; readonly random?: number } = {},
): Bench {
  const clock = new ManualClock();
  const order: string[] = [];
  const panics: unknown[] = [];
  const runs: { readonly key: string; readonly end: (outcome: Outcome) => void }[] = [];
  const made: Bench = {
    clock,
    order,
    panics,
    rooms: 0,
    running: () => runs.map(({ key }) => key),
    async finish(key, outcome = DONE) {
      const index = runs.findIndex((run) => run.key === key);
      runs.splice(index, 1)[0]?.end(outcome);
      await clock.advance(0);
    },
    queue: new WorkQueue({
      concurrency: options.concurrency ?? 1,
      capacity: options.capacity ?? 1_000,
      clock,
      random: () => options.random ?? 1,
      onRoom: () => (made.rooms += 1),
      onPanic: (_, error) => panics.push(error),
      work(key) {
        order.push(key);
        return new Promise((end) => runs.push({ key, end }));
      },
    }),
  };
  return made;
}

const never = new AbortController().signal;

describe('the work queue', () => {
  it('runs what the user changed before what changed below it, and that before a resync', async () => {
    const { queue, order, finish } = bench();
    queue.add('resync', 'resync');
    queue.add('child', 'child');
    queue.add('user', 'user');
    queue.start(never);
    for (const key of ['user', 'child', 'resync']) await finish(key);
    assert.deepEqual(order, ['user', 'child', 'resync']);
  });

  it('moves a waiting key up when something more urgent happens to it, and runs it once', async () => {
    const { queue, order, finish } = bench();
    queue.add('a', 'resync');
    queue.add('b', 'child');
    queue.add('a', 'user');
    queue.start(never);
    await finish('a');
    await finish('b');
    assert.deepEqual(order, ['a', 'b']);
    assert.equal(queue.size, 0);
  });

  it('runs a key again after a run during which it was added', async () => {
    const { queue, order, finish, running } = bench({ concurrency: 2 });
    queue.start(never);
    queue.add('a', 'user');
    queue.add('a', 'child');
    queue.add('a', 'child');
    assert.deepEqual(running(), ['a']);
    await finish('a');
    assert.deepEqual(running(), ['a']);
    await finish('a');
    assert.deepEqual(order, ['a', 'a']);
    assert.equal(queue.size, 0);
  });

  it('waits longer after each failure, up to five minutes, and starts afresh after a success', async () => {
    const { queue, clock, order, finish } = bench();
    queue.start(never);
    queue.add('a', 'user');
    const waits: number[] = [];
    for (let turn = 0; turn < 14; turn += 1) {
      const runs = order.length;
      await finish('a', { kind: 'retry', error: 'no' });
      let waitedMs = 0;
      for (; order.length === runs; waitedMs += 100) await clock.advance(100);
      waits.push(waitedMs);
    }
    assert.deepEqual(waits.slice(0, 5), [100, 200, 400, 800, 1_600]);
    assert.equal(waits.at(-1), 300_000);
    await finish('a');
    queue.add('a', 'child');
    await finish('a', { kind: 'retry', error: 'no' });
    await clock.advance(100);
    assert.equal(order.length, 17);
  });

  it('keeps a failing key waiting when its own writes make events, but not when the user changes it', async () => {
    const { queue, clock, order, finish } = bench();
    queue.start(never);
    queue.add('a', 'user');
    await finish('a', { kind: 'retry', error: 'no' });
    queue.add('a', 'child');
    queue.after('a', 10);
    await clock.advance(99);
    assert.equal(order.length, 1);
    queue.add('a', 'user');
    assert.equal(order.length, 2);
  });

  it('looks again at what was read too early, with growing delay', async () => {
    const { queue, clock, order, finish } = bench();
    queue.start(never);
    queue.add('a', 'user');
    await finish('a', { kind: 'stale', reason: 'the cache is behind' });
    await clock.advance(100);
    assert.equal(order.length, 2);
    await finish('a', { kind: 'stale', reason: 'the cache is behind' });
    await clock.advance(199);
    assert.equal(order.length, 2);
    await clock.advance(1);
    assert.equal(order.length, 3);
  });

  it('looks again every 5 s at what somebody else takes long to end', async () => {
    const { queue, clock, finish, order } = bench();
    queue.start(new AbortController().signal);
    queue.add('a', 'child');
    for (let tries = 1; tries <= 12; tries += 1) {
      await finish('a', { kind: 'stale', reason: 'the deletion is under way' });
      await clock.advance(5_000);
      assert.equal(order.length, tries + 1);
    }
  });

  it('comes back from an outage of the API server within 30 s, however long that was', async () => {
    const { queue, clock, order, finish } = bench();
    queue.start(never);
    queue.add('a', 'user');
    for (let turn = 0; turn < 20; turn += 1) {
      await finish('a', { kind: 'retry', error: 'away', shared: true });
      await clock.advance(30_000);
      assert.equal(order.length, turn + 2);
    }
  });

  it('does not try again what was refused on its merits until the key is added', async () => {
    const { queue, clock, order, finish } = bench();
    queue.start(never);
    queue.add('a', 'user');
    await finish('a', { kind: 'invalid', reason: 'quota' });
    await clock.advance(86_400_000);
    assert.equal(order.length, 1);
    queue.add('a', 'user');
    assert.equal(order.length, 2);
  });

  it('keeps the earliest of several appointments', async () => {
    const { queue, clock, order } = bench();
    queue.start(never);
    queue.after('a', 5_000);
    queue.after('a', 1_000);
    queue.after('a', 9_000);
    await clock.advance(1_000);
    assert.equal(order.length, 1);
  });

  it('refuses keys above its capacity, counts them, and asks for what is missing once there is room', async () => {
    const bunch = bench({ capacity: 2 });
    const { queue, finish } = bunch;
    assert.equal(queue.add('a', 'user'), true);
    assert.equal(queue.add('b', 'user'), true);
    assert.equal(queue.add('c', 'user'), false);
    assert.equal(queue.counts.refused, 1);
    queue.start(never);
    await finish('a');
    assert.equal(bunch.rooms, 1);
    await finish('b');
    assert.equal(bunch.rooms, 1);
  });

  it('starts nothing while paused and keeps what was added', async () => {
    const { queue, order, finish } = bench();
    queue.start(never);
    queue.add('a', 'user');
    queue.pause();
    queue.add('b', 'user');
    const drained = queue.drained();
    await finish('a');
    await drained;
    assert.deepEqual(order, ['a']);
    queue.start(never);
    assert.deepEqual(order, ['a', 'b']);
  });

  it('reports a throw as a bug and tries the key again', async () => {
    const clock = new ManualClock();
    const panics: unknown[] = [];
    let runs = 0;
    const queue = new WorkQueue({
      concurrency: 1,
      capacity: 10,
      clock,
      random: () => 1,
      onRoom: () => undefined,
      onPanic: (_, error) => panics.push(error),
      async work() {
        runs += 1;
        if (runs === 1) throw new Error('bug');
        return DONE;
      },
    });
    queue.start(never);
    queue.add('a', 'user');
    await clock.advance(100);
    assert.equal(runs, 2);
    assert.equal(panics.length, 1);
    assert.equal(queue.size, 0);
  });

  it('loses no key, never runs one twice at a time, and forgets all of them in the end', async () => {
    const command = oneof(
      record({
        do: constant('add' as const),
        key: integer({ min: 0, max: 4 }),
        priority: constantFrom(...PRIORITIES),
      }),
      record({
        do: constant('after' as const),
        key: integer({ min: 0, max: 4 }),
        ms: integer({ min: 0, max: 500 }),
      }),
      record({
        do: constant('finish' as const),
        pick: nat(10),
        outcome: constantFrom<Outcome>(
          DONE,
          { kind: 'retry', error: 'x' },
          { kind: 'again', afterMs: 50 },
          { kind: 'invalid', reason: 'x' },
        ),
      }),
      record({ do: constant('advance' as const), ms: integer({ min: 0, max: 300 }) }),
    );
    await assertProperty(
      asyncProperty(array(command, { maxLength: 60 }), async (commands) => {
        const { queue, clock, finish, running, order } = bench({ concurrency: 3 });
        queue.start(never);
        /** Runs that a key still owes: it was added after its last run began. */
        const owed = new Map<string, number>();
        for (const step of commands) {
          if (step.do === 'add') {
            const key = String(step.key);
            const before = order.length;
            queue.add(key, step.priority satisfies Priority);
            if (!order.slice(before).includes(key)) owed.set(key, order.filter((ran) => ran === key).length);
          } else if (step.do === 'after') queue.after(String(step.key), step.ms);
          else if (step.do === 'advance') await clock.advance(step.ms);
          else {
            const key = running()[step.pick % Math.max(1, running().length)];
            if (key !== undefined) await finish(key, step.outcome);
          }
          assert.equal(new Set(running()).size, running().length, 'a key runs twice at a time');
        }
        for (let turn = 0; turn < 200 && queue.size > 0; turn += 1) {
          for (const key of running()) await finish(key);
          await clock.advance(1_000);
        }
        for (const [key, ran] of owed)
          assert.ok(order.filter((run) => run === key).length > ran, `${key} was added and never run`);
        assert.equal(queue.size, 0);
        assert.equal(queue.depth, 0);
        assert.equal(queue.active, 0);
      }),
      { numRuns: 200 },
    );
  });
});
