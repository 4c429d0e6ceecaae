import type { BookId } from '../contract/record.ts';

/** An id that can be compared: `<` and `===` hold between numbers, and between a number and a bigint `<` does. */
export type Id = number | bigint;

/** A JSON integer below 2^53 as it is; text (larger ones) as a bigint. */
export const toId = (id: BookId): Id => (typeof id === 'number' ? id : BigInt(id));

/** The id that a venue counts trades by: digits below 2^53, else none. */
export function countedId(text: string): number | undefined {
  if (!/^\d{1,16}$/.test(text)) return undefined;
  const id = Number(text);
  return Number.isSafeInteger(id) ? id : undefined;
}
