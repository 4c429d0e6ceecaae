import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { matches, select, type EffectiveSelector, type Selectable } from '../../contract/selector.ts';

const ANY: EffectiveSelector = {
  base: null,
  quote: null,
  match: null,
  expiryWithinMs: null,
  maxSymbols: null,
};
const NOW_MS = 1_795_000_000_000;
const DAY_MS = 86_400_000;

const one = (symbol: string, parts: Partial<Selectable> = {}): Selectable => {
  const [base = null, quote = null] = symbol.split('-');
  return { symbol, base, quote, expiry: null, trading: true, ...parts };
};
const expiring = (symbol: string, days: number): Selectable =>
  one(symbol, { expiry: (NOW_MS + days * DAY_MS) * 1_000 });

const LISTED = [
  one('ETH-USDT'),
  one('BTC-USDT'),
  one('BTC-USD_UM'),
  one('BTC-USD'),
  one('LUNA-USDT', { trading: false }),
  expiring('BTC-USD-20261225', 32),
  expiring('BTC-USD-20261130', 7),
  expiring('BTC-USD-20261120', -3),
];

test('a selector takes what satisfies all of its fields, trades and has not expired, by name', () => {
  const cases: readonly (readonly [Partial<EffectiveSelector>, readonly string[]])[] = [
    [{ quote: 'USDT' }, ['BTC-USDT', 'ETH-USDT']],
    [{ quote: 'USD' }, ['BTC-USD', 'BTC-USD-20261130', 'BTC-USD-20261225']],
    [{ base: 'BTC', match: '*-USDT' }, ['BTC-USDT']],
    [{ match: '?TH-*' }, ['ETH-USDT']],
    [{ match: '*-USD_UM' }, ['BTC-USD_UM']],
    [{ expiryWithinMs: 30 * DAY_MS }, ['BTC-USD-20261130']],
    [{ base: 'DOGE' }, []],
  ];
  for (const [selector, symbols] of cases)
    assert.deepEqual(
      select(LISTED, { ...ANY, ...selector }, NOW_MS).symbols,
      symbols,
      JSON.stringify(selector),
    );
});

test('too many are cut to the first ones by name, and it says how many there were', () => {
  const { symbols, matching } = select(LISTED, { ...ANY, maxSymbols: 2 }, NOW_MS);
  assert.deepEqual(symbols, ['BTC-USD', 'BTC-USD-20261130']);
  assert.equal(matching, 6);
  const many = Array.from({ length: 2_500 }, (_, index) => one(`S${index}-USDT`));
  assert.equal(select(many, ANY, NOW_MS).symbols.length, 2_000);
});

test('it says when time alone changes the answer, and then it has changed', () => {
  const selector = { ...ANY, expiryWithinMs: 30 * DAY_MS };
  const now = select(LISTED, selector, NOW_MS);
  assert.equal(now.changesMs, NOW_MS + 2 * DAY_MS);
  assert.deepEqual(select(LISTED, selector, (now.changesMs ?? 0) - 1).symbols, now.symbols);
  const then = select(LISTED, selector, now.changesMs ?? 0);
  assert.deepEqual(then.symbols, ['BTC-USD-20261130', 'BTC-USD-20261225']);
  assert.equal(then.changesMs, NOW_MS + 7 * DAY_MS);
  assert.deepEqual(select(LISTED, selector, then.changesMs ?? 0).symbols, ['BTC-USD-20261225']);
  assert.equal(select([one('A-B')], ANY, NOW_MS).changesMs, null);
});

const selectable = fc.record({
  symbol: fc.string({ minLength: 1, maxLength: 6 }),
  base: fc.constantFrom('A', 'B', null),
  quote: fc.constantFrom('X', 'Y'),
  expiry: fc.option(fc.integer({ min: 0, max: 20 }).map((ms) => ms * 1_000)),
  trading: fc.boolean(),
});
const selectors = fc.record({
  base: fc.option(fc.constantFrom('A', 'B')),
  quote: fc.option(fc.constantFrom('X', 'Y')),
  match: fc.option(fc.string({ maxLength: 4 })),
  expiryWithinMs: fc.option(fc.integer({ min: 1, max: 20 })),
  maxSymbols: fc.option(fc.integer({ min: 1, max: 5 })),
});

test('the order of the list has no influence, and nothing changes before the time that is said', () => {
  fc.assert(
    fc.property(fc.array(selectable), selectors, fc.nat(25), (list, selector, nowMs) => {
      const now = select(list, selector, nowMs);
      assert.deepEqual(select(list.toReversed(), selector, nowMs), now);
      for (let ms = nowMs; ms < Math.min(now.changesMs ?? 30, 30); ms += 1)
        assert.deepEqual(select(list, selector, ms).symbols, now.symbols);
    }),
  );
});

/** The same by the definition, slowly. */
function matchesByDefinition(glob: readonly string[], text: readonly string[]): boolean {
  const [first, ...rest] = glob;
  if (first === undefined) return text.length === 0;
  if (first === '*')
    return (
      [...text.keys()].some((at) => matchesByDefinition(rest, text.slice(at))) ||
      matchesByDefinition(rest, [])
    );
  return text.length > 0 && (first === '?' || first === text[0]) && matchesByDefinition(rest, text.slice(1));
}

test('a glob means what it says', () => {
  const letters = fc.array(fc.constantFrom('a', 'b', '币'), { maxLength: 7 });
  const globs = fc.array(fc.constantFrom('a', 'b', '币', '*', '?'), { maxLength: 6 });
  fc.assert(
    fc.property(globs, letters, (glob, text) =>
      assert.equal(matches(glob.join(''), text.join('')), matchesByDefinition(glob, text)),
    ),
    { numRuns: 2_000 },
  );
  assert.ok(matches('a.c', 'a.c') && !matches('a.c', 'abc'), 'all else is itself');
});

test('a glob of many stars does not take forever', () => {
  assert.equal(matches('*a'.repeat(32), `${'a'.repeat(200)}b`), false);
});
