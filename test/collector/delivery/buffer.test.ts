import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { Buffer } from '../../../collector/delivery/buffer.ts';
import type { OutgoingDelta, OutgoingSnapshot, OutgoingTrade } from '../../../collector/ports.ts';

const head = (subject: string, identity: string, bytes: number) => ({
  subject,
  msgId: `${subject}|${identity}`,
  payload: new Uint8Array(bytes),
  symbol: 'X',
  exchangeTimeUs: 1,
  receiveTimeUs: 1,
});
const trade = (id: number, bytes = 600): OutgoingTrade => ({
  ...head('t', `t${id}`, bytes),
  kind: 'trade',
  stream: 'trade',
  id: String(id),
  sequence: id,
});
const delta = (prevId: number): OutgoingDelta => ({
  ...head('b', `d${prevId}-${prevId + 1}`, 600),
  kind: 'delta',
  stream: 'orderbook',
  prevId,
  lastId: prevId + 1,
  joinOnly: false,
  idsMayRestart: false,
});
const start = (lastId: number): OutgoingSnapshot => ({
  ...head('b', `s${lastId}-0`, 600),
  kind: 'snapshot',
  stream: 'orderbook',
  role: 'start',
  lastId,
  cause: 'restart',
});
const buffer = (over: Partial<ConstructorParameters<typeof Buffer>[0]> = {}): Buffer =>
  new Buffer({
    maxBytes: 10_000,
    maxItems: 1_000,
    whenFull: 'dropOldest',
    onPressure: () => undefined,
    ...over,
  });

test('the bound holds whatever is pushed, and what is not queued is counted as dropped', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 3_000 }), { maxLength: 60 }), (sizes) => {
      const queue = buffer();
      const lane = queue.lane('t', false);
      for (const [id, bytes] of sizes.entries()) queue.push(lane, trade(id, bytes), 0);
      assert.ok(queue.bytes <= 10_000);
      assert.equal(queue.count + queue.dropped, sizes.length);
      assert.equal(queue.count, lane.length);
    }),
  );
});

test('the oldest goes first, one that may be stored never', () => {
  const queue = buffer();
  const lane = queue.lane('t', false);
  queue.push(lane, trade(0), 0);
  const first = lane.head;
  assert.ok(first !== undefined);
  first.floor = 5;
  for (let id = 1; id < 15; id += 1) queue.push(lane, trade(id), 0);
  assert.deepEqual(
    lane.items().map(({ record }) => record.msgId),
    ['t|t0', ...Array.from({ length: 9 }, (_, index) => `t|t${index + 6}`)],
  );
  assert.deepEqual(
    lane.items().map(({ afterDrop }) => afterDrop),
    [undefined, 'overflow', ...Array.from({ length: 8 }, () => undefined)],
  );
});

test('what has left the queue is held by nothing', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const queue = buffer();
  const lane = queue.lane('t', false);
  const gone: WeakRef<Uint8Array>[] = [];
  for (let id = 0; id < 8; id += 1) {
    const record = trade(id);
    gone.push(new WeakRef(record.payload));
    queue.push(lane, record, 0);
  }
  for (let id = 0; id < 5; id += 1) queue.shift(lane);
  // A reference that was just read is kept until the next turn.
  await turn();
  collect();
  assert.deepEqual(
    gone.map((payload) => payload.deref() !== undefined),
    [false, false, false, false, false, true, true, true],
  );
  assert.equal(lane.length, 3);
});

test('a gap record is given up only where nothing else is left: it says what was lost', () => {
  const queue = buffer();
  const gaps = queue.lane('gap', true);
  queue.push(gaps, { ...trade(0), subject: 'gap' }, 0);
  const lane = queue.lane('t', false);
  for (let id = 1; id < 30; id += 1) queue.push(lane, trade(id), 0);
  assert.equal(gaps.length, 1);
  for (let id = 30; id < 60; id += 1) queue.push(gaps, { ...trade(id), subject: 'gap' }, 0);
  assert.ok(queue.bytes <= 10_000);
  assert.equal(lane.length, 0);
});

test('a book that loses a delta loses its chain and wants a start; deltas until then are dropped at once', () => {
  const queue = buffer();
  const book = queue.lane('b', false);
  for (let id = 0; id < 3; id += 1) queue.push(book, delta(id), 0);
  const trades = queue.lane('t', false);
  for (let id = 0; id < 8; id += 1) queue.push(trades, trade(id), 0);
  assert.deepEqual([book.length, book.awaitingStart, book.resyncCause], [0, true, 'overflow']);
  queue.push(book, delta(3), 0);
  assert.equal(book.length, 0);
  queue.push(book, start(4), 0);
  queue.push(book, delta(4), 0);
  assert.deepEqual([book.length, book.resyncCause], [2, undefined]);
});

test('a chain is dropped only up to the next start that is queued', () => {
  const queue = buffer();
  const book = queue.lane('b', false);
  for (const record of [delta(0), delta(1), start(9), delta(9)]) queue.push(book, record, 0);
  const trades = queue.lane('t', false);
  for (let id = 0; id < 7; id += 1) queue.push(trades, trade(id), 0);
  assert.equal(book.head?.record.msgId, 'b|s9-0');
  assert.equal(book.resyncCause, undefined);
});

test('pressure comes before the bound and goes well below it', () => {
  const told: boolean[] = [];
  const queue = buffer({ whenFull: 'stop', onPressure: (pressed) => told.push(pressed) });
  const lane = queue.lane('t', false);
  for (let id = 0; id < 7; id += 1) queue.push(lane, trade(id), 0);
  assert.deepEqual(told, []);
  queue.push(lane, trade(7), 0);
  assert.deepEqual([told, queue.pressed, queue.dropped], [[true], true, 0]);
  queue.shift(lane);
  queue.shift(lane);
  assert.deepEqual(told, [true]);
  queue.shift(lane);
  assert.deepEqual(told, [true, false]);
});

test('subjects that rest are forgotten beyond the bound, those with records stay', () => {
  const queue = buffer();
  for (const subject of ['a', 'b', 'c']) queue.lane(subject, false);
  queue.push(queue.lane('a', false), trade(1), 0);
  queue.forgetIdle(1, false);
  assert.deepEqual([...queue.lanes.keys()], ['a']);
});
