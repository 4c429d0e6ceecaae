import { ASSIGNMENT_KEY, parseAssignment, type Assignment } from '../contract/assignment.ts';
import type { AssignmentPusher, Push } from './assignments.ts';
import type { KubeObject } from './plan/types.ts';

/** The same assignment without symbols, in force over the one before: its pods hand over to nobody. */
export function emptied(assignment: Assignment, nowMs: number): Assignment {
  const { epoch, effective } = assignment;
  return {
    ...assignment,
    epoch: Math.max(epoch + 1, nowMs),
    symbols: [],
    effective: { ...effective, symbols: [] },
  };
}

/**
 * Tells the pods of a feed that is gone: owner references end them anyway, but without this they would wait for a
 * successor. From what was pushed last, and after the operator's own restart from the ConfigMaps that are still there.
 */
export async function sayFarewell(
  feedUid: string,
  leftovers: readonly KubeObject[],
  { pusher, nowMs }: { readonly pusher: AssignmentPusher; readonly nowMs: number },
): Promise<void> {
  const byShard = new Map<number, Push>();
  for (const { data } of leftovers) {
    const payload = data?.[ASSIGNMENT_KEY];
    if (payload === undefined) continue;
    const assignment = parseAssignment(payload);
    if ('reason' in assignment) continue;
    const { shard, epoch } = assignment;
    byShard.set(shard, { feedUid, shard, epoch, payload, pods: [] });
  }
  for (const push of pusher.forget(feedUid)) byShard.set(push.shard, push);
  const tellings = [...byShard.values()].flatMap((push) => {
    const last = parseAssignment(push.payload);
    if ('reason' in last) return [];
    const assignment = emptied(last, nowMs);
    return [pusher.tell({ ...push, epoch: assignment.epoch, payload: JSON.stringify(assignment) })];
  });
  await Promise.all(tellings);
}
