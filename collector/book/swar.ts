/**
 * Four bytes at once. Words are little endian, as `DataView.getInt32(at, true)` gives them: the byte that comes first is the
 * lowest.
 */
const ZEROS = 0x30303030;
/** Lifts a byte above 9 into its highest bit. */
const ABOVE_NINE = 0x76767676;
const HIGHEST_BITS = 0x80808080;

/** Of four digits, each its value; of other bytes, more than 9. */
export const unzeroed = (word: number): number => word ^ ZEROS;

/** Digits before the first other byte, 0 to 4; of a word that `unzeroed` gave. A sum carries only into bytes behind. */
export function leadingDigits(values: number): number {
  const others = ((values + ABOVE_NINE) | values) & HIGHEST_BITS;
  return others === 0 ? 4 : (31 - Math.clz32(others & -others)) >>> 3;
}

/** The number that four digits' values spell. */
export function fourDigits(values: number): number {
  const pairs = Math.imul(values, 10) + (values >>> 8);
  return (pairs & 0xff) * 100 + ((pairs >>> 16) & 0xff);
}

/** The number that the first `count` of them spell, 1 to 4. */
export const firstDigits = (values: number, count: number): number => fourDigits(values << (32 - count * 8));

/** By so many digits a number is shifted when they follow it. */
export const POWERS: readonly number[] = [1, 10, 100, 1_000];
