import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { runCollector, type CollectorOptions } from '../../../collector/main.ts';
import type { CollectorState } from '../../../collector/report.ts';
import { ASSIGNMENT_KEY, type Assignment } from '../../../contract/assignment.ts';
import { parseReport } from '../../../contract/control-messages.ts';
import { assignSubject, handoverSubject } from '../../../contract/control.ts';
import { createLogger } from '../../../runtime/log.ts';
import { watchShutdown } from '../../../runtime/shutdown.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { assignment, DELIVERY_STATUS, FakeBus, fakeParts, type FakeParts } from '../control/fakes.ts';

describe('a collector process', () => {
  let clock: ManualClock;
  let bus: FakeBus;
  let parts: FakeParts;
  let given: Assignment[];
  let signals: EventEmitter;
  let folder: string;
  let state: (() => CollectorState) | undefined;
  let giveUp: (message: string) => void;
  let code: number | undefined;

  beforeEach(async () => {
    clock = new ManualClock();
    bus = new FakeBus();
    given = [];
    const fakes = fakeParts();
    parts = {
      ...fakes,
      startDelivery: (of, writer, hooks) => {
        given.push(of);
        return fakes.startDelivery(of, writer, hooks);
      },
    };
    signals = new EventEmitter();
    state = undefined;
    code = undefined;
    folder = await mkdtemp(join(tmpdir(), 'collector-'));
  });
  afterEach(async () => {
    if (code === undefined) {
      signals.emit('SIGTERM');
      signals.emit('SIGINT');
      await until(() => code !== undefined);
    }
    await rm(folder, { recursive: true });
  });

  async function start(changes: Partial<CollectorOptions> = {}): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<string>();
    giveUp = resolve;
    await writeFile(join(folder, ASSIGNMENT_KEY), JSON.stringify(assignment()));
    void runCollector({
      identity: { pod: 'old', replica: 'a', startedMs: 1_000 },
      version: '0',
      source: { kind: 'mounted', path: folder },
      dataServers: [],
      parts: { ...parts, problems: () => [] },
      bus,
      port: 0,
      graceMs: 90_000,
      clock,
      log: createLogger('test', 'silent'),
      random: () => 0.5,
      load: () => 0,
      shutdown: watchShutdown(signals),
      gaveUp: promise,
      onStarted: (now) => {
        state = now;
      },
      ...changes,
    }).then((ended) => {
      code = ended;
    });
    await until(() => state?.().session !== undefined);
  }
  /** Lets files and promises go on; the clock stands still unless told. */
  async function until(holds: () => boolean, stepMs = 0): Promise<void> {
    for (let turns = 0; !holds(); turns += 1) {
      if (turns > 20_000) throw new Error('waited in vain');
      if (stepMs > 0) await clock.advance(stepMs);
      await turn();
    }
  }
  function successor(missing = 0): void {
    bus.subscribe(handoverSubject('uid-1', 0, 'a'), ({ respond }) =>
      respond(JSON.stringify({ pod: 'new', terminating: false, missing })),
    );
  }
  const lastReport = () => parseReport(bus.published.at(-1)?.payload ?? '');

  it('collects on after SIGTERM, then stops, empties the queue, closes the counts and says so last', async () => {
    await start();
    signals.emit('SIGTERM');
    await clock.advance(5_000);
    assert.deepEqual(parts.calls.slice(2), [], 'nothing stops without a successor');
    assert.equal(lastReport()?.terminating, true);
    successor();
    await until(() => code !== undefined, 100);
    assert.equal(code, 0);
    assert.deepEqual(parts.calls.slice(2), ['stop session', 'idle', 'close delivery']);
    assert.equal(lastReport()?.terminating, true);
    assert.equal(bus.flushes, 1);
  });

  for (const [what, publish] of [
    ['more is queued than a second of flow', { queued: 1_000 }],
    ['something is spilled', { spilledBytes: 1 }],
    ['NATS is away', { connected: false }],
  ] as const) {
    it(`does not end although its successor is in sync while ${what}`, async () => {
      await start();
      successor();
      const delivery = parts.deliveries[0];
      assert.ok(delivery !== undefined);
      delivery.state = { ...DELIVERY_STATUS, publish: { ...DELIVERY_STATUS.publish, ...publish } };
      signals.emit('SIGTERM');
      await clock.advance(20_000);
      assert.equal(parts.calls.includes('stop session'), false);
      delivery.state = DELIVERY_STATUS;
      await until(() => code !== undefined, 100);
    });
  }

  it('ends within its grace although the queue never empties', async () => {
    await start({ graceMs: 10_000 });
    const delivery = parts.deliveries[0];
    assert.ok(delivery !== undefined);
    delivery.idle = () => new Promise(() => {});
    const beganMs = clock.nowMs();
    signals.emit('SIGTERM');
    await until(() => code !== undefined, 50);
    assert.equal(code, 0);
    assert.ok(clock.nowMs() - beganMs < 10_000, String(clock.nowMs() - beganMs));
    assert.equal(parts.calls.at(-1), 'close delivery');
  });

  it('ends at once by the second signal, with its code', async () => {
    await start();
    signals.emit('SIGINT');
    signals.emit('SIGTERM');
    await until(() => code !== undefined);
    assert.equal(code, 143);
    assert.equal(parts.calls.at(-1), 'close delivery');
  });

  it('ends with an error when a connection is given up', async () => {
    await start();
    giveUp('attempts used up');
    await until(() => code !== undefined);
    assert.equal(code, 1);
  });

  it('restarts nothing for new settings once it is terminating', async () => {
    await start({ graceMs: 60_000 });
    const pushed = JSON.stringify(assignment({ epoch: 9 }, { streams: ['trade'] }));
    await bus.requestMany(assignSubject('uid-1', 0), pushed);
    await clock.advance(290_000);
    signals.emit('SIGTERM');
    await clock.advance(20_000);
    assert.deepEqual(parts.calls.slice(2), []);
  });

  it('lets NATS_URL beat the servers of file and push', async () => {
    await start({ dataServers: ['nats://mine:4222'] });
    assert.deepEqual(given[0]?.effective.nats.servers, ['nats://mine:4222']);
    await bus.requestMany(assignSubject('uid-1', 0), JSON.stringify(assignment({ epoch: 9 })));
    assert.deepEqual(state?.().assignment?.effective.nats.servers, ['nats://mine:4222']);
    assert.equal(state?.().assignment?.epoch, 9);
  });

  it('without an operator stops at the first signal and waits ten seconds for the queue', async () => {
    await start({ bus: null, source: { kind: 'fixed', assignment: assignment() } });
    const delivery = parts.deliveries[0];
    assert.ok(delivery !== undefined);
    delivery.idle = () => new Promise(() => {});
    signals.emit('SIGINT');
    await clock.advance(9_900);
    assert.deepEqual(parts.calls.slice(2), ['stop session']);
    await until(() => code !== undefined, 50);
    assert.equal(code, 0);
    assert.equal(parts.calls.at(-1), 'close delivery');
  });
});
