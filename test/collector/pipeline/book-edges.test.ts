import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rig } from './rig.ts';
import { begin, synced, WIRES, type Levels, type Sides, type Wire } from './wire.ts';

const BOOK: Sides = { bids: [['9', '1']], asks: [['10', '1']] };
const bid = (size: string): Sides => ({ bids: [['9', size]], asks: [] });
const isByRest = ({ state }: Wire): boolean => state === null;

for (const wire of WIRES) {
  const { name, instrument } = wire;

  test(`${name}: everything twice, as from a second subscription, is published once and is no gap`, () => {
    const rig = synced(wire, 10, BOOK);
    const state = wire.state?.(10, BOOK);
    if (state !== undefined) rig.send(state);
    for (const [prev, last] of [
      [10, 12],
      [12, 15],
      [15, 16],
    ] as const) {
      rig.send(wire.change({ prev, last }, bid(String(last))));
      rig.send(wire.change({ prev, last }, bid(String(last))));
    }
    rig.send(wire.change({ prev: 12, last: 15 }, bid('15')));
    assert.deepEqual(rig.out(), ['start 10', '10-12', '12-15', '15-16']);
    assert.equal(rig.count('depthStale'), 4);
  });

  test(`${name}: one gap asks once, however much comes before the answer, and touches no other book`, () => {
    const rig = synced(wire, 10, BOOK, { others: ['other'] });
    rig.commands.length = 0;
    for (let id = 20; id < 60; id += 1) {
      rig.send(wire.change({ prev: id, last: id + 1 }, bid(String(id))));
      rig.wait(10);
    }
    const asked = rig.commands.filter((command) => command.instrument === instrument);
    assert.deepEqual(
      asked.map(({ kind }) => kind),
      [isByRest(wire) ? 'snapshot' : 'resubscribe'],
    );
    assert.deepEqual(rig.out(), [`${instrument} start 10`, `${instrument} interrupted`]);
    assert.equal(rig.state(instrument), 'resyncing');
    assert.equal(rig.count('resync'), 1);
  });

  test(`${name}: a second loss while the new book is awaited ends it again before anything wrong is published`, () => {
    const rig = synced(wire, 10, BOOK);
    rig.commands.length = 0;
    rig.send(wire.change({ prev: 20, last: 21 }, bid('2')));
    // 22 to 24 are lost as well, while the answer is on its way.
    rig.send(wire.change({ prev: 24, last: 25 }, bid('5')));
    if (wire.state === null) rig.answer(wire.book(20, BOOK));
    else {
      rig.send(wire.state(21, BOOK));
      rig.send(wire.change({ prev: 24, last: 25 }, bid('5')));
    }
    const begun = isByRest(wire) ? ['start 20', '20-21'] : ['start 21'];
    assert.deepEqual(
      rig.out().filter((line) => !line.startsWith('join')),
      ['start 10', 'interrupted', ...begun, 'interrupted'],
    );
    begin(rig, wire, 25, bid('5'));
    rig.send(wire.change({ prev: 25, last: 26 }, bid('6')));
    assert.deepEqual(
      rig.out().filter((line) => !line.startsWith('join')),
      ['start 25', '25-26'],
    );
  });

  test(`${name}: a chain ends with its connection, though the next one seems to continue it`, () => {
    const rig = synced(wire, 10, BOOK);
    rig.send(wire.change({ prev: 10, last: 11 }, bid('2')));
    rig.disconnect(instrument);
    rig.open(instrument);
    rig.send(wire.change({ prev: 11, last: 12 }, bid('3')));
    assert.deepEqual(rig.out(), ['start 10', '10-11', 'interrupted']);
    begin(rig, wire, 12, bid('3'));
    rig.send(wire.change({ prev: 12, last: 13 }, bid('4')));
    assert.deepEqual(
      rig.out().filter((line) => !line.startsWith('join')),
      ['start 12', '12-13'],
    );
  });

  test(`${name}: a venue that sends no state, or REST that has not answered, keeps a book from being begun`, () => {
    const rig = new Rig({ venue: wire.venue, instruments: [instrument] });
    for (let id = 10; id < 15; id += 1) {
      rig.send(wire.change({ prev: id, last: id + 1 }, bid(String(id))));
      rig.wait(100);
    }
    assert.deepEqual(rig.out(), []);
    assert.equal(rig.state(instrument), 'syncing');
    assert.equal(rig.commands.length, isByRest(wire) ? 1 : 0, 'a state that is to come is not asked for');
  });
}

for (const wire of WIRES.filter(isByRest)) {
  const { name, instrument } = wire;

  test(`${name}: a snapshot older than the stream is asked for again, later each time`, () => {
    const rig = new Rig({ venue: wire.venue, instruments: [instrument] });
    rig.send(wire.change({ prev: 50, last: 55 }, bid('5')));
    for (const id of [40, 45, 49]) rig.answer(wire.book(id, BOOK));
    assert.deepEqual(rig.out(), []);
    assert.deepEqual([rig.count('snapshotTooOld'), rig.commands[0]?.attempt], [3, 3]);
    rig.answer(wire.book(52, BOOK));
    assert.deepEqual(rig.out(), ['join 50-55', 'start 52', '50-55']);
  });

  test(`${name}: a snapshot ahead of the stream waits for the change that spans it`, () => {
    const rig = new Rig({ venue: wire.venue, instruments: [instrument] });
    rig.send(wire.change({ prev: 10, last: 20 }, bid('2')));
    rig.answer(wire.book(35, BOOK));
    assert.deepEqual(rig.out(), []);
    rig.send(wire.change({ prev: 20, last: 30 }, bid('3')));
    rig.send(wire.change({ prev: 30, last: 40 }, bid('4')));
    assert.deepEqual(rig.out(), ['join 10-20', 'join 20-30', 'join 30-40', 'start 35', '30-40']);
  });

  test(`${name}: the answer to a question from before the reconnect is not the new book`, () => {
    const rig = new Rig({ venue: wire.venue, instruments: [instrument] });
    const [old] = rig.commands.splice(0);
    rig.disconnect(instrument);
    rig.open(instrument);
    rig.send(wire.change({ prev: 30, last: 40 }, bid('4')));
    rig.answer(wire.book(35, bid('666')), old);
    assert.deepEqual(rig.out(), []);
    assert.equal(rig.count('snapshotUnasked'), 1);
    rig.answer(wire.book(35, BOOK));
    assert.deepEqual(rig.out(), ['join 30-40', 'start 35', '30-40']);
  });
}

for (const wire of WIRES.filter((one) => !isByRest(one))) {
  const { name, instrument } = wire;
  const state = (id: number, sides = BOOK): string => wire.state?.(id, sides) ?? '';

  test(`${name}: another state replaces the book with a gap record, one of the past changes nothing`, () => {
    const rig = synced(wire, 10, BOOK);
    rig.send(wire.change({ prev: 10, last: 12 }, bid('2')));
    rig.send(state(10));
    rig.send(state(20, bid('7')));
    rig.send(wire.change({ prev: 20, last: 21 }, bid('8')));
    assert.deepEqual(rig.out(), ['start 10', '10-12', 'interrupted', 'start 20', '20-21']);
    assert.equal(rig.count('stateStale'), 1);
    assert.deepEqual(rig.commands, [], 'nothing has to be asked for');
  });

  test(`${name}: changes of the old subscription that come before the new state are not the new book`, () => {
    const rig = synced(wire, 10, BOOK);
    rig.send(wire.change({ prev: 15, last: 16 }, bid('2')));
    rig.send(wire.change({ prev: 16, last: 17 }, bid('3')));
    rig.send(state(30));
    rig.send(wire.change({ prev: 30, last: 31 }, bid('4')));
    assert.deepEqual(
      rig.out().filter((line) => !line.startsWith('join')),
      ['start 10', 'interrupted', 'start 30', '30-31'],
    );
    assert.equal(rig.commands.length, 1);
    assert.equal(rig.state(instrument), 'inSync');
  });
}

const okx = WIRES.find(({ name }) => name === 'OKX');
const WINDOW = 400;
const full = (): Sides => {
  const side = (from: number, order: number): Levels =>
    Array.from({ length: WINDOW }, (_, index) => [String(from + order * index), '1'] as const);
  return { bids: side(5_000, -1), asks: side(5_001, 1) };
};

test('OKX: more levels than the window has prove a wrong book', () => {
  assert.ok(okx !== undefined);
  const rig = synced(okx, 10, full());
  rig.send(okx.change({ prev: 10, last: 11 }, { bids: [['5000.5', '1'], ['4601', '0']], asks: [] })); // prettier-ignore
  assert.deepEqual([rig.count('windowBroken'), rig.count('windowShort')], [0, 0]);
  rig.send(okx.change({ prev: 11, last: 12 }, { bids: [['5000.6', '1']], asks: [] }));
  assert.deepEqual(rig.out(), ['start 10', '10-11', 'interrupted']);
  assert.equal(rig.count('windowBroken'), 1);
});

test('OKX: a full side that falls short is audited at once, once, for a market may thin out', () => {
  assert.ok(okx !== undefined);
  const rig = synced(okx, 10, full());
  rig.send(okx.change({ prev: 10, last: 11 }, { bids: [['4601', '0']], asks: [] }));
  rig.send(okx.change({ prev: 11, last: 12 }, { bids: [['4602', '0']], asks: [] }));
  assert.deepEqual(
    rig.commands.map(({ kind }) => kind),
    ['audit'],
  );
  assert.equal(rig.state(okx.instrument), 'inSync');
  assert.equal(rig.count('windowShort'), 1);
});
