import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  advanceBook,
  advanceTrade,
  bookHole,
  decideDelta,
  decideSnapshot,
  tradeHole,
  type BookTail,
  type ChainState,
  type Tail,
} from '../../../collector/delivery/chain.ts';
import type { OutgoingDelta, OutgoingSnapshot, OutgoingTrade } from '../../../collector/ports.ts';

const head = {
  subject: 'b.x',
  payload: new Uint8Array(),
  symbol: 'X',
  exchangeTimeUs: 50,
  receiveTimeUs: 60,
} as const;
const delta = (prevId: number, lastId: number, joinOnly = false): OutgoingDelta => ({
  ...head,
  kind: 'delta',
  stream: 'orderbook',
  msgId: `b.x|d${prevId}-${lastId}`,
  prevId,
  lastId,
  joinOnly,
  idsMayRestart: false,
});
const snapshot = (lastId: number, role: OutgoingSnapshot['role'] = 'start'): OutgoingSnapshot => ({
  ...head,
  kind: 'snapshot',
  stream: 'orderbook',
  msgId: `b.x|s${lastId}-0`,
  role,
  lastId,
  cause: 'restart',
});
const trade = (sequence: number | null): OutgoingTrade => ({
  ...head,
  kind: 'trade',
  stream: 'trade',
  msgId: `t.x|t${sequence}`,
  id: String(sequence),
  sequence,
});
const at = (lastId: number, sequence = 7): BookTail => ({
  kind: 'book',
  lastId,
  sequence,
  exchangeTimeUs: 40,
  resetTimeUs: null,
});
const state = (tail: Tail, over: Partial<ChainState> = {}): ChainState => ({
  tail,
  fresh: true,
  awaitingStart: false,
  snapshotsOnly: false,
  ...over,
});

test('a delta that continues the stream is published, also one that overlaps it in part', () => {
  assert.equal(decideDelta(state(at(10)), delta(10, 12)).kind, 'publish');
  assert.equal(decideDelta(state(at(10)), delta(8, 12)).kind, 'publish');
});

test('a delta that the stream is at or past is left out', () => {
  assert.deepEqual(decideDelta(state(at(10)), delta(8, 10)), { kind: 'leaveOut', why: 'overlap' });
});

test('a delta behind a hole is never published: the tail is read again, then the book is asked for', () => {
  assert.equal(decideDelta(state(at(10), { fresh: false }), delta(11, 12)).kind, 'readTail');
  assert.equal(decideDelta(state(at(10)), delta(11, 12)).kind, 'resync');
  assert.equal(decideDelta(state({ kind: 'none' }), delta(11, 12)).kind, 'resync');
});

test('a delta from before the snapshot is left out silently where it does not join', () => {
  assert.equal(decideDelta(state(at(10), { fresh: false }), delta(11, 12, true)).kind, 'readTail');
  assert.deepEqual(decideDelta(state(at(10)), delta(11, 12, true)), { kind: 'leaveOut', why: 'unjoined' });
  assert.equal(decideDelta(state(at(10)), delta(9, 12, true)).kind, 'publish');
});

test('after a hole every delta is left out until a start', () => {
  assert.deepEqual(decideDelta(state(at(10), { awaitingStart: true }), delta(10, 12)), {
    kind: 'leaveOut',
    why: 'awaitingStart',
  });
});

test('the first snapshot of a subject expects an empty one', () => {
  assert.deepEqual(decideSnapshot(state({ kind: 'none' }), snapshot(5)), {
    kind: 'publish',
    expectedSequence: 0,
  });
});

test('a start snapshot is left out when the stream has reached it, else it goes directly behind the tail', () => {
  assert.equal(decideSnapshot(state(at(5), { fresh: false }), snapshot(5)).kind, 'readTail');
  assert.deepEqual(decideSnapshot(state(at(5)), snapshot(5)), { kind: 'leaveOut', why: 'joined' });
  assert.deepEqual(decideSnapshot(state(at(4)), snapshot(5)), { kind: 'publish', expectedSequence: 7 });
});

test('a periodic snapshot is published only directly behind its own state', () => {
  assert.deepEqual(decideSnapshot(state(at(5)), snapshot(5, 'periodic')), {
    kind: 'publish',
    expectedSequence: 7,
  });
  assert.equal(decideSnapshot(state(at(6)), snapshot(5, 'periodic')).kind, 'leaveOut');
  assert.equal(
    decideSnapshot(state(at(5), { awaitingStart: true }), snapshot(5, 'periodic')).kind,
    'leaveOut',
  );
});

test('a reset is published whatever its id, once, and an older chain resyncs', () => {
  const reset = snapshot(3, 'reset');
  assert.equal(decideSnapshot(state(at(500)), reset).kind, 'publish');
  const after = advanceBook(at(500), reset, 9);
  assert.deepEqual([after.lastId, after.resetTimeUs], [3, 50]);
  assert.equal(decideSnapshot(state(after), reset).kind, 'leaveOut');
  const long = { ...after, resetTimeUs: 5_000_000 };
  assert.equal(decideDelta(state(long), { ...delta(3, 600), exchangeTimeUs: 3_900_000 }).kind, 'resync');
});

test("what the venue says of a restart's time may lie some way behind the next change", () => {
  const after: BookTail = { ...at(3), resetTimeUs: 5_000_000 };
  assert.equal(decideDelta(state(after), { ...delta(3, 5), exchangeTimeUs: 4_950_000 }).kind, 'publish');
});

const SECONDS = 1_000_000;
const since: BookTail = { ...at(500), exchangeTimeUs: 10 * SECONDS };

test('a start is a restart of the ids where its chain is lower at a later time, and only by more than a moment', () => {
  const decide = (lastId: number, timeUs: number | undefined): string => {
    const chain = timeUs === undefined ? {} : { chain: { lastId, timeUs } };
    return decideSnapshot(state(since), { ...snapshot(3), exchangeTimeUs: 99 * SECONDS, ...chain }).kind;
  };
  assert.equal(decide(3, 12 * SECONDS), 'restart');
  assert.equal(decide(3, 10.5 * SECONDS), 'leaveOut', 'two times of one moment');
  assert.equal(decide(600, 12 * SECONDS), 'leaveOut', 'the stream is beyond: an old state of REST');
  assert.equal(decide(3, undefined), 'leaveOut', 'only the snapshot itself says when it was');
});

test('a lower delta of a later time asks for a fresh book where ids may restart, once the end was read', () => {
  const late = { ...delta(3, 5), exchangeTimeUs: 12 * SECONDS };
  const decide = (over: Partial<OutgoingDelta>, fresh = true) =>
    decideDelta(state(since, { fresh }), { ...late, idsMayRestart: true, ...over });
  assert.deepEqual(decide({}, false), { kind: 'readTail' });
  assert.deepEqual(decide({}), { kind: 'resync', cause: 'venue' });
  for (const over of [{ exchangeTimeUs: 10.5 * SECONDS }, { joinOnly: true }, { idsMayRestart: false }])
    assert.deepEqual(decide(over), { kind: 'leaveOut', why: 'overlap' });
});

test("another writer's late record moves the sequence, not the id", () => {
  assert.deepEqual(advanceBook(at(10), delta(0, 3), 9), { ...at(10), sequence: 9 });
});

test('a start behind the tail names the hole, one that joins names none', () => {
  assert.deepEqual(bookHole(at(4), snapshot(9)), { fromId: 4, toId: 9, fromTimeUs: 40, fromSequence: 7 });
  assert.equal(bookHole(at(9), snapshot(9)), undefined);
  assert.equal(bookHole({ kind: 'none' }, snapshot(9)), undefined);
});

test('trades without holes name none, a jump names its ends, a late one does not turn the tail back', () => {
  let tail: Tail = { kind: 'none' };
  assert.equal(tradeHole(tail, trade(4)), undefined);
  tail = advanceTrade(tail, trade(4), 1);
  assert.equal(tradeHole(tail, trade(5)), undefined);
  const hole = tradeHole(tail, trade(8));
  assert.deepEqual([hole?.fromId, hole?.toId, hole?.fromSequence], [4, 8, 1]);
  tail = advanceTrade(advanceTrade(tail, trade(8), 2), trade(6), 3);
  assert.deepEqual([tail.id, tail.sequence], [8, 3]);
  assert.equal(tradeHole(tail, trade(null)), undefined);
});

test('whatever two writers with their own grouping publish by these rules, a consumer meets no gap', () => {
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 59 }), { maxLength: 30 });
  fc.assert(
    fc.property(cuts, cuts, fc.array(fc.boolean(), { maxLength: 200 }), (cutsA, cutsB, turns) => {
      const chain = (cuts: readonly number[]): OutgoingDelta[] => {
        const ids = [0, ...cuts.toSorted((a, b) => a - b), 60];
        return ids.slice(1).map((lastId, index) => delta(ids[index] ?? 0, lastId));
      };
      const writers = [chain(cutsA), chain(cutsB)].map((queue) => ({ queue, tail: at(0, 1) }));
      const stream: OutgoingDelta[] = [];
      const order = [...turns, ...Array.from({ length: 130 }, (_, index) => index % 2 === 0)];
      for (const turn of order) {
        const writer = writers[turn ? 0 : 1];
        const next = writer?.queue.shift();
        if (writer === undefined || next === undefined) continue;
        const decision = decideDelta(state(writer.tail), next);
        assert.equal(decision.kind, 'publish');
        stream.push(next);
        writer.tail = advanceBook(writer.tail, next, stream.length + 1);
      }
      let book = 0;
      for (const one of stream) {
        if (one.lastId <= book) continue;
        assert.ok(one.prevId <= book, `gap: ${one.prevId} after ${book}`);
        book = one.lastId;
      }
      assert.equal(book, 60);
    }),
  );
});
