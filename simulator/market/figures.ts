import type { LevelText, MarketSymbol, MarketTrade } from '../ports.ts';
import { START_PRICES } from './instrument.ts';
import { Random, seedFor } from './random.ts';

/** Share of the price that index and mark differ by: pulled back to 0, pushed about at each slot. */
const PREMIUM = { pull: 0.02, push: 0.000_02 } as const;
const UNDERLYING_WALK = 0.000_01;
/** Fillings that open positions, and that close some; in the others one holder follows another. */
const OPENS = 0.4;
const CLOSES = 0.3;

export interface Best {
  readonly bid: LevelText;
  readonly ask: LevelText;
}

/** What stands at the end of a slot. Prices are numbers here; a venue words them with its own decimals. */
export interface Standing extends Best {
  readonly timeMs: number;
  readonly last: MarketTrade | undefined;
  /** Since the simulator began, as far as it goes back. */
  readonly open: string;
  readonly high: string;
  readonly low: string;
  /** Of all trades, in the unit of sizes. */
  readonly volume: number;
  readonly markPrice: number;
  /** Of the underlying index, in the quote currency. */
  readonly indexPrice: number;
  /** Mark over index, as a share; of a swap it drives the funding. */
  readonly premium: number;
  /** In the unit of sizes, two decimals. */
  readonly openInterest: number;
  /** Implied, a share a year: 0.5 is 50 %. */
  readonly volatility: number;
}

/** What a venue says of an instrument beside book and trades: made of the market's own moves, the same for every watcher. */
export class Figures {
  readonly #symbol: MarketSymbol;
  readonly #random: Random;
  #best: (() => Best) | undefined;
  #last: MarketTrade | undefined;
  #range: { open: string; high: string; low: string } | undefined;
  #volume = 0;
  #premium = 0;
  #underlying: number;
  #openInterestHundredths: number;
  #volatility: number;
  #standing: Standing | undefined;

  constructor(symbol: MarketSymbol) {
    this.#symbol = symbol;
    this.#random = new Random(seedFor(0, `figures/${symbol.symbol}`));
    this.#underlying = START_PRICES[symbol.baseAsset] ?? 100;
    this.#openInterestHundredths = 100_000_000 + this.#random.integer(1_000_000_000);
    this.#volatility = 0.35 + this.#random.next() * 0.4;
  }

  /** As the last slot left it; undefined: there has been none. */
  get standing(): Standing | undefined {
    return this.#standing;
  }

  onTop(best: () => Best): void {
    this.#best = best;
  }

  onTrade(trade: MarketTrade): void {
    this.#last = trade;
    const { price } = trade;
    this.#range ??= { open: price, high: price, low: price };
    if (Number(price) > Number(this.#range.high)) this.#range.high = price;
    if (Number(price) < Number(this.#range.low)) this.#range.low = price;
    this.#volume += Number(trade.size);
    const choice = this.#random.next();
    const change = choice < OPENS ? 1 : choice < OPENS + CLOSES ? -1 : 0;
    const hundredths = this.#openInterestHundredths + change * Math.round(Number(trade.size) * 100);
    this.#openInterestHundredths = Math.max(0, hundredths);
  }

  /** Called once a slot; undefined: nothing has stood in the book yet. */
  endSlot(timeMs: number): Standing | undefined {
    const best = this.#best?.();
    if (best === undefined) return undefined;
    this.#premium += this.#random.normal() * PREMIUM.push - this.#premium * PREMIUM.pull;
    this.#underlying *= 1 + this.#random.normal() * UNDERLYING_WALK;
    this.#volatility = Math.max(0.05, this.#volatility + this.#random.normal() * 0.000_1);
    const markPrice = (Number(best.bid[0]) + Number(best.ask[0])) / 2;
    const isOption = this.#symbol.kind === 'option';
    const { open, high, low } = this.#range ?? { open: best.bid[0], high: best.bid[0], low: best.bid[0] };
    this.#standing = {
      ...best,
      timeMs,
      last: this.#last,
      open,
      high,
      low,
      volume: this.#volume,
      markPrice,
      indexPrice: isOption ? this.#underlying : markPrice / (1 + this.#premium),
      premium: this.#premium,
      openInterest: this.#openInterestHundredths / 100,
      volatility: this.#volatility,
    };
    return this.#standing;
  }
}

/** Plain, at most so many decimals, no zeros that add nothing. */
export function decimals(value: number, most: number): string {
  const text = value.toFixed(most);
  const short = text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  return short === '-0' ? '0' : short;
}
