import type { ReceivedReport, HeldRoll, KubeObject } from './types.ts';
import { ANNOTATIONS, shardOf } from './names.ts';
import { REPORT_FRESH_MS } from './freshness.ts';

export interface RollInput {
  readonly wanted: readonly KubeObject[];
  readonly live: readonly KubeObject[];
  readonly reports: readonly ReceivedReport[];
  readonly nowMs: number;
}

/**
 * Which Deployments have to wait with their new pod template. One roll a feed at a time, so that a bad template stops at
 * its first pod, the two letters are never rolled together and the venue's budget for rolls holds. A shard with records
 * on its spill waits: the spill goes with its pod. A roll that is stuck may always be replaced by the next template.
 */
export function heldRolls({ wanted, live, reports, nowMs }: RollInput): readonly HeldRoll[] {
  const pairs = wanted.map((object) => ({
    object,
    before: live.find(
      ({ kind, metadata }) => kind === 'Deployment' && metadata.name === object.metadata.name,
    ),
  }));
  const rolling = pairs.filter(({ before }) => before !== undefined && isRolling(before));
  const waiting = pairs.filter(({ object, before }) => before !== undefined && wouldRoll(object, before));
  const spilled = (object: KubeObject): boolean =>
    reports.some(
      (report) =>
        report.shard === shardOf(object) &&
        nowMs - report.receivedMs <= REPORT_FRESH_MS &&
        report.publish.spilledBytes > 0,
    );
  const free = waiting.filter(({ object }) => !spilled(object));
  const next =
    rolling.length === 0
      ? free[0]
      : rolling.every((pair) => waiting.includes(pair))
        ? free.find((pair) => rolling.includes(pair))
        : undefined;
  return waiting
    .filter((pair) => pair !== next)
    .map(({ object }) => ({
      deployment: object.metadata.name,
      reason: spilled(object) ? 'SpillNotEmpty' : 'OtherRollFirst',
    }));
}

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
