import type { Assignment } from '../../contract/assignment.ts';
import { accountedFor } from '../../contract/control.ts';
import { budgetOf, isBudgetFair } from '../../contract/budget.ts';
import type { EffectiveFeed } from '../../contract/effective.ts';
import { canonicalJson } from './canonical.ts';
import { checkedStreams } from './checks.ts';
import { assignmentConfigMap } from './configmap.ts';
import { liveAssignments, type LiveAssignment } from './live-assignments.ts';
import { place, type Placement } from './placement.ts';
import type { Observed, PlannedAssignment } from './types.ts';

/** One assignment a shard, those of surplus shards included until nothing of them is left. */
export function planAssignments(observed: Observed, effective: EffectiveFeed): readonly PlannedAssignment[] {
  const live = liveAssignments(observed.objects);
  const homes = effective.paused
    ? new Map<string, number>()
    : place(effective.symbols, effective.collectors, placementOf(live));
  const highest = live.reduce((most, { shard }) => Math.max(most, shard + 1), effective.collectors);
  return Array.from({ length: highest }, (_, shard) => shard)
    .filter((shard) => shard < effective.collectors || live.some((entry) => entry.shard === shard))
    .map((shard) => planShard({ observed, effective, live, homes, shard }));
}

function placementOf(live: readonly LiveAssignment[]): Placement {
  return new Map(
    live.flatMap(({ shard, assignment, leaving }) =>
      (assignment?.symbols ?? [])
        .filter((symbol) => !leaving.includes(symbol))
        .map((symbol) => [symbol, shard] as const),
    ),
  );
}

interface ShardInput {
  readonly observed: Observed;
  readonly effective: EffectiveFeed;
  readonly live: readonly LiveAssignment[];
  readonly homes: Placement;
  readonly shard: number;
}

function planShard(input: ShardInput): PlannedAssignment {
  const { observed, effective, live, homes, shard } = input;
  const mine = live.find((entry) => entry.shard === shard);
  const home = effective.symbols.filter((symbol) => homes.get(symbol) === shard);
  const leaving = (mine?.assignment?.symbols ?? []).filter((symbol) => staysForNow(input, symbol));
  const before = mine?.assignment;
  const content = {
    ...assignmentContent(observed, effective, shard, [...home, ...leaving]),
    budget: budget(observed, effective, before),
  };
  if (
    before !== undefined &&
    mine !== undefined &&
    canonicalJson({ ...before, epoch: 0 }) === canonicalJson({ ...content, epoch: 0 }) &&
    canonicalJson(mine.leaving) === canonicalJson(leaving)
  )
    return { shard, assignment: before, configMap: mine.configMap, changed: false };
  const assignment = { ...content, epoch: nextEpoch(observed, shard, before) };
  return {
    shard,
    assignment,
    configMap: assignmentConfigMap(observed.feed, assignment, leaving, mine?.configMap),
    changed: true,
  };
}

/** A symbol that moved is added on its new shard, seen there, and only then removed from the old one. */
function staysForNow({ effective, observed, live, homes, shard }: ShardInput, symbol: string): boolean {
  const home = homes.get(symbol);
  if (effective.paused || home === undefined || home === shard) return false;
  const there = live.find((entry) => entry.shard === home)?.assignment;
  if (there === undefined || !there.symbols.includes(symbol)) return true;
  return !observed.reports.some(
    (report) =>
      report.shard === home &&
      !report.terminating &&
      report.epoch === there.epoch &&
      accountedFor(report) >= report.symbols.assigned,
  );
}

function assignmentContent(
  { feed }: Observed,
  effective: EffectiveFeed,
  shard: number,
  symbols: readonly string[],
): Omit<Assignment, 'budget'> {
  const { namespace, name, uid } = feed.metadata;
  return {
    v: 1,
    epoch: 0,
    feed: { namespace, name, uid },
    shard,
    shards: effective.collectors,
    symbols,
    // Only this shard's symbols: a change elsewhere must not touch it.
    effective: { ...effective, symbols, streams: checkedStreams(effective) },
  };
}

/** A part of what the address may do; what a shard has stays while it is fair, because each change is a write. */
function budget(
  { neighbours: { collectors } }: Observed,
  effective: EffectiveFeed,
  before: Assignment | undefined,
): Assignment['budget'] {
  if (collectors > 0 && before !== undefined && isBudgetFair(before.budget, effective, collectors))
    return before.budget;
  return budgetOf(effective, collectors);
}

/** Above everything that a pod of the shard may have seen, also when the ConfigMap was deleted by hand. */
function nextEpoch(observed: Observed, shard: number, before: Assignment | undefined): number {
  const seen = [
    before?.epoch ?? 0,
    observed.acknowledged[shard] ?? 0,
    ...observed.reports.filter((report) => report.shard === shard).map(({ epoch }) => epoch),
  ];
  return Math.max(Math.max(...seen) + 1, observed.nowMs);
}
