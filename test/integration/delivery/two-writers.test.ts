import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Delivery } from '../../../collector/ports.ts';
import { startNats } from '../../support/nats.ts';
import { startNatsProxy, type NatsProxy } from '../../support/nats-proxy.ts';
import { readStream } from '../../support/reader.ts';
import { feedOf, GAP_STREAM, Market, startRig, STREAM, until, type RigOptions } from './rig.ts';

/** For as long as any test lasts: what ends the wait is the other writer alone. */
const PATIENT = { otherQuietMs: 600_000, otherMostMs: 600_000 };

interface Two {
  /** The one that misses something. */
  readonly a: Delivery;
  /** The one that has it, behind the proxy. */
  readonly b: Delivery;
  readonly proxy: NatsProxy;
  readonly connection: NatsConnection;
  readonly market: Market;
}

/** One connection to the server, and one that can be cut. */
async function withProxy(
  t: TestContext,
): Promise<Pick<Two, 'proxy' | 'connection'> & { readonly behind: NatsConnection }> {
  const server = await startNats();
  t.after(() => server.stop());
  const proxy = await startNatsProxy(server.port);
  t.after(() => proxy.stop());
  const connection = await server.connect();
  const behind = await server.connect({ servers: [proxy.url] });
  return { proxy, connection, behind };
}

/** Both writers of one symbol at the same point: a snapshot and a trade. */
async function twoWriters(t: TestContext, tuning: RigOptions['tuning'] = PATIENT): Promise<Two> {
  const { proxy, connection, behind } = await withProxy(t);
  const effective = feedOf({ redundancy: 2 });
  const a = await startRig({ connection, pod: 'pod-a', effective, ...(tuning && { tuning }) });
  const b = await startRig({ connection: behind, pod: 'pod-b', effective, ...(tuning && { tuning }) });
  t.after(() => Promise.all([a.close(), b.close()]));
  const market = new Market('A');
  const [snapshot, trade] = [market.snapshot(), market.trade()];
  for (const delivery of [a, b]) {
    delivery.push(snapshot);
    delivery.push(trade);
    await delivery.idle();
  }
  return { a, b, proxy, connection, market };
}

async function cutOff({ b, proxy }: Two): Promise<void> {
  proxy.closed = true;
  proxy.cut();
  await until('the loss is seen', () => !b.status().publish.connected);
}

const counterOf = (delivery: Delivery, name: string): number => delivery.status().counters[name] ?? 0;
const gapsOf = async (connection: NatsConnection): Promise<readonly Record<string, unknown>[]> =>
  (await readStream(connection, GAP_STREAM)).others.map(({ record }) => record);

function interrupt(delivery: Delivery, market: Market): void {
  const { book: subject, symbol } = market;
  delivery.push({
    kind: 'interrupted',
    subject,
    stream: 'orderbook',
    symbol,
    cause: 'network',
    receiveTimeUs: 1,
  });
}

/** As the venue side of a writer begins anew: what led up to the snapshot, the snapshot, what follows. */
function beginAnew(delivery: Delivery, market: Market): void {
  for (let index = 0; index < 3; index += 1) delivery.push(market.delta(1, true));
  delivery.push(market.snapshot());
  for (let index = 0; index < 3; index += 1) delivery.push(market.delta());
}

test('a hole of one writer is filled by what waits in the queue of the other: no jump, no gap', async (t) => {
  const two = await twoWriters(t);
  const { a, b, proxy, connection, market } = two;
  await cutOff(two);
  interrupt(a, market);
  for (let index = 0; index < 20; index += 1) b.push(market.delta());
  beginAnew(a, market);
  await until('the hole waits for the other writer', () => counterOf(a, 'holesAwaited') === 1);
  assert.equal((await readStream(connection, STREAM)).books.get(market.book)?.id, 100, 'nothing jumps');
  proxy.closed = false;
  await Promise.all([a.idle(), b.idle()]);
  const book = (await readStream(connection, STREAM)).books.get(market.book);
  assert.deepEqual([book?.id, book?.gaps, book?.jumps], [market.bookId, [], []]);
  assert.equal(book?.deltas, 26);
  assert.deepEqual(await gapsOf(connection), []);
  assert.equal(counterOf(a, 'holesAwaitedInVain'), 0);
});

/** The old process, which has written until now and sits behind a proxy; who takes over has not begun. */
async function takeOver(t: TestContext, takeOverQuietMs: number): Promise<Two> {
  const { proxy, connection, behind } = await withProxy(t);
  const b = await startRig({ connection: behind, pod: 'pod-old' });
  const market = new Market('A');
  b.push(market.snapshot());
  await b.idle();
  const tuning = { takeOverQuietMs, otherMostMs: 600_000 };
  const a = await startRig({ connection, pod: 'pod-new', tuning });
  t.after(() => Promise.all([a.close(), b.close()]));
  return { a, b, proxy, connection, market };
}

test('a successor that is ahead of its predecessor waits for what that one has queued: no jump, no gap', async (t) => {
  const two = await takeOver(t, 600_000);
  const { a, b, proxy, connection, market } = two;
  await cutOff(two);
  for (let index = 0; index < 20; index += 1) b.push(market.delta());
  beginAnew(a, market);
  await until('the successor waits', () => counterOf(a, 'holesAwaited') === 1);
  assert.equal((await readStream(connection, STREAM)).books.get(market.book)?.id, 100, 'nothing jumps');
  proxy.closed = false;
  await Promise.all([a.idle(), b.idle()]);
  const book = (await readStream(connection, STREAM)).books.get(market.book);
  assert.deepEqual([book?.id, book?.gaps, book?.jumps], [market.bookId, [], []]);
  assert.deepEqual(await gapsOf(connection), []);
});

test('a successor of one that ended waits as long as that may have more, then states what is missing', async (t) => {
  const { a, b, connection, market } = await takeOver(t, 200);
  await b.close();
  for (let index = 0; index < 20; index += 1) market.delta();
  beginAnew(a, market);
  await a.idle();
  await until('the gap is stored', async () => (await gapsOf(connection)).length > 0);
  assert.deepEqual(
    (await gapsOf(connection)).map(({ fromId, toId, cause }) => [fromId, toId, cause]),
    [[100, 123, 'restart']],
  );
  assert.equal(counterOf(a, 'holesAwaitedInVain'), 1);
  // Its own records are the end of the subject now: the next hole waits for nobody.
  interrupt(a, market);
  market.delta();
  beginAnew(a, market);
  await a.idle();
  assert.equal(counterOf(a, 'holesAwaited'), 1);
});

test('a hole that no other fills is stated once the wait is over, and the book goes on', async (t) => {
  const { a, connection, market } = await twoWriters(t, { otherQuietMs: 200, otherMostMs: 600_000 });
  interrupt(a, market);
  const missing = Array.from({ length: 20 }, () => market.delta());
  beginAnew(a, market);
  await a.idle();
  const book = (await readStream(connection, STREAM)).books.get(market.book);
  assert.deepEqual([book?.id, book?.gaps], [market.bookId, []]);
  await until('the gap is stored', async () => (await gapsOf(connection)).length > 0);
  const gaps = await gapsOf(connection);
  assert.deepEqual(
    gaps.map(({ fromId, toId, cause }) => [fromId, toId, cause]),
    [[100, 100 + missing.length + 3, 'restart']],
  );
  assert.equal(counterOf(a, 'holesAwaited'), 1);
  assert.equal(counterOf(a, 'holesAwaitedInVain'), 1);
});

test('trades that one writer misses and the venue no longer lists wait for the other one', async (t) => {
  const two = await twoWriters(t);
  const { a, b, proxy, connection, market } = two;
  await cutOff(two);
  for (let index = 0; index < 5; index += 1) b.push(market.trade());
  a.push(market.trade());
  await until('the hole waits for the other writer', () => counterOf(a, 'tradesAwaited') === 1);
  proxy.closed = false;
  await Promise.all([a.idle(), b.idle()]);
  assert.deepEqual(await gapsOf(connection), []);
  assert.equal(counterOf(a, 'holesFilled'), 1);
  assert.equal((await readStream(connection, STREAM)).trades.get(market.trades)?.length, 7);
});

test('an interruption is no open gap while another writer goes on, and is one from where that stops', async (t) => {
  const { a, b, connection, market } = await twoWriters(t, { ...PATIENT, openGapMs: 50 });
  b.push(market.delta());
  await b.idle();
  // All that the first writer knows is the snapshot.
  interrupt(a, market);
  await until('the open gap is stored', async () => (await gapsOf(connection)).length > 0);
  assert.equal(counterOf(a, 'openGapsDeferred'), 1);
  const [open] = await gapsOf(connection);
  assert.deepEqual([open?.['fromId'], open?.['toId']], [market.bookId, null]);
});
