import { readFileSync } from 'node:fs';

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

/** NaN when one is missing: what never came is no quick answer. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0 || values.some((value) => Number.isNaN(value))) return Number.NaN;
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
}

export const figure = (name: string, value: number, unit: string, digits = 0): Figure => ({
  name,
  value: Number(value.toFixed(digits)),
  unit,
});

export interface Limits {
  /** By the figure's name. */
  readonly most: Readonly<Record<string, number>>;
}

export function scaleLimits(): Limits {
  const file = readFileSync(new URL('../limits.json', import.meta.url), 'utf8');
  return (JSON.parse(file) as { readonly 'operator-scale': Limits })['operator-scale'];
}

/** What is above its limit, or was not measured. */
export function broken(figures: readonly Figure[], { most }: Limits): readonly string[] {
  return Object.entries(most).flatMap(([name, limit]) => {
    const value = figures.find((one) => one.name === name)?.value;
    return value !== undefined && value <= limit
      ? []
      : [`${name}: ${value ?? 'not measured'}, at most ${limit}`];
  });
}
