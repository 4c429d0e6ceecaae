import type { Instrument } from '../contract/instrument.ts';
import type { SizeUnit } from '../contract/record.ts';

export interface ResolvedSymbol {
  /** As written in the spec. */
  readonly asked: string;
  readonly symbol: string;
  readonly instrument: string;
  readonly sizeUnit: SizeUnit;
}

export interface Resolution {
  readonly resolved: readonly ResolvedSymbol[];
  readonly unknown: readonly { readonly symbol: string; readonly reason: string }[];
  readonly duplicates: readonly { readonly symbol: string; readonly of: string }[];
}

export interface CatalogueOptions {
  readonly venue: string;
  readonly instruments: readonly Instrument[];
  /** Every subject of an instrument's records. */
  readonly subjectsOf: (instrument: Instrument) => readonly string[];
}

/** What a venue lists, found by the canonical symbol or by the venue's own spelling. */
export class Catalogue {
  readonly instruments: readonly Instrument[];
  readonly #bySpelling = new Map<string, Instrument>();
  /** By instrument: why it can be told from another neither by name nor by subject. */
  readonly #merged = new Map<string, string>();
  readonly #venue: string;

  constructor({ venue, instruments, subjectsOf }: CatalogueOptions) {
    this.#venue = venue;
    this.instruments = instruments;
    for (const instrument of instruments) {
      this.#bySpelling.set(instrument.instrument, instrument);
      this.#bySpelling.set(instrument.symbol, instrument);
    }
    this.#refuseMerged(({ symbol }) => [symbol], 'canonical symbol');
    this.#refuseMerged(subjectsOf, 'subject (spec.nats.subjects)');
  }

  get merged(): readonly string[] {
    return [...this.#merged.keys()];
  }

  find(spelling: string): Instrument | undefined {
    return this.#bySpelling.get(spelling);
  }

  /**
   * Two spellings of one instrument are collected once; what cannot be collected is named with the reason. `gone` says
   * what was known of a name that is listed no more.
   */
  resolve(
    symbols: readonly string[],
    gone: (asked: string) => string | undefined = () => undefined,
  ): Resolution {
    const resolved = new Map<string, ResolvedSymbol>();
    const unknown: { symbol: string; reason: string }[] = [];
    const duplicates: { symbol: string; of: string }[] = [];
    for (const asked of symbols) {
      const found = this.#bySpelling.get(asked);
      const first = found === undefined ? undefined : resolved.get(found.instrument);
      const refusal = this.#refusal(found) ?? (found === undefined ? gone(asked) : undefined);
      if (found === undefined || refusal !== undefined) {
        unknown.push({ symbol: asked, reason: refusal ?? `${this.#venue} does not list it` });
      } else if (first !== undefined) {
        duplicates.push({ symbol: asked, of: first.asked });
      } else {
        const { symbol, instrument, sizeUnit } = found;
        resolved.set(instrument, { asked, symbol, instrument, sizeUnit });
      }
    }
    return { resolved: [...resolved.values()], unknown, duplicates };
  }

  #refusal(found: Instrument | undefined): string | undefined {
    if (found === undefined) return undefined;
    if (!found.trading) return `${this.#venue} lists it as ${found.status}`;
    return this.#merged.get(found.instrument);
  }

  #refuseMerged(keysOf: (instrument: Instrument) => readonly string[], what: string): void {
    const byKey = new Map<string, Instrument>();
    for (const one of this.instruments) {
      for (const key of keysOf(one)) {
        const other = byKey.get(key);
        if (other === undefined) byKey.set(key, one);
        else if (other.instrument !== one.instrument) {
          const reason = `${other.instrument} and ${one.instrument} would share the ${what} ${key}`;
          for (const { instrument } of [other, one])
            if (!this.#merged.has(instrument)) this.#merged.set(instrument, reason);
        }
      }
    }
  }
}
