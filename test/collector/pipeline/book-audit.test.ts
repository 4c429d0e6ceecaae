import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AuditPlan } from '../../../collector/pipeline/audit-plan.ts';
import { PROOF_WAIT_MS } from '../../../collector/pipeline/book-audit.ts';
import { fieldsOf, type Rig } from './rig.ts';
import { begin, synced, WIRES, type Levels, type Sides } from './wire.ts';

const BOOK: Sides = {
  bids: [
    ['9', '1'],
    ['8', '5'],
  ],
  asks: [
    ['10', '1'],
    ['11', '3'],
  ],
};
const bids = (...levels: Levels): Sides => ({ bids: levels, asks: [] });
const unproved = (rig: Rig): readonly string[] =>
  Object.keys(rig.pipeline.counters)
    .filter((name) => name.startsWith('auditUnproved:'))
    .map((name) => name.slice('auditUnproved:'.length));

for (const wire of WIRES) {
  const { name, instrument } = wire;
  const afterTwo: Sides = { ...BOOK, bids: [['9', '2'], ...BOOK.bids.slice(1)] };

  test(`${name}: REST's book at an id that was passed is compared without what has changed since`, () => {
    const rig = synced(wire, 10, BOOK);
    assert.ok(rig.beginAudit(instrument));
    assert.ok(!rig.beginAudit(instrument), 'one at a time');
    rig.send(wire.change({ prev: 10, last: 13 }, bids(['9', '2'])));
    rig.send(wire.change({ prev: 13, last: 20 }, bids(['9', '3'], ['7', '1'])));
    rig.audit(instrument, wire.book(13, afterTwo));
    assert.equal(rig.count('auditEqual'), 1);
    rig.beginAudit(instrument);
    rig.send(wire.change({ prev: 20, last: 25 }, bids(['9', '0'], ['7', '2'])));
    // 22 lies within that change: which half of it REST has seen nobody knows.
    rig.audit(instrument, wire.book(22, { ...BOOK, bids: [...BOOK.bids.slice(1), ['7', '1']] }));
    assert.equal(rig.count('auditEqual'), 2);
    assert.deepEqual(rig.out(), ['start 10', '10-13', '13-20', '20-25']);
  });

  test(`${name}: REST's book of an id to come waits for it, and not for ever`, () => {
    const rig = synced(wire, 10, BOOK);
    rig.beginAudit(instrument);
    rig.audit(instrument, wire.book(13, afterTwo));
    assert.equal(rig.count('auditEqual'), 0);
    rig.send(wire.change({ prev: 10, last: 13 }, bids(['9', '2'])));
    assert.equal(rig.count('auditEqual'), 1);
    rig.beginAudit(instrument);
    rig.audit(instrument, wire.book(30, afterTwo));
    rig.wait(PROOF_WAIT_MS - 1);
    assert.deepEqual(unproved(rig), []);
    rig.wait(1);
    assert.deepEqual(unproved(rig), ['noChange']);
  });

  test(`${name}: REST's book from before the audit proves nothing`, () => {
    const rig = synced(wire, 10, BOOK);
    rig.beginAudit(instrument);
    rig.audit(instrument, wire.book(9, bids(['1', '1'])));
    assert.deepEqual([unproved(rig), rig.state(instrument)], [['tooOld'], 'inSync']);
  });

  const ghosts: readonly (readonly [string, Sides])[] = [
    ['a level that is none', { ...BOOK, bids: [['9', '1']] }],
    ['a level that is missing', { ...BOOK, asks: [BOOK.asks[0] ?? ['', ''], ['10.5', '1'], ['11', '3']] }],
    ['a wrong size', { ...BOOK, bids: [['9', '1'], ['8', '6']] }], // prettier-ignore
  ];
  for (const [ghost, truth] of ghosts) {
    test(`${name}: ${ghost}, found twice, ends that book alone`, () => {
      const rig = synced(wire, 10, BOOK, { others: ['other'] });
      const commands = (): readonly string[] =>
        rig.commands
          .splice(0)
          .filter((one) => one.instrument === instrument)
          .map(({ kind }) => kind);
      commands();
      rig.beginAudit(instrument);
      rig.audit(instrument, wire.book(10, truth));
      assert.deepEqual(commands(), ['audit'], 'REST may be wrong itself');
      assert.equal(rig.state(instrument), 'inSync');
      assert.deepEqual([rig.count('auditSuspected'), rig.count('auditMismatch')], [1, 0]);
      rig.beginAudit(instrument);
      rig.audit(instrument, wire.book(10, truth));
      assert.deepEqual(commands(), [wire.state === null ? 'snapshot' : 'resubscribe']);
      assert.equal(rig.state(instrument), 'resyncing');
      assert.deepEqual([rig.count('auditMismatch'), rig.count('resync')], [1, 1], 'one difference');
      assert.deepEqual(rig.out(), [`${instrument} start 10`, `${instrument} interrupted`]);
    });
  }

  test(`${name}: a difference that the next audit does not find is counted and ends nothing`, () => {
    const rig = synced(wire, 10, BOOK);
    for (const sides of [bids(['9', '1']), BOOK, bids(['9', '1']), BOOK]) {
      rig.beginAudit(instrument);
      rig.audit(instrument, wire.book(10, sides));
    }
    assert.deepEqual([rig.count('auditUnconfirmed'), rig.state(instrument)], [2, 'inSync']);
    assert.deepEqual([rig.count('auditSuspected'), rig.count('auditMismatch')], [2, 0], 'REST was wrong');
  });

  test(`${name}: an audit ends with its book, and a late answer is none`, () => {
    const rig = synced(wire, 10, BOOK);
    rig.beginAudit(instrument);
    rig.send(wire.change({ prev: 15, last: 20 }, bids(['9', '2'])));
    begin(rig, wire, 30, BOOK);
    rig.audit(instrument, wire.book(30, bids(['1', '1'])));
    assert.deepEqual([rig.count('auditSuspected'), rig.state(instrument)], [0, 'inSync']);
  });
}

test('a book that is known to its tenth level learns what REST has beyond, and says so in a new snapshot', () => {
  const [wire] = WIRES;
  assert.ok(wire !== undefined);
  const rig = synced(wire, 10, BOOK, { orderbook: { restDepth: 2 } });
  const [start] = rig.records;
  assert.deepEqual([fieldsOf(start)['completeFrom'], fieldsOf(start)['completeTo']], ['8', '11']);
  rig.beginAudit(wire.instrument);
  rig.send(wire.change({ prev: 10, last: 12 }, bids(['7', '4'])));
  const deeper: Sides = { bids: [...BOOK.bids, ['6', '1'], ['5', '2']], asks: BOOK.asks };
  // 7 came behind it, 6 and 5 were there all the time.
  rig.audit(wire.instrument, wire.book(10, deeper), 4);
  assert.equal(rig.count('auditWidened'), 1);
  rig.send(wire.change({ prev: 12, last: 13 }, bids(['9', '9'])));
  const snapshot = fieldsOf(rig.records.at(-1));
  assert.deepEqual([snapshot['completeFrom'], snapshot['completeTo']], ['5', null]);
  assert.deepEqual(snapshot['bids'], [
    ['9', '9'],
    ['8', '5'],
    ['7', '4'],
    ['6', '1'],
    ['5', '2'],
  ]);
  assert.deepEqual(rig.out(), ['start 10', '10-12', '12-13', 'periodic 13']);
});

test('what the top of a book is published with never claims more than the book knows', () => {
  const [wire] = WIRES;
  assert.ok(wire !== undefined);
  const orderbook = { restDepth: 2, mode: 'snapshot', depth: 20 } as const;
  const rig = synced(wire, 10, BOOK, { orderbook });
  rig.send(wire.change({ prev: 10, last: 11 }, bids(['9', '0'], ['7', '1'])));
  const top = fieldsOf(rig.records.at(-1));
  assert.deepEqual([top['completeFrom'], top['completeTo']], ['8', '11'], '7 may not be the second best');
});

test('every book has one turn in each interval, anywhere within the first', () => {
  let seed = 0;
  const plan = new AuditPlan(1_000, () => (seed++ % 10) / 10);
  const names = Array.from({ length: 10 }, (_, index) => `I${index}`);
  plan.follow(names, 0);
  const turns: string[] = [];
  for (let nowMs = 0; nowMs < 2_000; nowMs += 50) {
    for (let one = plan.take(nowMs); one !== undefined; one = plan.take(nowMs)) turns.push(`${one}@${nowMs}`);
  }
  assert.deepEqual(
    turns.slice(0, 10),
    names.map((one, index) => `${one}@${index * 100}`),
  );
  assert.equal(turns.length, 20);
  plan.soon('I3', 2_000);
  assert.equal(plan.take(2_000), 'I0', 'who waits longer goes first');
  assert.equal(plan.take(2_000), 'I3');
  plan.follow(['I3'], 2_000);
  assert.equal(plan.take(2_999), undefined);
  assert.equal(plan.take(3_000), 'I3', 'who is gone has no turn');
  const never = new AuditPlan(0, () => 0);
  never.follow(names, 0);
  assert.equal(never.take(1e9), undefined);
});
