import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { assignSubject, reportSubject, settleSubject } from '../../../contract/control.ts';
import { STATE_BUCKET } from '../../../contract/effective.ts';
import { ledgerKey } from '../../../contract/ledger.ts';
import { AssignmentPusher } from '../../../operator/assignments.ts';
import { natsRequests } from '../../../operator/control-requests.ts';
import { bucketReader, LedgerBook } from '../../../operator/ledgers.ts';
import { ControlNats } from '../../../operator/nats.ts';
import { followReports, ReportBook } from '../../../operator/reports.ts';
import { WriterSettler } from '../../../operator/settle.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { freePort, startNats, type NatsServer } from '../../support/nats.ts';
import { entryOf, ledgerOf, reportOf } from '../../operator/plan/observed.ts';
import { log, until } from './fixtures.ts';

const clock = systemClock();
const UID = reportOf().feedUid;
const controlOf = (url: string, credentialsDir: string | null = null): ControlNats =>
  new ControlNats({
    control: { servers: [url], credentialsSecret: null, credentialsDir },
    name: 'operator-test',
    clock,
    random: () => 0,
    log,
  });

let server: NatsServer;
let nats: NatsConnection;
before(async () => {
  server = await startNats();
  nats = await server.connect();
});
after(() => server.stop());

/** A pod of the shard that acknowledges what it is told. */
function pod(connection: NatsConnection, name: string, terminating = false) {
  const subscription = connection.subscribe(assignSubject(UID, 0), {
    callback: (_error, message) => {
      const { epoch } = JSON.parse(message.string()) as { epoch: number };
      message.respond(JSON.stringify({ pod: name, epoch, terminating }));
    },
  });
  return { leave: () => subscription.unsubscribe() };
}

const push = (epoch: number, pods: readonly string[]) => ({
  feedUid: UID,
  shard: 0,
  epoch,
  payload: JSON.stringify({ epoch }),
  pods,
});

test('a push reaches both pods of a handover; the lowest epoch of those that stay is acknowledged', async () => {
  const pods = [pod(nats, 'a'), pod(nats, 'b'), pod(nats, 'leaving', true)];
  await nats.flush();
  const changed: string[] = [];
  const pusher = new AssignmentPusher({
    requests: natsRequests(() => nats),
    clock,
    onChange: (uid) => changed.push(uid),
  });
  pusher.ensure(push(7, ['a', 'b', 'leaving']));
  await until('all acknowledged', () => (pusher.acknowledged(UID)[0] === 7 ? true : undefined));
  await until('it is told', () => (changed.length > 0 ? true : undefined));
  assert.deepEqual(pusher.acknowledged(UID), { 0: 7 });
  const { pushes } = pusher.counters;
  pusher.ensure(push(7, ['a', 'b', 'leaving']));
  assert.equal(pusher.counters.pushes, pushes, 'who acknowledged is not told again');
  pusher.ensure(push(9, ['a', 'b', 'leaving']));
  await until('the next epoch', () => (pusher.acknowledged(UID)[0] === 9 ? true : undefined));
  pusher.ensure(push(8, ['a']));
  assert.deepEqual(pusher.acknowledged(UID), { 0: 9 }, 'an older one from a cache that is behind is ignored');
  assert.equal(pusher.forget(UID)[0]?.epoch, 9);
  for (const { leave } of pods) leave();
  pusher.stop();
});

test('a pod that was not there yet is told again until it acknowledges', async () => {
  const pusher = new AssignmentPusher({
    requests: natsRequests(() => nats),
    clock,
    onChange: () => undefined,
  });
  pusher.ensure(push(3, ['late']));
  await until('a push without an answer', () => (pusher.counters.unanswered > 0 ? true : undefined));
  const late = pod(nats, 'late');
  await until('it acknowledged', () => (pusher.acknowledged(UID)[0] === 3 ? true : undefined));
  late.leave();
  assert.deepEqual(
    pusher.forget(UID).map(({ epoch }) => epoch),
    [3],
  );
  assert.deepEqual(pusher.acknowledged(UID), {});
  pusher.stop();
});

test('without a connection a push costs nothing and is repeated', async () => {
  const pusher = new AssignmentPusher({
    requests: natsRequests(() => undefined),
    clock,
    onChange: () => undefined,
  });
  pusher.ensure(push(3, ['a']));
  await until('two attempts', () => (pusher.counters.unanswered > 1 ? true : undefined));
  pusher.stop();
});

test('reports reach the book, also after the server was killed and came back', async () => {
  const own = await startNats();
  const control = controlOf(own.url);
  const book = new ReportBook({ clock, onChange: () => undefined });
  try {
    control.onConnection((made) => followReports(made, book, () => undefined));
    control.start();
    await until('connected', () => control.connection);
    const collector = await own.connect();
    const send = (perSecond: number): void =>
      collector.publish(reportSubject(UID, 0), JSON.stringify({ ...reportOf(), perSecond }));
    const heard = (perSecond: number): Promise<true> =>
      until(`report ${perSecond}`, () => {
        if (book.of(UID)[0]?.perSecond === perSecond) return true;
        send(perSecond);
        return undefined;
      });
    await heard(1);
    await own.kill();
    await until('the loss is seen', () => (control.state.kind === 'unreachable' ? true : undefined));
    assert.equal(control.connection, undefined);
    await own.start();
    await until('connected again', () => control.connection);
    await heard(2);
    assert.equal(book.counters.malformed, 0);
  } finally {
    await control.stop();
    await own.stop();
  }
});

test('a server that appears after the operator is found', async () => {
  const port = await freePort();
  const late = await startNats({ port, started: false });
  const control = controlOf(late.url);
  try {
    control.start();
    await until('a refused attempt', () =>
      control.state.kind === 'unreachable' && control.state.message.includes(late.url) ? true : undefined,
    );
    await late.start();
    await until('connected', () => control.connection);
  } finally {
    await control.stop();
    await late.stop();
  }
});

test('a credential is read from its directory, and a rotated one is used without a restart', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'marketprism-credential-'));
  const guarded = await startNats({ config: 'authorization { token: right }' });
  await writeFile(join(directory, 'token'), 'wrong\n');
  const control = controlOf(guarded.url, directory);
  try {
    control.start();
    await until('the refusal', () =>
      control.state.kind === 'unreachable' && /uthoriz/.test(control.state.message) ? true : undefined,
    );
    await writeFile(join(directory, 'token'), 'right\n');
    await until('connected', () => control.connection);
  } finally {
    await control.stop();
    await guarded.stop();
    await rm(directory, { recursive: true });
  }
});

test('ledgers of a feed without pods are read from the bucket, of that feed only', async () => {
  const bucket = await new Kvm(nats).create(STATE_BUCKET);
  const ledger = ledgerOf({ 'gone.1': entryOf({ stored: 5, closed: true }) });
  await bucket.put(ledgerKey(UID, 0), JSON.stringify(ledger));
  await bucket.put(ledgerKey(UID, 11), JSON.stringify(ledger));
  await bucket.put(ledgerKey('another', 0), JSON.stringify(ledger));
  const changed: string[] = [];
  const book = new LedgerBook({
    read: bucketReader(() => nats),
    clock,
    log,
    onChange: (uid) => changed.push(uid),
  });
  assert.deepEqual(book.of(UID, true), []);
  await until('they are read', () => (changed.length > 0 ? true : undefined));
  assert.deepEqual(book.of(UID, true), [
    { shard: 0, ledger },
    { shard: 11, ledger },
  ]);
  assert.equal(book.counters.reads, 1, 'not asked again at once');
});

test('a feed without ledgers, or a server that is away, has none and is asked again later', async () => {
  const empty = new LedgerBook({ read: bucketReader(() => nats), clock, log, onChange: () => undefined });
  empty.of('nobody', true);
  const away = new LedgerBook({ read: bucketReader(() => undefined), clock, log, onChange: () => undefined });
  away.of(UID, true);
  await until('both are done', () =>
    empty.counters.reads === 1 && away.counters.failures === 1 ? true : undefined,
  );
  assert.deepEqual([empty.of('nobody', false), away.of(UID, false)], [[], []]);
});

test('a pod of the shard is asked once to recount a dead writer', async () => {
  const asked: string[] = [];
  const subscription = nats.subscribe(settleSubject(UID, 0), {
    callback: (_error, message) => {
      asked.push((JSON.parse(message.string()) as { writer: string }).writer);
      message.respond(JSON.stringify({ kind: 'settled', stored: 4 }));
    },
  });
  await nats.flush();
  const settler = new WriterSettler({ requests: natsRequests(() => nats), clock });
  settler.ensure(UID, [{ shard: 0, writer: 'gone.1' }]);
  settler.ensure(UID, [{ shard: 0, writer: 'gone.1' }]);
  await until('settled', () => (settler.counters.settled === 1 ? true : undefined));
  settler.ensure(UID, [{ shard: 0, writer: 'gone.1' }]);
  assert.deepEqual(asked, ['gone.1']);
  subscription.unsubscribe();
});
