/** What `JSON.parse` hands its reviver since ES2026; the library's type lacks the third argument. */
type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
const parseWithSource = JSON.parse as (text: string, reviver: Reviver) => unknown;

/** Powers of ten that a price or an amount may be written with; a larger one is damage, and would be a very long text. */
const MAX_EXPONENT = 100;
const NUMBER = /^(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,9}))?$/;
const INTEGER = /^-?\d+$/;

/**
 * Reads JSON with every number left as its source text, so that no digit passes through a double; undefined when the text is
 * no JSON.
 */
export function parseWithNumberText(text: string): unknown {
  try {
    return parseWithSource(text, (_, value, { source }) => (typeof value === 'number' ? source : value));
  } catch {
    return undefined;
  }
}

/**
 * The same value without exponent, without zeros that add nothing: `1.0002e6` is `1000200`, `40.0` is `40`, so one value has
 * one spelling. Undefined for what is negative, no number, or beyond any price.
 */
export function plainDecimal(source: unknown): string | undefined {
  if (typeof source !== 'string') return undefined;
  const parts = NUMBER.exec(source);
  if (parts === null) return undefined;
  const [, whole = '', fraction = '', power = '0'] = parts;
  const exponent = Number(power);
  if (Math.abs(exponent) > MAX_EXPONENT) return undefined;
  const point = whole.length + exponent;
  const digits = `${'0'.repeat(Math.max(0, -point))}${whole}${fraction}`.padEnd(point, '0');
  const at = Math.max(0, point);
  const left = digits.slice(0, at).replace(/^0+/, '');
  const right = digits.slice(at).replace(/0+$/, '');
  return `${left === '' ? '0' : left}${right === '' ? '' : `.${right}`}`;
}

/** Of two plain decimals, exact, without zeros that add nothing. */
export function decimalProduct(a: string, b: string): string {
  const [digitsA, powerA] = scaled(a);
  const [digitsB, powerB] = scaled(b);
  const power = powerA + powerB;
  const digits = (digitsA * digitsB).toString().padStart(power + 1, '0');
  const fraction = digits.slice(digits.length - power).replace(/0+$/, '');
  return power === 0 || fraction === ''
    ? digits.slice(0, digits.length - power)
    : `${digits.slice(0, -power)}.${fraction}`;
}

/** Digits without the point, and how many of them stand behind it. */
function scaled(decimal: string): readonly [digits: bigint, power: number] {
  const [whole = '', fraction = ''] = decimal.split('.');
  return [BigInt(whole + fraction), fraction.length];
}

/** The same for numbers that may be negative; zero has no sign. */
export function signedDecimal(source: unknown): string | undefined {
  if (typeof source !== 'string' || !source.startsWith('-')) return plainDecimal(source);
  const value = plainDecimal(source.slice(1));
  return value === undefined || value === '0' ? value : `-${value}`;
}

/** An integer that a double holds exactly. */
export function safeInteger(source: unknown): number | undefined {
  if (typeof source !== 'string' || !INTEGER.test(source)) return undefined;
  const value = Number(source);
  return Number.isSafeInteger(value) ? value : undefined;
}
