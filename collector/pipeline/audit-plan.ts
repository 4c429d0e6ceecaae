/**
 * Which book is to be audited next: each once in `everyMs`, spread evenly over it, so that a reconnect of hundreds does not
 * bring hundreds of audits at once.
 */
export class AuditPlan {
  readonly #everyMs: number;
  readonly #random: () => number;
  readonly #dueMs = new Map<string, number>();

  /** `everyMs` 0: never. */
  constructor(everyMs: number, random: () => number) {
    this.#everyMs = everyMs;
    this.#random = random;
  }

  /** The instruments from now on; a new one's first turn is anywhere within the interval. */
  follow(instruments: Iterable<string>, nowMs: number): void {
    if (this.#everyMs === 0) return;
    const wanted = new Set(instruments);
    for (const known of this.#dueMs.keys()) if (!wanted.has(known)) this.#dueMs.delete(known);
    for (const instrument of wanted) {
      if (!this.#dueMs.has(instrument)) this.#dueMs.set(instrument, nowMs + this.#random() * this.#everyMs);
    }
  }

  /** Something about this book is to be looked at without waiting for its turn. */
  soon(instrument: string, nowMs: number): void {
    if (this.#dueMs.has(instrument)) this.#dueMs.set(instrument, nowMs);
  }

  /** The one that waits longest; its next turn is an interval from now. */
  take(nowMs: number): string | undefined {
    let first: string | undefined;
    let firstMs = Number.POSITIVE_INFINITY;
    for (const [instrument, dueMs] of this.#dueMs) {
      if (dueMs > nowMs || dueMs >= firstMs) continue;
      first = instrument;
      firstMs = dueMs;
    }
    if (first !== undefined) this.#dueMs.set(first, nowMs + this.#everyMs);
    return first;
  }
}
