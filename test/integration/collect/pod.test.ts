import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { ASSIGNMENT_KEY, type Assignment } from '../../../contract/assignment.ts';
import { parseReport } from '../../../contract/control-messages.ts';
import {
  assignSubject,
  reportSubject,
  settleSubject,
  type AssignmentAck,
  type CollectorReport,
} from '../../../contract/control.ts';
import { effectiveFeed } from '../../../contract/effective.ts';
import { wantedStreams } from '../../../contract/streams.ts';
import { startNats, type NatsServer } from '../../support/nats.ts';
import { readStream } from '../../support/reader.ts';
import { codeOf, marketprism, portOf, startVenue, statusOf, until, type Command, type Venue } from './rig.ts';

/** The test is the operator here: it mounts, pushes, listens to reports. */
describe('collect --assignment, as in a pod', () => {
  let venue: Venue;
  let nats: NatsServer;
  let operator: NatsConnection;
  let folder: string;
  let uid = 0;
  let mounts = 0;
  let reports: CollectorReport[];
  let started: Command[];

  before(async () => {
    venue = await startVenue();
  });
  after(() => venue.command.ended('SIGKILL'));
  beforeEach(async () => {
    uid += 1;
    mounts = 0;
    started = [];
    reports = [];
    folder = await mkdtemp(join(tmpdir(), 'pod-'));
    nats = await startNats();
    operator = await nats.connect();
    const { streams } = await jetstreamManager(operator);
    for (const stream of wantedStreams(assignment(1).effective, 'operator')) await streams.add(stream);
    await new Kvm(operator).create('MARKETPRISM');
    operator.subscribe(reportSubject(`uid-${uid}`, 0), {
      callback: (_error, message) => {
        const report = parseReport(message.string());
        if (report !== undefined) reports.push(report);
      },
    });
  });
  afterEach(async () => {
    for (const command of started) await command.ended('SIGKILL');
    await nats.stop();
    await rm(folder, { recursive: true });
  });

  function assignment(epoch: number, symbols: readonly string[] = ['BTC-USDT', 'ETH-USDT']): Assignment {
    const effective = effectiveFeed(
      {
        spec: {
          exchange: 'binance',
          market: 'spot',
          symbols,
          streams: ['orderbook', 'trade'],
          endpoints: { websocket: `ws://127.0.0.1:${venue.port}`, rest: `http://127.0.0.1:${venue.port}` },
        },
      },
      { nats: { servers: [nats.url] } },
    );
    return {
      v: 1,
      epoch,
      feed: { namespace: 'market-data', name: 'majors', uid: `uid-${uid}` },
      shard: 0,
      shards: 1,
      symbols,
      effective,
      budget: { weightPerMinute: 4_800, connections: 240 },
    };
  }
  /** Swaps the folder as the kubelet does. */
  async function mount(value: Assignment): Promise<void> {
    mounts += 1;
    const version = join(folder, `..v${mounts}`);
    await mkdir(version);
    await writeFile(join(version, ASSIGNMENT_KEY), JSON.stringify(value));
    await symlink(version, join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    if (mounts === 1) await symlink(join('..data', ASSIGNMENT_KEY), join(folder, ASSIGNMENT_KEY));
  }
  async function push(value: Assignment): Promise<AssignmentAck> {
    const answer = await operator.request(assignSubject(value.feed.uid, value.shard), JSON.stringify(value));
    return answer.json<AssignmentAck>();
  }
  async function pod(
    name: string,
    graceS = 30,
  ): Promise<{ readonly command: Command; readonly port: number }> {
    const command = marketprism(['collect', '--assignment', folder], {
      POD_NAME: name,
      MP_REPLICA: 'a',
      MP_CONTROL_NATS: nats.url,
      MP_GRACE_SECONDS: String(graceS),
      DATA_COLLECTOR_PORT: '0',
    });
    started.push(command);
    return { command, port: await portOf(command) };
  }
  const ready = (port: number): Promise<boolean> =>
    until('readiness', async () => (await codeOf(port, '/readyz')) === 200);
  const lastOf = (name: string): CollectorReport | undefined =>
    reports.findLast((report) => report.pod === name);

  it('follows file and push, the higher epoch wins, symbols change without an interruption of the others', async () => {
    await mount(assignment(10));
    const { command, port } = await pod('pod-1');
    await ready(port);
    assert.equal((command.output().match(/connected to NATS/g) ?? []).length, 1, 'one connection for both');
    await until('the report', () => lastOf('pod-1')?.symbols.inSync === 2);

    const beganMs = Date.now();
    assert.deepEqual(await push(assignment(20, ['BTC-USDT'])), {
      pod: 'pod-1',
      epoch: 20,
      terminating: false,
    });
    await until('the new epoch in a report', () => lastOf('pod-1')?.epoch === 20);
    assert.ok(Date.now() - beganMs < 2_000, 'reaches the collector in under 2 s');
    await until(
      'one symbol',
      () => lastOf('pod-1')?.symbols.inSync === 1 && lastOf('pod-1')?.symbols.assigned === 1,
    );

    await mount(assignment(15));
    assert.equal((await push(assignment(5))).epoch, 20, 'neither the older file nor the older push');
    await mount(assignment(30));
    await until(
      'the newer file',
      () => lastOf('pod-1')?.epoch === 30 && lastOf('pod-1')?.symbols.inSync === 2,
    );
    await until(
      'records',
      () => (lastOf('pod-1')?.ledger?.writers[lastOf('pod-1')?.writer ?? '']?.stored ?? 0) > 50,
    );

    assert.equal((await push(assignment(40, []))).epoch, 40);
    await until(
      'nothing collected',
      async () => (await statusOf(port)).data.collection_stats.symbols?.inSync === 0,
    );
    assert.equal(await codeOf(port, '/readyz'), 200);
    assert.equal(await command.ended('SIGTERM'), 0, 'nobody is to come: it ends at once');
    const read = await readStream(operator, 'MARKET_DATA');
    assert.deepEqual(read.books.get('orderbook.binance.BTC-USDT')?.gaps, []);
    assert.deepEqual(read.doubled, []);
  });

  it('collects on after SIGTERM until its successor is in sync, and nothing is missing or doubled', async () => {
    await mount(assignment(10));
    const old = await pod('old', 60);
    await ready(old.port);
    await until(
      'records',
      async () => (await statusOf(old.port)).data.collection_stats.total_collections > 50,
    );

    const ended = old.command.ended('SIGTERM');
    await until('the report of the end', () => lastOf('old')?.terminating);
    const stored = (await statusOf(old.port)).data.collection_stats.total_collections;
    await until('more records while terminating', async () => {
      return (await statusOf(old.port)).data.collection_stats.total_collections > stored + 20;
    });
    const successor = await pod('new');
    assert.equal(await ended, 0);
    assert.match(old.command.output(), /"kind":"successor","pod":"new".*handover ended/);
    assert.equal(lastOf('old')?.terminating, true);
    assert.equal(
      Object.values(lastOf('old')?.ledger?.writers ?? {}).find(({ closed }) => closed)?.closed,
      true,
    );

    await until('records of the successor', async () => {
      return (await statusOf(successor.port)).data.collection_stats.total_collections > 50;
    });
    assert.equal(await push(assignment(20, [])).then(({ epoch }) => epoch), 20);
    assert.equal(await successor.command.ended('SIGTERM'), 0);

    const read = await readStream(operator, 'MARKET_DATA');
    assert.deepEqual(read.doubled, []);
    for (const [subject, book] of read.books) assert.deepEqual(book.gaps, [], subject);
    for (const [subject, trades] of read.trades) {
      const ids = trades.map(({ id }) => Number(id));
      assert.equal(ids.length, Math.max(...ids) - Math.min(...ids) + 1, `${subject} is whole`);
    }
    const gaps = await readStream(operator, 'MARKET_DATA_GAPS');
    assert.equal(gaps.messages, 0, JSON.stringify(gaps.others));
    const ledger = lastOf('new')?.ledger;
    const counted = Object.values(ledger?.writers ?? {}).reduce((sum, { stored: one }) => sum + one, 0);
    assert.equal(counted, read.held(`uid-${uid}`));
  });

  it('ends before its grace when no successor comes', async () => {
    await mount(assignment(10));
    const { command, port } = await pod('alone', 7);
    await ready(port);
    const beganMs = Date.now();
    assert.equal(await command.ended('SIGTERM'), 0);
    const tookMs = Date.now() - beganMs;
    assert.ok(tookMs >= 1_900 && tookMs < 7_000, String(tookMs));
    assert.match(command.output(), /"kind":"graceEnds".*handover ended/);
  });

  it('recounts a killed predecessor when the operator asks', async () => {
    await mount(assignment(10));
    const dying = await pod('dying');
    await ready(dying.port);
    const writer = await until('records', () => {
      const report = lastOf('dying');
      return (report?.ledger?.writers[report.writer]?.stored ?? 0) > 50 && report?.writer;
    });
    await dying.command.ended('SIGKILL');
    const next = await pod('next');
    await ready(next.port);
    const reply = await operator.request(settleSubject(`uid-${uid}`, 0), JSON.stringify({ writer }), {
      timeout: 5_000,
    });
    assert.equal(reply.json<{ kind: string }>().kind, 'settled');
    assert.equal((await push(assignment(20, []))).epoch, 20);
    assert.equal(await next.command.ended('SIGTERM'), 0);
    const read = await readStream(operator, 'MARKET_DATA');
    const ledger = lastOf('next')?.ledger;
    const counted = Object.values(ledger?.writers ?? {}).reduce((sum, { stored }) => sum + stored, 0);
    assert.equal(counted, read.held(`uid-${uid}`));
    assert.equal(
      Object.values(ledger?.writers ?? {}).every(({ closed }) => closed),
      true,
    );
  });

  it('knows its symbols from the mount and collects while NATS is away', async () => {
    await mount(assignment(10));
    await nats.kill();
    const { command, port } = await pod('early');
    await until('a queue', async () => (await statusOf(port)).data.collection_stats.publish.queued > 50);
    await nats.start();
    await ready(port);
    await until('a report', () => (lastOf('early')?.symbols.inSync ?? 0) === 2);
    assert.equal((await push(assignment(20, []))).epoch, 20);
    assert.equal(await command.ended('SIGTERM'), 0);
  });

  it('names the variables that its pod lacks', async () => {
    const command = marketprism(['collect', '--assignment', folder], { MP_GRACE_SECONDS: 'long' });
    assert.equal(await command.ended(), 2);
    for (const said of [/MP_CONTROL_NATS is not set/, /POD_NAME is not set/, /MP_GRACE_SECONDS is "long"/])
      assert.match(command.output(), said);
  });
});
