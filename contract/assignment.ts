import type { EffectiveFeed } from './effective.ts';

/** The ConfigMap of a shard holds the assignment under this key, and a pod mounts it here. */
export const ASSIGNMENT_KEY = 'assignment.json';
export const ASSIGNMENT_MOUNT = '/etc/marketprism/assignment';

/**
 * What one shard collects. The ConfigMap is the truth; the same bytes are pushed on core NATS after it was written.
 * The higher epoch wins, whatever way it came. No symbols: paused, deleted or scaled down.
 */
export interface Assignment {
  readonly v: 1;
  /** max(last + 1, wall milliseconds). */
  readonly epoch: number;
  readonly feed: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly shard: number;
  /** Shards that the feed has now; ledgers of shards at or above it are orphans, read by shard 0. */
  readonly shards: number;
  /** This shard's share, in the spelling of the spec. */
  readonly symbols: readonly string[];
  readonly effective: EffectiveFeed;
  readonly budget: {
    /** REST weight a minute that this collector may use. */
    readonly weightPerMinute: number;
    /** Its part of `CONNECTION_BUDGET`. */
    readonly connections: number;
  };
}

export type AssignmentFault = {
  readonly reason: 'notJson' | 'notAnAssignment' | 'wrongVersion';
  readonly detail: string;
};

/** Parses what came from a file or the network: shape only, the operator has judged the values. */
export function parseAssignment(text: string): Assignment | AssignmentFault {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { reason: 'notJson', detail: error instanceof Error ? error.message : String(error) };
  }
  if (typeof value !== 'object' || value === null)
    return { reason: 'notAnAssignment', detail: 'not an object' };
  const candidate = value as Partial<Assignment>;
  if (candidate.v !== 1) return { reason: 'wrongVersion', detail: `v is ${String(candidate.v)}, known is 1` };
  const whole =
    typeof candidate.epoch === 'number' &&
    typeof candidate.feed?.uid === 'string' &&
    typeof candidate.shard === 'number' &&
    typeof candidate.shards === 'number' &&
    Array.isArray(candidate.symbols) &&
    typeof candidate.effective === 'object' &&
    typeof candidate.budget === 'object';
  return whole ? (candidate as Assignment) : { reason: 'notAnAssignment', detail: 'a field is missing' };
}
