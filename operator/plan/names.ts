import { API_GROUP, API_VERSION, FEED_KIND, type CollectorFeed } from '../../contract/feed.ts';
import type { Replica } from '../../contract/control.ts';
import type { KubeObject, OwnerReference } from './types.ts';

/** The only place that composes names, labels and annotations of Kubernetes objects. */
export const LABELS = {
  feed: `${API_GROUP}/feed`,
  feedUid: `${API_GROUP}/feed-uid`,
  shard: `${API_GROUP}/shard`,
  replica: `${API_GROUP}/replica`,
} as const;

export const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by';
export const MANAGED_BY = 'marketprism-operator';
/** What the operator watches of Deployments, ConfigMaps, NetworkPolicies and pods. */
export const OWNED_SELECTOR = `${MANAGED_BY_LABEL}=${MANAGED_BY}`;

export const ANNOTATIONS = {
  /** On a Deployment: hash of its pod template as planned, because the live one carries the API server's defaults. */
  template: `${API_GROUP}/template-hash`,
  /** On a pod template: hash of what a running collector cannot change without a restart. */
  settings: `${API_GROUP}/settings-hash`,
  /** On an assignment: symbols that another shard has taken over and that stay until they were seen there. */
  leaving: `${API_GROUP}/leaving`,
} as const;

/** Longest feed name: `<feed>-<shard>-<replica>` plus the suffixes of ReplicaSet and pod stay a label value (63). */
export const MAX_FEED_NAME = 45;

export const REPLICAS: readonly Replica[] = ['a', 'b'];
export const replicasOf = (redundancy: 1 | 2): readonly Replica[] => REPLICAS.slice(0, redundancy);
export const otherReplica = (replica: Replica): Replica => (replica === 'a' ? 'b' : 'a');

export const deploymentName = (feed: string, shard: number, replica: Replica): string =>
  `${feed}-${shard}-${replica}`;
export const assignmentName = (feed: string, shard: number): string => `${feed}-${shard}`;
export const networkPolicyName = (feed: string): string => feed;

/** What a pod of the feed is found by; also `status.selector`. */
export function feedSelector(feed: CollectorFeed): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/name': 'marketprism-collector', [LABELS.feed]: feed.metadata.name };
}

export function selectorText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** Without the UID: a Deployment's selector cannot change, and a recreated feed may adopt one that was left orphaned. */
export function replicaSelector(
  feed: CollectorFeed,
  shard: number,
  replica: Replica,
): Readonly<Record<string, string>> {
  return { ...feedSelector(feed), [LABELS.shard]: String(shard), [LABELS.replica]: replica };
}

export function feedLabels(feed: CollectorFeed): Readonly<Record<string, string>> {
  return {
    ...feedSelector(feed),
    'app.kubernetes.io/instance': feed.metadata.name,
    'app.kubernetes.io/component': 'collector',
    'app.kubernetes.io/part-of': 'marketprism',
    [MANAGED_BY_LABEL]: MANAGED_BY,
    [LABELS.feedUid]: feed.metadata.uid,
  };
}

export function shardLabels(feed: CollectorFeed, shard: number): Readonly<Record<string, string>> {
  return { ...feedLabels(feed), [LABELS.shard]: String(shard) };
}

export function replicaLabels(
  feed: CollectorFeed,
  shard: number,
  replica: Replica,
): Readonly<Record<string, string>> {
  return { ...shardLabels(feed, shard), [LABELS.replica]: replica };
}

export function ownerReference(feed: CollectorFeed): OwnerReference {
  return {
    apiVersion: `${API_GROUP}/${API_VERSION}`,
    kind: FEED_KIND,
    name: feed.metadata.name,
    uid: feed.metadata.uid,
    controller: true,
    // True needs rights on the feed's finalizers where OwnerReferencesPermissionEnforcement is on (OpenShift).
    blockOwnerDeletion: false,
  };
}

/** The shard that an owned object or pod belongs to; undefined when it has none. */
export function shardOf(object: Pick<KubeObject, 'metadata'>): number | undefined {
  const text = object.metadata.labels?.[LABELS.shard];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

export function replicaOf(object: Pick<KubeObject, 'metadata'>): Replica | undefined {
  const text = object.metadata.labels?.[LABELS.replica];
  return text === 'a' || text === 'b' ? text : undefined;
}
