export interface Slope {
  readonly perHour: number;
  /** Half the width of the 95 % confidence interval. */
  readonly plusMinus: number;
  readonly samples: number;
}

/** Consecutive samples hang together; the mean of so many stands for one independent of the others. */
const BLOCKS = 20;
/** Student's t, 97.5 %, by degrees of freedom; beyond the table the normal value. */
const T_975: Readonly<Record<number, number>> = { 1: 12.7, 2: 4.3, 3: 3.18, 4: 2.78, 5: 2.57, 8: 2.31 };

/** Least squares over block means, so that the interval is not made too narrow by samples that hang together. */
export function slopeOf(points: readonly { readonly hours: number; readonly value: number }[]): Slope {
  const blocks = blockMeans(points);
  const count = blocks.length;
  if (count < 3) return { perHour: Number.NaN, plusMinus: Infinity, samples: points.length };
  const meanX = mean(blocks.map(({ hours }) => hours));
  const meanY = mean(blocks.map(({ value }) => value));
  const sum = (of: (point: { hours: number; value: number }) => number): number =>
    blocks.reduce((total, point) => total + of(point), 0);
  const spread = sum(({ hours }) => (hours - meanX) ** 2);
  const perHour = sum(({ hours, value }) => (hours - meanX) * (value - meanY)) / spread;
  const rest = sum(({ hours, value }) => (value - meanY - perHour * (hours - meanX)) ** 2);
  const error = Math.sqrt(rest / (count - 2) / spread);
  return { perHour, plusMinus: tOf(count - 2) * error, samples: points.length };
}

function tOf(freedom: number): number {
  const known = Object.keys(T_975)
    .map(Number)
    .filter((degrees) => degrees <= freedom);
  return freedom >= 15 ? 2.13 : (T_975[Math.max(...known)] ?? 2.31);
}

function blockMeans(
  points: readonly { readonly hours: number; readonly value: number }[],
): readonly { readonly hours: number; readonly value: number }[] {
  const size = Math.max(1, Math.floor(points.length / BLOCKS));
  const blocks = [];
  for (let start = 0; start + size <= points.length; start += size) {
    const block = points.slice(start, start + size);
    blocks.push({
      hours: mean(block.map(({ hours }) => hours)),
      value: mean(block.map(({ value }) => value)),
    });
  }
  return blocks;
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
