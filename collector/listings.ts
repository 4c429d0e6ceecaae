import type { Instrument } from '../contract/instrument.ts';
import type { Catalogue } from './catalogue.ts';

/** By name as asked for: what the venue's list said of it last. Bounded by what is asked for. */
export class Listings {
  readonly #exchange: string;
  readonly #listed = new Map<string, Instrument>();

  constructor(exchange: string) {
    this.#exchange = exchange;
  }

  follow(catalogue: Catalogue, names: readonly string[]): void {
    const wanted = new Set(names);
    for (const asked of this.#listed.keys()) if (!wanted.has(asked)) this.#listed.delete(asked);
    for (const asked of names) {
      const listed = catalogue.find(asked);
      if (listed !== undefined) this.#listed.set(asked, listed);
    }
  }

  /** Microseconds since 1970; null: it has none, or nothing is known of it. */
  expiryOf(asked: string): number | null {
    return this.#listed.get(asked)?.expiry ?? null;
  }

  /** What is known of a name that is listed no more. */
  gone(asked: string, nowMs: number): string | undefined {
    const last = this.#listed.get(asked);
    if (last === undefined) return undefined;
    const expiryMs = (last.expiry ?? Number.POSITIVE_INFINITY) / 1_000;
    return expiryMs <= nowMs
      ? `it expired at ${new Date(expiryMs).toISOString()}`
      : `${this.#exchange} lists it no more`;
  }
}
