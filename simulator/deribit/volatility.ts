import { Random, seedFor } from '../market/random.ts';
import { subscriptionFrame, volatilityData } from './frames.ts';
import { plainNumber } from './numbers.ts';

const EVERY_MS = 1_000;
const HUNDREDTH_UNITS = 1_000_000;

/** One implied-volatility index: percent, two decimals, a walk of its own, once a second. */
export class VolatilityIndex {
  readonly #name: string;
  readonly #random: Random;
  #hundredths: number;
  #nextMs = 0;

  /** `btc_usd` */
  constructor(name: string) {
    this.#name = name;
    this.#random = new Random(seedFor(0, `volatility/${name}`));
    this.#hundredths = 4_000 + this.#random.integer(3_000);
  }

  /** Undefined: it is not yet time for the next one. */
  frame(timeMs: number): string | undefined {
    if (timeMs < this.#nextMs) return undefined;
    this.#nextMs = timeMs + EVERY_MS;
    this.#hundredths = Math.max(500, this.#hundredths + Math.round(this.#random.normal() * 3));
    const volatility = plainNumber(this.#hundredths * HUNDREDTH_UNITS);
    const channel = `deribit_volatility_index.${this.#name}`;
    return subscriptionFrame(channel, volatilityData(this.#name, volatility, timeMs));
  }
}
