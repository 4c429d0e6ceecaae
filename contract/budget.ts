import type { Assignment } from './assignment.ts';
import type { EffectiveFeed } from './effective.ts';
import type { CollectorFeed } from './feed.ts';

/** REST weight a minute that the venue grants one address; Binance's spot, futures and options count apart. */
const WEIGHT_PER_MINUTE: Readonly<Record<EffectiveFeed['exchange'], number>> = {
  binance: 2_400,
  okx: 1_200,
  deribit: 1_200,
};
const BINANCE_WEIGHT: Readonly<Partial<Record<EffectiveFeed['market'], number>>> = {
  spot: 6_000,
  option: 400,
};
/**
 * Connections of one address: at Binance and OKX those that it may open in five minutes (300; 3 a second), at Deribit those
 * that it may hold at once.
 */
export const CONNECTION_BUDGET: Readonly<Record<EffectiveFeed['exchange'], number>> = {
  binance: 300,
  okx: 900,
  deribit: 32,
};
/** The rest is for rolls, and for others behind the same address. */
const BUDGET_SHARE = 0.8;

/**
 * What of a venue is counted apart: the address counts for each of its endpoints, and one that goes out through a proxy,
 * or to another endpoint, is another address.
 */
export function budgetKey(
  { spec }: Pick<CollectorFeed, 'spec'>,
  {
    exchange,
    market,
    settle,
    endpoints,
  }: Pick<EffectiveFeed, 'exchange' | 'market' | 'settle' | 'endpoints'>,
): string {
  const apart = market === 'spot' || market === 'option' ? market : settle;
  const proxies = (spec.template?.env ?? [])
    .filter(({ name }) => /^https?_proxy$/i.test(name))
    .map(({ name, value }) => `${name.toLowerCase()}=${value ?? ''}`)
    .sort();
  const parts = [exchange, exchange === 'binance' ? apart : null, endpoints.websocket, endpoints.rest];
  return JSON.stringify([...parts, ...proxies]);
}

/**
 * What each of a feed's collectors may use; `others`: collectors of other feeds behind the same address. With others the
 * whole is cut into a power of two, so that a feed that comes or goes seldom changes the shares of all.
 */
export function budgetOf(
  feed: Pick<EffectiveFeed, 'exchange' | 'market' | 'collectors' | 'redundancy'>,
  others = 0,
): Assignment['budget'] {
  const own = feed.collectors * feed.redundancy;
  return sharesOf(feed, others === 0 ? own : sharers(own + others));
}

/** The number of parts of a budget that so many collectors share. */
export const sharers = (collectors: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, collectors)));

/** A share that is neither too large for the others nor needlessly small stays as it is. */
export function isBudgetFair(
  { weightPerMinute, connections }: Assignment['budget'],
  feed: Pick<EffectiveFeed, 'exchange' | 'market' | 'collectors' | 'redundancy'>,
  others: number,
): boolean {
  const fair = sharesOf(feed, feed.collectors * feed.redundancy + others);
  const fits = (has: number, most: number): boolean => has <= most && has * TOO_SMALL >= most;
  return fits(weightPerMinute, fair.weightPerMinute) && fits(connections, fair.connections);
}

/** Collectors behind one address for whom not even the smallest share is left. */
export function collectorsWithoutBudget(
  feed: Pick<EffectiveFeed, 'exchange' | 'market' | 'collectors' | 'redundancy'>,
  others: number,
): { readonly most: number; readonly all: number } | undefined {
  const most = Math.floor(Math.min(weightOf(feed), CONNECTION_BUDGET[feed.exchange]) * BUDGET_SHARE);
  const all = feed.collectors * feed.redundancy + others;
  return all > most ? { most, all } : undefined;
}

/** A share of less than a third of the fair one is raised. */
const TOO_SMALL = 3;

function weightOf({ exchange, market }: Pick<EffectiveFeed, 'exchange' | 'market'>): number {
  return (exchange === 'binance' ? BINANCE_WEIGHT[market] : undefined) ?? WEIGHT_PER_MINUTE[exchange];
}

function sharesOf(
  feed: Pick<EffectiveFeed, 'exchange' | 'market'>,
  collectors: number,
): Assignment['budget'] {
  const share = (whole: number): number => Math.max(1, Math.floor((whole * BUDGET_SHARE) / collectors));
  return { weightPerMinute: share(weightOf(feed)), connections: share(CONNECTION_BUDGET[feed.exchange]) };
}
