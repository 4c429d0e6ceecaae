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
  readonly changes: number;
  readonly tickers: number;
  /** Tickers that say something new about each part of them, or the same a minute later. */
  readonly values: Readonly<Record<string, number>>;
}
const FILES: readonly Expected[] = [
  {
    file: 'cf-20210405-options-119s',
    books: 10,
    changes: 177,
    tickers: 273,
    values: { ticker: 103, 'mark-price': 255, 'open-interest': 20, 'option-summary': 269 },
  },
  {
    file: 'cf-20210417-options-31s',
    books: 10,
    changes: 46,
    tickers: 92,
    values: { ticker: 47, 'mark-price': 80, 'open-interest': 10, 'option-summary': 90 },
  },
  {
    file: 'cf-20210722-options-instruments',
    books: 10,
    changes: 36,
    tickers: 89,
    values: { ticker: 43, 'mark-price': 74, 'open-interest': 10, 'option-summary': 89 },
  },
];

type Json = Readonly<Record<string, unknown>>;
type Side = Map<number, number>;
interface Held {
  readonly bids: Side;
  readonly asks: Side;
  id: number;
}
interface Outcome {
  readonly records: readonly Json[];
  readonly summary: ReplaySummary;
  /** By the venue's spelling, by the consumer's rule alone. */
  readonly books: ReadonlyMap<string, Held>;
}

const PLAIN = /^(0|[1-9]\d*)(\.\d*[1-9])?$/;

function lines(path: string): readonly string[] {
  return readFileSync(path, 'utf8').trimEnd().split('\n');
}

function play(path: string): Outcome {
  const records: Json[] = [];
  const books = new Map<string, Held>();
  const replay = new Replay(({ payload }) => {
    const record = JSON.parse(new TextDecoder().decode(payload)) as Json;
    records.push(record);
    if (record['type'] === 'orderbook') follow(books, record);
  });
  for (const text of lines(path)) {
    const line = parseLine(text);
    assert.ok(typeof line === 'object');
    assert.equal(replay.line(line), 'taken');
  }
  return { records, summary: replay.end(), books };
}

function follow(books: Map<string, Held>, record: Json): void {
  const instrument = record['instrument'] as string;
  const [lastId, prevId] = [record['lastId'] as number, record['prevId'] as number];
  const held = books.get(instrument);
  const isState = record['action'] === 'snapshot';
  if (!isState) assert.ok(held !== undefined && prevId <= held.id && held.id < lastId, instrument);
  const book = isState || held === undefined ? { bids: new Map(), asks: new Map(), id: lastId } : held;
  book.id = lastId;
  for (const side of ['bids', 'asks'] as const) {
    for (const [price, size] of record[side] as readonly (readonly [string, string])[]) {
      assert.match(price, PLAIN);
      assert.match(size, PLAIN);
      set(book[side], Number(price), Number(size));
    }
  }
  books.set(instrument, book);
}

/** The venue's frames once more, naively: floats, no rules. */
function naive(path: string): ReadonlyMap<string, Held> {
  const books = new Map<string, Held>();
  for (const text of lines(path)) {
    const { dir, kind, msg } = JSON.parse(text) as { dir: string; kind: string; msg: string };
    if (dir !== 'recv' || kind !== 'ws') continue;
    const { params } = JSON.parse(msg) as { params?: { channel: string; data: Json } };
    if (params?.channel.startsWith('book.') !== true) continue;
    const { data } = params;
    const instrument = data['instrument_name'] as string;
    const isState = data['prev_change_id'] === undefined;
    const book = (isState ? undefined : books.get(instrument)) ?? { bids: new Map(), asks: new Map(), id: 0 };
    book.id = data['change_id'] as number;
    for (const side of ['bids', 'asks'] as const) {
      for (const [action, price, amount] of data[side] as [string, number, number][]) {
        set(book[side], price, action === 'delete' ? 0 : amount);
      }
    }
    books.set(instrument, book);
  }
  return books;
}

function set(side: Side, price: number, size: number): void {
  if (size === 0) side.delete(price);
  else side.set(price, size);
}

const bidsOf = (record: Json | undefined): readonly (readonly string[])[] =>
  (record?.['bids'] ?? []) as string[][];

describe('Deribit as recorded', () => {
  for (const { file, books, changes, tickers, values } of FILES) {
    const path = recordingPath(`deribit/${file}`);
    test(
      `${file}: every chain holds, and a consumer has the venue's books`,
      { skip: path === undefined },
      () => {
        const { summary, ...outcome } = play(path ?? '');
        assert.deepEqual(summary.byType, {
          'orderbook:snapshot': books,
          'orderbook:delta': changes,
          ...values,
        });
        assert.deepEqual(summary.books, { seen: books, bridged: books });
        assert.deepEqual([summary.gaps, summary.openGaps, summary.resyncs], [0, 0, 0]);
        assert.deepEqual([summary.unsynced, summary.unknownKinds], [[], {}]);
        assert.equal(summary.counters['depthApplied'], changes);
        for (const [stream, count] of Object.entries(values)) {
          assert.equal(summary.counters[`unchanged:${stream}`] ?? 0, tickers - count, stream);
        }
        assert.deepEqual(outcome.books, naive(path ?? ''));
        for (const { type, sizeUnit, market } of outcome.records) {
          const hasSize = type !== 'mark-price' && type !== 'option-summary';
          assert.deepEqual([sizeUnit, market], [hasSize ? 'base' : undefined, 'option']);
        }
      },
    );
  }

  const gapped = recordingPath('deribit/ssc2ce-20200622-perp-gap');
  test(
    'ssc2ce-20200622-perp-gap: frames without type are a chain, its one real gap is found and stated open',
    { skip: gapped === undefined },
    () => {
      const { records, summary } = play(gapped ?? '');
      assert.deepEqual(
        records.map(({ type, action, prevId, lastId }) => [type, action, prevId, lastId].join(' ').trim()),
        [
          'orderbook snapshot  4095205325',
          'orderbook delta 4095205325 4095205460',
          'orderbook delta 4095205460 4095205461',
          'orderbook delta 4095205461 4095205462',
          'gap',
        ],
      );
      const { fromId, toId, cause, symbol } = records.at(-1) ?? {};
      assert.deepEqual([fromId, toId, cause, symbol], [4_095_205_462, null, 'venue', 'BTC-USD-PERP']);
      assert.deepEqual(
        records.slice(0, 4).map(({ sizeUnit, completeFrom }) => [sizeUnit, completeFrom]),
        [['quote', null], ...Array.from({ length: 3 }, () => ['quote', undefined])],
      );
      assert.equal(summary.counters['depthGap'], 1);
      assert.deepEqual([summary.openGaps, summary.resyncs], [1, 1]);
      assert.deepEqual(summary.unsynced, ['BTC-USD-PERP']);
    },
  );

  const shapes = recordingPath('deribit/fm-202609-shapes');
  test(
    'fm-202609-shapes: the numbers of 2026, exact, and ids that a double cannot hold harm nothing',
    { skip: shapes === undefined },
    () => {
      const { records, summary } = play(shapes ?? '');
      const [state, change, next] = records;
      assert.deepEqual(bidsOf(state)[0], ['76914', '1000200']);
      assert.deepEqual(bidsOf(state).at(-1), ['76867', '3000000']);
      assert.deepEqual(bidsOf(change)[0], ['76914', '1000200']);
      assert.deepEqual(bidsOf(change)[3], ['76871.5', '3000000']);
      assert.deepEqual(bidsOf(next)[0], ['76908.5', '1000']);
      const trades = records.filter(({ type }) => type === 'trade');
      assert.deepEqual(
        trades.map(({ id, sequence, size }) => [id, sequence, size]),
        [
          ['267258393', 140_284_854, '8450'],
          ['267258394', 140_284_855, '6000'],
          ['267258395', 140_284_856, '6000'],
        ],
      );
      assert.deepEqual([summary.gaps, summary.unknownKinds], [0, {}]);
    },
  );

  const documented = recordingPath('deribit/docs-shapes');
  test(
    'docs-shapes: the volatility index is a record of one value, a liquidation stays a trade and is counted',
    { skip: documented === undefined },
    () => {
      const { records, summary } = play(documented ?? '');
      const values = records.filter(({ type }) => type === 'volatility-index');
      const { symbol, instrument, value, exchangeTime } = values[0] ?? {};
      assert.deepEqual([symbol, instrument, value], ['BTC', 'btc_usd', '129.36']);
      assert.equal(exchangeTime, 1_619_777_946_007_000);
      assert.equal(summary.counters['trade:liquidation'], 1);
      assert.deepEqual(summary.unknownKinds, {});
    },
  );
});
