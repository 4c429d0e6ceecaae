/** Greeks of a European option on a forward without interest (Black, 1976); cash amounts for one coin of the underlying. */
export interface OptionTerms {
  readonly forward: number;
  readonly strike: number;
  readonly years: number;
  /** 0.5 is 50 % a year. */
  readonly volatility: number;
  readonly right: 'C' | 'P';
}

export interface Greeks {
  readonly delta: number;
  readonly gamma: number;
  /** For one percentage point of volatility. */
  readonly vega: number;
  /** For one day. */
  readonly theta: number;
  /** For one percentage point of interest. */
  readonly rho: number;
  readonly price: number;
}

const DAYS = 365;
/** An option past its expiry has no greeks; it is kept at one minute before. */
const LEAST_YEARS = 1 / (DAYS * 24 * 60);

export function greeksOf({ forward, strike, years, volatility, right }: OptionTerms): Greeks {
  const time = Math.max(LEAST_YEARS, years);
  const deviation = volatility * Math.sqrt(time);
  const d1 = Math.log(forward / strike) / deviation + deviation / 2;
  const d2 = d1 - deviation;
  const sign = right === 'C' ? 1 : -1;
  const price = sign * (forward * normal(sign * d1) - strike * normal(sign * d2));
  const density = Math.exp((-d1 * d1) / 2) / Math.sqrt(2 * Math.PI);
  return {
    delta: sign * normal(sign * d1),
    gamma: density / (forward * deviation),
    vega: (forward * density * Math.sqrt(time)) / 100,
    theta: (-forward * density * volatility) / (2 * Math.sqrt(time)) / DAYS,
    rho: (-time * price) / 100,
    price,
  };
}

/** Cumulative normal distribution; error function after Abramowitz and Stegun 7.1.26, right to 1.5e-7. */
function normal(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.327_591_1 * z);
  const series =
    t *
    (0.254_829_592 + t * (-0.284_496_736 + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
  const upper = (series * Math.exp(-z * z)) / 2;
  return x < 0 ? upper : 1 - upper;
}
