import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { binanceSpot } from '../../../collector/venues/binance.ts';
import { binanceLinearPerpetual } from '../../../collector/venues/binance-futures.ts';
import { deribitPerpetual } from '../../../collector/venues/deribit.ts';
import { okxSpot } from '../../../collector/venues/okx.ts';
import type { Venue } from '../../../collector/venues/venue.ts';
import { TradeMarket } from './trade-market.ts';

const LAST = 60;
const ALL = Array.from({ length: LAST }, (_, index) => index + 1);

interface Course {
  /** What becomes of each trade on the stream. */
  readonly fates: readonly ('sent' | 'lost' | 'twice' | 'late' | 'broken')[];
  /** Trades of an answer. */
  readonly most: number;
  /** Answers that fail before the others; so many behind are the list's trades at first. */
  readonly failures: readonly ('unreachable' | 'refused' | 'limited')[];
  readonly lag: number;
}

const FATE = fc.oneof(
  { weight: 4, arbitrary: fc.constant('sent' as const) },
  { weight: 3, arbitrary: fc.constant('lost' as const) },
  { weight: 1, arbitrary: fc.constantFrom('twice' as const, 'late' as const, 'broken' as const) },
);
const course = (most: fc.Arbitrary<number>): fc.Arbitrary<Course> =>
  fc.record({
    fates: fc.array(FATE, { minLength: LAST, maxLength: LAST }),
    most,
    failures: fc.array(fc.constantFrom('unreachable', 'refused', 'limited'), { maxLength: 4 }),
    lag: fc.nat(20),
  });

/** The first and the last trade always come: before and behind them nobody can know of any. */
async function play(
  venue: Venue,
  { fates, most, failures, lag }: Course,
  trades: readonly number[] = ALL,
): Promise<TradeMarket> {
  const market = new TradeMarket(venue);
  market.most = most;
  market.answers.push(...failures);
  market.list = trades.slice(0, trades.length - lag);
  let late: number | undefined;
  for (const [index, id] of trades.entries()) {
    const isEnd = index === 0 || index === trades.length - 1;
    const fate = isEnd ? 'sent' : fates[index];
    if (fate === 'broken') market.tape.disconnected();
    if (fate === 'sent' || fate === 'twice' || fate === 'broken') market.send(id);
    if (fate === 'twice') market.send(id);
    if (late !== undefined) market.send(late);
    late = fate === 'late' ? id : undefined;
    await market.clock.advance(10);
  }
  await market.clock.advance(900);
  market.list = [...trades];
  await market.settle();
  return market;
}

const ids = (market: TradeMarket): readonly number[] =>
  market.stored.map(({ id }) => id).toSorted((one, other) => one - other);

for (const [name, venue] of [
  ['Binance spot', binanceSpot],
  ['Deribit', deribitPerpetual],
  ['OKX', okxSpot],
] as const) {
  test(`${name}: whatever is lost, repeated or late, the stream holds every trade once, and no gap is stated`, async () => {
    const any = course(fc.integer({ min: 2, max: 40 }));
    await fc.assert(
      fc.asyncProperty(any, async (given) => {
        const market = await play(venue, given);
        assert.deepEqual(ids(market), ALL);
        assert.deepEqual(market.gaps, []);
      }),
      { numRuns: 60 },
    );
  });
}

for (const [name, venue] of [
  ['Binance spot', binanceSpot],
  ['Deribit', deribitPerpetual],
  ['Binance futures', binanceLinearPerpetual],
] as const) {
  test(`${name}: what the venue's list does not give is stated, by its exact number`, async () => {
    const any = course(fc.integer({ min: 1, max: 40 }));
    await fc.assert(
      fc.asyncProperty(any, fc.nat(LAST), async (given, known) => {
        // The list has forgotten the older ones.
        const market = new TradeMarket(venue);
        market.most = given.most;
        market.answers.push(...given.failures);
        market.list = ALL.slice(known);
        for (const [index, id] of ALL.entries())
          if (index === 0 || index === LAST - 1 || given.fates[index] !== 'lost') market.send(id);
        await market.settle();
        const held = new Set(ids(market));
        assert.equal(held.size, market.stored.length);
        const missing = ALL.filter((id) => !held.has(id));
        for (const { fromId, toId, missing: stated } of market.gaps) {
          assert.equal(stated, missing.filter((id) => id > fromId && id < toId).length);
          assert.ok(stated > 0, 'a gap in which nothing is missing');
        }
        const sum = market.gaps.reduce((total, gap) => total + (gap.missing ?? 0), 0);
        assert.equal(sum, missing.length);
      }),
      { numRuns: 60 },
    );
  });
}

test('a list that is never read leaves the hole stated, after retries with backoff, and is asked no more', async () => {
  const market = new TradeMarket(binanceSpot);
  market.answers.push(...Array.from({ length: 100 }, () => 'refused' as const));
  market.list = ALL;
  market.send(1);
  market.send(5);
  await market.settle();
  assert.deepEqual(market.gaps, [{ fromId: 1, toId: 5, missing: 3 }]);
  assert.equal(market.requests.length, 6);
  assert.deepEqual(
    [market.backfill.counters['backfill:failed'], market.backfill.counters['backfill:refused']],
    [1, 6],
  );
});

test('OKX: ids that simply jump are no gap, and after some the list is asked no more within a connection', async () => {
  const market = new TradeMarket(okxSpot);
  const jumping = ALL.map((id) => id * 3);
  market.list = jumping;
  for (const id of jumping) {
    market.send(id);
    await market.settle();
  }
  assert.deepEqual(market.gaps, []);
  assert.deepEqual(market.holes.counters, { holesEmpty: 20, jumpsUnverified: LAST - 21 });
  const asked = market.requests.length;
  market.tape.disconnected();
  market.list = [...jumping, 184, 190];
  market.send(190);
  await market.settle();
  assert.equal(market.requests.length, asked + 1, 'what lies before a new connection is always looked up');
  assert.deepEqual(ids(market), [...jumping, 184, 190]);
  assert.deepEqual(market.gaps, []);
});

test('OKX: where the list is not read, the gap is stated without a number', async () => {
  const market = new TradeMarket(okxSpot);
  market.answers.push(...Array.from({ length: 100 }, () => 'unreachable' as const));
  market.send(1);
  market.send(5);
  await market.settle();
  assert.deepEqual(market.gaps, [{ fromId: 1, toId: 5, missing: undefined }]);
});

test('Binance futures: an id that the list of trades leaves out is no trade and not missing', async () => {
  const market = new TradeMarket(binanceLinearPerpetual);
  market.list = [1, 2, 4, 5, 8];
  market.send(1);
  market.send(8);
  await market.settle();
  assert.deepEqual(market.stored.slice(2), [
    { id: 2, backfilled: true },
    { id: 4, backfilled: true, skippedFrom: 3 },
    { id: 5, backfilled: true },
  ]);
  // No record stands behind them that could name them: the trade that ends the hole was stored before the list was read.
  assert.deepEqual(market.gaps, [{ fromId: 5, toId: 8, missing: 0 }]);
  assert.equal(market.holes.counters['tradesBackfilled'], 3);
});

test('Binance futures: where only what is no trade was lost, nothing is fetched, and a record says that nothing is missing', async () => {
  const market = new TradeMarket(binanceLinearPerpetual);
  market.list = [1, 2, 6, 7];
  market.send(1);
  market.send(2);
  // Of 3, 4 and 5 only the last one came.
  market.sendNoTrade(5);
  market.send(6);
  await market.settle();
  assert.deepEqual(market.stored.at(-1), { id: 6, backfilled: false, skippedFrom: 5 });
  assert.deepEqual(market.gaps, [{ fromId: 2, toId: 5, missing: 0 }]);
});

test('Binance futures: whatever is lost, each id is a trade of the stream, or named as none, or missing by number', async () => {
  const kinds = fc.array(fc.constantFrom('trade', 'trade', 'none'), { minLength: LAST, maxLength: LAST });
  const lost = fc.array(fc.boolean(), { minLength: LAST, maxLength: LAST });
  await fc.assert(
    fc.asyncProperty(kinds, lost, fc.nat(LAST), async (given, isLost, known) => {
      const isTrade = (id: number): boolean => id === 1 || id === LAST || given[id - 1] === 'trade';
      const market = new TradeMarket(binanceLinearPerpetual);
      // The list has forgotten the older ones.
      market.list = ALL.slice(known).filter(isTrade);
      for (const id of ALL) {
        if (id !== 1 && id !== LAST && isLost[id - 1] === true) continue;
        if (isTrade(id)) market.send(id);
        else market.sendNoTrade(id);
      }
      await market.settle();
      const told = new Map<number, 'trade' | 'none'>();
      for (const { id, skippedFrom = id } of market.stored) {
        for (let skipped = skippedFrom; skipped < id; skipped += 1) told.set(skipped, 'none');
        told.set(id, 'trade');
      }
      for (const { fromId, toId, missing } of market.gaps) {
        const between = ALL.filter((id) => id > fromId && id < toId);
        const untold = between.filter((id) => !told.has(id));
        assert.ok((missing ?? 0) <= untold.length);
        assert.ok((missing ?? 0) >= untold.filter(isTrade).length, 'no trade is passed over in silence');
        if (missing === 0) for (const id of untold) told.set(id, 'none');
      }
      const named = [...told].every(([id, kind]) => (kind === 'trade') === isTrade(id));
      assert.ok(named, JSON.stringify([...told]));
      const spans = market.gaps.filter(({ missing }) => missing !== 0);
      for (const id of ALL)
        assert.ok(told.has(id) || spans.some(({ fromId, toId }) => id > fromId && id < toId), String(id));
    }),
    { numRuns: 150 },
  );
});

test('backfilled trades are marked, and those of the stream are not', async () => {
  const market = new TradeMarket(binanceSpot);
  market.list = ALL;
  market.send(1);
  market.send(4);
  await market.settle();
  assert.deepEqual(market.stored, [
    { id: 1, backfilled: false },
    { id: 4, backfilled: false },
    { id: 2, backfilled: true },
    { id: 3, backfilled: true },
  ]);
});

test('book snapshots go first: nothing is fetched while one waits', async () => {
  const market = new TradeMarket(binanceSpot);
  market.list = ALL;
  market.snapshotsWaiting = 1;
  market.send(1);
  market.send(4);
  await market.clock.advance(30_000);
  assert.deepEqual([market.requests.length, market.backfill.waiting], [0, 1]);
  market.snapshotsWaiting = 0;
  await market.settle();
  assert.deepEqual([market.requests.length, market.gaps.length], [1, 0]);
});

test('a hole beyond the bound is fetched from its young end, and the rest is counted', async () => {
  const market = new TradeMarket(binanceSpot);
  market.list = Array.from({ length: 12_000 }, (_, index) => index + 1);
  market.send(1);
  market.send(12_000);
  await market.settle();
  assert.equal(market.stored.length, 10_002);
  assert.deepEqual(market.gaps, [{ fromId: 1, toId: 12_000, missing: 1_998 }]);
});

test('a session that ends answers for what it was asked, and the gap is stated', async () => {
  const market = new TradeMarket(binanceSpot);
  market.answers.push('unreachable');
  market.send(1);
  market.send(4);
  await market.clock.advance(1_100);
  assert.equal(market.backfill.waiting, 1);
  market.backfill.stop();
  await market.settle();
  assert.deepEqual(market.gaps, [{ fromId: 1, toId: 4, missing: 2 }]);
});
