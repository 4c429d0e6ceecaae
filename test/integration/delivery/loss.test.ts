import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { startNats, type NatsServer } from '../../support/nats.ts';
import { isPublishAck, startNatsProxy, type NatsProxy } from '../../support/nats-proxy.ts';
import { readStream } from '../../support/reader.ts';
import { claim, duplicatesOf, feedOf, Market, startRig, STREAM, UID, until } from './rig.ts';

interface Parts {
  readonly server: NatsServer;
  readonly proxy: NatsProxy;
  /** Through the proxy. */
  readonly lossy: NatsConnection;
  readonly direct: NatsConnection;
}

async function withProxy(run: (parts: Parts) => Promise<void>): Promise<void> {
  const server = await startNats();
  const proxy = await startNatsProxy(server.port);
  try {
    const lossy = await server.connect({ servers: [proxy.url] });
    await run({ server, proxy, lossy, direct: await server.connect() });
  } finally {
    await server.stop();
    await proxy.stop();
  }
}

async function storedIn(connection: NatsConnection, stream = STREAM): Promise<number> {
  const manager = await jetstreamManager(connection);
  return (await manager.streams.info(stream)).state.messages;
}

/** The stream holds what was pushed, once and joined, and the claim says exactly that. */
async function assertExact(
  connection: NatsConnection,
  delivery: Awaited<ReturnType<typeof startRig>>,
  market: Market,
  records: number,
): Promise<void> {
  const read = await readStream(connection, STREAM);
  assert.deepEqual(read.doubled, []);
  assert.equal(read.messages, records);
  assert.deepEqual(read.books.get(market.book)?.gaps, []);
  assert.equal(read.books.get(market.book)?.id, market.bookId);
  await until('the watermark reaches the end', () => claim(delivery).through === read.lastSequence);
  assert.equal(claim(delivery).total, read.held(UID));
}

test('a lost acknowledgement is found by its timeout, and the record is counted once', () =>
  withProxy(async ({ proxy, lossy, direct }) => {
    const delivery = await startRig({ connection: lossy, tuning: { ackTimeoutMs: 200 } });
    const market = new Market('A');
    delivery.push(market.snapshot());
    await delivery.idle();
    proxy.lose = isPublishAck;
    delivery.push(market.delta());
    delivery.push(market.trade());
    await until('both are stored, unknown to the writer', async () => (await storedIn(direct)) === 3);
    await until('acknowledgements were lost', () => proxy.lost >= 2);
    assert.equal(claim(delivery).total, 1);
    proxy.lose = () => false;
    await delivery.idle();
    assert.ok((delivery.status().counters['retries.timeout'] ?? 0) >= 2);
    assert.equal(duplicatesOf(delivery), 0);
    await assertExact(direct, delivery, market, 3);
    await delivery.close();
  }));

test('a snapshot whose acknowledgement was lost is neither stored twice nor given up', () =>
  withProxy(async ({ proxy, lossy, direct }) => {
    const delivery = await startRig({ connection: lossy, tuning: { ackTimeoutMs: 200 } });
    const market = new Market('A');
    delivery.push(market.trade());
    await delivery.idle();
    proxy.lose = isPublishAck;
    delivery.push(market.snapshot());
    await until('it is stored, unknown to the writer', async () => (await storedIn(direct)) === 2);
    await until('its acknowledgement was lost', () => proxy.lost >= 1);
    proxy.lose = () => false;
    delivery.push(market.delta());
    await delivery.idle();
    assert.equal(duplicatesOf(delivery), 0);
    await assertExact(direct, delivery, market, 3);
    await delivery.close();
  }));

test('records stored just before an outage longer than the duplicate window are not stored again', () =>
  withProxy(async ({ proxy, lossy, direct }) => {
    const effective = feedOf();
    const short = { ...effective, stream: { ...effective.stream, duplicateWindowMs: 400 } };
    const delivery = await startRig({
      connection: lossy,
      effective: short,
      tuning: { ackTimeoutMs: 60_000 },
    });
    const market = new Market('A');
    delivery.push(market.snapshot());
    await delivery.idle();
    proxy.lose = isPublishAck;
    delivery.push(market.delta());
    delivery.push(market.trade());
    await until('both are stored, unknown to the writer', async () => (await storedIn(direct)) === 3);
    await until('acknowledgements were lost', () => proxy.lost >= 2);
    proxy.closed = true;
    proxy.cut();
    for (let index = 0; index < 5; index += 1) delivery.push(market.delta());
    // Real time on purpose: it is the server's window that has to pass.
    await delay(1_000);
    proxy.lose = () => false;
    proxy.closed = false;
    await delivery.idle();
    await assertExact(direct, delivery, market, 8);
    await delivery.close();
  }));

test('what another writer stored during a long outage is not stored again', () =>
  withProxy(async ({ proxy, lossy, direct }) => {
    const effective = feedOf();
    const short = { ...effective, stream: { ...effective.stream, duplicateWindowMs: 400 } };
    const market = new Market('A');
    const cut = await startRig({ connection: lossy, effective: short });
    const other = await startRig({
      connection: direct,
      effective: short,
      pod: 'pod-b',
      ensureStreams: false,
    });
    const snapshot = market.snapshot();
    cut.push(snapshot);
    await cut.idle();
    proxy.closed = true;
    proxy.cut();
    await until('the loss is seen', () => !cut.status().publish.connected);
    other.push(snapshot);
    for (let index = 0; index < 10; index += 1) {
      for (const record of [market.delta(), market.trade()]) {
        cut.push(record);
        other.push(record);
      }
    }
    await other.idle();
    await delay(1_000);
    proxy.closed = false;
    await cut.idle();
    const read = await readStream(direct, STREAM);
    assert.deepEqual(read.doubled, []);
    assert.equal(read.messages, 21);
    // Ten trades were found by their ids; the deltas lay behind the tail.
    assert.equal(duplicatesOf(cut), 20);
    await cut.close();
    await other.close();
  }));

test('a writer that dies with acknowledgements in flight is recounted by its successor, exactly', () =>
  withProxy(async ({ proxy, lossy, direct }) => {
    const dying = await startRig({ connection: lossy, mark: '1', tuning: { ackTimeoutMs: 60_000 } });
    const markets = Array.from({ length: 8 }, (_, index) => new Market(`S${index}`));
    for (const market of markets) {
      dying.push(market.snapshot());
      for (let index = 0; index < 10; index += 1) dying.push(market.trade());
    }
    await dying.idle();
    await until('a checkpoint is written', () => claim(dying).total === 88);
    proxy.lose = isPublishAck;
    for (const market of markets) dying.push(market.trade());
    await until('all are stored', async () => (await storedIn(direct)) === 96);
    await until('nothing was acknowledged', () => proxy.lost >= 8);
    proxy.closed = true;
    proxy.cut();

    const successor = await startRig({ connection: direct, pod: 'pod-b', ensureStreams: false });
    await until('the successor is registered', () => successor.status().ledger !== null);
    assert.equal((await successor.settle('pod-b.1')).kind, 'refused');
    const settled = await successor.settle('pod-a.1');
    assert.deepEqual(settled, { kind: 'settled', stored: 96 });
    assert.deepEqual(await successor.settle('pod-a.1'), settled);
    const read = await readStream(direct, STREAM);
    await until('the watermark reaches the end', () => claim(successor).through === read.lastSequence);
    assert.equal(claim(successor).total, read.held(UID));
    const byStream = successor.status().ledger?.writers['pod-a.1']?.byStream;
    assert.deepEqual(byStream, { orderbook: 8, trade: 88 });
    await successor.close();
    await dying.close();
  }));

test('a container restarted in its pod settles its predecessor by itself', () =>
  withProxy(async ({ proxy, lossy, direct }) => {
    const first = await startRig({ connection: lossy, mark: '1', tuning: { ackTimeoutMs: 60_000 } });
    const market = new Market('A');
    first.push(market.snapshot());
    await first.idle();
    proxy.lose = isPublishAck;
    first.push(market.trade());
    await until('it is stored', async () => (await storedIn(direct)) === 2);
    proxy.closed = true;
    proxy.cut();
    const second = await startRig({ connection: direct, mark: '2' });
    await until('the predecessor is settled', () => claim(second).total === 2);
    await second.close();
    await first.close();
    assert.equal(second.status().ledger?.writers['pod-a.1']?.closed, true);
    assert.equal(second.status().ledger?.writers['pod-a.2']?.closed, true);
  }));
