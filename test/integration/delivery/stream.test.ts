import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { startNats, type NatsServer } from '../../support/nats.ts';
import { readStream } from '../../support/reader.ts';
import { claim, feedOf, GAP_STREAM, Market, startRig, STREAM, UID, until } from './rig.ts';

async function withNats(
  run: (server: NatsServer, connection: NatsConnection) => Promise<void>,
): Promise<void> {
  const server = await startNats();
  try {
    await run(server, await server.connect());
  } finally {
    await server.stop();
  }
}

const gapsOf = async (connection: NatsConnection): Promise<readonly Record<string, unknown>[]> =>
  (await readStream(connection, GAP_STREAM)).others.map(({ record }) => record);

test('two writers that group differently leave no gap, and their counts add up to what is held', () =>
  withNats(async (server, connection) => {
    const effective = feedOf({ redundancy: 2 });
    const a = await startRig({ connection, effective, pod: 'pod-a' });
    const b = await startRig({ connection: await server.connect(), effective, pod: 'pod-b' });
    const market = new Market('A');
    const snapshot = market.snapshot();
    a.push(snapshot);
    await a.idle();
    b.push(snapshot);
    const pushDeltas = (push: (prevId: number, lastId: number) => void, by: number): void => {
      for (let id = 100; id < 400; id += by) push(id, id + by);
    };
    pushDeltas((prevId, lastId) => a.push(market.deltaOf(prevId, lastId)), 2);
    pushDeltas((prevId, lastId) => b.push(market.deltaOf(prevId, lastId)), 3);
    for (let index = 0; index < 50; index += 1) {
      const trade = market.trade();
      a.push(trade);
      b.push(trade);
    }
    await Promise.all([a.idle(), b.idle()]);
    const read = await readStream(connection, STREAM);
    assert.deepEqual(read.books.get(market.book)?.gaps, []);
    assert.equal(read.books.get(market.book)?.id, 400);
    assert.equal(read.trades.get(market.trades)?.length, 50);
    assert.deepEqual(read.doubled, []);
    await a.close();
    await b.close();
    const third = await startRig({ connection, effective, pod: 'pod-c' });
    await until('the third is registered', () => third.status().ledger !== null);
    assert.equal(claim(third).total, read.held(UID));
    assert.deepEqual(await gapsOf(connection), []);
    await third.close();
  }));

test('a periodic snapshot lies directly behind its state, and is asked for again when another writer came between', () =>
  withNats(async (_server, connection) => {
    const wanted: string[] = [];
    const delivery = await startRig({ connection, onSnapshotWanted: (subject) => wanted.push(subject) });
    const market = new Market('A');
    delivery.push(market.snapshot());
    delivery.push(market.delta());
    delivery.push(market.snapshot('periodic'));
    await delivery.idle();
    const before = await readStream(connection, STREAM);
    assert.equal(before.books.get(market.book)?.snapshots, 2);
    const entry = await (
      await new Kvm(connection).open('MARKETPRISM')
    ).get(`snapshot.${STREAM}.${market.book}`);
    assert.equal(entry?.json<{ sequence: number }>().sequence, before.lastSequence);
    // A snapshot of another id: nats-server 2.10 looks for a repeated id first, newer ones at what is expected.
    delivery.push(market.delta());
    await delivery.idle();
    const late = market.deltaOf(101, 102);
    await jetstream(connection).publish(market.book, late.payload, { msgID: 'somebody else' });
    delivery.push(market.snapshot('periodic'));
    await delivery.idle();
    assert.deepEqual(wanted, [market.book]);
    assert.equal((await readStream(connection, STREAM)).books.get(market.book)?.snapshots, 2);
    assert.equal(delivery.status().counters['expectationsRefused'], 1);
    await delivery.close();
  }));

test('a successor whose chain joins continues the stream without a snapshot or a gap', () =>
  withNats(async (_server, connection) => {
    const market = new Market('A');
    const first = await startRig({ connection, pod: 'pod-a' });
    first.push(market.snapshot());
    for (let index = 0; index < 5; index += 1) first.push(market.delta());
    await first.idle();
    await first.close();
    const second = await startRig({ connection, pod: 'pod-b' });
    for (let id = 103; id < 108; id += 1) second.push(market.deltaOf(id, id + 1, true));
    second.push(market.snapshot('start', 108));
    second.push(market.deltaOf(108, 109));
    await second.idle();
    const book = (await readStream(connection, STREAM)).books.get(market.book);
    assert.deepEqual([book?.id, book?.snapshots, book?.gaps.length], [109, 1, 0]);
    assert.deepEqual(await gapsOf(connection), []);
    assert.equal(second.status().counters['leftOut.joined'], 1);
    await second.close();
  }));

test('a successor whose chain does not join stores its snapshot and names exactly what is missing, once', () =>
  withNats(async (_server, connection) => {
    const market = new Market('A');
    const first = await startRig({ connection, pod: 'pod-a' });
    first.push(market.snapshot());
    first.push(market.delta());
    for (let index = 0; index < 3; index += 1) first.push(market.trade());
    await first.idle();
    await first.close();
    const second = await startRig({ connection, pod: 'pod-b' });
    second.push(market.deltaOf(104, 105, true));
    second.push(market.snapshot('start', 110));
    second.push(market.deltaOf(110, 111));
    await until('the book is stored', () => second.status().publish.queued === 0);
    second.push(market.trade(1_008));
    await second.idle();
    const read = await readStream(connection, STREAM);
    const book = read.books.get(market.book);
    assert.deepEqual([book?.id, book?.gaps.length], [111, 0]);
    await until('both gaps are stored', async () => (await gapsOf(connection)).length === 2);
    const gaps = await gapsOf(connection);
    const ofBook = gaps.find((gap) => gap['stream'] === 'orderbook');
    assert.deepEqual(
      [ofBook?.['fromId'], ofBook?.['toId'], ofBook?.['toSeq'], ofBook?.['cause'], ofBook?.['subject']],
      [101, 110, 6, 'restart', market.book],
    );
    const ofTrades = gaps.find((gap) => gap['stream'] === 'trade');
    assert.deepEqual([ofTrades?.['fromId'], ofTrades?.['toId'], ofTrades?.['missing']], [1_003, 1_008, 4]);
    assert.equal(ofBook?.['instrument'], 'a');
    assert.equal(second.status().gaps, 2);
    assert.equal(claim(second).total, read.held(UID), 'gap records are not counted');
    await second.close();
  }));

test('a hole in trades that another writer fills is no gap', () =>
  withNats(async (server, connection) => {
    const market = new Market('A');
    const a = await startRig({ connection, pod: 'pod-a', tuning: { settleMs: 500 } });
    const b = await startRig({ connection: await server.connect(), pod: 'pod-b' });
    a.push(market.trade(1));
    await a.idle();
    a.push(market.trade(4));
    await until('the later one is stored', () => a.status().publish.queued === 0);
    b.push(market.trade(2));
    b.push(market.trade(3));
    await b.idle();
    await a.idle();
    assert.equal(a.status().counters['holesFilled'], 1);
    assert.deepEqual(await gapsOf(connection), []);
    await a.close();
    await b.close();
  }));

test('a delta behind a hole is not stored: a start is asked for, and published when it comes', () =>
  withNats(async (_server, connection) => {
    const wanted: string[] = [];
    const market = new Market('A');
    const delivery = await startRig({ connection, onResync: (subject) => wanted.push(subject) });
    delivery.push(market.snapshot());
    delivery.push(market.deltaOf(105, 106));
    delivery.push(market.deltaOf(106, 107));
    await until('a start is asked for', () => wanted.length === 1);
    delivery.push(market.snapshot('start', 107));
    delivery.push(market.deltaOf(107, 108));
    await delivery.idle();
    const book = (await readStream(connection, STREAM)).books.get(market.book);
    assert.deepEqual([book?.id, book?.gaps.length, book?.snapshots], [108, 0, 2]);
    assert.equal(wanted.length, 1);
    await until('the gap is stored', async () => (await gapsOf(connection)).length === 1);
    await delivery.close();
  }));

test('a stream that was deleted and made again is counted on top of a base, and goes on where the last one ended', () =>
  withNats(async (_server, connection) => {
    const market = new Market('A');
    const wanted: string[] = [];
    const delivery = await startRig({ connection, onSnapshotWanted: (subject) => wanted.push(subject) });
    delivery.push(market.snapshot());
    for (let index = 0; index < 9; index += 1) delivery.push(market.trade());
    await delivery.idle();
    await until('ten are counted', () => claim(delivery).total === 10);
    await (await jetstreamManager(connection)).streams.delete(STREAM);
    delivery.push(market.trade());
    delivery.push(market.delta());
    await until('a snapshot to start from is wanted', () => wanted.length > 0);
    assert.deepEqual(wanted, [market.book]);
    delivery.push(market.snapshot('periodic'));
    delivery.push(market.delta());
    await delivery.idle();
    const read = await readStream(connection, STREAM);
    assert.equal(read.messages, 4);
    assert.equal(read.books.get(market.book)?.id, 102);
    await until('the watermark reaches the end', () => claim(delivery).through === read.lastSequence);
    assert.deepEqual([claim(delivery).base, claim(delivery).total], [10, 14]);
    assert.deepEqual(await gapsOf(connection), []);
    await delivery.close();
  }));

test('whenever a deleted stream comes back, its first record says that it goes on', () =>
  withNats(async (server, connection) => {
    const market = new Market('A');
    const first = await startRig({ connection });
    first.push(market.snapshot());
    await first.idle();
    await first.close();
    // Nothing but the publishes themselves tells that the stream is another one.
    const tuning = { checkpointMs: 600_000 };
    const own = await server.connect();
    const delivery = await startRig({ connection: own, ensureStreams: false, tuning });
    delivery.push(market.delta());
    await delivery.idle();
    const { streams } = await jetstreamManager(connection);
    const { config } = await streams.info(STREAM);
    for (let round = 0; round < 6; round += 1) {
      await streams.delete(STREAM);
      const before = delivery.status().publish.retries;
      delivery.push(market.delta());
      delivery.push(market.delta());
      await until('nobody takes it', () => delivery.status().publish.retries > before);
      // Real time on purpose: it comes back at another moment between two tries each time.
      await delay(37 * round);
      await streams.add(config);
      await delivery.idle();
      const book = (await readStream(connection, STREAM)).books.get(market.book);
      assert.deepEqual([book?.waiting, book?.gaps], [2, []], `round ${round}`);
    }
    await delivery.close();
  }));

test('what is missing between the end of a deleted stream and the new one is stated', () =>
  withNats(async (_server, connection) => {
    const market = new Market('A');
    const delivery = await startRig({ connection });
    delivery.push(market.snapshot());
    for (let index = 0; index < 3; index += 1) delivery.push(market.trade());
    await delivery.idle();
    await (await jetstreamManager(connection)).streams.delete(STREAM);
    delivery.push(market.snapshot('start', 130));
    delivery.push(market.trade(1_020));
    await delivery.idle();
    await until('both gaps are stored', async () => (await gapsOf(connection)).length === 2);
    const said = (await gapsOf(connection)).map(({ stream, fromId, toId }) => [stream, fromId, toId]);
    assert.deepEqual(
      said.toSorted((a, b) => String(a[0]).localeCompare(String(b[0]))),
      [
        ['orderbook', 100, 130],
        ['trade', 1_003, 1_020],
      ],
    );
    await delivery.close();
  }));

test('a stream replaced between two publishes is known by its sequences', () =>
  withNats(async (_server, connection) => {
    const market = new Market('A');
    const delivery = await startRig({ connection, tuning: { checkpointMs: 1_500 } });
    for (let index = 0; index < 10; index += 1) delivery.push(market.trade());
    await delivery.idle();
    const { streams } = await jetstreamManager(connection);
    const { config } = await streams.info(STREAM);
    await streams.delete(STREAM);
    await streams.add(config);
    for (let index = 0; index < 3; index += 1) delivery.push(market.trade());
    await delivery.idle();
    const read = await readStream(connection, STREAM);
    await until('the watermark reaches the end', () => claim(delivery).through === read.lastSequence);
    assert.deepEqual([claim(delivery).base, claim(delivery).total, read.held(UID)], [10, 13, 3]);
    await delivery.close();
  }));

test('an interruption without a start becomes an open gap, which its end closes without being counted twice', () =>
  withNats(async (_server, connection) => {
    const market = new Market('A');
    const delivery = await startRig({ connection, tuning: { openGapMs: 100 } });
    delivery.push(market.snapshot());
    await delivery.idle();
    delivery.push({
      kind: 'interrupted',
      subject: market.book,
      stream: 'orderbook',
      symbol: 'A',
      cause: 'network',
      receiveTimeUs: 1,
    });
    await until('the open gap is counted', () => delivery.status().gaps === 1);
    delivery.push(market.snapshot('start', 120));
    await delivery.idle();
    await until('both records are stored', async () => (await gapsOf(connection)).length === 2);
    const [open, closed] = await gapsOf(connection);
    assert.deepEqual(
      [open?.['fromId'], open?.['toId'], open?.['toSeq'], open?.['cause']],
      [100, null, null, 'network'],
    );
    assert.deepEqual([closed?.['fromId'], closed?.['toId']], [100, 120]);
    assert.equal(delivery.status().gaps, 1);
    await delivery.close();
  }));

test('a queue that overflows while NATS is away drops the oldest, counts them, and names them as gaps', () =>
  withNats(async (server, connection) => {
    const effective = feedOf();
    const small = { ...effective, buffer: { ...effective.buffer, memoryBytes: 40_000 } };
    const resynced: string[] = [];
    const market = new Market('A');
    const delivery = await startRig({
      connection,
      effective: small,
      onResync: (subject) => resynced.push(subject),
    });
    delivery.push(market.snapshot());
    delivery.push(market.trade());
    await delivery.idle();
    await server.kill();
    await until('the loss is seen', () => !delivery.status().publish.connected);
    for (let index = 0; index < 50; index += 1) delivery.push(market.delta());
    for (let index = 0; index < 100; index += 1) delivery.push(market.trade());
    assert.ok(delivery.status().gauges.queuedBytes <= 40_000);
    const { dropped } = delivery.status().publish;
    assert.ok(dropped >= 50);
    assert.ok(delivery.status().problems.some(({ reason }) => reason === 'BufferFull'));
    await server.start();
    await until('the book is asked for', () => resynced.length > 0);
    delivery.push(market.snapshot());
    await delivery.idle();
    const read = await readStream(connection, STREAM);
    const gaps = await gapsOf(connection);
    for (const gap of gaps) assert.equal(gap['cause'], 'overflow');
    assert.equal(gaps.filter((gap) => gap['stream'] === 'orderbook').length, 1);
    // More than one when the start itself found the queue still full.
    const ofTrades = gaps.filter((gap) => gap['stream'] === 'trade');
    const missing = ofTrades.reduce((sum, gap) => sum + Number(gap['missing']), 0);
    assert.equal(missing, 101 - (read.trades.get(market.trades)?.length ?? 0));
    assert.equal(delivery.status().gaps, gaps.length);
    assert.deepEqual(read.books.get(market.book)?.gaps, []);
    await until('all of it is counted', () => claim(delivery).total === read.held(UID));
    await delivery.close();
  }));

test('a missing stream is told and waited for where it is not ours to make', () =>
  withNats(async (_server, connection) => {
    const market = new Market('A');
    const delivery = await startRig({ connection, ensureStreams: false });
    delivery.push(market.trade());
    await until('it is told', () =>
      delivery.status().problems.some(({ reason }) => reason === 'StreamMissing'),
    );
    const operator = await startRig({ connection, pod: 'maker' });
    await delivery.idle();
    assert.equal((await readStream(connection, STREAM)).messages, 1);
    assert.deepEqual(delivery.status().problems, []);
    await operator.close();
    await delivery.close();
  }));
