import type { Standing } from '../market/figures.ts';
import { decimals } from '../market/figures.ts';
import type { MarketSymbol } from '../ports.ts';
import { Refused } from './refused.ts';

/** Told anew once a minute, each time all of a day of expiry. */
const EVERY_MS = 60_000;
const DAY = /^\d{6}$/;

interface Told {
  readonly symbol: MarketSymbol;
  readonly timeMs: number;
  readonly entry: object;
}

/** `GET /eapi/v1/openInterest`; source: developers.binance.com, «Options Trading», page «Open Interest». */
export class OptionInterest {
  readonly #told = new Map<string, Told>();

  /** What stands at the end of a slot: the first one of a minute is told through it. */
  note(symbol: MarketSymbol, { timeMs, openInterest, indexPrice }: Standing): void {
    const minuteMs = Math.floor(timeMs / EVERY_MS) * EVERY_MS;
    if (this.#told.get(symbol.symbol)?.timeMs === minuteMs) return;
    const entry = {
      symbol: symbol.symbol,
      sumOpenInterest: decimals(openInterest, 2),
      sumOpenInterestUsd: decimals(openInterest * indexPrice, 8),
      timestamp: String(minuteMs),
    };
    this.#told.set(symbol.symbol, { symbol, timeMs: minuteMs, entry });
  }

  answer(query: URLSearchParams): unknown {
    const [asset, expiration] = [query.get('underlyingAsset'), query.get('expiration')];
    for (const [name, value] of [
      ['underlyingAsset', asset],
      ['expiration', expiration],
    ]) {
      if (value === null || value === '')
        return new Refused(
          -1102,
          `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`,
        );
    }
    if (!DAY.test(expiration ?? '')) return new Refused(-1121, 'Invalid symbol.');
    return [...this.#told.values()]
      .filter(({ symbol }) => symbol.baseAsset === asset && symbol.expiry?.slice(2) === expiration)
      .map(({ entry }) => entry);
  }
}
