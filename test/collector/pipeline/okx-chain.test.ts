import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { DEFAULTS } from '../../../contract/effective.ts';
import { DEFAULT_SUBJECTS } from '../../../contract/subjects.ts';
import { STATE_WAIT_MS, type SnapshotCommand } from '../../../collector/pipeline/book-start.ts';
import { BRIDGE_WAIT_MS, FOREIGN_WAIT_MS } from '../../../collector/pipeline/snapshot-bridge.ts';
import { Pipeline } from '../../../collector/pipeline/pipeline.ts';
import type { Outgoing } from '../../../collector/ports.ts';
import { okxSpot } from '../../../collector/venues/okx.ts';

const INSTRUMENT = 'BTC-USDT';
const EMPTY = { bids: [], asks: [] };

interface Frame {
  readonly action: 'snapshot' | 'update';
  readonly seqId?: number;
  readonly prevSeqId?: number;
  readonly bids: readonly (readonly [string, string])[];
  readonly asks: readonly (readonly [string, string])[];
  readonly ts?: number;
  readonly checksum?: number;
}

function message({ action, ts = 1_000, bids, asks, ...ids }: Frame): string {
  const wire = (side: Frame['bids']): unknown => side.map(([price, size]) => [price, size, '0', '1']);
  const data = [{ asks: wire(asks), bids: wire(bids), ts: String(ts), checksum: 0, ...ids }];
  return JSON.stringify({ arg: { channel: 'books', instId: INSTRUMENT }, action, data });
}

/** A pipeline with its clock, and all that came out of it. */
class Rig {
  readonly records: Outgoing[] = [];
  readonly commands: SnapshotCommand[] = [];
  readonly pipeline: Pipeline;
  nowMs = 1_000;

  constructor(take?: (record: Outgoing) => void) {
    this.pipeline = new Pipeline({
      venue: okxSpot,
      feed: {
        exchange: 'okx',
        market: 'spot',
        streams: ['orderbook'],
        orderbook: { mode: 'delta', ...DEFAULTS.orderbook, snapshotEveryMs: 2_000 },
        nats: { subjects: DEFAULT_SUBJECTS } as never,
      },
      epoch: 'test',
      emit: (record) => {
        this.records.push(record);
        take?.(record);
      },
      command: (command) => this.commands.push(command),
    });
    this.pipeline.add({ instrument: INSTRUMENT, symbol: INSTRUMENT, sizeUnit: 'base' }, this.nowMs);
    this.open();
  }
  open(): void {
    this.pipeline.opened({ instrument: INSTRUMENT, stream: 'orderbook' }, this.nowMs);
  }
  send(frame: Frame): void {
    for (const one of okxSpot.decode(message(frame)))
      this.pipeline.frame(one, this.nowMs * 1_000, this.nowMs);
  }
  wait(ms: number): void {
    this.nowMs += ms;
    this.pipeline.tick(this.nowMs);
  }
  /** What was published since the last call, in short. */
  out(): readonly string[] {
    return this.records.splice(0).map((record) => {
      if (record.kind === 'delta')
        return `${record.joinOnly ? 'join ' : ''}${record.prevId}-${record.lastId}`;
      if (record.kind === 'snapshot') return `${record.role} ${record.lastId}`;
      return record.kind;
    });
  }
  state(): string | undefined {
    return this.pipeline.statusOf(INSTRUMENT)?.state;
  }
}

const state = (seqId: number): Frame => ({
  action: 'snapshot',
  seqId,
  prevSeqId: -1,
  bids: [['9', '1']],
  asks: [['10', '1']],
});
const change = (prevSeqId: number, seqId: number, size = '2'): Frame => ({
  action: 'update',
  seqId,
  prevSeqId,
  bids: [['9', size]],
  asks: [],
});

test('the state begins the chain, equal ids continue it, an idle push is none of it', () => {
  const rig = new Rig();
  rig.send(state(10));
  rig.send(change(10, 17));
  rig.send({ ...change(17, 17), ...EMPTY });
  rig.send(change(17, 18));
  assert.deepEqual(rig.out(), ['start 10', '10-17', '17-18']);
  assert.equal(rig.pipeline.counters['depthIdle'], 1);
  assert.deepEqual(rig.commands, []);
});

test('an idle push of another id proves a loss', () => {
  const rig = new Rig();
  rig.send(state(10));
  rig.send({ ...change(15, 15), ...EMPTY });
  assert.deepEqual(rig.out(), ['start 10', 'interrupted']);
});

test('restarted ids are a reset in place of the delta, and the chain goes on from them', () => {
  const rig = new Rig();
  rig.send(state(10));
  rig.send(change(10, 15));
  rig.send({ ...change(15, 3, '7'), ts: 2_000 });
  const record = rig.records.at(-1);
  assert.ok(record?.kind === 'snapshot');
  assert.equal(record.exchangeTimeUs, 2_000_000);
  const fields = JSON.parse(new TextDecoder().decode(record.payload)) as Record<string, unknown>;
  assert.deepEqual([fields['reset'], fields['bids'], fields['lastId']], [true, [['9', '7']], 3]);
  rig.send(change(3, 5));
  assert.deepEqual(rig.out(), ['start 10', '10-15', 'reset 3', '3-5']);
});

test('a lost restart is seen although every id behind it is lower than the one held', () => {
  const rig = new Rig();
  rig.send(state(10));
  rig.send(change(10, 15));
  rig.send(change(3, 5));
  assert.deepEqual(rig.out(), ['start 10', '10-15', 'interrupted']);
  assert.equal(rig.state(), 'resyncing');
});

test('a lower prevSeqId spans nothing: these ids identify, they do not count', () => {
  const rig = new Rig();
  rig.send(state(10));
  rig.send(change(8, 20));
  assert.deepEqual(rig.out(), ['start 10', 'interrupted']);
});

test('one gap is one resubscription, however many changes come before the next state', () => {
  const rig = new Rig();
  rig.send(state(10));
  for (let id = 20; id < 60; id += 1) rig.send(change(id, id + 1));
  assert.deepEqual(
    rig.commands.map(({ kind }) => kind),
    ['resubscribe'],
  );
  rig.send(state(60));
  rig.send(change(60, 61));
  assert.equal(rig.state(), 'inSync');
  assert.deepEqual(
    rig.out().filter((record) => !record.startsWith('join')),
    ['start 10', 'interrupted', 'start 60', '60-61'],
  );
});

test('subscriptions that do not last are spaced, and never given up', () => {
  const rig = new Rig();
  rig.send(state(10));
  for (let second = 0; second < 600; second += 1) {
    rig.send(change(1, 2));
    rig.wait(1_000);
    rig.send(state(100 + second));
  }
  const { length } = rig.commands.filter(({ kind }) => kind === 'resubscribe');
  assert.ok(length >= 600 / 30 && length <= 30, `${length} in ten minutes`);
});

test('another state replaces the book, the same one again changes nothing', () => {
  const rig = new Rig();
  rig.send(state(10));
  rig.send(state(10));
  rig.send(change(10, 11));
  rig.send(state(20));
  rig.send(change(20, 21));
  assert.deepEqual(rig.out(), ['start 10', '10-11', 'interrupted', 'start 20', '20-21']);
  assert.equal(rig.pipeline.counters['stateStale'], 1);
});

test('without a state REST is asked once, and the change that spans its id continues it', () => {
  const rig = new Rig();
  rig.send(change(7, 9));
  rig.wait(STATE_WAIT_MS - 1);
  assert.equal(rig.commands.length, 0);
  rig.wait(1);
  rig.send(change(9, 12));
  const [command, ...more] = rig.commands;
  assert.ok(command?.kind === 'snapshot' && more.length === 0);
  const body = `{"code":"0","data":[{"bids":[["9","1","0","1"]],"asks":[],"ts":"1000","seqId":10}]}`;
  const snapshot = okxSpot.decodeSnapshot(body);
  assert.ok(snapshot.kind === 'snapshot');
  rig.pipeline.snapshot(command, snapshot, 0, rig.nowMs);
  rig.send(change(12, 13));
  assert.deepEqual(rig.out(), ['join 7-9', 'join 9-12', 'start 10', '9-12', '12-13']);
  rig.send(change(12, 20));
  assert.deepEqual(rig.out(), ['interrupted']);
  assert.equal(rig.commands.at(-1)?.kind, 'snapshot', 'a venue that sends no state is not subscribed anew');
});

/** REST is asked because the subscription brought no state; `answer` gives it. */
function askedRest(): { readonly rig: Rig; readonly answer: (lastId: number) => void } {
  const rig = new Rig();
  rig.wait(STATE_WAIT_MS);
  const answer = (lastId: number): void => {
    const command = rig.commands.at(-1);
    assert.ok(command?.kind === 'snapshot');
    const snapshot = {
      kind: 'snapshot',
      lastId,
      exchangeTimeUs: 9_000_000_000,
      bids: [['9', '1']],
      asks: [],
    } as const;
    rig.pipeline.snapshot(command, snapshot, rig.nowMs * 1_000, rig.nowMs);
  };
  return { rig, answer };
}

test('a state of REST that the stream goes on below is of ids that are no more: it is never a book', () => {
  const { rig, answer } = askedRest();
  rig.send(change(10, 12));
  answer(24_908);
  for (let id = 12; id < 200; id += 2) {
    rig.wait(100);
    rig.send(change(id, id + 2));
  }
  assert.deepEqual(rig.out(), []);
  assert.equal(rig.pipeline.counters['snapshotUnbridged'], 1);
  assert.equal(rig.commands.length, 2, 'it is asked again');
  answer(150);
  assert.equal(rig.state(), 'inSync');
});

test('in a market at rest a state of REST is the book; what then comes below it without end is a loss', () => {
  const { rig, answer } = askedRest();
  answer(24_908);
  rig.wait(BRIDGE_WAIT_MS);
  assert.deepEqual(rig.out(), ['start 24908']);
  for (let id = 10; id < 10 + 2 * 63; id += 2) rig.send(change(id, id + 2));
  assert.equal(rig.state(), 'inSync');
  rig.send(change(136, 138));
  assert.deepEqual(rig.out(), ['interrupted']);
});

test('ids that begin anew before there is a book end what was buffered, and the state that was asked for', () => {
  const { rig, answer } = askedRest();
  rig.send(change(100, 102));
  answer(110);
  rig.send(change(102, 3));
  rig.send(change(3, 5));
  rig.wait(FOREIGN_WAIT_MS);
  assert.deepEqual(rig.out(), []);
  assert.equal(rig.pipeline.counters['depthReset'], 1);
  answer(4);
  const [first, second] = rig.records;
  assert.ok(first?.kind === 'delta' && first.joinOnly && first.idsMayRestart);
  assert.ok(second?.kind === 'snapshot');
  assert.deepEqual(second.chain, { lastId: 5, timeUs: 1_000_000 }, 'the time is of the stream, not of REST');
});

test('a state that comes late makes the answer of REST needless', () => {
  const rig = new Rig();
  rig.wait(STATE_WAIT_MS);
  rig.send(state(10));
  const [command] = rig.commands;
  assert.ok(command !== undefined);
  const late = { kind: 'snapshot', lastId: 4, exchangeTimeUs: null, ...EMPTY } as const;
  rig.pipeline.snapshot(command, late, 0, rig.nowMs);
  assert.deepEqual(rig.out(), ['start 10']);
});

test('a checksum is compared where it is not 0, and a difference publishes nothing', () => {
  const rig = new Rig();
  rig.send(state(10));
  rig.send({ ...change(10, 11), checksum: 0 });
  rig.send({ ...change(11, 12), checksum: 1 });
  assert.deepEqual(rig.out(), ['start 10', '10-11', 'interrupted']);
  assert.equal(rig.pipeline.counters['checksumMismatch'], 1);
  assert.equal(rig.commands.at(-1)?.kind, 'resubscribe');
});

test('frames without ids are numbered by the time of the venue, a repeated one keeps its number', () => {
  const rig = new Rig();
  const timed = (ts: number, size: string): Frame => ({
    action: 'update',
    bids: [['9', size]],
    asks: [],
    ts,
  });
  rig.send({ ...timed(1_000, '1'), action: 'snapshot' });
  for (const frame of [timed(1_001, '2'), timed(1_001, '3'), timed(1_001, '2'), timed(1_005, '4')]) {
    rig.send(frame);
  }
  assert.deepEqual(rig.out(), ['start 1000000', '1000000-1001000', '1001000-1001001', '1001001-1005000']);
  assert.equal(rig.pipeline.counters['depthStale'], 1);
});

test('what the venue keeps whole moves with the book', () => {
  const rig = new Rig();
  const side = (from: number, order: number): [string, string][] =>
    Array.from({ length: 400 }, (_, index) => [String(from + order * index), '1']);
  rig.send({ action: 'snapshot', seqId: 1, prevSeqId: -1, bids: side(5_000, -1), asks: side(5_001, 1) });
  rig.send({
    action: 'update',
    seqId: 2,
    prevSeqId: 1,
    bids: [
      ['5000.5', '1'],
      ['4601', '0'],
    ],
    asks: [],
  });
  rig.wait(3_000);
  rig.send(change(2, 3, '0'));
  const reach = rig.records.flatMap((record) => {
    if (record.kind !== 'snapshot') return [];
    const fields = JSON.parse(new TextDecoder().decode(record.payload)) as Record<string, unknown>;
    return [[fields['completeFrom'], fields['completeTo']]];
  });
  assert.deepEqual(reach, [
    ['4601', '5400'],
    ['4602', '5400'],
  ]);
});

type Step = 'deliver' | 'lose' | 'repeat' | 'swap' | 'reconnect' | 'wait';

/** The consumer's rule over what is published, held against the true book at every state. */
class Consumer {
  readonly #truth: ReadonlyMap<string, string>;
  #book = new Map<string, string>();
  #id: number | undefined;
  #waits = true;
  deltas = 0;

  constructor(truth: ReadonlyMap<string, string>) {
    this.#truth = truth;
  }

  take(record: Outgoing): void {
    if (record.kind === 'interrupted') {
      this.#waits = true;
      return;
    }
    if (record.kind !== 'delta' && record.kind !== 'snapshot') return;
    const fields = JSON.parse(new TextDecoder().decode(record.payload)) as {
      readonly bids: readonly (readonly [string, string])[];
    };
    if (record.kind === 'snapshot') {
      if (record.role === 'start') this.#waits = false;
      this.#book = new Map(fields.bids);
    } else {
      if (record.joinOnly) return;
      assert.equal(this.#waits, false, 'a delta of a chain that is not proved');
      assert.equal(record.prevId, this.#id, 'a hole without an interruption');
      this.deltas += 1;
      for (const [price, size] of fields.bids) {
        if (size === '0') this.#book.delete(price);
        else this.#book.set(price, size);
      }
    }
    this.#id = record.lastId;
    // Venue times are unique, ids are not: they restart.
    assert.equal(show(this.#book), this.#truth.get(String(record.exchangeTimeUs)), `the book at ${this.#id}`);
  }
}

const show = (book: ReadonlyMap<string, string>): string =>
  [...book]
    .map((level) => level.join(':'))
    .toSorted()
    .join(' ');

/** Frames of a true book whose ids jump, idle and restart; the book after each, and as a state of its own. */
function truth(seeds: readonly number[]): { frames: Frame[]; states: Frame[]; books: Map<string, string> } {
  const book = new Map([['9', '1']]);
  const books = new Map<string, string>();
  const frames: Frame[] = [];
  const states: Frame[] = [];
  let floor = 1_000_000;
  let id = floor;
  seeds.forEach((seed, index) => {
    const ts = 10_000 + index;
    const isIdle = seed % 11 === 0;
    const prevSeqId = id;
    const restarts = seed % 13 === 0;
    // No id comes twice: what an id that is used again hides, nobody could see.
    if (restarts) floor -= 1_000;
    if (!isIdle) id = restarts ? floor : id + 1 + (seed % 5);
    const level = [String(1 + (seed % 9)), seed % 4 === 0 ? '0' : String(seed % 97)] as const;
    if (!isIdle && level[1] === '0') book.delete(level[0]);
    else if (!isIdle) book.set(...level);
    books.set(String(ts * 1_000), show(book));
    frames.push({ action: 'update', seqId: id, prevSeqId, ts, bids: isIdle ? [] : [level], asks: [] });
    states.push({ action: 'snapshot', seqId: id, prevSeqId: -1, ts, bids: [...book], asks: [] });
  });
  return { frames, states, books };
}

function play(seeds: readonly number[], steps: readonly Step[]): number {
  const { frames, states, books } = truth(seeds.map((seed) => (seed % 97 === 0 ? seed + 1 : seed)));
  const consumer = new Consumer(books);
  const rig = new Rig((record) => consumer.take(record));
  let next = 1;
  let answered = 0;
  const send = (frame: Frame | undefined): void => {
    if (frame !== undefined) rig.send(frame);
  };
  send(states[0]);
  for (const step of steps) {
    rig.wait(step === 'wait' ? 4_000 : 50);
    if (step === 'deliver') send(frames[next]);
    if (step === 'repeat') send(frames[next - 1]);
    if (step === 'swap') {
      send(frames[next + 1]);
      send(frames[next]);
    }
    if (step === 'reconnect') {
      rig.pipeline.disconnected(
        [{ instrument: INSTRUMENT, stream: 'orderbook' }],
        rig.nowMs * 1_000,
        rig.nowMs,
      );
      rig.open();
      send(states[next - 1]);
    }
    if (step === 'deliver' || step === 'lose') next += 1;
    if (step === 'swap') next += 2;
    // The venue answers a subscription with the state behind what it sent so far.
    for (; answered < rig.commands.length; answered += 1) {
      if (rig.commands[answered]?.kind === 'resubscribe') send(states[Math.min(next, states.length) - 1]);
    }
  }
  return consumer.deltas;
}

test('whatever is lost, repeated or reordered, no book is published that the venue did not have', () => {
  let deltas = 0;
  const step = fc.oneof(
    { weight: 12, arbitrary: fc.constant<Step>('deliver') },
    { weight: 3, arbitrary: fc.constantFrom<Step>('lose', 'repeat', 'swap', 'reconnect', 'wait') },
  );
  fc.assert(
    fc.property(
      fc.array(fc.nat(1 << 16), { minLength: 60, maxLength: 150 }),
      fc.array(step, { minLength: 30, maxLength: 120 }),
      (seeds, steps) => {
        deltas += play(seeds, steps);
      },
    ),
    { numRuns: 400 },
  );
  assert.ok(deltas > 4_000, `${deltas} deltas`);
});

test('without faults there is never a gap', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1 << 16), { minLength: 10, maxLength: 100 }), (seeds) => {
      const { frames, states } = truth(seeds);
      const rig = new Rig();
      for (const frame of [states[0], ...frames.slice(1)]) if (frame !== undefined) rig.send(frame);
      assert.deepEqual(rig.commands, []);
      assert.ok(!rig.out().includes('interrupted'));
    }),
    { numRuns: 200 },
  );
});
