/** What rounds say: the middle one, and how far they lie apart. */
export interface Spread {
  readonly median: number;
  /** 10 % and 90 %. */
  readonly low: number;
  readonly high: number;
}

export function spreadOf(values: readonly number[], digits = 2): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    Number((sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(digits));
  return { median: at(0.5), low: at(0.1), high: at(0.9) };
}

/** A table for people and a line for programs. */
export function printRows(title: string, rows: readonly object[]): void {
  process.stdout.write(`${title}\n`);
  console.table(rows);
  process.stdout.write(`${JSON.stringify(rows)}\n`);
}
