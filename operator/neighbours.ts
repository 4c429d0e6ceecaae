import { isDeepStrictEqual } from 'node:util';
import { budgetKey, sharers } from '../contract/budget.ts';
import type { EffectiveFeed } from '../contract/effective.ts';
import type { CollectorFeed } from '../contract/feed.ts';
import { claimsOf, firstTaken, type Claims } from './plan/claims.ts';
import type { Neighbourhood, TakenSymbol } from './plan/types.ts';
import { UidIndex } from './uid-index.ts';

export interface NeighboursOptions {
  /** What other feeds leave to this one changed. */
  readonly onChange: (feedUid: string) => void;
}

interface Known {
  readonly claims: Claims;
  readonly budget: string;
  readonly collectors: number;
}

/**
 * What feeds take from each other: subjects, which the oldest feed has, and the budget of an address, which all share.
 * By symbol and by budget, so that a change costs as much as the feed has symbols, however many feeds there are.
 */
export class Neighbours {
  readonly #options: NeighboursOptions;
  readonly #feeds = new Map<string, Known>();
  /** Feeds by symbol, of whatever subject: nearly always one. */
  readonly #bySymbol = new UidIndex();
  readonly #budgets = new UidIndex();
  readonly #collectors = new Map<string, number>();

  constructor(options: NeighboursOptions) {
    this.#options = options;
  }

  /** As the feed is now; one that is paused or going leaves everything to the others. */
  set(feed: CollectorFeed, effective: EffectiveFeed): void {
    const { uid, deletionTimestamp } = feed.metadata;
    if (effective.paused || deletionTimestamp !== undefined) return this.forget(uid);
    const known: Known = {
      claims: claimsOf(feed, effective),
      budget: budgetKey(feed, effective),
      collectors: effective.collectors * effective.redundancy,
    };
    const before = this.#feeds.get(uid);
    if (before !== undefined && isSame(before, known)) return;
    const touched = this.#touched(uid, before, known);
    this.#remove(uid);
    this.#feeds.set(uid, known);
    for (const symbol of known.claims.symbols.keys()) this.#bySymbol.add(symbol, uid);
    this.#budgets.add(known.budget, uid);
    this.#count(known.budget, known.collectors);
    for (const other of touched) this.#options.onChange(other);
  }

  forget(uid: string): void {
    const before = this.#feeds.get(uid);
    if (before === undefined) return;
    const touched = this.#touched(uid, before, undefined);
    this.#remove(uid);
    for (const other of touched) this.#options.onChange(other);
  }

  of(uid: string): Pick<Neighbourhood, 'collectors' | 'taken'> {
    const known = this.#feeds.get(uid);
    if (known === undefined) return { collectors: 0, taken: [] };
    const all = this.#collectors.get(known.budget) ?? 0;
    return { collectors: all - known.collectors, taken: this.#taken(uid, known.claims) };
  }

  #taken(uid: string, claims: Claims): readonly TakenSymbol[] {
    const taken: TakenSymbol[] = [];
    for (const [key, symbol] of claims.symbols) {
      const others = this.#bySymbol.of(key);
      if (others.size < 2) continue;
      const rivals = [...others]
        .filter((other) => other !== uid)
        .map((other) => this.#feeds.get(other)?.claims);
      const found = firstTaken(
        claims,
        key,
        rivals.filter((rival) => rival !== undefined),
      );
      if (found !== undefined) taken.push({ symbol, ...found });
    }
    return taken;
  }

  /** Others that a change of this feed may concern: those with one of its symbols, and of its budget when that is cut anew. */
  #touched(uid: string, before: Known | undefined, after: Known | undefined): ReadonlySet<string> {
    const touched = new Set<string>();
    for (const known of [before, after])
      for (const symbol of known?.claims.symbols.keys() ?? [])
        for (const other of this.#bySymbol.of(symbol)) touched.add(other);
    for (const budget of new Set([before?.budget, after?.budget])) {
      if (budget === undefined) continue;
      const sum = this.#collectors.get(budget) ?? 0;
      const less = before?.budget === budget ? before.collectors : 0;
      const more = after?.budget === budget ? after.collectors : 0;
      if (sharers(sum) !== sharers(sum - less + more))
        for (const other of this.#budgets.of(budget)) touched.add(other);
    }
    touched.delete(uid);
    return touched;
  }

  #remove(uid: string): void {
    const known = this.#feeds.get(uid);
    if (known === undefined) return;
    this.#feeds.delete(uid);
    for (const symbol of known.claims.symbols.keys()) this.#bySymbol.remove(symbol, uid);
    this.#budgets.remove(known.budget, uid);
    this.#count(known.budget, -known.collectors);
  }

  #count(budget: string, change: number): void {
    const sum = (this.#collectors.get(budget) ?? 0) + change;
    if (sum === 0) this.#collectors.delete(budget);
    else this.#collectors.set(budget, sum);
  }
}

function isSame(a: Known, b: Known): boolean {
  return (
    a.budget === b.budget &&
    a.collectors === b.collectors &&
    isDeepStrictEqual(printOf(a.claims), printOf(b.claims))
  );
}

const printOf = ({ place, age, symbols, templates }: Claims): unknown => [
  place,
  age,
  [...symbols],
  templates.map(([stream, subjectOf]) => [stream, subjectOf('S')]),
];
