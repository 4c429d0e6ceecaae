import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { place } from '../../../operator/plan/placement.ts';

const symbols = fc.uniqueArray(fc.stringMatching(/^[A-Z]{2,6}-USDT$/), { maxLength: 120 });
const shards = fc.integer({ min: 1, max: 12 });
const even = (count: number, over: number): number => Math.ceil(count / over);

function loads(placed: ReadonlyMap<string, number>, count: number): readonly number[] {
  const load = Array.from({ length: count }, () => 0);
  for (const shard of placed.values()) load[shard] = (load[shard] ?? 0) + 1;
  return load;
}

test('every symbol is placed once, on a shard that exists, and no fresh shard is above the even share', () => {
  fc.assert(
    fc.property(symbols, shards, (list, count) => {
      const placed = place(list, count, new Map());
      assert.deepEqual([...placed.keys()].sort(), [...list].sort());
      for (const load of loads(placed, count)) assert.ok(load <= even(list.length, count));
    }),
  );
});

test('the order of the spec has no influence', () => {
  fc.assert(
    fc.property(symbols, shards, (list, count) => {
      const sorted = (map: ReadonlyMap<string, number>): unknown => Object.fromEntries(map);
      assert.deepEqual(
        sorted(place(list, count, new Map())),
        sorted(place([...list].reverse(), count, new Map())),
      );
    }),
  );
});

test('placing again what is placed moves nothing', () => {
  fc.assert(
    fc.property(symbols, shards, (list, count) => {
      const placed = place(list, count, new Map());
      assert.deepEqual(new Map(place(list, count, placed)), placed);
    }),
  );
});

test('removing or adding one symbol moves no other while the shards stay balanced', () => {
  fc.assert(
    fc.property(symbols, shards, (list, count) => {
      fc.pre(list.length > count);
      const placed = place(list, count, new Map());
      fc.pre(new Set(placed.values()).size === count);
      const [first] = list;
      const without = place(list.slice(1), count, placed);
      for (const [symbol, shard] of without) assert.equal(shard, placed.get(symbol), `without ${first}`);
      const added = place([...list, 'NEW-USDT'], count, placed);
      for (const symbol of list) assert.equal(added.get(symbol), placed.get(symbol));
    }),
  );
});

test('one more shard takes its even share and nothing moves between the old ones beyond that', () => {
  fc.assert(
    fc.property(symbols, fc.integer({ min: 1, max: 11 }), (list, count) => {
      const before = place(list, count, new Map());
      const after = place(list, count + 1, before);
      for (const load of loads(after, count + 1)) assert.ok(load <= even(list.length, count + 1));
      const moved = list.filter((symbol) => after.get(symbol) !== before.get(symbol));
      const excess = loads(before, count).map((load) => Math.max(0, load - even(list.length, count + 1)));
      assert.equal(
        moved.length,
        excess.reduce((sum, load) => sum + load, 0),
      );
    }),
  );
});

test('one shard less moves the symbols of that shard only', () => {
  fc.assert(
    fc.property(symbols, fc.integer({ min: 2, max: 12 }), (list, count) => {
      const before = place(list, count, new Map());
      const after = place(list, count - 1, before);
      for (const symbol of list) {
        const was = before.get(symbol) ?? -1;
        if (was < count - 1) assert.equal(after.get(symbol), was);
      }
    }),
  );
});
