import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseWithNumberText, plainDecimal, safeInteger } from '../../../collector/venues/json-numbers.ts';

/** The value as an integer count of 10^-scale. */
function scaled(text: string, scale: number): bigint {
  const [mantissa = '', power = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const places = scale + Number(power) - fraction.length;
  assert.ok(places >= 0);
  return BigInt(whole + fraction) * 10n ** BigInt(places);
}

const digits = (least: number, most: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.integer({ min: 0, max: 9 }).map(String), minLength: least, maxLength: most });
/** Whatever JSON allows of a number without sign. */
const numeral = fc
  .record({
    whole: fc.oneof(
      fc.constant('0'),
      digits(1, 25).map((text) => text.replace(/^0+/, '') || '0'),
    ),
    fraction: fc.option(digits(1, 25)),
    exponent: fc.option(fc.tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '+', '-'), fc.nat(40))),
  })
  .map(
    ({ whole, fraction, exponent }) =>
      `${whole}${fraction === null ? '' : `.${fraction}`}${exponent === null ? '' : exponent.join('')}`,
  );

test('a number of the wire becomes a plain decimal of exactly its value', () => {
  fc.assert(
    fc.property(numeral, (text) => {
      const plain = plainDecimal(parseWithNumberText(text));
      assert.ok(plain !== undefined);
      assert.match(plain, /^(0|[1-9]\d*)(\.\d*[1-9])?$/);
      assert.equal(scaled(plain, 80), scaled(text, 80));
    }),
  );
});

test('one value has one spelling, however the venue writes it', () => {
  fc.assert(
    fc.property(numeral, fc.integer({ min: -20, max: 20 }), fc.nat(5), (text, shift, zeros) => {
      const [mantissa = '', power = '0'] = text.toLowerCase().split('e');
      const [whole = '', fraction = ''] = mantissa.split('.');
      const same = `${whole}${fraction}${'0'.repeat(zeros)}.0e${Number(power) - fraction.length - zeros}`;
      assert.equal(plainDecimal(same), plainDecimal(text), same);
      // Ten times as much with the exponent one less, and so on.
      const moved = `${text.toLowerCase().split('e')[0]}e${Number(power) + shift}`;
      assert.equal(plainDecimal(moved) === plainDecimal(text), shift === 0 || /^[0.]*$/.test(mantissa));
    }),
  );
});

test('the styles that were recorded', () => {
  const read = (text: string): string | undefined => plainDecimal(parseWithNumberText(text));
  assert.equal(read('40.0'), '40');
  assert.equal(read('1.0e3'), '1000');
  assert.equal(read('1.0002e6'), '1000200');
  assert.equal(read('2.8e-4'), '0.00028');
  assert.equal(read('8.55e4'), '85500');
  assert.equal(read('0.0'), '0');
});

test('what is no price is refused: signs, other values, exponents that no market has', () => {
  for (const source of [
    undefined,
    null,
    true,
    5,
    '',
    '-1',
    '1.',
    '.5',
    'NaN',
    '1e101',
    '1e-101',
    '1e999999999',
  ]) {
    assert.equal(plainDecimal(source), undefined, String(source));
  }
});

test('ids keep every digit, and one that a double cannot hold is none', () => {
  const { id, seq } = parseWithNumberText('{"id":225046781992378368,"seq":140284854}') as Record<
    string,
    unknown
  >;
  assert.equal(id, '225046781992378368');
  assert.equal(safeInteger(id), undefined);
  assert.equal(safeInteger(seq), 140_284_854);
  assert.equal(safeInteger('1.0'), undefined);
  assert.equal(safeInteger(String(Number.MAX_SAFE_INTEGER)), Number.MAX_SAFE_INTEGER);
});

test('what is no JSON is nothing', () => {
  for (const text of ['', '{', '01', '{1:2}', '.5', 'NaN'])
    assert.equal(parseWithNumberText(text), undefined, text);
});
