import { ASSIGNMENT_KEY, type Assignment } from '../../contract/assignment.ts';
import type { CollectorFeed } from '../../contract/feed.ts';
import { ANNOTATIONS, assignmentName, ownerReference, shardLabels } from './names.ts';
import type { KubeObject } from './types.ts';

/** The assignment of a shard: the bytes that pods mount and that are pushed. */
export function assignmentConfigMap(
  feed: CollectorFeed,
  assignment: Assignment,
  leaving: readonly string[],
  live: KubeObject | undefined,
): KubeObject {
  const { resourceVersion } = live?.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: assignmentName(feed.metadata.name, assignment.shard),
      namespace: feed.metadata.namespace,
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      labels: shardLabels(feed, assignment.shard),
      annotations: { [ANNOTATIONS.leaving]: JSON.stringify(leaving) },
      ownerReferences: [ownerReference(feed)],
    },
    data: { [ASSIGNMENT_KEY]: JSON.stringify(assignment) },
  };
}
