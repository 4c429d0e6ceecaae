import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { parseLine } from '../../../collector/replay/recording.ts';
import { Replay, type ReplaySummary } from '../../../collector/replay/replay.ts';
import { recordingPath } from '../../support/recording.ts';

/** Counted independently over the same files, once and by another program. */
interface Expected {
  readonly file: string;
  readonly books: number;
  /** Frames, states included, whose checksum was computed and equal. */
  readonly checksums: number;
  /** States that were sent a second time, word for word. */
  readonly repeatedStates: number;
  readonly trades: number;
  readonly tops: number;
}

const FILES: readonly Expected[] = [
  { file: 'cf-20210722-books-l2-tbt', books: 10, checksums: 1_504, repeatedStates: 0, trades: 36, tops: 0 },
  {
    file: 'cf-20220227-books-l2-tbt-options',
    books: 10,
    // The 10 repeated states are not computed again.
    checksums: 3_679 - 10,
    repeatedStates: 10,
    trades: 19,
    tops: 0,
  },
  { file: 'cf-20220513-books-checksum', books: 3, checksums: 290, repeatedStates: 0, trades: 74, tops: 0 },
  {
    file: 'fm-20260926-books-seqid-checksum0',
    books: 1,
    checksums: 0,
    repeatedStates: 0,
    trades: 26,
    tops: 4,
  },
];

function play(path: string): ReplaySummary {
  const replay = new Replay(() => {});
  for (const text of readFileSync(path, 'utf8').split('\n')) {
    if (text === '') continue;
    const line = parseLine(text);
    assert.ok(typeof line !== 'string');
    assert.equal(replay.line(line), 'taken');
  }
  return replay.end();
}

describe('recorded OKX frames', () => {
  for (const { file, books, checksums, repeatedStates, trades, tops } of FILES) {
    const path = recordingPath(`okx/${file}`);
    const skip = path === undefined ? 'no recordings here' : false;
    test(`${file}: every chain holds, every checksum is equal, nothing is lost or unknown`, { skip }, () => {
      const { counters, ...summary } = play(path ?? '');
      assert.deepEqual(summary.unsynced, []);
      assert.deepEqual(summary.books, { seen: books, bridged: books });
      assert.deepEqual([summary.gaps, summary.openGaps, summary.resyncs], [0, 0, 0]);
      assert.deepEqual(summary.unknownKinds, {});
      assert.equal(counters['checksumEqual'] ?? 0, checksums);
      assert.equal(counters['checksumMismatch'] ?? 0, 0);
      assert.equal(counters['depthApplied'], counters['depth']);
      assert.equal(counters['bookState'], books + repeatedStates);
      assert.equal(counters['stateStale'] ?? 0, repeatedStates);
      assert.equal(counters['aggregatedTrade'], trades);
      assert.deepEqual(summary.tops, { compared: tops, equal: tops });
    });
  }
});
