import { allowanceOf, type Allowance, type AllowanceRule } from '../../runtime/allowance.ts';
import type { Clock } from '../../runtime/clock.ts';

export interface ConnectBudgetOptions {
  readonly clock: Clock;
  /** How often the whole address may connect. */
  readonly rule: AllowanceRule;
  /** What the whole address may hold at once; null: no limit. */
  readonly atOnce: number | null;
  /** This collector's part of it, above 0. */
  readonly share: number;
}

/** This collector's share of the connections that the venue grants the address: opened in a time, and held at once. */
export class ConnectBudget {
  readonly #rule: AllowanceRule;
  readonly #atOnceOfAddress: number | null;
  readonly #clock: Clock;
  readonly #connects: Allowance;
  #atOnce = 1;
  #held = 0;

  constructor({ clock, rule, atOnce, share }: ConnectBudgetOptions) {
    this.#clock = clock;
    this.#rule = rule;
    this.#atOnceOfAddress = atOnce;
    this.#connects = allowanceOf(shareOf(rule, share));
    this.setShare(share);
  }

  /** Connections that may be held at once. */
  get atOnce(): number {
    return this.#atOnce;
  }

  /** A smaller share ends no connection: it says what may be opened from now on. */
  setShare(share: number): void {
    const whole = this.#atOnceOfAddress;
    this.#connects.become(shareOf(this.#rule, share));
    this.#atOnce = whole === null ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(whole * share));
  }

  /** Another one may be held. */
  get hasRoom(): boolean {
    return this.#held < this.#atOnce;
  }
  hold(): void {
    this.#held += 1;
  }
  release(): void {
    this.#held -= 1;
  }

  /** Milliseconds until the next may be opened; 0: now. */
  waitMs(): number {
    return this.#connects.waitMs(1, this.#clock.nowMs());
  }
  take(): void {
    this.#connects.take(1, this.#clock.nowMs());
  }
}

/** At least one at a time, however small the share. */
export function shareOf(rule: AllowanceRule, share: number): AllowanceRule {
  if (rule.kind === 'bucket') {
    return { ...rule, burst: Math.max(1, Math.floor(rule.burst * share)), perSecond: rule.perSecond * share };
  }
  const count = Math.floor(rule.count * share);
  return count >= 1
    ? { ...rule, count }
    : { ...rule, count: 1, windowMs: Math.ceil(rule.windowMs / (rule.count * share)) };
}
