import type { StreamName } from './feed.ts';
import type { ShardLedger } from './ledger.ts';

/**
 * Core NATS between operator and collectors. Nothing here is stored; whoever missed a message gets the next one.
 *
 * `assign`   operator → pods of a shard, request: the bytes of the ConfigMap; every pod replies an `AssignmentAck`.
 * `report`   pod → operator, once a second while something changes, else every 5 s.
 * `handover` terminating pod → the other pods of its shard and replica, request; each replies a `HandoverReply`.
 * `settle`   operator → pods of a shard, request: this writer is dead, recount it; one replies a `SettleReply`.
 */
const ROOT = 'marketprism';
export const reportSubject = (feedUid: string, shard: number): string => `${ROOT}.report.${feedUid}.${shard}`;
export const ALL_REPORTS = `${ROOT}.report.*.*`;
export const assignSubject = (feedUid: string, shard: number): string =>
  `${ROOT}.control.${feedUid}.${shard}.assign`;
export const handoverSubject = (feedUid: string, shard: number, replica: Replica): string =>
  `${ROOT}.control.${feedUid}.${shard}.handover.${replica}`;
export const settleSubject = (feedUid: string, shard: number): string =>
  `${ROOT}.control.${feedUid}.${shard}.settle`;

/**
 * Where replies come in: below `_INBOX`, so that a user with the usual permission may use them, and apart, so that
 * each role can be given its own and consumers can be kept from reading them (docs/nats-security.md).
 */
export const OPERATOR_INBOX = '_INBOX.marketprism.operator';
export const COLLECTOR_INBOX = '_INBOX.marketprism.collector';

export type Replica = 'a' | 'b';

export interface AssignmentAck {
  readonly pod: string;
  /** The epoch in force at this pod after the push. */
  readonly epoch: number;
  readonly terminating: boolean;
}

export interface HandoverRequest {
  readonly pod: string;
  /** Instruments that the terminating pod has in sync. */
  readonly inSync: readonly string[];
}
export interface HandoverReply {
  readonly pod: string;
  readonly terminating: boolean;
  /** How many of the asked instruments this pod does not have in sync yet. */
  readonly missing: number;
}

export interface SettleRequest {
  readonly writer: string;
}
export type SettleReply =
  | { readonly kind: 'settled'; readonly stored: number }
  | { readonly kind: 'refused'; readonly reason: 'stillMine' | 'unreachable' };

export const PROBLEM_REASONS = [
  'VenueUnreachable',
  'VenueRefused',
  'VenueSilent',
  'RegionRefused',
  'RateLimited',
  'SubscriptionRefused',
  'NatsUnreachable',
  'NatsAuthorization',
  'JetStreamUnavailable',
  'StreamMissing',
  'StreamRefused',
  'StreamOverlap',
  'ReplicasUnavailable',
  'StorageInsufficient',
  'AccountLimit',
  'ServerTooOld',
  'DuplicateWindowShort',
  'PublishTimeout',
  'BufferFull',
  'SpillFailed',
  'CredentialsMissing',
  'StreamNotOffered',
] as const;
export type ProblemReason = (typeof PROBLEM_REASONS)[number];

/** Something that a user can mend; `message` names field, value and mend. */
export interface Problem {
  readonly reason: ProblemReason;
  readonly message: string;
  readonly sinceMs: number;
}

export type SymbolState = 'waiting' | 'subscribing' | 'syncing' | 'inSync' | 'resyncing';

export interface CollectorReport {
  readonly v: 1;
  readonly feedUid: string;
  readonly shard: number;
  readonly replica: Replica;
  readonly pod: string;
  readonly writer: string;
  /** Assignment epoch in force; 0 before the first. */
  readonly epoch: number;
  readonly sentMs: number;
  /** Wall milliseconds of the process start. */
  readonly startedMs: number;
  readonly terminating: boolean;
  readonly symbols: {
    readonly assigned: number;
    readonly inSync: number;
    /** Resyncing for less than 30 s counts as active. */
    readonly resyncing: number;
    /** How many are unknown or a second spelling; the lists of them are cut. Absent: as many as the lists name. */
    readonly named?: number;
    readonly unknown: readonly { readonly symbol: string; readonly reason: string }[];
    /** Two spellings of one instrument: collected once. */
    readonly duplicates: readonly { readonly symbol: string; readonly of: string }[];
    /** At most 20, the worst first. */
    readonly worst: readonly {
      readonly symbol: string;
      readonly state: SymbolState;
      readonly sinceMs: number;
      readonly reason: string;
    }[];
  };
  readonly flow: {
    /** Wall milliseconds of the last frame or heartbeat of the venue; 0: none yet. */
    readonly lastFrameMs: number;
    readonly connected: boolean;
    /** True while every stream keeps its own pace. */
    readonly flowing: boolean;
  };
  readonly publish: {
    readonly connected: boolean;
    /** Wall milliseconds of the last acknowledgement or JetStream round trip; 0: none yet. */
    readonly lastConfirmedMs: number;
    readonly inFlight: number;
    readonly queued: number;
    readonly spilledBytes: number;
    readonly dropped: number;
    readonly retries: number;
  };
  /** This shard's ledger as last written, own entry up to date; shard 0 adds those of shards that are no more. */
  readonly ledger: ShardLedger | null;
  readonly orphans: readonly ShardLedger[];
  readonly perSecond: number;
  readonly lastMessageMs: number;
  readonly gaps: number;
  readonly resyncs: number;
  readonly lastGap: {
    readonly symbol: string;
    readonly stream: StreamName;
    readonly cause: string;
    readonly timeMs: number;
  } | null;
  /** How busy the collector's one thread is, from 0 to 1, over the last half minute. Absent: of an older version. */
  readonly load?: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number } | null;
  readonly problems: readonly Problem[];
}

/** Symbols that nobody waits for any more: in sync, briefly resyncing, or named. */
export function accountedFor({ symbols }: Pick<CollectorReport, 'symbols'>): number {
  const { inSync, resyncing, unknown, duplicates } = symbols;
  return inSync + resyncing + (symbols.named ?? unknown.length + duplicates.length);
}
