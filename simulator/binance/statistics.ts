import { Figures } from '../market/figures.ts';
import type { Standing } from '../market/figures.ts';
import type { MadeFrame, MarketAggTrade, MarketSymbol, SymbolEvent } from '../ports.ts';
import { contractType } from './futures-exchange-info.ts';
import { pairOf } from './futures-frames.ts';
import { Refused } from './refused.ts';

/** The slot that figures are made in; the venue's fastest timed depth. */
const SLOT_MS = 100;
const MARK_EVERY_MS: Readonly<Record<string, number>> = { 'markPrice@1s': 1_000, markPrice: 3_000 };
const FUNDING_MS = 8 * 3_600_000;
const INTEREST = 0.0001;
const MOST_DIFFERENCE = 0.0005;
/** At most one an instrument. */
const LIQUIDATION_EVERY_MS = 1_000;
/** So many aggregated trades for one that is told as a liquidation. */
const TRADES_PER_LIQUIDATION = 8;

interface Watched {
  readonly symbol: MarketSymbol;
  readonly figures: Figures;
  /** By channel: the interval that was told last. */
  readonly told: Map<string, number>;
  liquidatedMs: number;
}

/** What Binance's futures tell beside book and trades, of the synthetic market's own figures. */
export class FuturesStatistics {
  readonly #inverse: boolean;
  readonly #watched = new Map<string, Watched>();

  constructor(inverse: boolean) {
    this.#inverse = inverse;
  }

  /** As the last slot left it; undefined: nothing has stood in the book yet. */
  standing(symbol: string): Standing | undefined {
    return this.#watched.get(symbol)?.figures.standing;
  }

  frames(symbol: MarketSymbol, event: SymbolEvent): readonly MadeFrame[] {
    const watched = this.#of(symbol);
    switch (event.kind) {
      case 'trade':
        watched.figures.onTrade(event.trade);
        return [];
      case 'top':
        watched.figures.onTop(event.best);
        return [];
      case 'aggTrade':
        return this.#liquidation(watched, event.trade);
      case 'depth':
        return event.everyMs === SLOT_MS ? this.#slot(watched, event.timeMs) : [];
      default:
        return this.#slot(watched, event.timeMs);
    }
  }

  #slot(watched: Watched, timeMs: number): readonly MadeFrame[] {
    const { symbol, figures, told } = watched;
    const standing = figures.endSlot(timeMs);
    if (standing === undefined) return [];
    const frames: MadeFrame[] = [];
    for (const [channel, everyMs] of Object.entries(MARK_EVERY_MS)) {
      const interval = Math.floor(timeMs / everyMs);
      if (told.get(channel) === interval) continue;
      told.set(channel, interval);
      const data = (): string => JSON.stringify(markPriceFields(symbol, standing, this.#inverse));
      frames.push({ stream: `${symbol.symbol.toLowerCase()}@${channel}`, data });
    }
    return frames;
  }

  #liquidation(watched: Watched, trade: MarketAggTrade): readonly MadeFrame[] {
    const { symbol } = watched.symbol;
    if (trade.id % TRADES_PER_LIQUIDATION !== 0) return [];
    if (trade.timeMs - watched.liquidatedMs < LIQUIDATION_EVERY_MS) return [];
    watched.liquidatedMs = trade.timeMs;
    const data = (): string => JSON.stringify(liquidationFields(symbol, trade, this.#inverse));
    return [{ stream: `${symbol.toLowerCase()}@forceOrder`, data }];
  }

  #of(symbol: MarketSymbol): Watched {
    let watched = this.#watched.get(symbol.symbol);
    if (watched === undefined) {
      watched = { symbol, figures: new Figures(symbol), told: new Map(), liquidatedMs: -Infinity };
      this.#watched.set(symbol.symbol, watched);
    }
    return watched;
  }
}

/** Eight decimals, whatever the tick. Dated contracts: `r` is empty and `T` 0. */
function markPriceFields({ symbol, kind }: MarketSymbol, standing: Standing, inverse: boolean): object {
  const { timeMs, markPrice, indexPrice, premium } = standing;
  const p = markPrice.toFixed(8);
  const isPerpetual = kind === 'perpetual';
  return {
    e: 'markPriceUpdate',
    E: timeMs,
    s: symbol,
    p,
    ...(inverse ? {} : { ap: p }),
    P: indexPrice.toFixed(8),
    i: indexPrice.toFixed(8),
    r: isPerpetual ? fundingRate(premium).toFixed(8) : '',
    T: isPerpetual ? nextFundingMs(timeMs) : 0,
    ...(inverse ? {} : { st: 1 }),
  };
}

/** The premium, drawn to the interest rate by at most 0.05 %. */
function fundingRate(premium: number): number {
  const difference = INTEREST - premium;
  return premium + Math.max(-MOST_DIFFERENCE, Math.min(MOST_DIFFERENCE, difference));
}

/** The frames of the second of a payment still name it. */
function nextFundingMs(timeMs: number): number {
  const secondMs = Math.floor(timeMs / 1_000) * 1_000;
  return Math.ceil(secondMs / FUNDING_MS) * FUNDING_MS;
}

function liquidationFields(symbol: string, trade: MarketAggTrade, inverse: boolean): object {
  const { price, size, timeMs, buyerIsMaker } = trade;
  const order = {
    S: buyerIsMaker ? 'SELL' : 'BUY',
    o: 'LIMIT',
    f: 'IOC',
    q: size,
    p: price,
    ap: price,
    X: 'FILLED',
    l: size,
    z: size,
    T: timeMs,
  };
  return {
    e: 'forceOrder',
    E: timeMs,
    o: { s: symbol, ...(inverse ? { ps: pairOf(symbol) } : {}), ...order },
  };
}

/** USD-M in coins, COIN-M in whole contracts. */
export function openInterestFields(
  known: MarketSymbol,
  standing: Standing | undefined,
  {
    inverse,
    nowMs,
    all,
  }: { readonly inverse: boolean; readonly nowMs: number; readonly all: readonly MarketSymbol[] },
): object {
  if (standing === undefined) return new Refused(-1000, 'No open interest is known of this symbol.');
  const { symbol } = known;
  const { openInterest } = standing;
  if (!inverse) return { symbol, openInterest: openInterest.toFixed(3), time: nowMs };
  const contracts = Math.round(openInterest).toFixed(0);
  return {
    symbol,
    pair: pairOf(symbol),
    openInterest: contracts,
    contractType: contractType(known, all),
    time: nowMs,
  };
}
