import type { ReceivedReport, HeldRoll, KubeObject, Neighbourhood } from './types.ts';
import { ANNOTATIONS, shardOf } from './names.ts';
import { REPORT_FRESH_MS } from './freshness.ts';

export interface RollInput {
  readonly wanted: readonly KubeObject[];
  readonly live: readonly KubeObject[];
  readonly reports: readonly ReceivedReport[];
  readonly neighbours: Pick<Neighbourhood, 'collectors' | 'rolling' | 'stuck'>;
  readonly nowMs: number;
}

/** The assignments leave a fifth of the venue's budget to rolls, a quarter of what the collectors share. */
const WAVE_SHARE = 1 / 4;

/**
 * Which Deployments have to wait with their new pod template. One roll a feed at a time, so that a bad template stops at
 * its first pod, the two letters are never rolled together and the venue's budget for rolls holds. A shard with records
 * on its spill waits: the spill goes with its pod. A roll that is stuck may always be replaced by the next template.
 * Of all feeds behind one address of a venue, so many roll at once as its budget for rolls can bear; and no roll begins to an
 * image that does not come into sync elsewhere: so an upgrade of all feeds stops itself.
 */
export function heldRolls(input: RollInput): readonly HeldRoll[] {
  const { wanted, live } = input;
  const pairs = wanted.map((object) => ({
    object,
    before: live.find(
      ({ kind, metadata }) => kind === 'Deployment' && metadata.name === object.metadata.name,
    ),
  }));
  const rolling = pairs.filter(({ before }) => before !== undefined && isRolling(before));
  const waiting = pairs.filter(({ object, before }) => before !== undefined && wouldRoll(object, before));
  const free = waiting.filter(({ object }) => !isSpilled(object, input));
  // What is being rolled already has its place in the wave.
  const next =
    rolling.length === 0
      ? free.find(({ object }) => heldByOthers(object, input) === undefined)
      : rolling.every((pair) => waiting.includes(pair))
        ? free.find((pair) => rolling.includes(pair))
        : undefined;
  return waiting
    .filter((pair) => pair !== next)
    .map(({ object }) => {
      const deployment = object.metadata.name;
      if (isSpilled(object, input)) return { deployment, reason: 'SpillNotEmpty' };
      const others = rolling.length === 0 && next === undefined ? heldByOthers(object, input) : undefined;
      return { deployment, ...(others ?? { reason: 'OtherRollFirst' }) };
    });
}

function heldByOthers(
  object: KubeObject,
  { wanted, neighbours: { collectors, rolling, stuck } }: RollInput,
): Omit<HeldRoll, 'deployment'> | undefined {
  const bad = stuck.find(({ image }) => image === imageOf(object));
  if (bad !== undefined) return { reason: 'UpgradeStopped', because: bad.feed };
  const wave = Math.max(1, Math.floor((collectors + wanted.length) * WAVE_SHARE));
  return rolling >= wave ? { reason: 'VenueBusy' } : undefined;
}

const isSpilled = (object: KubeObject, { reports, nowMs }: RollInput): boolean =>
  reports.some(
    (report) =>
      report.shard === shardOf(object) &&
      nowMs - report.receivedMs <= REPORT_FRESH_MS &&
      report.publish.spilledBytes > 0,
  );

function wouldRoll(wanted: KubeObject, live: KubeObject): boolean {
  const { replicas } = wanted.spec ?? {};
  if (replicas === 0 || live.spec?.['replicas'] === 0) return false;
  const hash = (object: KubeObject): string | undefined =>
    object.metadata.annotations?.[ANNOTATIONS.template];
  return hash(wanted) !== hash(live);
}

/** Pods of an older template are still wanted. */
export function isRolling({ metadata, status }: KubeObject): boolean {
  const number = (field: string): number => Number(status?.[field] ?? 0);
  return (
    number('observedGeneration') < (metadata.generation ?? 0) ||
    number('replicas') > number('updatedReplicas')
  );
}

/** Of one feed. */
export type RollState =
  | { readonly kind: 'rest' }
  | { readonly kind: 'rolling' }
  | { readonly kind: 'stuck'; readonly image: string };

/** `applied`: what the plan is about to apply. */
export function rollState(live: readonly KubeObject[], applied: readonly KubeObject[]): RollState {
  const deployments = live.filter(({ kind }) => kind === 'Deployment');
  const begins = deployments.some((before) =>
    applied.some(
      (object) =>
        object.kind === 'Deployment' &&
        object.metadata.name === before.metadata.name &&
        wouldRoll(object, before),
    ),
  );
  if (begins) return { kind: 'rolling' };
  const stuck = deployments.find(isStuck);
  if (stuck !== undefined) return { kind: 'stuck', image: imageOf(stuck) };
  return { kind: deployments.some(isRolling) ? 'rolling' : 'rest' };
}

interface DeploymentCondition {
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
}

export function conditionOf({ status }: KubeObject, wanted: string): DeploymentCondition | undefined {
  const conditions = status?.['conditions'];
  if (!Array.isArray(conditions)) return undefined;
  return (conditions as readonly DeploymentCondition[]).find(({ type }) => type === wanted);
}

/**
 * No new pod came into sync within `progressDeadlineSeconds`; the old ones collect on. What was said of the template before is
 * no word on the one that replaces it: else a roll back would pass for a roll that is stuck, and its place in the wave for free.
 */
export function isStuck(deployment: KubeObject): boolean {
  const { metadata, status } = deployment;
  return (
    Number(status?.['observedGeneration'] ?? 0) >= (metadata.generation ?? 0) &&
    isRolling(deployment) &&
    conditionOf(deployment, 'Progressing')?.reason === 'ProgressDeadlineExceeded'
  );
}

interface PodSpec {
  readonly template?: { readonly spec?: { readonly containers?: readonly { readonly image?: string }[] } };
}

export const imageOf = ({ spec }: KubeObject): string =>
  (spec as PodSpec | undefined)?.template?.spec?.containers?.[0]?.image ?? '';
