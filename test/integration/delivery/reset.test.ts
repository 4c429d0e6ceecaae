import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Outgoing, OutgoingSnapshot } from '../../../collector/ports.ts';
import { startNats } from '../../support/nats.ts';
import { startNatsProxy } from '../../support/nats-proxy.ts';
import { readStream } from '../../support/reader.ts';
import { feedOf, GAP_STREAM, Market, startRig, STREAM, until } from './rig.ts';

test('a hole behind a restart of the ids is stated, however high the ids before it were', async (t) => {
  const nats = await startNats();
  t.after(() => nats.stop());
  const connection = await nats.connect();
  const delivery = await startRig({ connection });
  t.after(() => delivery.close());
  const market = new Market('A');
  delivery.push(market.snapshot());
  for (let index = 0; index < 5; index += 1) delivery.push(market.delta(100));
  market.bookId = 5;
  delivery.push(market.snapshot('reset'));
  delivery.push(market.delta(2));
  await delivery.idle();
  market.bookId = 20;
  const start: OutgoingSnapshot = { ...market.snapshot('start'), cause: 'venue' };
  delivery.push(start);
  await delivery.idle();
  await until('the gap is counted', () => delivery.status().gaps === 1);
  await delivery.idle();
  const { others } = await readStream(connection, GAP_STREAM);
  assert.deepEqual(
    others.map(({ record }) => [record['fromId'], record['toId'], record['cause']]),
    [[7, 20, 'venue']],
  );
});

/** As a venue file that brings the state with its stream makes it. */
function started(market: Market, exchangeTimeUs: number): OutgoingSnapshot {
  const chain = { lastId: market.bookId, timeUs: exchangeTimeUs };
  return { ...market.snapshot('start'), exchangeTimeUs, cause: 'network', chain };
}

test('ids that began anew unseen: the start is published as a reset, and the hole is stated', async (t) => {
  const nats = await startNats();
  t.after(() => nats.stop());
  const connection = await nats.connect();
  const delivery = await startRig({ connection });
  t.after(() => delivery.close());
  const market = new Market('A');
  delivery.push(market.snapshot());
  for (let index = 0; index < 5; index += 1) delivery.push(market.delta(100));
  await delivery.idle();
  const highest = market.bookId;
  market.bookId = 20;
  const laterUs = Date.now() * 1_000 + 2_000_000;
  delivery.push(started(market, laterUs));
  delivery.push({ ...market.delta(3), exchangeTimeUs: laterUs });
  await delivery.idle();
  await until('the gap is counted', () => delivery.status().gaps === 1);
  await delivery.idle();
  const { books } = await readStream(connection, STREAM);
  const book = books.get(market.book);
  assert.equal(book?.id, 23, 'what follows is published');
  assert.deepEqual(book.gaps, []);
  const { others } = await readStream(connection, GAP_STREAM);
  assert.deepEqual(
    others.map(({ record }) => [record['fromId'], record['toId'], record['cause']]),
    [[highest, 20, 'network']],
  );
});

test('a start that is only older than the stream is left out, as ever', async (t) => {
  const nats = await startNats();
  t.after(() => nats.stop());
  const connection = await nats.connect();
  const delivery = await startRig({ connection });
  t.after(() => delivery.close());
  const market = new Market('A');
  delivery.push(market.snapshot());
  for (let index = 0; index < 5; index += 1) delivery.push(market.delta(100));
  await delivery.idle();
  const late = new Market('A');
  late.bookId = 200;
  delivery.push(started(late, Date.now() * 1_000 - 60_000_000));
  delivery.push(market.delta(100));
  await delivery.idle();
  const { books } = await readStream(connection, STREAM);
  const book = books.get(market.book);
  assert.deepEqual([book?.id, book?.snapshots, book?.gaps], [market.bookId, 1, []]);
  assert.equal(delivery.status().counters['leftOut.joined'], 1);
});

/** The restart as a writer sees it in the stream of the venue; `levels`: of its own book. */
function resetAt(market: Market, exchangeTimeUs: number, levels: string): OutgoingSnapshot {
  const made = market.snapshot('reset');
  const record = JSON.parse(new TextDecoder().decode(made.payload)) as Record<string, unknown>;
  const own = { ...record, bids: [[levels, '1']], exchangeTime: exchangeTimeUs, reset: true };
  const payload = new TextEncoder().encode(JSON.stringify(own));
  return { ...made, payload, exchangeTimeUs, msgId: `${made.msgId}${levels}` };
}

test('a restart that another writer told long ago is not told again, whatever the own book was', async (t) => {
  const nats = await startNats();
  t.after(() => nats.stop());
  const connection = await nats.connect();
  const [ahead, behind] = await Promise.all(['pod-a', 'pod-b'].map((pod) => startRig({ connection, pod })));
  assert.ok(ahead !== undefined && behind !== undefined);
  t.after(() => Promise.all([ahead.close(), behind.close()]));
  const [market, late] = [new Market('A'), new Market('A')];
  const both = (make: (of: Market) => Outgoing): void => {
    ahead.push(make(market));
    behind.push(make(late));
  };
  both((of) => of.snapshot());
  for (let index = 0; index < 5; index += 1) both((of) => of.delta(100));
  await Promise.all([ahead.idle(), behind.idle()]);
  const restartUs = Date.now() * 1_000;
  market.bookId = 3;
  ahead.push(resetAt(market, restartUs, '7'));
  for (let index = 0; index < 5; index += 1) ahead.push(market.delta(2));
  await ahead.idle();
  late.bookId = 3;
  behind.push(resetAt(late, restartUs, '8'));
  for (let index = 0; index < 8; index += 1) behind.push(late.delta(2));
  await behind.idle();
  ahead.push(market.delta(2));
  await ahead.idle();
  const { books } = await readStream(connection, STREAM);
  const book = books.get(market.book);
  assert.deepEqual([book?.id, book?.snapshots, book?.gaps], [19, 2, []]);
  assert.deepEqual([ahead.status().gaps, behind.status().gaps], [0, 0]);
});

test('two restarts within the duplicate window: the same ids once more are other changes, and all are stored', async (t) => {
  const nats = await startNats();
  t.after(() => nats.stop());
  const connection = await nats.connect();
  const delivery = await startRig({ connection });
  t.after(() => delivery.close());
  const market = new Market('A');
  market.bookId = 100;
  delivery.push(market.snapshot());
  const firstUs = Date.now() * 1_000;
  for (const [restartUs, levels] of [
    [firstUs, '7'],
    [firstUs + 1, '8'],
  ] as const) {
    market.bookId = 3;
    delivery.push(resetAt(market, restartUs, levels));
    for (let index = 0; index < 5; index += 1) delivery.push(market.delta(2));
    await delivery.idle();
  }
  const { books } = await readStream(connection, STREAM);
  const book = books.get(market.book);
  assert.deepEqual([book?.id, book?.snapshots, book?.deltas, book?.gaps], [13, 3, 10, []]);
  assert.equal(delivery.status().counters['idsOfEarlierReset'], 5);
  assert.equal(delivery.status().gaps, 0);
});

for (const windowMs of [120_000, 400]) {
  test(`a second restart during an outage, the first one's changes read back, duplicate window ${windowMs} ms: all are stored`, async (t) => {
    const server = await startNats();
    t.after(() => server.stop());
    const proxy = await startNatsProxy(server.port);
    t.after(() => proxy.stop());
    const connection = await server.connect({ servers: [proxy.url] });
    const effective = feedOf();
    const delivery = await startRig({
      connection,
      effective: { ...effective, stream: { ...effective.stream, duplicateWindowMs: windowMs } },
      tuning: { freshMaxMs: 50 },
    });
    t.after(() => delivery.close());
    const market = new Market('A');
    market.bookId = 100;
    delivery.push(market.snapshot());
    const firstUs = Date.now() * 1_000;
    const restart = (restartUs: number, levels: string): void => {
      market.bookId = 3;
      delivery.push(resetAt(market, restartUs, levels));
      for (let index = 0; index < 5; index += 1) delivery.push(market.delta(2));
    };
    restart(firstUs, '7');
    await delivery.idle();
    proxy.closed = true;
    proxy.cut();
    await until('the loss is seen', () => !delivery.status().publish.connected);
    restart(firstUs + 1, '8');
    // Real time on purpose: long enough for the queue to be old, and for the server to forget ids of the short window.
    await delay(windowMs < 1_000 ? windowMs + 1_000 : 200);
    proxy.closed = false;
    await delivery.idle();
    const status = delivery.status();
    assert.ok((status.counters['readBacks'] ?? 0) > 0, 'read back');
    const { books } = await readStream(await server.connect(), STREAM);
    const book = books.get(market.book);
    assert.deepEqual([book?.id, book?.snapshots, book?.deltas, book?.gaps], [13, 3, 10, []]);
    assert.equal(status.gaps, 0);
  });
}
