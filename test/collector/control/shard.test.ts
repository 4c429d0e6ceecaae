import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { Shard } from '../../../collector/control/shard.ts';
import { createLogger } from '../../../runtime/log.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { assignment, fakeParts, type FakeParts } from './fakes.ts';

const AWAIT_ROLL_MS = 300_000;

describe('the shard follows its assignment', () => {
  let clock: ManualClock;
  let parts: FakeParts;
  let shard: Shard;

  function newShard(awaitRollMs: number): Shard {
    return new Shard({
      parts,
      clock,
      log: createLogger('test', 'silent'),
      random: () => 0.5,
      writer: 'pod-1.k3',
      awaitRollMs,
    });
  }
  beforeEach(() => {
    clock = new ManualClock();
    parts = fakeParts();
    shard = newShard(AWAIT_ROLL_MS);
  });
  async function offer(...given: Parameters<typeof assignment>): Promise<string> {
    const answer = shard.offer(assignment(...given), 'push');
    await shard.settled();
    return answer;
  }

  it('starts delivery before the session, which writes into it', async () => {
    assert.equal(await offer(), 'accepted');
    assert.deepEqual(parts.calls, [
      'start delivery pod-1.k3',
      'start session BTC-USDT,ETH-USDT orderbook+trade',
    ]);
  });

  it('takes the higher epoch only, whatever way it came', async () => {
    await offer({ epoch: 5 });
    assert.equal(await offer({ epoch: 5, symbols: ['A'] }), 'older');
    assert.equal(shard.offer(assignment({ epoch: 4, symbols: ['A'] }), 'file'), 'older');
    assert.equal(shard.assignment?.epoch, 5);
    assert.equal(await offer({ epoch: 6, symbols: ['BTC-USDT', 'ETH-USDT'] }), 'accepted');
    assert.equal(parts.calls.length, 2, 'equal symbols change nothing');
  });

  it('changes symbols in the running session without a restart', async () => {
    await offer();
    await offer({ epoch: 2, symbols: ['BTC-USDT', 'SOL-USDT'] });
    assert.deepEqual(parts.calls.slice(2), ['setSymbols BTC-USDT,SOL-USDT']);
  });

  it('takes another share of the venue’s limits in the running session', async () => {
    await offer();
    const smaller = { ...assignment({ epoch: 2 }), budget: { weightPerMinute: 600, connections: 2 } };
    shard.offer(smaller, 'push');
    await shard.settled();
    assert.deepEqual(parts.calls.slice(2), ['setBudget 600/2']);
  });

  it('ignores a change of the number of shards and of limits that the operator mends', async () => {
    await offer();
    await offer({ epoch: 2, shards: 3 }, { jetstream: { maxAge: '9d' }, sharding: { collectors: 2 } });
    assert.equal(parts.calls.length, 2);
    assert.equal(parts.deliveries[0]?.hooks.shards(), 3);
  });

  it('stops collecting without symbols, keeps delivery for the counts, and starts again', async () => {
    await offer();
    await offer({ epoch: 2, symbols: [] });
    assert.deepEqual(parts.calls.slice(2), ['stop session']);
    assert.equal(shard.session, undefined);
    await offer({ epoch: 3 });
    assert.deepEqual(parts.calls.slice(3), ['start session BTC-USDT,ETH-USDT orderbook+trade']);
  });

  it('waits for the roll when settings change that are read at the start, then restarts in place', async () => {
    await offer();
    await offer({ epoch: 2, symbols: ['SOL-USDT'] }, { streams: ['trade'] });
    assert.deepEqual(parts.calls.slice(2), ['setSymbols SOL-USDT']);
    await clock.advance(AWAIT_ROLL_MS - 1);
    assert.equal(parts.calls.length, 3);
    await clock.advance(1);
    assert.deepEqual(parts.calls.slice(3), ['stop session', 'start session SOL-USDT trade']);
  });

  it('starts a session during that wait with the settings it had', async () => {
    await offer();
    await offer({ epoch: 2, symbols: [] }, { streams: ['trade'] });
    await offer({ epoch: 3 }, { streams: ['trade'] });
    assert.deepEqual(parts.calls.slice(3), ['start session BTC-USDT,ETH-USDT orderbook+trade']);
  });

  it('forgets the restart when the settings come back', async () => {
    await offer();
    await offer({ epoch: 2 }, { streams: ['trade'] });
    await offer({ epoch: 3 });
    await clock.advance(2 * AWAIT_ROLL_MS);
    assert.equal(parts.calls.length, 2);
  });

  it('restarts nothing once it is terminating, the successor brings the settings', async () => {
    await offer();
    shard.terminate();
    await offer({ epoch: 2, symbols: ['SOL-USDT'] }, { streams: ['trade'] });
    await clock.advance(2 * AWAIT_ROLL_MS);
    assert.deepEqual(parts.calls.slice(2), ['setSymbols SOL-USDT']);
  });

  it('restarts delivery as a writer of a new name, after the old one is empty and closed', async () => {
    shard = newShard(0);
    await offer();
    await offer({ epoch: 2 }, { nats: { servers: ['nats://other:4222'] } });
    assert.deepEqual(parts.calls.slice(2), [
      'stop session',
      'idle',
      'close delivery',
      'start delivery pod-1.k3-2',
      'start session BTC-USDT,ETH-USDT orderbook+trade',
    ]);
    assert.equal(shard.writer, 'pod-1.k3-2');
  });

  it('refuses another feed by push and follows it from the mounted file', async () => {
    await offer();
    const other = { feed: { namespace: 'market-data', name: 'majors', uid: 'uid-2' }, epoch: 9 };
    assert.equal(await offer(other), 'foreign');
    assert.equal(shard.assignment?.feed.uid, 'uid-1');
    assert.equal(shard.offer(assignment({ ...other, epoch: 1 }), 'file'), 'accepted');
    await shard.settled();
    assert.deepEqual(parts.calls.slice(2, 6), [
      'stop session',
      'idle',
      'close delivery',
      'start delivery pod-1.k3-2',
    ]);
  });

  it('names a failed start as a problem and tries again with backoff', async () => {
    parts.failures.push(new Error('no space'), new Error('no space'));
    await offer();
    assert.match(shard.problems[0]?.message ?? '', /no space/);
    assert.deepEqual(parts.calls, []);
    await clock.advance(60_000);
    assert.deepEqual(parts.calls, [
      'start delivery pod-1.k3-3',
      'start session BTC-USDT,ETH-USDT orderbook+trade',
    ]);
    assert.deepEqual(shard.problems, []);
  });

  it('passes pressure and wishes of delivery to the session, also to one that starts later', async () => {
    await offer();
    const hooks = parts.deliveries[0]?.hooks;
    hooks?.onPressure(true);
    hooks?.onSnapshotWanted('s');
    hooks?.onResync('s', 'overflow');
    void hooks?.onTradesWanted({ subject: 't', fromId: 4, toId: 9, held: new Set() });
    const wishes = ['pause', 'snapshotWanted s', 'resync s overflow', 'tradesWanted t 4-9'];
    assert.deepEqual(parts.calls.slice(2), wishes);
    await offer({ epoch: 2, symbols: [] });
    await offer({ epoch: 3 });
    assert.equal(parts.calls.at(-1), 'pause');
    hooks?.onPressure(false);
    assert.equal(parts.calls.at(-1), 'resume');
  });

  it('applies the newest of several assignments that came while one was being applied', async () => {
    for (const epoch of [1, 2, 3]) shard.offer(assignment({ epoch, symbols: [`S${epoch}`] }), 'push');
    await shard.settled();
    assert.deepEqual(parts.calls, [
      'start delivery pod-1.k3',
      'start session S1 orderbook+trade',
      'setSymbols S3',
    ]);
  });

  it('stops and closes once, and starts nothing after that', async () => {
    await offer();
    await shard.stopSession();
    await offer({ epoch: 2, symbols: ['SOL-USDT'] });
    await shard.close();
    assert.deepEqual(parts.calls.slice(2), ['stop session', 'close delivery']);
  });
});
