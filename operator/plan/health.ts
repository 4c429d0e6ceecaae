import { accountedFor, type Problem } from '../../contract/control.ts';
import type { EffectiveFeed } from '../../contract/effective.ts';
import { CONFIRMED_FRESH_MS, REPORT_FRESH_MS } from './freshness.ts';
import type { Observed, PodSummary, ReceivedReport } from './types.ts';

/** What is known of one shard: its fresh reports, whichever pod they come from, and its pods. */
export interface ShardHealth {
  readonly shard: number;
  /** Not older than 15 s; terminating pods collect on until their successor is in sync, so they count. */
  readonly reports: readonly ReceivedReport[];
  readonly pods: readonly PodSummary[];
  /** Symbols in sync, or resyncing for under 30 s, at its best pod. */
  readonly active: number;
  /** Symbols that its best pod accounts for: active, unknown to the venue, or a second spelling. */
  readonly accounted: number;
  readonly flowing: boolean;
  readonly publishing: boolean;
  /** Of its busiest pod that stays, from 0 to 1. */
  readonly load: number;
  readonly problems: readonly Problem[];
}

export function shardHealths(observed: Observed, effective: EffectiveFeed): readonly ShardHealth[] {
  return Array.from({ length: effective.collectors }, (_, shard) => shardHealth(observed, shard));
}

function shardHealth(observed: Observed, shard: number): ShardHealth {
  const reports = observed.reports.filter(
    (report) => report.shard === shard && isFresh(report, observed.nowMs),
  );
  const most = (count: (report: ReceivedReport) => number): number =>
    reports.reduce((best, report) => Math.max(best, count(report)), 0);
  return {
    shard,
    reports,
    pods: observed.pods.filter((pod) => pod.shard === shard),
    active: most(({ symbols }) => symbols.inSync + symbols.resyncing),
    accounted: most(accountedFor),
    flowing: reports.some(({ flow }) => flow.connected && flow.flowing),
    load: Math.max(0, ...reports.filter(({ terminating }) => !terminating).map(({ load }) => load ?? 0)),
    publishing: reports.some((report) => isPublishing(report, observed.nowMs)),
    problems: reports.flatMap(({ problems }) => problems),
  };
}

export function isFresh(report: ReceivedReport, nowMs: number): boolean {
  return nowMs - report.receivedMs <= REPORT_FRESH_MS;
}

/** Age by the pod's clock at sending, plus the time since: the two clocks are never compared. */
function isPublishing({ publish, sentMs, receivedMs }: ReceivedReport, nowMs: number): boolean {
  if (!publish.connected || publish.lastConfirmedMs === 0) return false;
  return sentMs - publish.lastConfirmedMs + (nowMs - receivedMs) <= CONFIRMED_FRESH_MS;
}

/** The lowest epoch in force at pods that are not terminating, by acknowledgement or report; 0: none known. */
export function acknowledgedEpoch({ acknowledged }: Observed, { shard, reports }: ShardHealth): number {
  const epochs = reports.filter(({ terminating }) => !terminating).map(({ epoch }) => epoch);
  return Math.max(acknowledged[shard] ?? 0, epochs.length === 0 ? 0 : Math.min(...epochs));
}
