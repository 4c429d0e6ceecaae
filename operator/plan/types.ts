import type { StreamRefusalReason } from '../../contract/stream-refusals.ts';
import type { Assignment } from '../../contract/assignment.ts';
import type { CollectorReport, Replica } from '../../contract/control.ts';
import type { EffectiveFeed } from '../../contract/effective.ts';
import type { CollectorFeed, FeedStatus } from '../../contract/feed.ts';
import type { ShardLedger } from '../../contract/ledger.ts';
import type { Selectable } from '../../contract/selector.ts';
import type { Reason } from './reasons.ts';
import type { SelectionView } from './selection.ts';

/**
 * The operator's pure core. `plan(observed, settings)` and `status(observed, plan, outcome)` are functions of
 * their arguments alone: no clock (`nowMs` is observed), no environment, no I/O, no state between calls; the same
 * arguments give the same bytes. Reading, applying, pruning, pushing and writing are the engine's.
 */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly OwnerReference[];
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  /** Of a ConfigMap. */
  readonly data?: Readonly<Record<string, string>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: boolean;
  readonly blockOwnerDeletion: boolean;
}

/** A collector pod, reduced to what is judged; `podSummary` in `pods.ts` makes it from the live object. */
export interface PodSummary {
  readonly name: string;
  readonly uid: string;
  readonly shard: number;
  readonly replica: Replica;
  readonly phase: string;
  readonly ready: boolean;
  readonly terminating: boolean;
  readonly restarts: number;
  /** `ImagePullBackOff`, `CrashLoopBackOff`, `Unschedulable`, …; null while nothing is wrong. */
  readonly waitingReason: string | null;
  readonly message: string | null;
  readonly nodeName: string | null;
  /** 0 before the kubelet took it. */
  readonly startedMs: number;
}

export type ReceivedReport = CollectorReport & {
  /** The operator's wall milliseconds at arrival: the pods' clocks are not trusted for staleness. */
  readonly receivedMs: number;
};

/** What the operator saw of the stream that the feed writes to. */
export type StreamObservation =
  | {
      readonly kind: 'ready';
      readonly name: string;
      readonly created: string;
      /** Another installation's: used, never changed. */
      readonly foreignOwner: string | null;
    }
  /** Not looked at yet. */
  | { readonly kind: 'pending' }
  /** The feed has its own NATS or its own stream: its shard 0 ensures it, problems come with its report. */
  | { readonly kind: 'delegated' }
  | { readonly kind: 'unreachable'; readonly sinceMs: number; readonly message: string }
  | {
      readonly kind: 'refused';
      readonly reason: StreamRefusalReason | 'StreamImmutable' | 'SubjectsNotCovered' | 'NatsAuthorization';
      readonly message: string;
    };

/** What is known of the venue's list of instruments. */
export type CatalogueObservation =
  /** The spec lists its symbols. */
  | { readonly kind: 'unneeded' }
  /** Not looked at yet. */
  | { readonly kind: 'unread' }
  | { readonly kind: 'pending'; readonly message: string }
  | { readonly kind: 'known'; readonly revision: number; readonly instruments: readonly Selectable[] };

/** A symbol whose subject an older feed has. */
export interface TakenSymbol {
  readonly symbol: string;
  /** `<namespace>/<name>` of the feed that collects it. */
  readonly by: string;
  readonly stream: string;
}

/** A roll whose new pod is not in sync within the deadline. */
export interface StuckRoll {
  /** `<namespace>/<name>` of the feed. */
  readonly feed: string;
  readonly image: string;
}

/** What other feeds have to do with this one. */
export interface Neighbourhood {
  /** Collectors of other feeds that share the venue's limits of one address with this feed's. */
  readonly collectors: number;
  readonly taken: readonly TakenSymbol[];
  /** Of those feeds: how many are being rolled, and which are stuck with that. */
  readonly rolling: number;
  readonly stuck: readonly StuckRoll[];
}

export interface Observed {
  readonly feed: CollectorFeed;
  /** Every Deployment, ConfigMap and NetworkPolicy that this feed's UID controls, as live. */
  readonly objects: readonly KubeObject[];
  readonly pods: readonly PodSummary[];
  /** The newest of each pod of this UID, kept for a while after the pod's end; stale ones included, judged by `receivedMs`. */
  readonly reports: readonly ReceivedReport[];
  /** Ledgers read from the bucket, for shards without a report (operator's start, paused feed). */
  readonly ledgers: readonly { readonly shard: number; readonly ledger: ShardLedger }[];
  /** The lowest epoch acknowledged by pods that are not terminating, per shard. */
  readonly acknowledged: Readonly<Record<number, number>>;
  /** Gaps and resyncs of every writer of this feed, also of those that are no more; from `reports.ts`. */
  readonly integrity: { readonly gaps: number; readonly resyncs: number };
  readonly stream: StreamObservation;
  readonly catalogue: CatalogueObservation;
  readonly neighbours: Neighbourhood;
  readonly previous: FeedStatus | undefined;
  readonly nowMs: number;
}

/** Why something of the spec cannot be had; `message` names field, value and mend. */
export interface Fault {
  readonly reason: Reason;
  readonly message: string;
  /** `stalled`: nothing can be collected until the spec changes. `partial`: the rest is collected. */
  readonly severity: 'stalled' | 'partial';
}

export interface PlannedAssignment {
  readonly shard: number;
  readonly assignment: Assignment;
  /**
   * Carries `metadata.resourceVersion` of the one it replaces, so that an old leader's write is refused (409: observe
   * again); without one it must be created. Absent from `Plan.apply`.
   */
  readonly configMap: KubeObject;
  /** False: the live ConfigMap has this content and epoch already; nothing to write, push only who has not acknowledged. */
  readonly changed: boolean;
}

export interface Plan {
  readonly effective: EffectiveFeed;
  readonly selection: SelectionView;
  /** Server-side apply, in this order, after the assignments were written. */
  readonly apply: readonly KubeObject[];
  /** Live objects to delete (background propagation, precondition uid). */
  readonly prune: readonly KubeObject[];
  readonly assignments: readonly PlannedAssignment[];
  readonly requeueAfterMs?: number;
  readonly faults: readonly Fault[];
  readonly held: readonly HeldRoll[];
  /** To be settled, also while nothing else is done. */
  readonly deadWriters: readonly DeadWriter[];
  /** `marketprism.io/reconcile: disabled`: nothing is applied or pruned, status is still written. */
  readonly handsOff: boolean;
}

/** A writer whose count is open and whose process is no more: a pod of its shard recounts it. */
export interface DeadWriter {
  readonly shard: number;
  readonly writer: string;
}

/** A Deployment whose new pod template waits; it is absent from `Plan.apply`. */
export interface HeldRoll {
  readonly deployment: string;
  readonly reason: 'SpillNotEmpty' | 'OtherRollFirst' | 'VenueBusy' | 'UpgradeStopped';
  /** Of `UpgradeStopped`: the feed in which the same image does not come into sync. */
  readonly because?: string;
}

/** What became of the plan. */
export type Outcome =
  | { readonly kind: 'applied' }
  /** Status is written before or without applying. */
  | { readonly kind: 'pending' }
  | { readonly kind: 'failed'; readonly object: string; readonly message: string };
