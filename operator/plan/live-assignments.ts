import { ASSIGNMENT_KEY, parseAssignment, type Assignment } from '../../contract/assignment.ts';
import { ANNOTATIONS, shardOf } from './names.ts';
import type { KubeObject } from './types.ts';

/** The present assignment of a shard as its ConfigMap holds it. */
export interface LiveAssignment {
  readonly shard: number;
  readonly configMap: KubeObject;
  /** Undefined when somebody wrote something else into it. */
  readonly assignment: Assignment | undefined;
  readonly leaving: readonly string[];
}

export function liveAssignments(objects: readonly KubeObject[]): readonly LiveAssignment[] {
  return objects
    .filter(({ kind }) => kind === 'ConfigMap')
    .flatMap((configMap) => {
      const shard = shardOf(configMap);
      if (shard === undefined) return [];
      const parsed = parseAssignment(configMap.data?.[ASSIGNMENT_KEY] ?? '');
      const assignment = 'reason' in parsed ? undefined : parsed;
      return [{ shard, configMap, assignment, leaving: leavingOf(configMap) }];
    })
    .sort((a, b) => a.shard - b.shard);
}

function leavingOf(configMap: KubeObject): readonly string[] {
  try {
    const value: unknown = JSON.parse(configMap.metadata.annotations?.[ANNOTATIONS.leaving] ?? '[]');
    return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
  } catch {
    // Somebody else wrote it: a move is then not overlapped, which the successor names as a gap if there is one.
    return [];
  }
}
