import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FeedSpec } from '../../../contract/feed.ts';
import type { Selectable } from '../../../contract/selector.ts';
import { plan } from '../../../operator/plan/plan.ts';
import { status } from '../../../operator/plan/status.ts';
import type { KubeObject, Observed, Plan } from '../../../operator/plan/types.ts';
import { feedOf, NOW_MS, observedOf, reportOf, settingsOf } from './observed.ts';

const DAY_MS = 86_400_000;
const settings = settingsOf();

const listed = (symbol: string, parts: Partial<Selectable> = {}): Selectable => {
  const [base = null, quote = null] = symbol.split('-');
  return { symbol, base, quote, expiry: null, trading: true, ...parts };
};
const known = (...symbols: readonly (string | Selectable)[]): Observed['catalogue'] => ({
  kind: 'known',
  revision: 7,
  instruments: symbols.map((one) => (typeof one === 'string' ? listed(one) : one)),
});

const feed = (selector: FeedSpec['symbolSelector'], spec: Partial<FeedSpec> = {}): Observed['feed'] => {
  const { symbols: _symbols, ...rest } = feedOf().spec;
  return { ...feedOf(), spec: { ...rest, symbolSelector: selector ?? {}, ...spec } };
};
const USDT = feed({ quote: 'USDT' });

const symbolsOf = ({ assignments }: Plan): readonly (readonly string[])[] =>
  assignments.map(({ assignment }) => assignment.symbols);
const objectsOf = ({ assignments }: Plan): readonly KubeObject[] =>
  assignments.map(({ configMap }) => ({
    ...configMap,
    metadata: { ...configMap.metadata, uid: 'u', resourceVersion: '7' },
  }));
const condition = (observed: Observed, type: string): readonly [string | undefined, string | undefined] => {
  const found = status(observed, plan(observed, settings), { kind: 'applied' }).conditions?.find(
    (one) => one.type === type,
  );
  return [found?.status, found?.reason];
};

test('without a catalogue one shard is planned with nothing to collect: it reads the list', () => {
  const observed = observedOf({ feed: USDT, catalogue: { kind: 'pending', message: 'nobody wrote it' } });
  const planned = plan(observed, settings);
  assert.deepEqual(symbolsOf(planned), [[]]);
  assert.equal(planned.apply.filter(({ kind }) => kind === 'Deployment').length, 1);
  const reported = { ...observed, reports: [reportOf()] };
  assert.deepEqual(condition(reported, 'SymbolsResolved'), ['Unknown', 'CataloguePending']);
  assert.deepEqual(condition(reported, 'DataFlowing'), ['Unknown', 'CataloguePending']);
  assert.deepEqual(condition(reported, 'Ready'), ['Unknown', 'CataloguePending']);
  assert.deepEqual(condition(reported, 'Stalled'), ['False', 'NothingStalled']);
});

test('what a catalogue has is placed, listings and delistings move only their own symbols', () => {
  const sharded = feed({ quote: 'USDT' }, { sharding: { collectors: 2 } });
  const first = plan(
    observedOf({ feed: sharded, catalogue: known('A-USDT', 'B-USDT', 'C-USDT', 'D-USDT', 'X-BTC') }),
    settings,
  );
  assert.deepEqual(symbolsOf(first).flat().toSorted(), ['A-USDT', 'B-USDT', 'C-USDT', 'D-USDT']);
  const second = plan(
    observedOf({
      feed: sharded,
      objects: objectsOf(first),
      catalogue: known(listed('A-USDT', { trading: false }), 'B-USDT', 'C-USDT', 'D-USDT', 'E-USDT'),
      nowMs: NOW_MS + 1_000,
    }),
    settings,
  );
  const homes = (planned: Plan): Readonly<Record<string, number>> =>
    Object.fromEntries(
      planned.assignments.flatMap(({ shard, assignment }) =>
        assignment.symbols.map((symbol) => [symbol, shard]),
      ),
    );
  const [before, after] = [homes(first), homes(second)];
  assert.deepEqual(Object.keys(after).toSorted(), ['B-USDT', 'C-USDT', 'D-USDT', 'E-USDT']);
  for (const symbol of ['B-USDT', 'C-USDT', 'D-USDT']) assert.equal(after[symbol], before[symbol], symbol);
});

test('a listing changes no pod', () => {
  const pods = (catalogue: Observed['catalogue']): unknown =>
    plan(observedOf({ feed: USDT, catalogue }), settings).apply;
  assert.deepEqual(pods(known('A-USDT', 'B-USDT')), pods(known('A-USDT')));
});

test('while the catalogue is unknown to a new leader, what was selected runs on', () => {
  const first = plan(observedOf({ feed: USDT, catalogue: known('A-USDT', 'B-USDT') }), settings);
  const observed = observedOf({
    feed: USDT,
    objects: objectsOf(first),
    catalogue: { kind: 'pending', message: 'not connected' },
    reports: [reportOf()],
  });
  const next = plan(observed, settings);
  assert.deepEqual(symbolsOf(next), [['A-USDT', 'B-USDT']]);
  assert.equal(next.assignments[0]?.changed, false, 'nothing is written');
  assert.deepEqual(condition(observed, 'Ready'), ['True', 'Collecting']);
  assert.deepEqual(condition(observed, 'SymbolsResolved'), ['Unknown', 'CataloguePending']);
});

test('it is planned again at the moment when time alone changes the selection', () => {
  const expiring = listed('BTC-USD-20261130', { expiry: (NOW_MS + DAY_MS) * 1_000 });
  const options = feed({ base: 'BTC', expiryWithin: '30d' }, { exchange: 'okx', market: 'option' });
  const observed = observedOf({ feed: options, catalogue: known(expiring) });
  assert.equal(plan(observed, settings).requeueAfterMs, DAY_MS);
  assert.deepEqual(symbolsOf(plan({ ...observed, nowMs: NOW_MS + DAY_MS }, settings)), [[]]);
  const reported = {
    ...observed,
    nowMs: NOW_MS + DAY_MS,
    reports: [reportOf({ receivedMs: NOW_MS + DAY_MS })],
  };
  assert.deepEqual(condition(reported, 'Ready'), ['False', 'SelectorMatchesNothing']);
  assert.deepEqual(condition(reported, 'SymbolsResolved'), ['False', 'SelectorMatchesNothing']);
});

test('the status says how many match and which are taken, and the condition that there are more', () => {
  const observed = observedOf({
    feed: feed({ quote: 'USDT', maxSymbols: 2 }),
    catalogue: known('C-USDT', 'B-USDT', 'A-USDT'),
    reports: [reportOf()],
  });
  const shown = status(observed, plan(observed, settings), { kind: 'applied' });
  assert.deepEqual(shown.effective?.['selection'], { matching: 3, taken: 2, symbols: ['A-USDT', 'B-USDT'] });
  assert.deepEqual(shown.symbols, { desired: 2, active: 2, summary: '2/2' });
  assert.deepEqual(condition(observed, 'SymbolsResolved'), ['True', 'SelectorCut']);
  assert.deepEqual(condition({ ...observed, feed: USDT }, 'SymbolsResolved'), ['True', 'SelectorResolved']);
});

test('a paused feed stays paused, whatever the catalogue', () => {
  const paused = feed({ quote: 'USDT' }, { paused: true });
  for (const catalogue of [known('A-USDT'), { kind: 'pending', message: 'x' } as const]) {
    const observed = observedOf({ feed: paused, catalogue });
    assert.deepEqual(condition(observed, 'Ready'), ['False', 'Paused']);
    assert.deepEqual(symbolsOf(plan(observed, settings)), [[]]);
  }
});
