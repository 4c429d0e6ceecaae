import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Catalogue } from '../../collector/catalogue.ts';
import { decimalProduct } from '../../collector/venues/json-numbers.ts';
import { UNSTATED, type Instrument } from '../../contract/instrument.ts';
import { escapeToken, expandSubject } from '../../contract/subjects.ts';

const listed = (instrument: string, symbol: string, status = 'TRADING'): Instrument => ({
  ...UNSTATED,
  instrument,
  symbol,
  status,
  trading: status === 'TRADING',
  sizeUnit: 'base',
});

function catalogue(instruments: readonly Instrument[], template = '{stream}.{exchange}.{symbol}'): Catalogue {
  return new Catalogue({
    venue: 'binance',
    instruments,
    subjectsOf: ({ instrument, symbol }) => [
      expandSubject(template, { exchange: 'binance', market: 'spot', stream: 'trade', instrument, symbol }),
    ],
  });
}

test('two instruments of one canonical symbol are both refused with both names, the others are collected', () => {
  const merged = catalogue([listed('A1', 'A-USDT'), listed('B', 'B-USDT'), listed('A2', 'A-USDT')]);
  const { resolved, unknown } = merged.resolve(['A1', 'A-USDT', 'B']);
  assert.deepEqual(
    resolved.map(({ instrument }) => instrument),
    ['B'],
  );
  assert.deepEqual(
    unknown.map(({ symbol }) => symbol),
    ['A1', 'A-USDT'],
  );
  for (const { reason } of unknown) assert.match(reason, /A1 and A2 would share the canonical symbol A-USDT/);
});

test('a template that would merge two instruments is refused with both names', () => {
  const two = [listed('CX', 'AB-'), listed('-CX', 'AB'), listed('D', 'D')];
  const { unknown, resolved } = catalogue(two, 'x.{symbol}{instrument}').resolve(['CX', 'D']);
  assert.match(
    unknown[0]?.reason ?? '',
    /CX and -CX would share the subject \(spec\.nats\.subjects\) x\.AB-CX/,
  );
  assert.equal(resolved.length, 1);
  assert.deepEqual(catalogue(two).merged, []);
});

test('a family is no currency: USD_UM, USD and what needs escaping stay apart', () => {
  const apart = catalogue([
    listed('1', 'BTC-USD_UM-PERP'),
    listed('2', 'BTC-USD-PERP'),
    listed('3', 'BTC-USD=5FUM-PERP'),
  ]);
  assert.deepEqual(apart.merged, []);
});

test('escaping is one to one, and what comes out is one token', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (a, b) => {
      fc.pre(a !== b && a.isWellFormed() && b.isWellFormed());
      assert.notEqual(escapeToken(a), escapeToken(b));
      assert.match(escapeToken(a), /^[A-Za-z0-9_=-]+$/);
    }),
  );
});

test('what is listed no more is named with what was known of it', () => {
  const { unknown } = catalogue([listed('B', 'B-USDT', 'BREAK')]).resolve(['B', 'X', 'Y'], (asked) =>
    asked === 'X' ? 'it expired' : undefined,
  );
  assert.deepEqual(unknown, [
    { symbol: 'B', reason: 'binance lists it as BREAK' },
    { symbol: 'X', reason: 'it expired' },
    { symbol: 'Y', reason: 'binance does not list it' },
  ]);
});

test('a product of decimals is exact', () => {
  const cases = [
    ['1', '0.1', '0.1'],
    ['0.01', '1', '0.01'],
    ['100', '1', '100'],
    ['0.25', '4', '1'],
    ['0.1', '0.1', '0.01'],
    ['1000000000000000000.5', '2', '2000000000000000001'],
  ] as const;
  for (const [a, b, product] of cases) assert.equal(decimalProduct(a, b), product, `${a}·${b}`);
});
