import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Level } from '../../../contract/record.ts';
import { Book, MAX_LEVELS } from '../../../collector/book/book.ts';
import { LevelList } from '../../../collector/book/level-list.ts';
import { LevelReader, listOf } from '../../../collector/book/level-reader.ts';
import { compareDecimals } from '../../../collector/book/decimal.ts';
import { judge } from '../../../collector/book/sequence.ts';

/** A price with the digits of its tick, as text and as the integer that it is. */
const ticks = fc.integer({ min: 1, max: 10 ** 9 });
const text = (tick: number): string =>
  `${Math.floor(tick / 10_000)}.${String(tick % 10_000).padStart(4, '0')}`;

type Updates = readonly (readonly (readonly [isBid: boolean, price: number, size: number])[])[];
type Apply = (book: Book, bids: readonly Level[], asks: readonly Level[]) => void;

const change = fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 3 }));
const updatesOf = fc.array(fc.array(change, { maxLength: 8 }), { maxLength: 40 });
const asText: Apply = (book, bids, asks) => void book.applyText(bids, asks);
const load = (book: Book, bids: readonly Level[], asks: readonly Level[]): boolean =>
  book.load(listOf('bids', bids), listOf('asks', asks));
/** As a scanner hands it over: a removal may be spelled with any zeros. */
const asBytes: Apply = (book, bids, asks) => {
  const read = (levels: readonly Level[]): LevelList => {
    const spelled = levels.map(([price, size]) => [price, size === '0' ? '0.000' : size]);
    const list = new LevelList();
    const reader = new LevelReader();
    reader.start(Buffer.from(JSON.stringify(spelled)));
    assert.ok(reader.pairs(list));
    return list;
  };
  book.apply(read(bids), read(asks));
};

/** Plays the updates into a book and a plain model of it, `price` told by its number; both have to be equal at every step. */
function sameAsModel(updates: Updates, apply: Apply, price: (number: number) => string): void {
  const book = new Book();
  const model = { bids: new Map<number, string>(), asks: new Map<number, string>() };
  let before = '';
  for (const update of updates) {
    const sides: Record<'bids' | 'asks', Level[]> = { bids: [], asks: [] };
    for (const [isBid, number, size] of update) {
      const side = isBid ? 'bids' : 'asks';
      sides[side].push([price(number), size === 0 ? '0' : `${size}.0`]);
      if (size === 0) model[side].delete(number);
      else model[side].set(number, `${size}.0`);
    }
    apply(book, sides.bids, sides.asks);
    const wanted = (side: ReadonlyMap<number, string>, order: number): Level[] =>
      [...side].sort(([a], [b]) => order * (a - b)).map(([number, size]) => [price(number), size]);
    const state = { bids: wanted(model.bids, -1), asks: wanted(model.asks, 1) };
    assert.deepEqual(book.top(), state);
    assert.deepEqual(book.top(2).bids, state.bids.slice(0, 2));
    assert.deepEqual(book.best(), { bid: state.bids[0], ask: state.asks[0] });
    assert.deepEqual(book.depth, { bids: state.bids.length, asks: state.asks.length });
    assert.deepEqual([...book.sides.bids.keys()].sort(), state.bids.map(([text]) => text).sort());
    const ranks = Array.from({ length: 3 }, (_, rank) => [state.bids[rank], state.asks[rank]]);
    const interleaved = ranks.flat(2).filter(Boolean).join(':');
    if (book.isInterleavedSame) assert.equal(interleaved, before);
    assert.equal(Buffer.from(book.interleaved(3)).toString(), interleaved);
    before = interleaved;
  }
}

/** How prices are spelled; each keeps the order of its numbers. */
const SPELLINGS: Readonly<Record<string, (price: number) => string>> = {
  // Spread over lengths, so that text order alone would be wrong.
  'padded to the tick': (price) => text(price ** 6),
  'with as many digits as it takes': (price) => String(price / 8),
  'without a point, then with': (price) => (price < 30 ? String(price) : `${price}.${price}`),
  'padded to more digits than a double has': (price) => `${price + 10}12345678.${price % 3}0000000`,
  'too long for a double': (price) => `90071992547409${price + 10}.00000001`,
  'too long for a double from some price on': (price) => `${price}${'0'.repeat(price > 20 ? 17 : 0)}.5`,
  'with more digits than a level has room for': (price) => `${price}.${'1'.repeat(60)}`,
};

for (const [how, price] of Object.entries(SPELLINGS)) {
  for (const [form, apply] of Object.entries({ asText, asBytes })) {
    test(`the book is the last size of every price, best first: prices ${how}, ${form}`, () => {
      fc.assert(fc.property(updatesOf, (updates) => sameAsModel(updates, apply, price)));
    });
  }
}

const PADDED: readonly (readonly [price: string, mantissa: number, decimals: number])[] = [
  // BTC in rupiah, as Binance spells it.
  ['1500000000.00000000', 1_500_000_000, 0],
  ['1500000000.50000000', 15_000_000_005, 1],
  ['10000000.00000001', Number.NaN, 8],
  ['60000.12000000', 6_000_012_000_000, 8],
];
for (const [price, mantissa, decimals] of PADDED) {
  test(`${price} is ${mantissa} with ${decimals} decimals: zeros at its end need no digits of a double`, () => {
    const { mantissas, shapes } = listOf('bids', [[price, '1']]);
    assert.equal(mantissas[0], mantissa);
    assert.equal(((shapes[0] as number) >>> 16) & 0xff, decimals);
  });
}

test('a change below the levels that were interleaved leaves them the same, one among them does not', () => {
  const book = new Book();
  const levels = (...prices: number[]): Level[] => prices.map((price) => [String(price), '1']);
  book.applyText(levels(9, 8, 7), levels(11, 12, 13));
  assert.equal(book.isInterleavedSame, false);
  book.interleaved(2);
  book.applyText(levels(7, 6), levels(13, 14));
  assert.equal(book.isInterleavedSame, true);
  for (const bid of [8, 8.5, 10]) {
    book.applyText(levels(bid), []);
    assert.equal(book.isInterleavedSame, false, `a bid at ${bid}`);
    book.interleaved(2);
  }
});

test('a book is loaded best first and replaces the one before', () => {
  const levels = (prices: readonly string[]): Level[] => prices.map((price) => [price, '1']);
  for (const long of ['', '00000000000000']) {
    const book = new Book();
    book.applyText(levels([`7${long}`]), levels([`8${long}.5`]));
    const state = { bids: levels([`3${long}`, `2${long}.5`]), asks: levels([`4${long}`, `10${long}`]) };
    assert.ok(load(book, state.bids, state.asks));
    assert.deepEqual(book.top(), state);
  }
});

test('one price in two spellings is one level, in the later spelling', () => {
  const book = new Book();
  book.applyText([['1.5', '1']], []);
  book.applyText([['1.50', '2']], []);
  book.applyText([['01.5', '3']], []);
  assert.deepEqual(book.top().bids, [['01.5', '3']]);
  book.applyText([['1.500', '0']], []);
  assert.deepEqual(book.depth.bids, 0);
});

test('a side over its bound is refused, however its prices are held', () => {
  for (const end of ['', `.${'1'.repeat(60)}`]) {
    const book = new Book();
    const levels = Array.from({ length: MAX_LEVELS }, (_, price): Level => [`${price + 1}${end}`, '1']);
    assert.ok(load(book, levels.toReversed(), []));
    assert.ok(!book.applyText([['0.5', '1']], []));
  }
});

test('decimals compare by value, exactly, beyond what a float can tell apart', () => {
  fc.assert(
    fc.property(ticks, ticks, fc.nat(3), fc.nat(3), (a, b, zerosA, zerosB) => {
      const left = `${'0'.repeat(zerosA)}${text(a)}${'0'.repeat(zerosB)}`;
      assert.equal(Math.sign(compareDecimals(left, text(b))), Math.sign(a - b), `${left} ${text(b)}`);
    }),
  );
  assert.ok(compareDecimals('90071992547409.93000001', '90071992547409.93000002') < 0);
  assert.ok(compareDecimals('9', '10.0') < 0);
  assert.equal(compareDecimals('1.50', '1.5'), 0);
});

test('an event is stale, continues, overlaps or proves a hole by its ids alone', () => {
  assert.equal(judge(10, { prevId: 7, lastId: 10 }), 'stale');
  assert.equal(judge(10, { prevId: 10, lastId: 11 }), 'continues');
  assert.equal(judge(10, { prevId: 8, lastId: 12 }), 'continues');
  assert.equal(judge(10, { prevId: 11, lastId: 12 }), 'gap');
});

/** Small, even enough, and the same in every run. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

for (const [market, drift] of Object.entries({ 'that rests': 0, 'that wanders far': 7 })) {
  test(`a deep book of a market ${market} stays the last size of every price, best first`, () => {
    const random = randomOf(5);
    const book = new Book();
    const model = new Map<number, string>();
    for (let update = 0; update < 1_500; update += 1) {
      const best = 100_000 + update * drift;
      // Most near the best, some far away; best first, as a venue sends them.
      const touched = Array.from({ length: random(12) }, () => best - random(random(4) === 0 ? 3_000 : 40));
      const bids = [...new Set(touched)]
        .sort((a, b) => b - a)
        .map((price): Level => {
          const size = random(5) < 2 ? '0' : String(1 + random(1_000));
          if (size === '0') model.delete(price);
          else model.set(price, size);
          return [(price / 100).toFixed(2), size];
        });
      book.applyText(bids, []);
      if (update % 50 > 0) continue;
      const wanted = [...model].sort(([a], [b]) => b - a);
      assert.deepEqual(
        book.top().bids,
        wanted.map(([price, size]) => [(price / 100).toFixed(2), size]),
      );
    }
    assert.ok(book.depth.bids > 700, `${book.depth.bids} levels`);
  });
}
