import { replicaOf, shardOf } from './names.ts';
import type { Reason } from './reasons.ts';
import { parseRfc3339 } from './time.ts';
import type { KubeObject, PodSummary } from './types.ts';

/** Waiting reasons of the kubelet that are not trouble. */
const HARMLESS = new Set(['ContainerCreating', 'PodInitializing']);

interface ContainerStatus {
  readonly ready?: boolean;
  readonly restartCount?: number;
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
  readonly lastState?: { readonly terminated?: { readonly reason?: string; readonly exitCode?: number } };
}
interface PodCondition {
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
}

/** What is judged of a live pod; undefined when it is no collector pod. */
export function podSummary(pod: KubeObject): PodSummary | undefined {
  const shard = shardOf(pod);
  const replica = replicaOf(pod);
  if (shard === undefined || replica === undefined) return undefined;
  const status = pod.status ?? {};
  const conditions = list(status['conditions']) as readonly PodCondition[];
  const [container] = list(status['containerStatuses']) as readonly ContainerStatus[];
  const condition = (type: string): PodCondition | undefined =>
    conditions.find((entry) => entry.type === type);
  return {
    name: pod.metadata.name,
    uid: pod.metadata.uid ?? '',
    shard,
    replica,
    phase: text(status['phase']) ?? 'Pending',
    ready: condition('Ready')?.status === 'True',
    terminating: pod.metadata.deletionTimestamp !== undefined,
    restarts: container?.restartCount ?? 0,
    ...trouble(container, condition('PodScheduled')),
    nodeName: text(pod.spec?.['nodeName']) ?? null,
    startedMs: parseRfc3339(text(status['startTime'])),
  };
}

function trouble(
  container: ContainerStatus | undefined,
  scheduled: PodCondition | undefined,
): Pick<PodSummary, 'waitingReason' | 'message'> {
  if (scheduled?.status === 'False')
    return { waitingReason: scheduled.reason ?? 'Unschedulable', message: scheduled.message ?? null };
  const { waiting } = container?.state ?? {};
  if (waiting?.reason === undefined || HARMLESS.has(waiting.reason))
    return { waitingReason: null, message: null };
  const ended = container?.lastState?.terminated;
  const how = ended === undefined ? null : `${ended.reason ?? 'ended'} (exit code ${ended.exitCode ?? '?'})`;
  return { waitingReason: waiting.reason, message: how ?? waiting.message ?? null };
}

const TROUBLES: Readonly<Record<string, { readonly reason: Reason; readonly mend: string }>> = {
  ...Object.fromEntries(
    ['ImagePullBackOff', 'ErrImagePull', 'InvalidImageName', 'ErrImageNeverPull'].map((name) => [
      name,
      {
        reason: 'ImagePullFailed',
        mend: "check spec.template.image or the chart's collector.image, and imagePullSecrets",
      },
    ]),
  ),
  CrashLoopBackOff: { reason: 'CrashLooping', mend: 'kubectl logs --previous names the cause' },
  Unschedulable: {
    reason: 'Unschedulable',
    mend: 'add room, or change spec.template (resources, nodeSelector, tolerations)',
  },
  ...Object.fromEntries(
    ['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'].map((name) => [
      name,
      { reason: 'ContainerConfigError', mend: 'check spec.template (env, securityContext)' },
    ]),
  ),
};

/** What keeps a pod from running, with its mend; undefined while nothing does. */
export function podTrouble(
  pod: PodSummary,
): { readonly reason: Reason; readonly message: string } | undefined {
  const known = TROUBLES[pod.waitingReason ?? ''];
  if (known === undefined) return undefined;
  const said = pod.message === null ? '' : ` (${pod.message})`;
  return { reason: known.reason, message: `pod ${pod.name}: ${pod.waitingReason}${said}; ${known.mend}` };
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
