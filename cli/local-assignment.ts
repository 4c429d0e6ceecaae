import type { Assignment } from '../contract/assignment.ts';
import { budgetOf } from '../contract/budget.ts';
import { effectiveFeed, type EffectiveFeed } from '../contract/effective.ts';
import type { FeedSpec } from '../contract/feed.ts';
import { digest } from '../contract/identity.ts';

export interface LocalFeed {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: FeedSpec;
}

/** The whole feed as the only shard of an assignment, from the same defaults as the operator's without the chart's. */
export function localAssignment(feed: LocalFeed, nowMs: number): Assignment {
  const { namespace, name } = feed.metadata;
  const whole = effectiveFeed(feed, {});
  const symbols = whole.paused ? [] : whole.symbols;
  const effective: EffectiveFeed = { ...whole, symbols, collectors: 1, redundancy: 1 };
  return {
    v: 1,
    epoch: nowMs,
    // Stands in for the UID: the same file counts on where it stopped, and never with a feed of the cluster.
    feed: { namespace, name, uid: `local-${digest(`${namespace}/${name}`)}` },
    shard: 0,
    shards: 1,
    symbols,
    effective,
    budget: budgetOf(effective),
  };
}
