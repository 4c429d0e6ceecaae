import { ASSIGNMENT_MOUNT } from '../../contract/assignment.ts';
import type { EffectiveFeed } from '../../contract/effective.ts';
import type { Replica } from '../../contract/control.ts';
import type { CollectorFeed, PodTemplateSpec } from '../../contract/feed.ts';
import { MALLOC_OPTIONS, YOUNG_OPTION } from '../../contract/process.ts';
import { parseQuantityBytes } from '../../contract/units.ts';
import type { Settings } from '../settings.ts';
import { contentHash } from './canonical.ts';
import { ANNOTATIONS, assignmentName, otherReplica, replicaLabels, replicaSelector } from './names.ts';
import { volumesOf, type MountedVolume } from './volumes.ts';

export const COLLECTOR_PORT = 8084;
export const GRACE_SECONDS = 90;
/** `nobody` of distroless images; `template.securityContext` overrides it (OpenShift wants its own range). */
const USER_ID = 65_532;
const MIB = 2 ** 20;

export interface PodOf {
  readonly feed: CollectorFeed;
  readonly effective: EffectiveFeed;
  readonly shard: number;
  readonly replica: Replica;
}

/**
 * The pod of one shard and replica. Nothing of symbols, shards, pause or stream limits is in it: those reach running
 * pods through the assignment; whatever does change here is a roll with handover.
 */
export function podTemplate(pod: PodOf, settings: Settings): Readonly<Record<string, unknown>> {
  const { feed, effective, shard, replica } = pod;
  const template = feed.spec.template ?? {};
  const volumes = volumesOf(
    { feed, effective, assignment: assignmentName(feed.metadata.name, shard) },
    settings,
  );
  const pullSecrets = template.imagePullSecrets ?? settings.collector.imagePullSecrets;
  const serviceAccountName = template.serviceAccountName ?? settings.collector.serviceAccountName;
  return {
    metadata: {
      labels: { ...template.labels, ...replicaLabels(feed, shard, replica) },
      annotations: { ...template.annotations, [ANNOTATIONS.settings]: contentHash(fixedSettings(effective)) },
    },
    spec: {
      terminationGracePeriodSeconds: GRACE_SECONDS,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...(serviceAccountName === null ? {} : { serviceAccountName }),
      ...(pullSecrets.length === 0 ? {} : { imagePullSecrets: pullSecrets }),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: USER_ID,
        runAsGroup: USER_ID,
        seccompProfile: { type: 'RuntimeDefault' },
        ...template.securityContext,
      },
      ...placementFields(template),
      ...affinity(pod),
      containers: [container(pod, volumes, settings)],
      volumes: volumes.map(({ name, source }) => ({ name, ...source })),
    },
  };
}

/** What a collector reads once, at its start. */
function fixedSettings(effective: EffectiveFeed): unknown {
  const { exchange, market, settle, streams, orderbook, nats, buffer, endpoints, stream, gapStream } =
    effective;
  const into = [stream.name, stream.scope, gapStream.name, gapStream.scope];
  return { exchange, market, settle, streams, orderbook, nats, buffer, endpoints, into };
}

function placementFields(template: PodTemplateSpec): Readonly<Record<string, unknown>> {
  const { nodeSelector, tolerations, topologySpreadConstraints, priorityClassName } = template;
  return Object.fromEntries(
    Object.entries({ nodeSelector, tolerations, topologySpreadConstraints, priorityClassName }).filter(
      ([, value]) => value !== undefined,
    ),
  );
}

/** Away from the other letter only: a surge pod may sit beside its predecessor, so two nodes are enough for a roll. */
function affinity({ feed, effective, shard, replica }: PodOf): Readonly<Record<string, unknown>> {
  const given = feed.spec.template?.affinity;
  if (effective.redundancy === 1) return given === undefined ? {} : { affinity: given };
  const podAntiAffinity = given?.['podAntiAffinity'] as Readonly<Record<string, unknown>> | undefined;
  const required = podAntiAffinity?.['requiredDuringSchedulingIgnoredDuringExecution'];
  const ours = {
    topologyKey: 'kubernetes.io/hostname',
    labelSelector: { matchLabels: replicaSelector(feed, shard, otherReplica(replica)) },
  };
  return {
    affinity: {
      ...given,
      podAntiAffinity: {
        ...podAntiAffinity,
        requiredDuringSchedulingIgnoredDuringExecution: [
          ours,
          ...(Array.isArray(required) ? (required as unknown[]) : []),
        ],
      },
    },
  };
}

function container(
  pod: PodOf,
  volumes: readonly MountedVolume[],
  settings: Settings,
): Readonly<Record<string, unknown>> {
  const template = pod.feed.spec.template ?? {};
  const resources = template.resources ?? settings.collector.resources;
  const probe = (path: string, periodSeconds: number, failureThreshold: number): unknown => ({
    httpGet: { path, port: 'http' },
    periodSeconds,
    // A collector that has too little of a processor answers late: ended, it would only begin anew.
    timeoutSeconds: 5,
    failureThreshold,
  });
  return {
    name: 'collector',
    image: template.image ?? settings.collector.image,
    imagePullPolicy: template.imagePullPolicy ?? settings.collector.imagePullPolicy,
    args: ['collect', '--assignment', ASSIGNMENT_MOUNT],
    env: environment(pod, volumes, settings),
    ports: [{ name: 'http', containerPort: COLLECTOR_PORT, protocol: 'TCP' }],
    startupProbe: probe('/healthz', 1, 60),
    livenessProbe: probe('/healthz', 10, 3),
    readinessProbe: probe('/readyz', 2, 2),
    resources,
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    // Whole directories, no subPath: the kubelet would not refresh those.
    volumeMounts: volumes.map(({ name, mountPath, readOnly }) => ({ name, mountPath, readOnly })),
  };
}

function environment(
  { feed, effective, replica }: PodOf,
  volumes: readonly MountedVolume[],
  settings: Settings,
): readonly unknown[] {
  const template = feed.spec.template ?? {};
  const limit = (template.resources ?? settings.collector.resources).limits?.['memory'];
  const ours: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: unknown }[] = [
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'MP_REPLICA', value: replica },
    { name: 'MP_CONTROL_NATS', value: settings.control.servers.join(',') },
    ...volumes.flatMap(({ variables }) => variables),
    { name: 'DATA_COLLECTOR_PORT', value: String(COLLECTOR_PORT) },
    { name: 'MP_GRACE_SECONDS', value: String(GRACE_SECONDS) },
  ];
  const mayBeOverridden = [
    { name: 'LOG_LEVEL', value: 'info' },
    ...Object.entries(MALLOC_OPTIONS).map(([name, value]) => ({ name, value })),
    {
      name: 'NODE_OPTIONS',
      value: [YOUNG_OPTION, ...heapOption(limit, effective.buffer.memoryBytes)].join(' '),
    },
  ];
  const fixed = new Set(ours.map(({ name }) => name));
  const given = (template.env ?? []).filter(({ name }) => !fixed.has(name));
  const overridden = new Set(given.map(({ name }) => name));
  return [...ours, ...mayBeOverridden.filter(({ name }) => !overridden.has(name)), ...given];
}

/** The heap leaves room for what lies outside it (publish buffer, sockets, code), so that V8 collects before the kernel kills. */
function heapOption(memoryLimit: string | number | undefined, bufferBytes: number): readonly string[] {
  const limitBytes = memoryLimit === undefined ? undefined : parseQuantityBytes(String(memoryLimit));
  if (limitBytes === undefined) return [];
  const heapBytes = Math.max(limitBytes / 2, limitBytes - bufferBytes - 64 * MIB);
  return [`--max-old-space-size=${Math.floor(heapBytes / MIB)}`];
}
