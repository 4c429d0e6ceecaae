import type { VenueLimits } from '../limits.ts';

const MINUTE_MS = 60_000;
/** Addresses remembered; the one seen longest ago is forgotten first. */
const MOST_ADDRESSES = 10_000;

interface Usage {
  minute: number;
  weight: number;
  ignored: number;
  bannedUntilMs: number;
}

export type Verdict =
  | { readonly kind: 'allowed'; readonly usedWeight: number }
  | { readonly kind: 'limited'; readonly usedWeight: number; readonly retryAfterS: number }
  | { readonly kind: 'banned'; readonly retryAfterS: number; readonly untilMs: number };

/** REQUEST_WEIGHT of the last minute (of the wall clock, as the venue counts) for each address. */
export class RequestWeights {
  readonly #limits: VenueLimits;
  readonly #usage = new Map<string, Usage>();

  constructor(limits: VenueLimits) {
    this.#limits = limits;
  }

  spend(address: string, weight: number, nowMs: number): Verdict {
    const usage = this.#usageOf(address, nowMs);
    if (nowMs < usage.bannedUntilMs) {
      const retryAfterS = Math.ceil((usage.bannedUntilMs - nowMs) / 1_000);
      return { kind: 'banned', retryAfterS, untilMs: usage.bannedUntilMs };
    }
    if (usage.weight + weight <= this.#limits.weightPerMinute) {
      usage.weight += weight;
      return { kind: 'allowed', usedWeight: usage.weight };
    }
    usage.ignored += 1;
    if (usage.ignored > this.#limits.ignored429) usage.bannedUntilMs = nowMs + this.#limits.banMs;
    return {
      kind: 'limited',
      usedWeight: usage.weight + weight,
      retryAfterS: Math.ceil((MINUTE_MS - (nowMs % MINUTE_MS)) / 1_000),
    };
  }

  #usageOf(address: string, nowMs: number): Usage {
    const minute = Math.floor(nowMs / MINUTE_MS);
    const known = this.#usage.get(address);
    if (known === undefined) {
      const usage = { minute, weight: 0, ignored: 0, bannedUntilMs: 0 };
      const [oldest] = this.#usage.keys();
      if (this.#usage.size >= MOST_ADDRESSES && oldest !== undefined) this.#usage.delete(oldest);
      this.#usage.set(address, usage);
      return usage;
    }
    if (known.minute !== minute) Object.assign(known, { minute, weight: 0, ignored: 0 });
    return known;
  }
}

/** Weight of Binance spot's depth, by its limit. */
export function spotDepthWeight(limit: number): number {
  if (limit <= 100) return 5;
  if (limit <= 500) return 25;
  return limit <= 1_000 ? 50 : 250;
}

/** The same for the futures. */
export function futuresDepthWeight(limit: number): number {
  if (limit <= 50) return 2;
  if (limit <= 100) return 5;
  return limit <= 500 ? 10 : 20;
}

/** And for the options. */
export function optionsDepthWeight(limit: number): number {
  if (limit <= 50) return 1;
  return futuresDepthWeight(limit);
}
