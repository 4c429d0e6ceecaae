import { Figures } from '../market/figures.ts';
import type { Standing } from '../market/figures.ts';
import { greeksOf } from '../market/greeks.ts';
import type { MadeFrame, MarketSymbol, SymbolEvent } from '../ports.ts';
import type { OptionInterest } from './options-interest.ts';
import { deliveryMs } from './futures-exchange-info.ts';

/** The slot that figures are made in. */
const SLOT_MS = 100;
const EVERY_MS = 1_000;
const YEAR_MS = 365 * 24 * 3_600_000;
const SETTLEMENT_MS = 1_800_000;
/** Between the volatility of the mark and those of bid and ask. */
const SPREAD = 0.02;

interface Watched {
  readonly symbol: MarketSymbol;
  readonly figures: Figures;
}

/** `BTCUSDT` of all options on it. */
export const underlyingOf = ({ baseAsset, quoteAsset }: MarketSymbol): string => `${baseAsset}${quoteAsset}`;

/** `<underlying>@optionMarkPrice`: once a second all options of an underlying, fields in the order of the documentation. */
export class OptionMarks {
  readonly #watched = new Map<string, Watched>();
  readonly #underlyings = new Map<string, Watched[]>();
  /** By underlying: the second that was told last. */
  readonly #told = new Map<string, number>();
  readonly #interest: OptionInterest;

  constructor(interest: OptionInterest) {
    this.#interest = interest;
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
        return [];
      case 'depth':
        return event.everyMs === SLOT_MS ? this.#slot(watched, event.timeMs) : [];
      default:
        return this.#slot(watched, event.timeMs);
    }
  }

  #slot({ symbol, figures }: Watched, timeMs: number): readonly MadeFrame[] {
    const stands = figures.endSlot(timeMs);
    if (stands !== undefined) this.#interest.note(symbol, stands);
    const underlying = underlyingOf(symbol);
    const second = Math.floor(timeMs / EVERY_MS);
    if (this.#told.get(underlying) === second) return [];
    this.#told.set(underlying, second);
    const all = this.#underlyings.get(underlying) ?? [];
    const entries = all.flatMap(({ symbol: one, figures: { standing } }) =>
      standing === undefined ? [] : [() => markFields(one, standing, timeMs)],
    );
    const data = (): string => JSON.stringify(entries.map((entry) => entry()));
    return [{ stream: `${underlying.toLowerCase()}@optionMarkPrice`, data }];
  }

  #of(symbol: MarketSymbol): Watched {
    let watched = this.#watched.get(symbol.symbol);
    if (watched === undefined) {
      watched = { symbol, figures: new Figures(symbol) };
      this.#watched.set(symbol.symbol, watched);
      const underlying = underlyingOf(symbol);
      this.#underlyings.set(underlying, [...(this.#underlyings.get(underlying) ?? []), watched]);
    }
    return watched;
  }
}

function markFields(symbol: MarketSymbol, standing: Standing, timeMs: number): object {
  const { markPrice, indexPrice, volatility, bid, ask } = standing;
  const expiryMs = deliveryMs(symbol.expiry ?? '');
  const greeks = greeksOf({
    forward: indexPrice,
    strike: Number(symbol.strike?.replace('d', '.') ?? 0),
    years: Math.max(1, expiryMs - timeMs) / YEAR_MS,
    volatility,
    right: symbol.right ?? 'C',
  });
  return {
    s: symbol.symbol,
    mp: markPrice.toFixed(3),
    E: timeMs,
    e: 'markPrice',
    i: indexPrice.toFixed(8),
    P: expiryMs - timeMs < SETTLEMENT_MS ? indexPrice.toFixed(3) : '0.000',
    bo: bid[0],
    ao: ask[0],
    bq: bid[1],
    aq: ask[1],
    b: (volatility - SPREAD).toFixed(8),
    a: (volatility + SPREAD).toFixed(8),
    hl: (markPrice * 1.2).toFixed(3),
    ll: (markPrice * 0.8).toFixed(3),
    vo: volatility.toFixed(8),
    rf: '0.0',
    d: greeks.delta.toFixed(8),
    t: greeks.theta.toFixed(8),
    g: greeks.gamma.toFixed(8),
    v: greeks.vega.toFixed(8),
  };
}
