import { acknowledgedEpoch } from './health.ts';
import { podTrouble } from './pods.ts';
import { replicasOf } from './names.ts';
import { conditionOf, imageOf, isRolling, isStuck } from './rolls.ts';
import {
  isFalse,
  isTrue,
  isUnknown,
  noReport,
  nothingSelected,
  paused,
  takenSymbols,
  type StatusInput,
  type Verdict,
} from './verdicts.ts';
import type { Reason } from './reasons.ts';
import type { Fault, HeldRoll } from './types.ts';

const stalling = ({ plan }: StatusInput): Fault | undefined =>
  plan.faults.find(({ severity }) => severity === 'stalled');

export function stalled(input: StatusInput): Verdict {
  const over = input.plan.effective.paused || input.observed.feed.metadata.deletionTimestamp !== undefined;
  const fault = over ? undefined : (stalling(input) ?? stuckRoll(input));
  return fault === undefined
    ? isFalse('NothingStalled', 'nothing in the spec keeps the feed from being collected')
    : isTrue(fault.reason, fault.message);
}

/** What ran before runs on, so the feed may be Ready all the same. */
function stuckRoll({ observed }: StatusInput): Pick<Fault, 'reason' | 'message'> | undefined {
  const stuck = observed.objects.find((object) => object.kind === 'Deployment' && isStuck(object));
  if (stuck === undefined) return undefined;
  const own = observed.feed.spec.template?.image !== undefined;
  const back = own
    ? 'set spec.template back to what it was, or to another image'
    : 'go back with helm rollback, or set spec.template.image to the image that ran before';
  return {
    reason: 'RollStuck',
    message: `Deployment ${stuck.metadata.name}: its new pod (${imageOf(stuck)}) was not in sync within ${String(stuck.spec?.['progressDeadlineSeconds'])} s; the one before collects on. ${back}`,
  };
}

/** Follows from `publishing`, so that Ready is never True beside Publishing that is not. */
export function ready(input: StatusInput, published: Verdict): Verdict {
  const stopped = paused(input);
  if (stopped !== undefined) return stopped;
  if (input.observed.feed.metadata.deletionTimestamp !== undefined)
    return isFalse('Deleting', 'the feed is being deleted');
  const fault = stalling(input);
  if (fault !== undefined) return isFalse(fault.reason, fault.message);
  const silent = noReport(input);
  if (silent !== undefined) {
    const trouble = firstTrouble(input, true);
    return trouble === undefined ? silent : isUnknown(trouble.reason, trouble.message);
  }
  if (published.status !== 'True')
    return { status: published.status, reason: published.reason, message: published.message };
  const without = nothingSelected(input.plan.selection);
  if (without !== undefined) return without;
  const nothingLeft = input.plan.effective.symbols.length === 0 ? takenSymbols(input) : undefined;
  if (nothingLeft !== undefined) return nothingLeft;
  const { active, accounted } = symbolSums(input);
  const desired = input.plan.effective.symbols.length;
  if (accounted < desired)
    return isFalse('SymbolsSyncing', `${active} of ${desired} symbols are in sync${worstText(input)}`);
  const partial = input.plan.faults.map(({ message }) => message);
  return isTrue('Collecting', [`${active} of ${desired} symbols are in sync`, ...partial].join('; '));
}

function worstText({ shards }: StatusInput): string {
  const [worst] = shards
    .flatMap(({ reports }) => reports.filter(({ terminating }) => !terminating))
    .flatMap(({ symbols }) => symbols.worst);
  if (worst === undefined) return '';
  return `; ${worst.symbol} is ${worst.state}${worst.reason === '' ? '' : `: ${worst.reason}`}`;
}

/** A symbol that moves is in sync on two shards for a while: it is one. */
export function symbolSums({ shards, plan }: StatusInput): {
  readonly active: number;
  readonly accounted: number;
} {
  const active = shards.reduce((sum, shard) => sum + shard.active, 0);
  return {
    active: Math.min(active, plan.effective.symbols.length),
    accounted: shards.reduce((sum, shard) => sum + shard.accounted, 0),
  };
}

/** What keeps a pod from running; `silentOnly`: of shards that nothing else reports for. */
function firstTrouble(
  { observed, shards }: StatusInput,
  silentOnly: boolean,
): { readonly reason: Reason; readonly message: string } | undefined {
  const pods = shards
    .filter(({ reports }) => !silentOnly || reports.length === 0)
    .flatMap((shard) => shard.pods)
    .filter(({ terminating }) => !terminating);
  for (const pod of pods) {
    const trouble = podTrouble(pod);
    if (trouble !== undefined) return trouble;
  }
  const refused = observed.objects
    .filter(({ kind }) => kind === 'Deployment')
    .flatMap((object) => {
      const failure = conditionOf(object, 'ReplicaFailure');
      if (failure?.status !== 'True') return [];
      return [`Deployment ${object.metadata.name}: ${failure.message ?? ''}`];
    });
  return refused[0] === undefined ? undefined : { reason: 'PodRefused', message: refused[0] };
}

export function reconciling(input: StatusInput): Verdict {
  const { observed, outcome, plan } = input;
  if (stalled(input).status === 'True')
    return isFalse('AwaitingSpecChange', 'what ran before runs on until the spec changes');
  if (outcome.kind === 'failed') return isTrue('ApplyFailed', `${outcome.object}: ${outcome.message}`);
  if (plan.handsOff)
    return isFalse('HandsOff', 'annotation marketprism.io/reconcile: disabled; remove it to reconcile again');
  if (plan.effective.paused) return isFalse('Paused', 'spec.paused is true');
  if (observed.feed.metadata.deletionTimestamp !== undefined)
    return isTrue('Deleting', 'the feed is being deleted');
  if (outcome.kind === 'pending') return isTrue('Applying', 'objects are being written');
  const trouble = firstTrouble(input, false);
  if (trouble !== undefined) return isTrue(trouble.reason, trouble.message);
  return progress(input) ?? isFalse('AsPlanned', 'every object is as planned');
}

const WAITS: Readonly<Record<HeldRoll['reason'], string>> = {
  SpillNotEmpty: 'until the spill of its shard is published',
  OtherRollFirst: 'for another roll of this feed',
  VenueBusy: "for rolls of other feeds: the venue's budget of this address bears no more at once",
  UpgradeStopped: 'because the same image does not come into sync in feed',
};

function progress(input: StatusInput): Verdict | undefined {
  const { observed, plan, shards } = input;
  const rolling = observed.objects.find((object) => object.kind === 'Deployment' && isRolling(object));
  if (rolling !== undefined)
    return isTrue('RollingOut', `Deployment ${rolling.metadata.name} is being rolled`);
  const [held] = plan.held;
  if (held !== undefined)
    return isTrue(
      'RollHeld',
      `Deployment ${held.deployment} waits ${WAITS[held.reason]}${held.because === undefined ? '' : ` ${held.because}; see its condition Stalled`}`,
    );
  const starting = shards.find(({ reports }) => reports.length === 0);
  if (starting !== undefined)
    return isTrue('PodsStarting', `pods of shard ${starting.shard} have not reported yet`);
  const behind = plan.assignments.find(({ shard, assignment }) => {
    const health = shards[shard];
    return health !== undefined && acknowledgedEpoch(observed, health) < assignment.epoch;
  });
  return behind === undefined
    ? undefined
    : isTrue(
        'AwaitingAcknowledgement',
        `shard ${behind.shard} has not acknowledged its newest assignment yet`,
      );
}

export function redundancyReduced(input: StatusInput): Verdict {
  const { effective } = input.plan;
  if (effective.redundancy === 1) return isFalse('RedundancyNotRequested', 'spec.redundancy is 1');
  const stopped = paused(input);
  if (stopped !== undefined) return stopped;
  for (const { shard, pods } of input.shards) {
    for (const replica of replicasOf(effective.redundancy)) {
      const mine = pods.filter((pod) => pod.replica === replica && !pod.terminating);
      if (mine.some((pod) => pod.ready)) continue;
      const unplaced = mine.find(({ waitingReason }) => waitingReason === 'Unschedulable');
      return unplaced === undefined
        ? isTrue('ReplicaMissing', `shard ${shard}: replica ${replica} is not ready`)
        : isTrue(
            'Unschedulable',
            `shard ${shard}: replica ${replica} has no node of its own (${unplaced.message ?? 'no node takes it'}); add a node, or set spec.redundancy: 1`,
          );
    }
  }
  return isFalse('BothReplicasReady', 'every shard has both replicas ready');
}

export function pausedCondition({ plan }: StatusInput): Verdict {
  return plan.effective.paused
    ? isTrue('Paused', 'spec.paused is true')
    : isFalse('Collecting', 'spec.paused is false');
}
