import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Outgoing, OutgoingOther } from '../../../collector/ports.ts';
import type { EffectiveFeed } from '../../../contract/effective.ts';
import { startNats, type NatsServer } from '../../support/nats.ts';
import { readStream } from '../../support/reader.ts';
import { feedOf, GAP_STREAM, Market, startRig, STREAM, UID, until } from './rig.ts';

const WINDOW_MS = 400;

function twice(): EffectiveFeed {
  const effective = feedOf({ redundancy: 2 });
  return { ...effective, stream: { ...effective.stream, duplicateWindowMs: WINDOW_MS } };
}

async function startServer(t: TestContext): Promise<{ server: NatsServer; connection: NatsConnection }> {
  const server = await startNats();
  t.after(() => server.stop());
  return { server, connection: await server.connect() };
}

test('trades that another writer stored while they were fetched from the venue are not stored again', async (t) => {
  const { server, connection } = await startServer(t);
  const effective = twice();
  const market = new Market('A');
  const [first, second] = [market.trade(), market.trade()];
  const missed = [market.trade(), market.trade()];
  const last = market.trade();
  const other = await startRig({ connection: await server.connect(), pod: 'pod-b', effective });
  const one = await startRig({
    connection,
    effective,
    onTradesWanted: async () => {
      for (const trade of missed) other.push(trade);
      await other.idle();
      // Real time on purpose: the server has to forget their ids.
      await delay(WINDOW_MS + 1_000);
      for (const trade of missed) one.push({ ...trade, backfilled: true });
      return { outcome: 'whole', noTrades: 0 };
    },
  });
  t.after(() => Promise.all([one.close(), other.close()]));
  for (const trade of [first, second, last]) one.push(trade);
  await one.idle();
  const read = await readStream(connection, STREAM);
  assert.deepEqual(read.doubled, []);
  assert.equal(read.trades.get(market.trades)?.length, 5);
  assert.deepEqual((await readStream(connection, GAP_STREAM)).messages, 0);
});

test('a value that the venue says again to a successor, longer ago than the duplicate window, is not stored again', async (t) => {
  const { connection } = await startServer(t);
  const effective = twice();
  const subject = 'open-interest.binance.A';
  const head = { v: 1, type: 'open-interest', exchange: 'binance', market: 'perpetual', symbol: 'A' };
  const value = (timeUs: number): OutgoingOther => ({
    kind: 'other',
    subject,
    msgId: `${subject}|${timeUs}-00-0`,
    payload: Buffer.from(
      JSON.stringify({ ...head, instrument: 'a', exchangeTime: timeUs, openInterest: '1' }),
    ),
    stream: 'open-interest',
    symbol: 'A',
    exchangeTimeUs: timeUs,
    receiveTimeUs: Date.now() * 1_000,
    polled: true,
  });
  const saidUs = (Date.now() - 5_000) * 1_000;
  const first = await startRig({ connection, effective, mark: '1' });
  first.push(value(saidUs));
  await first.idle();
  await first.close();
  // Real time on purpose: the server has to forget its id.
  await delay(WINDOW_MS + 1_000);
  const second = await startRig({ connection, effective, mark: '2' });
  t.after(() => second.close());
  for (const timeUs of [saidUs, saidUs + 1]) second.push(value(timeUs));
  await second.idle();
  const read = await readStream(connection, STREAM);
  assert.deepEqual(read.doubled, []);
  assert.equal(read.messages, 2);
  assert.deepEqual(second.status().ledger?.writers['pod-a.2']?.duplicates, 1);
});

test('two writers with disks, cut off for longer than the duplicate window, drain at different paces: nothing lost or twice', async (t) => {
  const { server, connection } = await startServer(t);
  const effective = twice();
  const folder = await mkdtemp(join(tmpdir(), 'marketprism-read-back-'));
  t.after(() => rm(folder, { recursive: true }));
  const start = async (pod: string, loadPerSecond: number) =>
    startRig({
      connection: await server.connect(),
      pod,
      effective,
      spill: join(folder, pod),
      tuning: { loadPerSecond },
    });
  const writers = await Promise.all([start('pod-a', 20_000), start('pod-b', 400)]);
  t.after(() => Promise.all(writers.map((writer) => writer.close())));
  const market = new Market('A');
  const all = (record: Outgoing): void => {
    for (const writer of writers) writer.push(record);
  };
  const idle = (): Promise<unknown> => Promise.all(writers.map((writer) => writer.idle()));
  all(market.snapshot());
  await idle();
  await server.kill();
  await until('the outage is noticed', () => writers.every((writer) => !writer.status().publish.connected));
  const push = (): void => {
    all(market.trade());
    all(market.delta());
  };
  for (let index = 0; index < 300; index += 1) push();
  await until('what waits is kept on disk', () =>
    writers.every((writer) => (writer.status().counters['spill.kept'] ?? 0) >= 600),
  );
  // From here on behind the disk.
  for (let index = 0; index < 700; index += 1) push();
  await delay(WINDOW_MS + 600);
  await server.start();
  for (let index = 0; index < 50; index += 1) push();
  await idle();
  const read = await readStream(connection, STREAM);
  assert.deepEqual(read.doubled, []);
  assert.equal(read.messages, 2_101);
  const book = read.books.get(market.book);
  assert.deepEqual([book?.id, book?.gaps, book?.jumps], [market.bookId, [], []]);
  assert.equal(read.trades.get(market.trades)?.length, 1_050);
  assert.equal((await readStream(connection, GAP_STREAM)).messages, 0);
  const counted = (): number =>
    writers.reduce((sum, writer, index) => {
      const name = `pod-${index === 0 ? 'a' : 'b'}.1`;
      return sum + (writer.status().ledger?.writers[name]?.stored ?? 0);
    }, 0);
  await until('both counts reach the end', () => counted() === read.held(UID));
});
