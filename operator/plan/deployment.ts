import type { Settings } from '../settings.ts';
import { contentHash } from './canonical.ts';
import { ANNOTATIONS, deploymentName, ownerReference, replicaLabels, replicaSelector } from './names.ts';
import { podTemplate, type PodOf } from './pod-template.ts';
import type { KubeObject } from './types.ts';

/** One shard, one replica letter: a surge pod comes first, takes over, then the old one goes. */
export function deployment(pod: PodOf, settings: Settings): KubeObject {
  const { feed, effective, shard, replica } = pod;
  const template = podTemplate(pod, settings);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: deploymentName(feed.metadata.name, shard, replica),
      namespace: feed.metadata.namespace,
      labels: replicaLabels(feed, shard, replica),
      annotations: { [ANNOTATIONS.template]: contentHash(template) },
      ownerReferences: [ownerReference(feed)],
    },
    spec: {
      replicas: effective.paused ? 0 : 1,
      revisionHistoryLimit: 1,
      // Ready is in sync: until then the old pod collects on, and from then on the roll counts as stuck.
      progressDeadlineSeconds: settings.collector.rollDeadlineSeconds,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      selector: { matchLabels: replicaSelector(feed, shard, replica) },
      template,
    },
  };
}
