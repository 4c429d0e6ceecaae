import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Overlap, QUIET_MS } from '../../../collector/link/overlap.ts';
import type {
  Channel,
  DepthFrame,
  StateFrame,
  TradeFrame,
  VenueFrame,
} from '../../../collector/venues/venue.ts';

const BOOK: Channel = { instrument: 'X', stream: 'orderbook' };
const TRADE: Channel = { instrument: 'X', stream: 'trade' };

const sides = { exchangeTimeUs: 1, bids: [], asks: [] };
const depth = (prevId: number, lastId: number): DepthFrame => ({
  kind: 'depth',
  instrument: 'X',
  prevId,
  lastId,
  ...sides,
});
const state = (lastId: number): StateFrame => ({
  kind: 'state',
  instrument: 'X',
  snapshot: { kind: 'snapshot', lastId, ...sides },
});
const trade = (id: number): TradeFrame => ({
  kind: 'trade',
  instrument: 'X',
  id: String(id),
  sequence: id,
  price: '1',
  size: '1',
  side: 'buy',
  exchangeTimeUs: 1,
});

/** What comes behind: a book by its sequence rule, and every frame that got there. */
class Behind {
  held: number | undefined;
  readonly passed: VenueFrame[] = [];
  gaps = 0;
  readonly overlap: Overlap;
  readonly #linked: boolean;

  constructor(bookStart: 'rest' | 'stream', held: number | undefined) {
    this.held = held;
    this.#linked = bookStart === 'stream';
    this.overlap = new Overlap({ venue: { bookStart }, heldId: () => this.held }, [BOOK, TRADE]);
  }

  take(side: 'old' | 'new', frame: VenueFrame, nowMs = 0): void {
    for (const one of this.overlap.take(side, { frame, receiveTimeUs: 0 }, nowMs)) this.#pass(one.frame);
    if (side === 'old') for (const one of this.overlap.settle(frame)) this.#pass(one.frame);
  }

  #pass(frame: VenueFrame): void {
    this.passed.push(frame);
    if (frame.kind === 'state') this.held = frame.snapshot.lastId;
    if (frame.kind !== 'depth' || this.held === undefined || frame.lastId <= this.held) return;
    const continues = this.#linked ? frame.prevId === this.held : frame.prevId <= this.held;
    if (continues) this.held = frame.lastId;
    else this.gaps += 1;
  }
}

/** Two readers of one run of frames, the second from `from` on, in any mix that keeps each one's order. */
function mix<T>(
  frames: readonly T[],
  from: number,
  turns: readonly boolean[],
): readonly (readonly ['old' | 'new', T])[] {
  const left = { old: [...frames], new: frames.slice(from) };
  const mixed: (readonly ['old' | 'new', T])[] = [];
  for (const isOld of turns) {
    const side = isOld ? 'old' : 'new';
    const frame = left[side].shift();
    if (frame !== undefined) mixed.push([side, frame]);
  }
  return [
    ...mixed,
    ...left.old.map((one) => ['old', one] as const),
    ...left.new.map((one) => ['new', one] as const),
  ];
}

const run = fc.record({
  length: fc.integer({ min: 2, max: 40 }),
  from: fc.nat(20),
  turns: fc.array(fc.boolean(), { maxLength: 80 }),
  step: fc.integer({ min: 1, max: 9 }),
});

test('trades of two connections in any mix come out once each, in order, none missing', () => {
  fc.assert(
    fc.property(run, ({ length, from, turns }) => {
      const behind = new Behind('rest', undefined);
      const trades = Array.from({ length }, (_, index) => trade(index + 1));
      for (const [side, frame] of mix(trades, Math.min(from, length - 1), turns)) behind.take(side, frame);
      assert.deepEqual(
        behind.passed.map((frame) => ('id' in frame ? frame.id : '')),
        trades.map(({ id }) => id),
      );
      assert.deepEqual(behind.overlap.apart, [BOOK]);
    }),
  );
});

test('a book whose ids grow goes on without a gap in any mix, however the second connection groups its changes', () => {
  fc.assert(
    fc.property(run, ({ length, from, turns, step }) => {
      const last = length * 5;
      const group = (size: number, begin: number): DepthFrame[] => {
        const frames: DepthFrame[] = [];
        for (let id = begin; id < last; id += size) frames.push(depth(id, Math.min(id + size, last)));
        return frames;
      };
      const old = group(5, 0);
      const next = group(step, Math.min(from, last - 1));
      const behind = new Behind('rest', 0);
      const left = { old, new: next };
      for (const isOld of [...turns, ...old.map(() => true), ...next.map(() => false)]) {
        const frame = left[isOld ? 'old' : 'new'].shift();
        if (frame !== undefined) behind.take(isOld ? 'old' : 'new', frame);
      }
      assert.equal(behind.gaps, 0);
      assert.equal(behind.held, last);
    }),
  );
});

test('a book whose ids only identify goes on without a gap in any mix, from the second state on', () => {
  fc.assert(
    fc.property(run, ({ length, from, turns, step }) => {
      const ids = Array.from({ length: length + 1 }, (_, index) => 1_000 + index * step);
      const changes = ids.slice(1).map((id, index) => depth(ids[index] ?? 0, id));
      const behind = new Behind('stream', ids[0]);
      const begin = Math.min(from, length - 1);
      let isStated = false;
      for (const [side, frame] of mix(changes, begin, turns)) {
        if (side === 'new' && !isStated) behind.take('new', state(ids[begin] ?? 0));
        isStated ||= side === 'new';
        behind.take(side, frame);
      }
      assert.equal(behind.gaps, 0);
      assert.equal(behind.held, ids.at(-1));
      assert.deepEqual(behind.overlap.apart, [TRADE]);
      assert.equal(
        behind.passed.filter(({ kind }) => kind === 'state').length,
        0,
        'a book that runs needs none',
      );
    }),
  );
});

test('channels of which nobody has anything to say are at the same point after a while, others are not', () => {
  const behind = new Behind('rest', 10);
  for (const channel of [BOOK, TRADE]) behind.overlap.opened(channel, 0);
  behind.take('old', trade(1), QUIET_MS - 1);
  behind.overlap.tick(QUIET_MS - 1);
  assert.deepEqual(behind.overlap.apart, [BOOK, TRADE]);
  behind.overlap.tick(QUIET_MS);
  assert.deepEqual(behind.overlap.apart, [TRADE], 'the old one went on with it, the new one did not');
  assert.equal(behind.overlap.isUnheard(TRADE), true);
  behind.take('new', trade(1), QUIET_MS + 1);
  assert.deepEqual(behind.overlap.apart, []);
  behind.take('new', trade(2), QUIET_MS + 2);
  behind.take('old', trade(2), QUIET_MS + 3);
  assert.equal(behind.passed.length, 2);
});

test('a book that does not run takes the first state of either connection, and no other', () => {
  const behind = new Behind('stream', undefined);
  behind.take('new', state(5));
  behind.take('old', state(7));
  behind.take('new', depth(5, 7));
  assert.deepEqual(
    behind.passed.map(({ kind }) => kind),
    ['state', 'depth'],
  );
  assert.equal(behind.held, 7);
});

test('forced, the new connection goes on alone with what it kept', () => {
  const behind = new Behind('rest', 10);
  behind.take('new', depth(20, 21));
  assert.deepEqual(behind.passed, []);
  assert.deepEqual(
    behind.overlap.force(BOOK).map(({ frame }) => frame),
    [depth(20, 21)],
  );
  behind.take('old', depth(10, 11));
  assert.deepEqual(behind.passed, []);
});
