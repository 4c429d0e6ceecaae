/** What venues write alike, and how it is read strictly. */
import type { Level } from '../../contract/record.ts';
import type { Malformed, UndecodableReason } from './venue.ts';

export type Fields = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function undecodable(reason: UndecodableReason): Malformed {
  return { kind: 'undecodable', reason };
}

const ZERO = /^0+(?:\.0+)?$/;
const DECIMAL = /^\d+(?:\.\d+)?$/;

const SIGNED_DECIMAL = /^-?\d+(?:\.\d+)?$/;

export const isSignedDecimal = (value: unknown): value is string =>
  typeof value === 'string' && SIGNED_DECIMAL.test(value);

export const isDecimal = (value: unknown): value is string =>
  typeof value === 'string' && DECIMAL.test(value);

/** The text, or null where there is none: venues write `''` for what does not apply. */
export const textOrNull = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null;

/** A decimal that is more than nothing, as a step must be. */
export const stepOrNull = (value: unknown): string | null =>
  isDecimal(value) && !ZERO.test(value) ? value : null;

/** `[price, size, …]` as text, digit for digit; a size of zero in any spelling becomes `"0"`, the removal. */
export function levels(value: unknown): readonly Level[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const out: Level[] = [];
  for (const entry of value as unknown[]) {
    if (!Array.isArray(entry)) return undefined;
    const [price, size] = entry as unknown[];
    if (!isDecimal(price) || !isDecimal(size)) return undefined;
    out.push([price, ZERO.test(size) ? '0' : size]);
  }
  return out;
}
