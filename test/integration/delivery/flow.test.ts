import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startNats, type NatsServer } from '../../support/nats.ts';
import { readStream } from '../../support/reader.ts';
import { claim, flow, Market, startRig, STREAM, UID, until } from './rig.ts';

async function withNats(run: (server: NatsServer) => Promise<void>): Promise<void> {
  const server = await startNats();
  try {
    await run(server);
  } finally {
    await server.stop();
  }
}

test('what is pushed is stored once, in order, and counted exactly', () =>
  withNats(async (server) => {
    const connection = await server.connect();
    const delivery = await startRig({ connection });
    const markets = ['A', 'B', 'C', 'D'].map((symbol) => new Market(symbol));
    for (const market of markets) {
      delivery.push(market.snapshot());
      for (let index = 0; index < 50; index += 1) {
        delivery.push(market.delta());
        delivery.push(market.trade());
      }
    }
    await delivery.idle();
    const read = await readStream(connection, STREAM);
    assert.equal(read.messages, 4 * 101);
    assert.deepEqual(read.doubled, []);
    for (const market of markets) {
      assert.deepEqual(read.books.get(market.book)?.gaps, []);
      assert.equal(read.books.get(market.book)?.id, market.bookId);
      const ids = read.trades.get(market.trades)?.map(({ id }) => Number(id)) ?? [];
      assert.deepEqual(
        ids,
        Array.from({ length: 50 }, (_, index) => 1_001 + index),
      );
    }
    await until('the watermark reaches the end', () => claim(delivery).through === read.lastSequence);
    assert.equal(claim(delivery).total, read.held(UID));
    await delivery.close();
  }));

test('records pushed while NATS was never reached are stored when it comes', async () => {
  const server = await startNats({ started: false });
  try {
    const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<NatsServer['connect']>>>();
    const delivery = await startRig({ connection: promise });
    const market = new Market('A');
    delivery.push(market.snapshot());
    for (let index = 0; index < 20; index += 1) delivery.push(market.delta());
    assert.equal(delivery.status().problems[0]?.reason, 'NatsUnreachable');
    await server.start();
    const connection = await server.connect();
    resolve(connection);
    await delivery.idle();
    const read = await readStream(connection, STREAM);
    assert.equal(read.messages, 21);
    assert.deepEqual(read.books.get(market.book)?.gaps, []);
    await delivery.close();
  } finally {
    await server.stop();
  }
});

test('a server killed under load and started again costs nothing, doubles nothing, keeps order, and the counts stay true', () =>
  withNats(async (server) => {
    const connection = await server.connect();
    const delivery = await startRig({ connection });
    const markets = Array.from({ length: 20 }, (_, index) => new Market(`S${index}`));
    const load = flow((record) => delivery.push(record), markets, 10);
    for (let round = 0; round < 3; round += 1) {
      const before = claim(delivery).total;
      await until('some more are counted', () => claim(delivery).total > before + 300);
      const { total, through } = claim(delivery);
      const read = await readStream(connection, STREAM);
      assert.ok(
        read.held(UID, through) <= total,
        `${read.held(UID, through)} held at or below, ${total} claimed`,
      );
      assert.ok(total <= read.held(UID), `${total} claimed, ${read.held(UID)} held`);
      await server.kill('SIGKILL');
      await until('the loss is seen', () => !delivery.status().publish.connected);
      const queued = delivery.status().publish.queued;
      await until('the queue grows', () => delivery.status().publish.queued > queued + 100);
      await server.start();
      await until('it is back', () => delivery.status().publish.connected);
    }
    load.stop();
    await delivery.idle();
    const read = await readStream(connection, STREAM);
    assert.equal(read.messages, load.pushed());
    assert.deepEqual(read.doubled, []);
    for (const market of markets) {
      assert.deepEqual(read.books.get(market.book)?.gaps, []);
      assert.equal(read.books.get(market.book)?.id, market.bookId);
      const ids = read.trades.get(market.trades)?.map(({ id }) => Number(id)) ?? [];
      assert.deepEqual(
        ids,
        ids.toSorted((a, b) => a - b),
      );
    }
    await until('the watermark reaches the end', () => claim(delivery).through === read.lastSequence);
    assert.equal(claim(delivery).total, read.held(UID));
    assert.equal(delivery.status().gaps, 0);
    await delivery.close();
  }));
