import type { Instrument } from './instrument.ts';

/** `spec.symbolSelector` with its durations read. */
export interface EffectiveSelector {
  readonly base: string | null;
  readonly quote: string | null;
  readonly match: string | null;
  readonly expiryWithinMs: number | null;
  readonly maxSymbols: number | null;
}

/** What a selector reads of an instrument. */
export type Selectable = Pick<Instrument, 'symbol' | 'base' | 'quote' | 'expiry' | 'trading'>;

export interface Selection {
  /** Canonical, by name. */
  readonly symbols: readonly string[];
  /** How many satisfy the selector; more than `symbols` where `maxSymbols` or the bound of a feed cuts. */
  readonly matching: number;
  /** When time alone changes the answer: something expires, or comes within `expiryWithin`; null: never. */
  readonly changesMs: number | null;
}

/** The most symbols of one feed. */
export const MOST_SYMBOLS = 2_000;
const US_PER_MS = 1_000;

/**
 * Every trading, unexpired instrument that satisfies all that is set; where they are too many, the first ones by name. The
 * same catalogue and time give the same answer, whatever the order.
 */
export function select(
  instruments: readonly Selectable[],
  selector: EffectiveSelector,
  nowMs: number,
): Selection {
  const matching: string[] = [];
  let changesMs = Number.POSITIVE_INFINITY;
  const at = (timeMs: number): void => {
    if (timeMs > nowMs) changesMs = Math.min(changesMs, timeMs);
  };
  for (const one of instruments) {
    if (!one.trading || !isNamed(one, selector)) continue;
    const expiryMs = one.expiry === null ? Number.POSITIVE_INFINITY : one.expiry / US_PER_MS;
    if (expiryMs <= nowMs) continue;
    const fromMs =
      selector.expiryWithinMs === null ? Number.NEGATIVE_INFINITY : expiryMs - selector.expiryWithinMs;
    at(fromMs);
    if (fromMs > nowMs) continue;
    at(expiryMs);
    matching.push(one.symbol);
  }
  const symbols = [...new Set(matching)].sort(byCodeUnit);
  return {
    symbols: symbols.slice(0, Math.min(selector.maxSymbols ?? MOST_SYMBOLS, MOST_SYMBOLS)),
    matching: symbols.length,
    changesMs: changesMs === Number.POSITIVE_INFINITY ? null : changesMs,
  };
}

function isNamed({ base, quote, symbol }: Selectable, selector: EffectiveSelector): boolean {
  if (selector.base !== null && selector.base !== base) return false;
  if (selector.quote !== null && selector.quote !== quote) return false;
  return selector.match === null || matches(selector.match, symbol);
}

/** `*` is any text, `?` any one character, all else itself. Never slower than the product of both lengths. */
export function matches(glob: string, text: string): boolean {
  // By code points.
  const pattern = Array.from(glob);
  const given = Array.from(text);
  let [at, star, resume] = [0, -1, 0];
  for (let index = 0; index < given.length;) {
    if (pattern[at] === '*') {
      star = at;
      resume = index;
      at += 1;
    } else if (pattern[at] === '?' || (at < pattern.length && pattern[at] === given[index])) {
      at += 1;
      index += 1;
    } else if (star >= 0) {
      // The star takes one more.
      resume += 1;
      at = star + 1;
      index = resume;
    } else return false;
  }
  return pattern.slice(at).every((char) => char === '*');
}

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
