import { hash } from 'node:crypto';

/** Symbol → shard, as the live assignments have it; shards that are no more may be named. */
export type Placement = ReadonlyMap<string, number>;

/** How far above the even share a shard may be before symbols move only to even it out. */
const SLACK = 1.25;

/**
 * Rendezvous hashing with a bound, and sticky: a symbol stays where it is while its shard exists and is not too full.
 * While the number of shards stays, «too full» is 1.25 of the even share, so that removing symbols moves none for
 * nothing; when it changes, exactly the even share, so that new shards get theirs. Every shard ends at or below that
 * bound. The order of `symbols` has no influence.
 */
export function place(symbols: readonly string[], shards: number, before: Placement): Placement {
  const even = Math.ceil(symbols.length / shards);
  const bound = sameShards(before, shards) ? Math.max(even, Math.ceil(even * SLACK)) : even;
  const kept = new Map<number, string[]>();
  const homeless: string[] = [];
  for (const symbol of [...symbols].sort(byCodeUnit)) {
    const shard = before.get(symbol);
    if (shard === undefined || shard >= shards) homeless.push(symbol);
    else kept.set(shard, [...(kept.get(shard) ?? []), symbol]);
  }
  const placed = new Map<string, number>();
  const load = Array.from({ length: shards }, () => 0);
  for (const [shard, held] of kept) {
    const ranked = held.length <= bound ? held : byScore(held, shard);
    for (const symbol of ranked.slice(0, bound)) placed.set(symbol, shard);
    load[shard] = Math.min(held.length, bound);
    homeless.push(...ranked.slice(bound));
  }
  for (const symbol of homeless.toSorted(byCodeUnit)) {
    const shard = favourite(symbol, load, even);
    placed.set(symbol, shard);
    load[shard] = (load[shard] ?? 0) + 1;
  }
  return placed;
}

function byScore(symbols: readonly string[], shard: number): readonly string[] {
  return symbols
    .map((symbol) => ({ symbol, rank: score(symbol, shard) }))
    .sort((a, b) => b.rank - a.rank || byCodeUnit(a.symbol, b.symbol))
    .map(({ symbol }) => symbol);
}

/** Some shard is below the even share, because not all symbols are placed yet. */
function favourite(symbol: string, load: readonly number[], even: number): number {
  const open = [...load.keys()].filter((shard) => (load[shard] ?? 0) < even);
  return open.reduce((best, shard) => (score(symbol, shard) > score(symbol, best) ? shard : best));
}

function sameShards(before: Placement, shards: number): boolean {
  const used = new Set(before.values());
  return used.size === shards && [...used].every((shard) => shard < shards);
}

/** 48 bits of a hash of both: every process ranks the same. */
function score(symbol: string, shard: number): number {
  return Number.parseInt(hash('sha256', `${shard}/${symbol}`, 'hex').slice(0, 12), 16);
}

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
