/**
 * What somebody else lets us do. `window`: at most `count` in any `windowMs`. `bucket`: `burst` at once, refilled steadily.
 */
export type AllowanceRule =
  | { readonly kind: 'window'; readonly count: number; readonly windowMs: number }
  | { readonly kind: 'bucket'; readonly burst: number; readonly perSecond: number };

/** Counts what was done and says how long to wait. What is larger than the whole allowance is let through when nothing is used. */
export interface Allowance {
  /** Milliseconds until `amount` may be taken; 0: now. */
  waitMs(amount: number, nowMs: number): number;
  take(amount: number, nowMs: number): void;
  /** Nothing is left: as if all had been used now. */
  exhaust(nowMs: number): void;
  /** From now on this rule of the same kind; what was taken stays taken. */
  become(rule: AllowanceRule): void;
}

export function allowanceOf(rule: AllowanceRule): Allowance {
  return rule.kind === 'window' ? new RollingWindow(rule) : new Bucket(rule);
}

/** Entries older than the window are forgotten; one entry a taking, so never more than `count`. */
class RollingWindow implements Allowance {
  #count: number;
  #windowMs: number;
  readonly #taken: { readonly atMs: number; readonly amount: number }[] = [];
  #sum = 0;

  constructor({ count, windowMs }: Extract<AllowanceRule, { kind: 'window' }>) {
    this.#count = count;
    this.#windowMs = windowMs;
  }

  waitMs(amount: number, nowMs: number): number {
    this.#forget(nowMs);
    let left = this.#sum;
    if (left === 0 || left + amount <= this.#count) return 0;
    for (const { atMs, amount: taken } of this.#taken) {
      left -= taken;
      if (left === 0 || left + amount <= this.#count) return Math.max(1, atMs + this.#windowMs - nowMs);
    }
    return this.#windowMs;
  }

  take(amount: number, nowMs: number): void {
    this.#forget(nowMs);
    this.#taken.push({ atMs: nowMs, amount });
    this.#sum += amount;
  }

  become(rule: AllowanceRule): void {
    if (rule.kind !== 'window') throw new TypeError('a window becomes no bucket');
    this.#count = rule.count;
    this.#windowMs = rule.windowMs;
  }

  exhaust(nowMs: number): void {
    this.#forget(nowMs);
    if (this.#sum < this.#count) this.take(this.#count - this.#sum, nowMs);
  }

  #forget(nowMs: number): void {
    const kept = this.#taken.findIndex(({ atMs }) => atMs > nowMs - this.#windowMs);
    const gone = this.#taken.splice(0, kept === -1 ? this.#taken.length : kept);
    for (const { amount } of gone) this.#sum -= amount;
  }
}

class Bucket implements Allowance {
  #burst: number;
  #perMs: number;
  #left: number;
  #atMs = Number.NEGATIVE_INFINITY;

  constructor({ burst, perSecond }: Extract<AllowanceRule, { kind: 'bucket' }>) {
    this.#burst = burst;
    this.#perMs = perSecond / 1_000;
    this.#left = burst;
  }

  waitMs(amount: number, nowMs: number): number {
    this.#refill(nowMs);
    const missing = Math.min(amount, this.#burst) - this.#left;
    return missing <= 0 ? 0 : Math.ceil(missing / this.#perMs);
  }

  take(amount: number, nowMs: number): void {
    this.#refill(nowMs);
    this.#left -= amount;
  }

  become(rule: AllowanceRule): void {
    if (rule.kind !== 'bucket') throw new TypeError('a bucket becomes no window');
    // What would be left of a full one is not more than the new one holds; the next refill sees to it.
    this.#burst = rule.burst;
    this.#perMs = rule.perSecond / 1_000;
  }

  exhaust(nowMs: number): void {
    this.#refill(nowMs);
    this.#left = Math.min(this.#left, 0);
  }

  #refill(nowMs: number): void {
    const sinceMs = Math.max(0, nowMs - this.#atMs);
    this.#atMs = nowMs;
    this.#left = Number.isFinite(sinceMs)
      ? Math.min(this.#burst, this.#left + sinceMs * this.#perMs)
      : this.#burst;
  }
}
