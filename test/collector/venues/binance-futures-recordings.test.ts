import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { StoredRecord } from '../../../collector/replay/ideal-stream.ts';
import { parseLine, type RecordedLine } from '../../../collector/replay/recording.ts';
import { Replay, type ReplaySummary } from '../../../collector/replay/replay.ts';
import { recordingPath } from '../../support/recording.ts';

/** Counted independently over the same files; `atSnapshot`: events that end exactly at a snapshot's id and add nothing to it. */
const FILES = [
  { file: 'coinm/cf-20210721-perp-and-quarterly-12s', books: 10, dropped: 259, atSnapshot: 5, events: 783 },
  { file: 'coinm/hft-20240808-btc-eth-perp-all-30s', books: 2, dropped: 45, atSnapshot: 0, events: 4_312 },
  { file: 'coinm/hft-20240808-btc-perp-depth-60s', books: 1, dropped: 23, atSnapshot: 0, events: 4_468 },
  { file: 'usdm/cf-20210722-all', books: 4, dropped: 12, atSnapshot: 3, events: 764 },
  { file: 'usdm/hft-20240808-btc-depth-trade-60s', books: 1, dropped: 4, atSnapshot: 0, events: 1_148 },
  { file: 'usdm/hft-20240808-btc-eth-all-15s', books: 2, dropped: 9, atSnapshot: 1, events: 577 },
] as const;
/** `bookTicker` frames with the id of a state that we held, each equal to our top. */
const TOPS: Readonly<Record<string, number>> = {
  'coinm/cf-20210721-perp-and-quarterly-12s': 63,
  'coinm/hft-20240808-btc-eth-perp-all-30s': 234,
  'usdm/cf-20210722-all': 50,
  'usdm/hft-20240808-btc-eth-all-15s': 33,
};

const linesOf = (path: string): readonly RecordedLine[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => {
      const line = parseLine(text);
      assert.ok(typeof line === 'object', text.slice(0, 80));
      return line;
    });

function play(lines: readonly RecordedLine[]): ReplaySummary & { readonly records: readonly StoredRecord[] } {
  const records: StoredRecord[] = [];
  const replay = new Replay((record) => records.push(record));
  for (const line of lines) assert.equal(replay.line(line), 'taken');
  return { ...replay.end(), records };
}

describe('books of recorded Binance futures', () => {
  for (const { file, books, dropped, atSnapshot, events } of FILES) {
    const path = recordingPath(`binance-${file}`);
    const skip = path === undefined ? 'no recordings here' : false;
    test(`${file}: every chain bridges, none breaks, and every best price is the venue's`, { skip }, () => {
      const {
        counters,
        books: seen,
        gaps,
        openGaps,
        unsynced,
        tops,
        unknownKinds,
      } = play(linesOf(path ?? ''));
      assert.deepEqual(seen, { seen: books, bridged: books });
      assert.deepEqual(unsynced, []);
      assert.equal(counters['depthStale'], dropped + atSnapshot);
      assert.equal(counters['depthApplied'], events - dropped - atSnapshot);
      assert.deepEqual(
        [gaps, openGaps, counters['depthGap'], counters['resync']],
        [0, 0, undefined, undefined],
      );
      assert.deepEqual(unknownKinds, {});
      assert.equal(tops.equal, tops.compared);
      // Ours counts a top at the snapshot's own id as well.
      assert.ok(tops.compared >= (TOPS[file] ?? 0), `${tops.compared} compared`);
    });
  }

  const chain = recordingPath('binance-usdm/hft-20240808-btc-depth-trade-60s');
  const skip = chain === undefined ? 'no recordings here' : false;
  test('one event taken out of a recorded chain is seen at the next, by its pu alone', { skip }, () => {
    const lines = linesOf(chain ?? '');
    const depths = lines.filter(({ message }) => message.includes('"depthUpdate"'));
    const lost = depths[600];
    const { counters, openGaps, unsynced, records } = play(lines.filter((line) => line !== lost));
    assert.equal(counters['depthGap'], 1);
    assert.equal(openGaps, 1);
    assert.deepEqual(unsynced, ['BTC-USDT-PERP']);
    const deltas = records.filter((record) => record.kind === 'delta');
    const lostId = Number(/"u":(\d+)/.exec(lost?.message ?? '')?.[1]);
    assert.ok(
      deltas.every(({ lastId }) => lastId < lostId),
      'nothing is published behind the hole',
    );
    assert.equal(deltas.length, 600 - 4);
  });

  const mixed = recordingPath('binance-coinm/cf-20210721-perp-and-quarterly-12s');
  test('perpetual and dated contracts of one file are two markets', { skip: mixed === undefined }, () => {
    const { records } = play(linesOf(mixed ?? ''));
    const heads = new Map<string, unknown>();
    for (const { subject, payload } of records) {
      const record = JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>;
      if (record['type'] === 'orderbook') heads.set(subject, [record['market'], record['sizeUnit']]);
    }
    assert.deepEqual(heads.get('orderbook.binance.BTC-USD-20211231'), ['future', 'contract']);
    assert.deepEqual(heads.get('orderbook.binance.ETC-USD-PERP'), ['perpetual', 'contract']);
  });
});
