import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSameTop, TopCheck } from '../../../collector/pipeline/top-check.ts';
import { Rig } from './rig.ts';
import { begin, synced, WIRES, type Levels } from './wire.ts';

const BOOK = {
  bids: [
    ['9', '1'],
    ['8', '5'],
  ],
  asks: [['10', '1']],
} as const;
const ASK: Levels[number] = ['10', '1'];

const bid = (size: string): { bids: Levels; asks: Levels } => ({ bids: [['9', size]], asks: [] });

for (const wire of WIRES) {
  const { name, instrument } = wire;

  test(`${name}: a top that comes before its change, or right behind it, is compared at that id alone`, () => {
    const rig = synced(wire, 10, BOOK);
    // Between two changes: nothing to compare with, and wrong it would be.
    rig.send(wire.top(12, ['9', '77'], ASK));
    rig.send(wire.top(13, ['9', '3'], ASK));
    rig.send(wire.change({ prev: 10, last: 13 }, bid('3')));
    assert.equal(rig.count('topEqual'), 1);
    rig.send(wire.top(13, ['9', '3'], ASK));
    assert.equal(rig.count('topEqual'), 2);
    rig.send(wire.change({ prev: 13, last: 20 }, bid('4')));
    rig.send(wire.top(13, ['9', '3'], ASK));
    assert.equal(rig.count('topLate'), 1);
    assert.equal(rig.count('topMismatch'), 0);
    assert.deepEqual(rig.out(), ['start 10', '10-13', '13-20']);
  });

  test(`${name}: a wrong level at the top ends that book alone, and nothing of it is published`, () => {
    const rig = synced(wire, 10, BOOK, { others: ['other'] });
    rig.send(wire.top(13, ['9', '2'], ASK));
    rig.send(wire.change({ prev: 10, last: 13 }, bid('3')));
    assert.deepEqual(
      rig.out().filter((line) => line.startsWith(instrument)),
      [`${instrument} start 10`, `${instrument} interrupted`],
    );
    assert.equal(rig.state(instrument), 'resyncing');
    assert.deepEqual([rig.count('topMismatch'), rig.count('resync')], [1, 1]);
    const [command] = rig.commands.filter((one) => one.instrument === instrument);
    assert.equal(command?.kind, wire.state === null ? 'snapshot' : 'resubscribe');
    assert.equal(rig.state('other'), 'syncing', 'it still waits for its first book');
  });

  test(`${name}: a ghost of the first state is found although every id joins`, () => {
    const rig = synced(wire, 10, BOOK);
    // The level 9 is none any more; the venue never says so, for it has said so before the state.
    rig.send(wire.change({ prev: 10, last: 12 }, { bids: [['8', '6']], asks: [] }));
    rig.send(wire.top(12, ['8', '6'], ASK));
    assert.equal(rig.count('topMismatch'), 1);
    assert.deepEqual(rig.out(), ['start 10', '10-12', 'interrupted']);
  });

  test(`${name}: a state that the venue's top contradicts is not begun with`, () => {
    const rig = new Rig({ venue: wire.venue, instruments: [instrument] });
    rig.send(wire.top(10, ['9', '2'], ASK));
    begin(rig, wire, 10, BOOK);
    assert.deepEqual(rig.out(), []);
    assert.notEqual(rig.state(instrument), 'inSync');
    assert.equal(rig.count('topMismatch'), 1);
  });
}

test('a book that always differs is begun anew five times, then the check is not believed until it agrees again', () => {
  const [wire] = WIRES;
  assert.ok(wire !== undefined);
  const rig = synced(wire, 10, BOOK);
  let id = 10;
  const differ = (): void => {
    rig.send(wire.change({ prev: id, last: id + 1 }, bid(String(id))));
    id += 1;
    rig.send(wire.top(id, ['9', '999'], ASK));
  };
  const attempts: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    differ();
    attempts.push(rig.commands[0]?.attempt ?? -1);
    begin(rig, wire, id, BOOK);
  }
  assert.deepEqual(attempts, [0, 1, 2, 3, 4], 'each waits longer than the one before');
  differ();
  assert.equal(rig.state(wire.instrument), 'inSync');
  assert.deepEqual([rig.count('topMismatch'), rig.count('topDistrusted'), rig.count('resync')], [6, 1, 5]);
  rig.wait(61_000);
  rig.send(wire.top(id, ['9', String(id - 1)], ASK));
  differ();
  assert.equal(rig.count('resync'), 6);
});

test('tops that no change leads to are forgotten, the oldest first', () => {
  const check = new TopCheck();
  const top = (lastId: number): Parameters<TopCheck['keep']>[0] => ({
    kind: 'top',
    instrument: 'X',
    lastId,
    exchangeTimeUs: null,
    bid: ['1', '1'],
    ask: ['2', '1'],
  });
  for (let id = 1; id <= 300; id += 1) check.keep(top(id));
  assert.equal(check.take(44), undefined);
  assert.equal(check.take(100)?.lastId, 100);
  assert.equal(check.take(99), undefined, 'what is behind is gone');
  check.forget();
  assert.equal(check.take(200), undefined);
});

test('levels are equal by value, and a side without orders equals none but such a one', () => {
  const same = { bid: ['9.50', '1.0'], ask: ['10', '2'] } as const;
  assert.ok(isSameTop({ bid: ['9.5', '1'], ask: ['10.00', '2.000'] }, same));
  assert.ok(!isSameTop({ bid: ['9.5', '1.1'], ask: ['10', '2'] }, same));
  assert.ok(!isSameTop({ bid: ['9.4', '1'], ask: ['10', '2'] }, same));
  assert.ok(!isSameTop({ bid: undefined, ask: ['10', '2'] }, same));
  assert.ok(isSameTop({ bid: undefined, ask: ['10', '2'] }, { bid: null, ask: ['10', '2'] }));
  assert.ok(!isSameTop({ bid: ['9', '1'], ask: ['10', '2'] }, { bid: null, ask: ['10', '2'] }));
});
