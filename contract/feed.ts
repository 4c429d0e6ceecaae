/** The custom resource `CollectorFeed` (marketprism.io/v1alpha1). `test/kube/crd/` proves these types equal to the schema in `crds/`. */

export const API_GROUP = 'marketprism.io';
export const API_VERSION = 'v1alpha1';
export const FEED_KIND = 'CollectorFeed';
export const FEED_PLURAL = 'collectorfeeds';
/** Annotation with the value `disabled`: the operator leaves the feed's objects alone, status is still written. */
export const RECONCILE_ANNOTATION = 'marketprism.io/reconcile';

export const EXCHANGES = ['binance', 'okx', 'deribit'] as const;
export type Exchange = (typeof EXCHANGES)[number];

export const MARKETS = ['spot', 'perpetual', 'future', 'option', 'index'] as const;
export type Market = (typeof MARKETS)[number];

export const STREAMS = [
  'orderbook',
  'trade',
  'volatility-index',
  'ticker',
  'mark-price',
  'funding-rate',
  'open-interest',
  'liquidation',
  'option-summary',
  'long-short-ratio',
] as const;
export type StreamName = (typeof STREAMS)[number];

/** A template per stream, and one for gap records; placeholders {exchange} {market} {symbol} {instrument} {stream}. */
export type SubjectTemplates = Readonly<Partial<Record<StreamName | 'gap', string>>>;

export interface SymbolSelector {
  readonly base?: string;
  readonly quote?: string;
  /** Glob over the canonical symbol, `*` and `?`. */
  readonly match?: string;
  /** Duration such as `720h`: only instruments that expire within it. */
  readonly expiryWithin?: string;
  readonly maxSymbols?: number;
}

export interface OrderbookSpec {
  readonly mode?: 'delta' | 'snapshot';
  /** Levels a side of a record in `mode: snapshot`. */
  readonly depth?: number;
  /** Duration between records in `mode: snapshot`. */
  readonly interval?: string;
  /** Duration between the full snapshots among the deltas. */
  readonly snapshotEvery?: string;
  /** Levels a side asked of the venue's REST snapshot. */
  readonly restDepth?: number;
  /** Whether the venue's own best bid and ask are read beside the book and compared with it. */
  readonly topCheck?: boolean;
  /** Duration between two comparisons of one book with a small REST book; zero: never. */
  readonly auditEvery?: string;
}

export interface NatsSpec {
  readonly servers?: readonly string[];
  readonly credentialsSecret?: { readonly name: string };
  readonly tlsSecret?: { readonly name: string };
  readonly inboxPrefix?: string;
  readonly jetstreamDomain?: string;
  readonly name?: string;
  readonly maxReconnectAttempts?: number;
  readonly reconnectTimeWait?: string;
  readonly subjects?: SubjectTemplates;
}

export interface JetstreamSpec {
  readonly stream?: string;
  readonly maxAge?: string;
  readonly maxBytes?: string;
  readonly maxMessages?: number;
  readonly replicas?: number;
  readonly storage?: 'file' | 'memory';
  readonly compression?: 'none' | 's2';
  readonly discard?: 'old' | 'new';
  readonly duplicateWindow?: string;
}

export interface BufferSpec {
  readonly memory?: string;
  readonly disk?: string;
  readonly whenFull?: 'dropOldest' | 'stop';
}

export interface ShardingSpec {
  readonly symbolsPerCollector?: number;
  /** Wins over `symbolsPerCollector` when set; the path of `/scale`. */
  readonly collectors?: number;
}

/** Pod overrides; the Kubernetes types are passed on unread, the API server judges them. */
export interface PodTemplateSpec {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly image?: string;
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  readonly imagePullSecrets?: readonly { readonly name: string }[];
  readonly serviceAccountName?: string;
  readonly resources?: {
    readonly limits?: Readonly<Record<string, string | number>>;
    readonly requests?: Readonly<Record<string, string | number>>;
  };
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly Readonly<Record<string, unknown>>[];
  readonly affinity?: Readonly<Record<string, unknown>>;
  readonly topologySpreadConstraints?: readonly Readonly<Record<string, unknown>>[];
  readonly priorityClassName?: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly caBundle?: { readonly configMap: string; readonly key?: string };
}

export interface EndpointsSpec {
  /** Base of the venue's WebSocket endpoint, `ws://` or `wss://`. */
  readonly websocket?: string;
  /** Base of the venue's REST endpoint, `http://` or `https://`. */
  readonly rest?: string;
}

export interface FeedSpec {
  readonly exchange: Exchange;
  readonly market: Market;
  readonly settle?: 'linear' | 'inverse';
  readonly symbols?: readonly string[];
  readonly symbolSelector?: SymbolSelector;
  readonly streams: readonly StreamName[];
  readonly orderbook?: OrderbookSpec;
  readonly nats?: NatsSpec;
  readonly jetstream?: JetstreamSpec;
  readonly buffer?: BufferSpec;
  readonly sharding?: ShardingSpec;
  readonly redundancy?: 1 | 2;
  readonly paused?: boolean;
  readonly template?: PodTemplateSpec;
  readonly endpoints?: EndpointsSpec;
  readonly venueSecret?: { readonly name: string };
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly generation: number;
  readonly resourceVersion?: string;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface CollectorFeed {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec: FeedSpec;
  readonly status?: FeedStatus;
}

export const CONDITIONS = [
  'Ready',
  'Reconciling',
  'Stalled',
  'DataFlowing',
  'Publishing',
  'StreamReady',
  'SymbolsResolved',
  'CountsExact',
  'RedundancyReduced',
  'Overloaded',
  'Paused',
] as const;
export type ConditionType = (typeof CONDITIONS)[number];

export interface Condition {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  /** CamelCase, from the closed list in `operator/plan/reasons.ts`. */
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
  readonly lastTransitionTime: string;
}

export interface FeedStatus {
  readonly observedGeneration?: number;
  /** When the observation behind this status was made, RFC 3339. */
  readonly observedTime?: string;
  readonly conditions?: readonly Condition[];
  /** The spec with every default filled in. */
  readonly effective?: Readonly<Record<string, unknown>>;
  /** Label selector of the collector pods, for `/scale`. */
  readonly selector?: string;
  readonly symbols?: { readonly desired: number; readonly active: number; readonly summary: string };
  readonly collectors?: {
    /** Shards, not pods. */
    readonly desired: number;
    readonly ready: number;
    readonly summary: string;
    /** The lowest assignment epoch acknowledged by pods that are not terminating. */
    readonly acknowledgedEpoch?: number;
  };
  readonly messages?: {
    readonly total: number;
    /** Every record of this feed stored at or below this stream sequence is in `total`. */
    readonly throughSequence?: number;
    readonly perSecond?: number;
    readonly duplicates?: number;
    readonly byStream?: Readonly<Partial<Record<StreamName, number>>>;
    readonly lastTime?: string;
    /** The stream that `throughSequence` belongs to; `base` is the total when it became current. */
    readonly stream?: { readonly name: string; readonly created: string; readonly base: number };
  };
  readonly integrity?: {
    readonly gaps: number;
    readonly resyncs: number;
    readonly lastGap?: {
      readonly symbol: string;
      readonly stream: string;
      readonly cause: string;
      readonly time: string;
    };
  };
  /** Venue time to acknowledged, milliseconds. */
  readonly latency?: { readonly p50: number; readonly p99: number };
  /** The at most 20 worst symbols. */
  readonly worst?: readonly { readonly symbol: string; readonly state: string; readonly reason: string }[];
}
