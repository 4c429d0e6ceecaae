import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { Book } from '../../consumer/book.ts';
import { BookSide } from '../../consumer/book-side.ts';
import { compareDecimals } from '../../consumer/decimal.ts';
import { bookDigest } from '../../consumer/digest.ts';
import type { DeltaRecord, Level, SnapshotRecord } from '../../contract/record.ts';

const HEAD = {
  v: 1,
  type: 'orderbook',
  exchange: 'okx',
  market: 'spot',
  symbol: 'X-Y',
  instrument: 'X-Y',
  exchangeTime: 1_000,
  receiveTime: 1_000,
  sizeUnit: 'base',
  epoch: 'e',
} as const;

const delta = (
  prevId: number | string,
  lastId: number | string,
  more: Partial<DeltaRecord> = {},
): DeltaRecord => ({
  ...HEAD,
  action: 'delta',
  prevId,
  lastId,
  bids: [['9', String(lastId)]],
  asks: [],
  ...more,
});
const snapshot = (lastId: number | string, more: Partial<SnapshotRecord> = {}): SnapshotRecord => ({
  ...HEAD,
  action: 'snapshot',
  lastId,
  bids: [['9', 's']],
  asks: [['10', 's']],
  completeFrom: null,
  completeTo: null,
  ...more,
});

interface Case {
  readonly name: string;
  readonly records: readonly (DeltaRecord | SnapshotRecord)[];
  /** What the last one was. */
  readonly step: object;
  readonly id: number | bigint | undefined;
  readonly bid: string | undefined;
}

const CASES: readonly Case[] = [
  {
    name: 'a delta before any snapshot waits',
    records: [delta(1, 2)],
    step: { kind: 'waiting' },
    id: undefined,
    bid: undefined,
  },
  {
    name: 'the first snapshot begins the book',
    records: [snapshot(5)],
    step: { kind: 'replaced', how: 'first' },
    id: 5,
    bid: 's',
  },
  {
    name: 'a delta that continues is applied',
    records: [snapshot(5), delta(5, 6)],
    step: { kind: 'applied' },
    id: 6,
    bid: '6',
  },
  {
    name: 'a delta that spans the id is applied',
    records: [snapshot(5), delta(3, 8)],
    step: { kind: 'applied' },
    id: 8,
    bid: '8',
  },
  {
    name: 'a delta that ends at the id or before adds nothing',
    records: [snapshot(5), delta(3, 5)],
    step: { kind: 'skipped', why: 'stale' },
    id: 5,
    bid: 's',
  },
  {
    name: 'a delta that begins behind the id shows a gap, and is not applied',
    records: [snapshot(5), delta(6, 7)],
    step: { kind: 'gap', fromId: 5, toId: 6 },
    id: 5,
    bid: 's',
  },
  {
    name: 'behind a gap the book stands still, the ids go on',
    records: [snapshot(5), delta(6, 7), delta(7, 8)],
    step: { kind: 'waiting' },
    id: 5,
    bid: 's',
  },
  {
    name: 'a second gap behind a gap is another one',
    records: [snapshot(5), delta(6, 7), delta(9, 10)],
    step: { kind: 'gap', fromId: 7, toId: 9 },
    id: 5,
    bid: 's',
  },
  {
    name: 'a snapshot at the end of the ids mends the book',
    records: [snapshot(5), delta(6, 7), snapshot(7)],
    step: { kind: 'replaced', how: 'same', fromId: 7 },
    id: 7,
    bid: 's',
  },
  {
    name: 'a snapshot ahead of the ids shows a gap',
    records: [snapshot(5), snapshot(9)],
    step: { kind: 'replaced', how: 'ahead', fromId: 5 },
    id: 9,
    bid: 's',
  },
  {
    name: 'an older snapshot is skipped',
    records: [snapshot(5), delta(5, 6), snapshot(4)],
    step: { kind: 'skipped', why: 'stale' },
    id: 6,
    bid: '6',
  },
  {
    name: 'a reset goes back',
    records: [snapshot(50), snapshot(3, { reset: true })],
    step: { kind: 'replaced', how: 'reset', fromId: 50 },
    id: 3,
    bid: 's',
  },
  {
    name: 'a delta of the old chain, no younger than the reset, is skipped',
    records: [
      snapshot(50),
      snapshot(3, { reset: true, exchangeTime: 2_000 }),
      delta(50, 51, { exchangeTime: 2_000 }),
    ],
    step: { kind: 'skipped', why: 'oldChain' },
    id: 3,
    bid: 's',
  },
  {
    name: 'a delta ahead that is younger than the reset shows a gap',
    records: [
      snapshot(50),
      snapshot(3, { reset: true, exchangeTime: 2_000 }),
      delta(50, 51, { exchangeTime: 2_001 }),
    ],
    step: { kind: 'gap', fromId: 3, toId: 50 },
    id: 3,
    bid: 's',
  },
  {
    name: 'a snapshot of the old chain is skipped',
    records: [
      snapshot(50),
      snapshot(3, { reset: true, exchangeTime: 2_000 }),
      snapshot(60, { exchangeTime: 1_999 }),
    ],
    step: { kind: 'skipped', why: 'oldChain' },
    id: 3,
    bid: 's',
  },
  {
    name: 'ids beyond 2^53 are text, and as exact',
    records: [snapshot('9007199254740993'), delta('9007199254740993', '9007199254740994')],
    step: { kind: 'applied' },
    id: 9007199254740994n,
    bid: '9007199254740994',
  },
];

describe("the consumer's rule for books", () => {
  for (const { name, records, step, id, bid } of CASES) {
    it(name, () => {
      const book = new Book();
      let last: object = {};
      for (const record of records)
        last = record.action === 'delta' ? book.delta(record) : book.snapshot(record);
      assert.deepEqual(last, step);
      assert.deepEqual([book.id, book.bids.size('9')], [id, bid]);
    });
  }

  it('is current only where the levels are the state at the end of the ids', () => {
    const book = new Book();
    const seen = [delta(1, 2), snapshot(2), delta(2, 3), delta(4, 5), delta(5, 6), snapshot(6)].map(
      (record) => {
        if (record.action === 'delta') book.delta(record);
        else book.snapshot(record);
        return book.isCurrent;
      },
    );
    assert.deepEqual(seen, [false, true, true, false, false, true]);
  });

  it('has one digest a state, whatever the way to it', () => {
    const [direct, stepped] = [new Book(), new Book()];
    direct.snapshot(
      snapshot(7, {
        bids: [
          ['9.5', '1'],
          ['9', '2'],
        ],
        asks: [['10', '3']],
      }),
    );
    stepped.snapshot(
      snapshot(5, {
        bids: [['9', '2']],
        asks: [
          ['10', '3'],
          ['11', '1'],
        ],
      }),
    );
    stepped.delta(delta(5, 7, { bids: [['9.5', '1']], asks: [['11', '0']] }));
    assert.equal(bookDigest(stepped), bookDigest(direct));
    // As docs/consume.md says: SHA-256 of "7\nbid 9.5 1\nbid 9 2\nask 10 3\n".
    assert.equal(bookDigest(direct), 'be35edfcff9b05b3');
    stepped.delta(delta(7, 8, { bids: [], asks: [] }));
    assert.notEqual(bookDigest(stepped), bookDigest(direct), 'the id is part of it');
  });
});

describe('a side of a book', () => {
  const price = fc
    .tuple(fc.nat(40), fc.constantFrom('', '.5', '.25', '.50000000000000000001'))
    .map(([whole, fraction]) => `${whole}${fraction}`);
  const level = fc.tuple(price, fc.constantFrom('0', '1', '2.5')).map(([at, size]): Level => [at, size]);

  it('is what a map and a sort make of the same levels, best first', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('bids' as const, 'asks' as const),
        fc.uniqueArray(level, { selector: ([at]) => at, maxLength: 30 }),
        fc.array(level, { maxLength: 120 }),
        (name, start, changes) => {
          const begin = start.filter(([, size]) => size !== '0');
          const side = new BookSide(name);
          side.replace(begin);
          side.apply(changes);
          const naive = new Map(begin);
          for (const [at, size] of changes) {
            if (size === '0') naive.delete(at);
            else naive.set(at, size);
          }
          const direction = name === 'asks' ? 1 : -1;
          const expected = [...naive].sort(([x], [y]) => compareDecimals(x, y) * direction);
          assert.deepEqual([...side.levels()], expected);
          assert.equal(side.best, expected[0]?.[0]);
          assert.equal(side.count, expected.length);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('compares prices by their digits', () => {
    const rising = [
      '0',
      '0.00000001',
      '0.5',
      '1',
      '9.99',
      '10',
      '10.00000000000000000001',
      '10.1',
      '900000000000000000001',
    ];
    for (const [x, a] of rising.entries())
      for (const [y, b] of rising.entries())
        assert.equal(Math.sign(compareDecimals(a, b)), Math.sign(x - y), `${a} ${b}`);
    assert.equal(compareDecimals('1.50', '1.5'), 0);
    assert.equal(compareDecimals('01', '1.'), 0);
  });
});
