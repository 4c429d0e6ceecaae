import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { startNats, type NatsServer } from '../../support/nats.ts';
import { readStream } from '../../support/reader.ts';
import { GAP_STREAM, Market, startRig, STREAM, until } from './rig.ts';

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

const gapsOf = async (connection: NatsConnection): Promise<readonly string[]> =>
  (await readStream(connection, GAP_STREAM)).others.map(
    ({ record }) => `${String(record['stream'])} ${String(record['fromId'])}..${String(record['toId'])}`,
  );

/** Meets a hole in the trades and one in the book, and is gone before it states them. */
async function dieWithHoles(server: NatsServer, market: Market): Promise<void> {
  const connection = await server.connect();
  const dying = await startRig({ connection, tuning: { settleMs: 5_000, checkpointMs: 600_000 } });
  dying.push(market.snapshot());
  dying.push(market.trade(1_001));
  await until('both are stored', () => dying.status().publish.queued === 0);
  dying.push(market.trade(1_005));
  dying.push(market.snapshot('start', 110));
  await until('the holes are there', () => dying.status().publish.queued === 0);
  await connection.close();
  await dying.close();
}

test('holes that a killed writer met and did not state are stated by its successor, once', () =>
  withNats(async (server, connection) => {
    const market = new Market('A');
    await dieWithHoles(server, market);
    assert.deepEqual(await gapsOf(connection), []);
    for (const mark of ['2', '3']) {
      const successor = await startRig({ connection: await server.connect(), mark });
      successor.push(market.trade(1_004 + Number(mark)));
      successor.push(market.deltaOf(108 + Number(mark), 109 + Number(mark)));
      await successor.idle();
      await until('both are stated', async () => (await gapsOf(connection)).length === 2);
      const { counters } = successor.status();
      assert.equal(counters['holesInherited'], mark === '2' ? 2 : undefined);
      await successor.close();
    }
    assert.deepEqual((await gapsOf(connection)).toSorted(), ['orderbook 100..110', 'trade 1001..1005']);
  }));

test('a hole that is stated already is not stated by the successor of its writer', () =>
  withNats(async (server, connection) => {
    const market = new Market('A');
    const dead = await server.connect();
    const dying = await startRig({ connection: dead, tuning: { checkpointMs: 600_000 } });
    dying.push(market.trade(1_001));
    dying.push(market.trade(1_005));
    await dying.idle();
    await until('it is stated', async () => (await gapsOf(connection)).length === 1);
    await dead.close();
    await dying.close();
    const successor = await startRig({ connection: await server.connect(), mark: '2' });
    // Within the hole, so that only a part of it is one still.
    successor.push({ ...market.trade(1_003), backfilled: true });
    successor.push(market.trade(1_006));
    await successor.idle();
    assert.equal(successor.status().counters['holesInherited'], undefined);
    assert.deepEqual(await gapsOf(connection), ['trade 1001..1005']);
    assert.equal((await readStream(connection, STREAM)).messages, 4);
    await successor.close();
  }));

test('a hole is stated behind a row of killed processes that lasts longer than any looks back', () =>
  withNats(async (server, connection) => {
    // None lives until a checkpoint: what it took over is in its first entry.
    const tuning = { settleMs: 5_000, lastWordMs: 300, checkpointMs: 600_000 };
    const market = new Market('A');
    for (const [mark, id] of Object.entries([1_001, 1_005, 1_006, 1_007])) {
      const dying = await server.connect();
      const process = await startRig({ connection: dying, mark, tuning });
      process.push(market.trade(id));
      await until('it is stored', () => process.status().publish.queued === 0);
      await delay(2 * tuning.lastWordMs);
      await dying.close();
      await process.close();
    }
    assert.deepEqual(await gapsOf(connection), []);
    const last = await startRig({
      connection: await server.connect(),
      mark: 'last',
      tuning: { lastWordMs: 300 },
    });
    last.push(market.trade(1_008));
    await last.idle();
    await until('it is stated', async () => (await gapsOf(connection)).length === 1);
    assert.deepEqual(await gapsOf(connection), ['trade 1001..1005']);
    await last.close();
  }));

test('a hole that is worked on when its writer ends in good order is stated by the successor', () =>
  withNats(async (server, connection) => {
    const market = new Market('A');
    const ending = await startRig({ connection: await server.connect(), tuning: { settleMs: 5_000 } });
    ending.push(market.trade(1_001));
    ending.push(market.trade(1_005));
    await until('both are stored', () => ending.status().publish.queued === 0);
    await ending.close();
    const successor = await startRig({ connection: await server.connect(), mark: '2' });
    successor.push(market.trade(1_006));
    await successor.idle();
    await until('it is stated', async () => (await gapsOf(connection)).length === 1);
    assert.deepEqual(await gapsOf(connection), ['trade 1001..1005']);
    await successor.close();
  }));
