import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { ControlChannel } from '../../../collector/control/channel.ts';
import { Shard } from '../../../collector/control/shard.ts';
import type { SymbolStatus } from '../../../collector/ports.ts';
import { assignSubject, handoverSubject, settleSubject } from '../../../contract/control.ts';
import { createLogger } from '../../../runtime/log.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { assignment, FakeBus, fakeParts, SESSION_STATUS, type FakeParts } from './fakes.ts';

const ASSIGN = assignSubject('uid-1', 0);
const HANDOVER = handoverSubject('uid-1', 0, 'a');
const SETTLE = settleSubject('uid-1', 0);
const log = createLogger('test', 'silent');

const symbol = (instrument: string, state: SymbolStatus['state']): SymbolStatus => ({
  symbol: instrument,
  instrument,
  state,
  sinceMs: 0,
  reason: '',
});

describe('the control channel', () => {
  let bus: FakeBus;
  let parts: FakeParts;
  let shard: Shard;
  let channel: ControlChannel;
  let terminating: boolean;

  beforeEach(async () => {
    bus = new FakeBus();
    parts = fakeParts();
    terminating = false;
    shard = new Shard({
      parts,
      clock: new ManualClock(),
      log,
      random: Math.random,
      writer: 'new.1',
      awaitRollMs: 0,
    });
    shard.offer(assignment({ epoch: 5 }), 'file');
    await shard.settled();
    channel = new ControlChannel({
      bus,
      shard,
      offer: (pushed) => shard.offer(pushed, 'push'),
      pod: 'new',
      replica: 'a',
      isTerminating: () => terminating,
      log,
    });
    channel.follow(assignment());
  });
  async function ask(subject: string, payload: unknown): Promise<readonly unknown[]> {
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    return (await bus.requestMany(subject, text)).map((reply) => JSON.parse(reply) as unknown);
  }

  it('answers every push with the epoch then in force', async () => {
    const ack = (epoch: number) => [{ pod: 'new', epoch, terminating: false }];
    assert.deepEqual(await ask(ASSIGN, assignment({ epoch: 6 })), ack(6));
    assert.deepEqual(await ask(ASSIGN, assignment({ epoch: 4 })), ack(6));
    assert.deepEqual(await ask(ASSIGN, 'no JSON'), ack(6));
    assert.deepEqual(await ask(ASSIGN, assignment({ epoch: 9, shard: 1 })), ack(6));
    const { pushesAccepted, pushesOlder, pushesRefused } = channel.counters;
    assert.deepEqual([pushesAccepted, pushesOlder, pushesRefused], [1, 1, 2]);
  });

  it('says in the answer that the pod is terminating', async () => {
    terminating = true;
    assert.deepEqual(await ask(ASSIGN, assignment({ epoch: 6 })), [
      { pod: 'new', epoch: 6, terminating: true },
    ]);
  });

  it('tells a terminating pod how many of its instruments are not in sync here yet', async () => {
    const session = parts.sessions[0];
    assert.ok(session !== undefined);
    session.state = {
      ...SESSION_STATUS,
      symbols: [symbol('BTCUSDT', 'inSync'), symbol('ETHUSDT', 'resyncing')],
    };
    const inSync = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT'];
    assert.deepEqual(await ask(HANDOVER, { pod: 'old', inSync }), [
      { pod: 'new', terminating: false, missing: 2 },
    ]);
    assert.deepEqual(await ask(HANDOVER, { pod: 'new', inSync }), [], 'its own question is not for it');
    assert.deepEqual(await ask(HANDOVER, '{}'), []);
  });

  it('is no successor while it collects nothing', async () => {
    shard.offer(assignment({ epoch: 6, symbols: [] }), 'push');
    await shard.settled();
    assert.deepEqual(await ask(HANDOVER, { pod: 'old', inSync: [] }), [
      { pod: 'new', terminating: false, missing: 1 },
    ]);
  });

  it('settles a dead writer, refuses its own, and leaves it to others while terminating', async () => {
    assert.deepEqual(await ask(SETTLE, { writer: 'dead.1' }), [{ kind: 'settled', stored: 7 }]);
    assert.deepEqual(await ask(SETTLE, { writer: 'new.1' }), [{ kind: 'refused', reason: 'stillMine' }]);
    terminating = true;
    assert.deepEqual(await ask(SETTLE, { writer: 'dead.1' }), []);
  });

  it('listens for the shard that it follows only', async () => {
    channel.follow(assignment({ shard: 3 }));
    assert.deepEqual(await ask(ASSIGN, assignment({ epoch: 6 })), []);
    assert.equal((await ask(assignSubject('uid-1', 3), assignment({ epoch: 6 }))).length, 1);
    channel.close();
    assert.deepEqual(await ask(assignSubject('uid-1', 3), assignment({ epoch: 7 })), []);
  });
});
