// Printed from crds/ by print-types.ts; not edited by hand.
export type SchemaSpec = {
  readonly exchange: 'binance' | 'okx' | 'deribit';
  readonly market: 'spot' | 'perpetual' | 'future' | 'option' | 'index';
  readonly settle?: 'linear' | 'inverse';
  readonly symbols?: readonly string[];
  readonly symbolSelector?: {
    readonly base?: string;
    readonly quote?: string;
    readonly match?: string;
    readonly expiryWithin?: string;
    readonly maxSymbols?: number;
  };
  readonly streams: readonly (
    | 'orderbook'
    | 'trade'
    | 'volatility-index'
    | 'ticker'
    | 'mark-price'
    | 'funding-rate'
    | 'open-interest'
    | 'liquidation'
    | 'option-summary'
    | 'long-short-ratio'
  )[];
  readonly orderbook?: {
    readonly mode?: 'delta' | 'snapshot';
    readonly depth?: number;
    readonly interval?: string;
    readonly snapshotEvery?: string;
    readonly restDepth?: number;
    readonly topCheck?: boolean;
    readonly auditEvery?: string;
  };
  readonly nats?: {
    readonly servers?: readonly string[];
    readonly credentialsSecret?: { readonly name: string };
    readonly tlsSecret?: { readonly name: string };
    readonly inboxPrefix?: string;
    readonly jetstreamDomain?: string;
    readonly name?: string;
    readonly maxReconnectAttempts?: number;
    readonly reconnectTimeWait?: string;
    readonly subjects?: {
      readonly orderbook?: string;
      readonly trade?: string;
      readonly 'volatility-index'?: string;
      readonly ticker?: string;
      readonly 'mark-price'?: string;
      readonly 'funding-rate'?: string;
      readonly 'open-interest'?: string;
      readonly liquidation?: string;
      readonly 'option-summary'?: string;
      readonly 'long-short-ratio'?: string;
      readonly gap?: string;
    };
  };
  readonly jetstream?: {
    readonly stream?: string;
    readonly maxAge?: string;
    readonly maxBytes?: string;
    readonly maxMessages?: number;
    readonly replicas?: number;
    readonly storage?: 'file' | 'memory';
    readonly compression?: 'none' | 's2';
    readonly discard?: 'old' | 'new';
    readonly duplicateWindow?: string;
  };
  readonly buffer?: {
    readonly memory?: string;
    readonly disk?: string;
    readonly whenFull?: 'dropOldest' | 'stop';
  };
  readonly sharding?: { readonly symbolsPerCollector?: number; readonly collectors?: number };
  readonly redundancy?: 1 | 2;
  readonly paused?: boolean;
  readonly template?: {
    readonly labels?: { readonly [key: string]: string };
    readonly annotations?: { readonly [key: string]: string };
    readonly image?: string;
    readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
    readonly imagePullSecrets?: readonly { readonly name: string }[];
    readonly serviceAccountName?: string;
    readonly resources?: {
      readonly limits?: { readonly [key: string]: string | number };
      readonly requests?: { readonly [key: string]: string | number };
    };
    readonly nodeSelector?: { readonly [key: string]: string };
    readonly tolerations?: readonly { readonly [key: string]: unknown }[];
    readonly affinity?: { readonly [key: string]: unknown };
    readonly topologySpreadConstraints?: readonly { readonly [key: string]: unknown }[];
    readonly priorityClassName?: string;
    readonly env?: readonly { readonly name: string; readonly value?: string }[];
    readonly securityContext?: { readonly [key: string]: unknown };
    readonly caBundle?: { readonly configMap: string; readonly key?: string };
  };
  readonly endpoints?: { readonly websocket?: string; readonly rest?: string };
  readonly venueSecret?: { readonly name: string };
};
export type SchemaStatus = {
  readonly observedGeneration?: number;
  readonly observedTime?: string;
  readonly conditions?: readonly {
    readonly type:
      | 'Ready'
      | 'Reconciling'
      | 'Stalled'
      | 'DataFlowing'
      | 'Publishing'
      | 'StreamReady'
      | 'SymbolsResolved'
      | 'CountsExact'
      | 'RedundancyReduced'
      | 'Overloaded'
      | 'Paused';
    readonly status: 'True' | 'False' | 'Unknown';
    readonly reason: string;
    readonly message: string;
    readonly observedGeneration: number;
    readonly lastTransitionTime: string;
  }[];
  readonly effective?: { readonly [key: string]: unknown };
  readonly selector?: string;
  readonly symbols?: { readonly desired: number; readonly active: number; readonly summary: string };
  readonly collectors?: {
    readonly desired: number;
    readonly ready: number;
    readonly summary: string;
    readonly acknowledgedEpoch?: number;
  };
  readonly messages?: {
    readonly total: number;
    readonly throughSequence?: number;
    readonly perSecond?: number;
    readonly duplicates?: number;
    readonly byStream?: {
      readonly orderbook?: number;
      readonly trade?: number;
      readonly 'volatility-index'?: number;
      readonly ticker?: number;
      readonly 'mark-price'?: number;
      readonly 'funding-rate'?: number;
      readonly 'open-interest'?: number;
      readonly liquidation?: number;
      readonly 'option-summary'?: number;
      readonly 'long-short-ratio'?: number;
    };
    readonly lastTime?: string;
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
  readonly latency?: { readonly p50: number; readonly p99: number };
  readonly worst?: readonly { readonly symbol: string; readonly state: string; readonly reason: string }[];
};
