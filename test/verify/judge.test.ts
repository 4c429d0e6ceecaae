import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Judge, type Verdict } from '../../verify/judge.ts';
import type { Message } from '../../verify/message.ts';
import { DAMAGES, INTACT, isGap, isSnapshot, place, removed } from './damages.ts';
import { BOOK, UID } from './intact-stream.ts';

function judge(messages: readonly Message[], feeds?: readonly string[]): Verdict {
  const judge = new Judge({ fromBeginning: true, feeds });
  for (const message of messages) judge.take(message);
  return judge.end();
}

describe('an undamaged stream', () => {
  it('has no fault, its gaps are recorded, its books are compared', () => {
    const verdict = judge(INTACT, [UID]);
    assert.deepEqual(verdict.details, []);
    const { recorded, unrecorded, invented, open, missingTrades } = verdict.gaps;
    assert.deepEqual(
      { recorded, unrecorded, invented, open, missingTrades },
      { recorded: 2, unrecorded: 0, invented: 0, open: 0, missingTrades: 1 },
    );
    const book = verdict.subjects.find(({ subject }) => subject === BOOK)?.book;
    assert.equal(book?.compared, 9);
    assert.equal(book.isCurrent, true);
  });

  it('counts the first of each subject as unverifiable, and what ends a gap as not clean', () => {
    const { records, verified, clean } = judge(INTACT);
    assert.deepEqual(
      { records, unverifiable: records - verified, dirty: verified - clean },
      {
        records: INTACT.length - 2,
        unverifiable: 2,
        dirty: 2,
      },
    );
  });

  it('may have its gap records read before or behind the data', () => {
    const gaps = INTACT.filter(isGap);
    const data = INTACT.filter((message) => !isGap(message));
    for (const order of [
      [...gaps, ...data],
      [...data, ...gaps],
    ]) {
      const { details, gaps: counts } = judge(order);
      assert.deepEqual([details, counts.recorded], [[], 2]);
    }
  });

  it('may be read from anywhere on: what was cut off before is no fault', () => {
    for (const from of [10, 31, 62, 100, 140, 200]) {
      const judge = new Judge({ fromBeginning: false });
      for (const message of INTACT.slice(from)) judge.take(message);
      assert.deepEqual(judge.end().details, [], `from ${from}`);
    }
  });
});

describe('a damaged stream', () => {
  for (const { name, messages, finds, feeds } of DAMAGES) {
    it(`shows ${name}: ${finds.join(', ')}`, () => {
      const verdict = judge(messages(), feeds);
      assert.deepEqual(
        Object.keys(verdict.faults).toSorted(),
        finds,
        JSON.stringify(verdict.details.slice(0, 5)),
      );
    });
  }

  it('counts a record with a fault as verified, not as clean', () => {
    const backwards = DAMAGES.find(({ name }) => name === 'the exchange time of a delta backwards');
    const [intact, damaged] = [judge(INTACT), judge(backwards?.messages() ?? [])];
    assert.deepEqual([damaged.verified, damaged.clean], [intact.verified, intact.clean - 1]);
  });

  it('names the sequences that were removed from its middle', () => {
    const judge = new Judge({ fromBeginning: true });
    for (const message of removed(place(isSnapshot, 3))) judge.take(message);
    judge.deleted([INTACT[place(isSnapshot, 3)]?.sequence ?? 0]);
    const verdict = judge.end();
    assert.deepEqual(Object.keys(verdict.faults).toSorted(), ['deletedFromStream', 'snapshotMissing']);
  });
});
