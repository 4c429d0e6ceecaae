/** Levels a side of the channel `books`, and the most that REST hands out. */
export const OKX_WINDOW = 400;

const MILLISECONDS = /^\d{1,13}$/;

/** Times are milliseconds, written as text. Undefined where they cannot be counted exactly in microseconds. */
export function microseconds(value: unknown): number | undefined {
  if (typeof value !== 'string' || !MILLISECONDS.test(value)) return undefined;
  const timeUs = Number(value) * 1_000;
  return Number.isSafeInteger(timeUs) ? timeUs : undefined;
}
