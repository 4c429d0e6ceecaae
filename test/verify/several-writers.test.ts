import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { A, B, BOOK, faultsOf, judged, OKX_TRADES, Tape, TRADES } from './tape.ts';

describe('a book of two writers', () => {
  it('may be grouped differently by each, one far behind the other', () => {
    const tape = new Tape().snapshot(10).delta(10, 12).delta(12, 16);
    tape.delta(10, 11, { writer: B }).delta(11, 14, { writer: B }).delta(16, 18).delta(14, 20, { writer: B });
    const verdict = judged(tape.delta(20, 21));
    assert.deepEqual(verdict.details, []);
    assert.equal(verdict.subjects[0]?.book?.id, '21');
    assert.equal(verdict.subjects[0].book.overlaps, 2);
  });

  it('shows a delta that one stored behind a later one of its own', () => {
    const tape = new Tape().snapshot(10).delta(10, 12).delta(12, 16).delta(12, 15);
    assert.deepEqual(faultsOf(tape), { order: 1 });
    const others = new Tape().snapshot(10).delta(10, 12).delta(12, 16).delta(12, 15, { writer: B });
    assert.deepEqual(faultsOf(others), {});
  });

  it('skips what the lagging one still has of the ids before a reset', () => {
    const tape = new Tape().snapshot(900).delta(900, 910).delta(910, 920);
    tape.snapshot(3, { reset: true }).delta(3, 5);
    tape.delta(910, 915, { writer: B, atUs: 3_500_000 }).delta(915, 920, { writer: B, atUs: 3_600_000 });
    const verdict = judged(tape.delta(5, 8, { atUs: 9_000_000 }).delta(8, 9, { writer: B, atUs: 9_500_000 }));
    assert.deepEqual(verdict.details, []);
    assert.deepEqual([verdict.subjects[0]?.book?.id, verdict.subjects[0]?.book?.resets], ['9', 1]);
  });

  it('shows that the reset is gone by what follows it', () => {
    const tape = new Tape().snapshot(900).delta(900, 910).delta(3, 5).delta(5, 8);
    assert.deepEqual(faultsOf(tape), { order: 2 });
  });
});

describe('trades of two writers', () => {
  it('may fill what one missed, late: then nothing is missing', () => {
    const tape = new Tape()
      .trade(1)
      .trade(2)
      .trade(5)
      .trade(3, { writer: B })
      .trade(4, { writer: B })
      .trade(6);
    const { details, gaps } = judged(tape);
    assert.deepEqual([details, gaps.filled, gaps.missingTrades], [[], 1, 0]);
  });

  it('show one that came behind a later one of its own writer, unless it was fetched', () => {
    const late = (more: object): Tape =>
      new Tape()
        .trade(1)
        .trade(3)
        .trade(2, { ...more });
    assert.deepEqual(faultsOf(late({})), { order: 1 });
    assert.deepEqual(faultsOf(late({ backfilled: true })), {});
  });

  it('may both state what both miss, each as it saw it', () => {
    const tape = new Tape().trade(1).trade(2).trade(5).trade(6);
    tape
      .gap(TRADES, { fromId: 2, toId: 5, toSeq: 3 })
      .gap(TRADES, { fromId: 1, toId: 6, toSeq: 4 }, { writer: B });
    const { details, gaps } = judged(tape);
    assert.deepEqual([details, gaps.recorded, gaps.invented, gaps.missingTrades], [[], 1, 0, 2]);
  });

  it('lack nothing where a gap record says that the ids are of no trade', () => {
    const tape = new Tape().trade(1).trade(4).trade(7);
    tape
      .gap(TRADES, { fromId: 1, toId: 4, toSeq: 2 }, { missing: 0 })
      .gap(TRADES, { fromId: 4, toId: 7, toSeq: 3 }, { missing: 2 });
    const { details, gaps } = judged(tape);
    assert.deepEqual([details, gaps.filled, gaps.recorded, gaps.missingTrades], [[], 1, 1, 2]);
  });

  it('show what a gap record covers only in part', () => {
    const tape = new Tape().trade(1).trade(5).gap(TRADES, { fromId: 1, toId: 3, toSeq: 2 });
    assert.deepEqual(faultsOf(tape), { gapUnrecorded: 1 });
  });
});

describe('trades whose ids do not count', () => {
  it('are unverifiable, and what a gap record says of them is believed', () => {
    const tape = new Tape().okxTrade(1).okxTrade(9).gap(OKX_TRADES, { fromId: 1, toId: 9, toSeq: 2 });
    const { details, verified, gaps } = judged(tape);
    assert.deepEqual([details, verified, gaps.recorded], [[], 0, 1]);
  });
  it('are found when they are stored again', () => {
    assert.deepEqual(faultsOf(new Tape().okxTrade(1).okxTrade(9).okxTrade(1)), { duplicate: 1 });
  });
});

describe('a gap that was stated while open', () => {
  const interrupted = (): Tape =>
    new Tape().snapshot(10).delta(10, 12).gap(BOOK, { fromId: 12, toId: null, toSeq: null });

  it('is open as long as nothing follows', () => {
    const { details, gaps } = judged(interrupted());
    assert.deepEqual([details, gaps.open], [[], 1]);
  });
  it('is one gap with the record that closes it', () => {
    const tape = interrupted().snapshot(20).gap(BOOK, { fromId: 12, toId: 20, toSeq: 4 }).delta(20, 21);
    const { details, gaps } = judged(tape);
    assert.deepEqual([details, gaps.open, gaps.recorded], [[], 0, 1]);
  });
  it('was none where the same writer goes on and says so', () => {
    const tape = interrupted().delta(12, 13).gap(BOOK, { fromId: 12, toId: 12, toSeq: 2 }, { missing: 0 });
    const { details, gaps } = judged(tape);
    assert.deepEqual([details, gaps.open], [[], 0]);
  });
  it('is invented where the same writer goes on and says nothing', () => {
    assert.deepEqual(faultsOf(interrupted().delta(12, 13)), { gapInvented: 1 });
  });
  it('stands where another writer went on: the one that stated it may have died', () => {
    const { details, gaps } = judged(interrupted().delta(12, 13, { writer: B }));
    assert.deepEqual([details, gaps.open], [[], 1]);
  });
});

describe('snapshots among themselves', () => {
  it('each stand alone: what lies between is no hole, and is not verified', () => {
    const verdict = judged(new Tape().snapshot(10).snapshot(20).snapshot(30));
    assert.deepEqual([verdict.details, verdict.verified, verdict.gaps.unrecorded], [[], 0, 0]);
  });
  it('are a hole behind a delta', () => {
    assert.deepEqual(faultsOf(new Tape().snapshot(10).delta(10, 11).snapshot(20)), { gapUnrecorded: 1 });
  });
  it('are compared only inside the range that both know', () => {
    const wide = {
      bids: [
        ['9', '1'],
        ['8', '1'],
        ['7', '1'],
      ],
      asks: [['10', '1']],
    };
    const narrow = {
      bids: [
        ['9', '1'],
        ['8', '5'],
      ],
      asks: [['10', '1']],
    };
    const compared = (completeFrom: string | null): Readonly<Record<string, number>> =>
      faultsOf(
        new Tape()
          .snapshot(10, wide)
          .delta(10, 11)
          .snapshot(11, { ...narrow, completeFrom }),
      );
    assert.deepEqual(compared('9'), {}, '8 and 7 are outside');
    assert.deepEqual(compared('8'), { bookDiffers: 1 }, '8 is inside');
    assert.deepEqual(compared(null), { bookDiffers: 1 }, 'the whole side is');
    const grown = new Tape()
      .snapshot(10, { ...narrow, completeFrom: '8' })
      .delta(10, 11)
      .snapshot(11, {
        bids: [...narrow.bids, ['7', '1']],
        completeFrom: '7',
      });
    assert.deepEqual(faultsOf(grown), {}, 'the book did not know 7');
  });
});

describe('the rhythm of snapshots', () => {
  /** A change a second; snapshots at these ids; nothing at all in the silence. */
  function rhythm(length: number, snapshotsAt: readonly number[], silence = [0, 0]): Tape {
    const tape = new Tape().snapshot(1);
    for (let id = 2; id <= length; id += 1) {
      const atUs = id * 1_000_000 + (id > (silence[0] ?? 0) ? (silence[1] ?? 0) * 1_000_000 : 0);
      tape.delta(id - 1, id, { atUs });
      if (snapshotsAt.includes(id)) tape.snapshot(id, { atUs });
    }
    return tape;
  }

  it('shows a snapshot that is missing', () => {
    assert.deepEqual(faultsOf(rhythm(62, [11, 21, 31, 41, 51, 61])), {});
    assert.deepEqual(faultsOf(rhythm(62, [11, 21, 31, 51, 61])), { snapshotMissing: 1 });
    assert.deepEqual(faultsOf(rhythm(62, [11, 21, 31])), { snapshotMissing: 1 }, 'at the end, too');
  });
  it('lets one be late while nothing changes', () => {
    assert.deepEqual(faultsOf(rhythm(62, [11, 21, 31, 41, 51, 61], [35, 600])), {});
  });
  it('is kept by one more between two that are due', () => {
    assert.deepEqual(faultsOf(rhythm(62, [11, 15, 21, 31, 34, 41, 51, 61])), {});
  });
  it('cannot be told where two writers kept it', () => {
    const tape = rhythm(62, [11, 21, 31, 51, 61]);
    const shared = tape.messages.map((message) =>
      message.sequence === 40 ? { ...message, writer: B } : message,
    );
    tape.messages.splice(0, Infinity, ...shared);
    assert.deepEqual(faultsOf(tape), {});
  });
  it('is told by --snapshot-every where it is set', () => {
    assert.deepEqual(faultsOf(rhythm(62, [31, 61]), { snapshotEveryMs: 10_000 }), { snapshotMissing: 2 });
    assert.deepEqual(faultsOf(rhythm(62, [])), {}, 'nothing tells it here');
  });
});

describe('records that stand alone', () => {
  it('are unverifiable, not faulty', () => {
    const verdict = judged(new Tape().value().value());
    assert.deepEqual([verdict.details, verdict.records, verdict.verified], [[], 2, 0]);
  });
  it('are held against their schema', () => {
    assert.deepEqual(faultsOf(new Tape().value({ value: 50.1 })), { field: 1 });
    assert.deepEqual(faultsOf(new Tape().value({ type: 'rumour' })), { field: 1 });
  });
  it('are found when they are stored again', () => {
    const tape = new Tape().value({ atUs: 5 }).value({ atUs: 5 });
    const [first, second] = tape.messages;
    assert.ok(first !== undefined && second !== undefined);
    tape.messages[1] = { ...second, msgId: first.msgId };
    assert.deepEqual(faultsOf(tape), { duplicate: 1 });
  });
});

describe('writers', () => {
  it('are counted by their records', () => {
    const { writers } = judged(new Tape().trade(1).trade(2, { writer: B }).trade(3));
    assert.deepEqual(writers, { [A]: 2, [B]: 1 });
  });
});

it('a stream that begins with deltas of a chain which continues a deleted stream has lost no snapshot', () => {
  const begun = (continues: string): Tape =>
    new Tape().delta(100, 101, { continues }).delta(101, 102).snapshot(102).delta(102, 103);
  assert.deepEqual(faultsOf(begun('')), { noStart: 1 });
  const { faults, records, verified } = judged(begun('100'));
  assert.deepEqual([faults, records, verified], [{}, 4, 2]);
});
