import type { EffectiveFeed } from '../../contract/effective.ts';
import { RECONCILE_ANNOTATION } from '../../contract/feed.ts';
import type { Settings } from '../settings.ts';
import { planAssignments } from './assignments.ts';
import { checkFeed } from './checks.ts';
import { deployment } from './deployment.ts';
import { replicaOf, replicasOf, shardOf } from './names.ts';
import { networkPolicy } from './networkpolicy.ts';
import { deadWriters } from './dead-writers.ts';
import { heldRolls } from './rolls.ts';
import { selectSymbols, type SelectionView } from './selection.ts';
import type { HeldRoll, KubeObject, Neighbourhood, Observed, Plan, PlannedAssignment } from './types.ts';

/** How soon to look again while something waits for time rather than for an event. */
const HELD_AGAIN_MS = 5_000;
/** Who waits for rolls of others is woken when there is room; should that go amiss, it looks itself. */
const WAVE_AGAIN_MS = 30_000;
/** A surplus shard goes at the latest this long after it was told so. */
const FAREWELL_MS = 30_000;

/** What the feed's objects should be. With a stalling fault nothing changes: what runs, runs on. */
export function plan(observed: Observed, settings: Settings): Plan {
  const { feed } = observed;
  const { effective: whole, selection } = selectSymbols(observed, settings.defaults);
  const { neighbours } = observed;
  const faults = checkFeed({ feed, effective: whole, settings, neighbours });
  const effective = withoutTaken(whole, neighbours);
  const handsOff = feed.metadata.annotations?.[RECONCILE_ANNOTATION] === 'disabled';
  const nothing: Plan = {
    effective,
    selection,
    apply: [],
    prune: [],
    assignments: [],
    faults,
    held: [],
    deadWriters: deadWriters(observed, effective),
    handsOff,
  };
  if (handsOff || feed.metadata.deletionTimestamp !== undefined) return nothing;
  if (faults.some(({ severity }) => severity === 'stalled')) return nothing;
  const assignments = planAssignments(observed, effective);
  const surplus = surplusObjects(observed, assignments, effective);
  const gone = new Set(surplus.gone);
  const wanted = wantedDeployments(observed, effective, settings);
  const held = heldRolls({ ...observed, wanted, live: observed.objects });
  const waits = new Set(held.map(({ deployment: name }) => name));
  return {
    ...nothing,
    assignments: assignments.filter(({ shard }) => !gone.has(shard)),
    apply: [
      networkPolicy(feed, effective, settings),
      ...wanted.filter(({ metadata }) => !waits.has(metadata.name)),
    ],
    prune: surplus.prune,
    held,
    ...again(waitMs(held, surplus.waiting), selection, observed.nowMs),
  };
}

/** Shards stay as many as the spec asks for: symbols that another feed has may come back. */
function withoutTaken(effective: EffectiveFeed, { taken }: Neighbourhood): EffectiveFeed {
  if (taken.length === 0) return effective;
  const gone = new Set(taken.map(({ symbol }) => symbol));
  return { ...effective, symbols: effective.symbols.filter((symbol) => !gone.has(symbol)) };
}

function waitMs(held: readonly HeldRoll[], isSurplusWaiting: boolean): number {
  const ofOthers = held.every(({ reason }) => reason === 'VenueBusy' || reason === 'UpgradeStopped');
  if (isSurplusWaiting || !ofOthers) return HELD_AGAIN_MS;
  return held.length > 0 ? WAVE_AGAIN_MS : Number.POSITIVE_INFINITY;
}

function again(soonMs: number, selection: SelectionView, nowMs: number): Pick<Plan, 'requeueAfterMs'> {
  const changesMs = selection.kind === 'selected' ? selection.changesMs : null;
  const afterMs = Math.min(soonMs, changesMs === null ? Number.POSITIVE_INFINITY : changesMs - nowMs);
  return Number.isFinite(afterMs) ? { requeueAfterMs: Math.max(1, afterMs) } : {};
}

function wantedDeployments(
  { feed }: Observed,
  effective: EffectiveFeed,
  settings: Settings,
): readonly KubeObject[] {
  return Array.from({ length: effective.collectors }, (_, shard) => shard).flatMap((shard) =>
    replicasOf(effective.redundancy).map((replica) =>
      deployment({ feed, effective, shard, replica }, settings),
    ),
  );
}

interface Surplus {
  readonly prune: readonly KubeObject[];
  /** Shards of which nothing is left to plan. */
  readonly gone: readonly number[];
  readonly waiting: boolean;
}

/** Owned objects that are no longer wanted. A surplus shard first hands its symbols over and is told so, then it goes. */
function surplusObjects(
  observed: Observed,
  assignments: readonly PlannedAssignment[],
  effective: EffectiveFeed,
): Surplus {
  const told = assignments
    .filter(({ shard }) => shard >= effective.collectors)
    .filter((planned) => wasTold(observed, planned))
    .map(({ shard }) => shard);
  const letters: readonly string[] = replicasOf(effective.redundancy);
  const prune = observed.objects.filter((object) => {
    const shard = shardOf(object);
    if (object.metadata.deletionTimestamp !== undefined || shard === undefined) return false;
    if (shard >= effective.collectors)
      return told.includes(shard) || !assignments.some((planned) => planned.shard === shard);
    return object.kind === 'Deployment' && !letters.includes(replicaOf(object) ?? '');
  });
  const waiting = assignments.some(({ shard }) => shard >= effective.collectors && !told.includes(shard));
  return { prune, gone: told, waiting };
}

/** Its empty assignment is written and was acknowledged, or its time is up, or nobody is there to acknowledge. */
function wasTold(observed: Observed, { shard, assignment, changed }: PlannedAssignment): boolean {
  if (changed || assignment.symbols.length > 0) return false;
  return (
    (observed.acknowledged[shard] ?? 0) >= assignment.epoch ||
    observed.nowMs - assignment.epoch >= FAREWELL_MS ||
    !observed.pods.some((pod) => pod.shard === shard)
  );
}
