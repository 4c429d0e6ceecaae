import { ledgerStored } from '../../contract/ledger.ts';
import { buildReport, type CollectorState } from '../report.ts';
import { judgeReadiness } from './readiness.ts';

/** Body of `/api/v1/status`; the outer shape and `collection_stats` are what monitoring scripts read. */
export function statusPage(state: CollectorState, version: string): Readonly<Record<string, unknown>> {
  const { assignment, nowMs, identity } = state;
  const readiness = judgeReadiness(state);
  return {
    status: 'success',
    message: readiness.ready ? 'collecting' : readiness.reason,
    data: {
      service: 'marketprism-collector',
      status: state.terminating ? 'terminating' : assignment === undefined ? 'initializing' : 'running',
      uptime_seconds: Math.max(0, Math.floor((nowMs - identity.startedMs) / 1_000)),
      version,
      ready: readiness.ready,
      pod: identity.pod,
      replica: identity.replica,
      writer: state.writer,
      feed: assignment?.feed ?? null,
      shard: assignment?.shard ?? null,
      epoch: assignment?.epoch ?? 0,
      collection_stats: collectionStats(state),
    },
    timestamp: new Date(nowMs).toISOString(),
  };
}

function collectionStats(state: CollectorState): Readonly<Record<string, unknown>> {
  const { assignment, session, delivery, writer } = state;
  const own = delivery?.ledger?.writers[writer];
  const report = assignment === undefined ? undefined : buildReport({ ...state, assignment });
  const publish = report?.publish;
  return {
    /** Records that JetStream stored for this process. */
    total_collections: own?.stored ?? 0,
    error_count: (publish?.dropped ?? 0) + (report?.problems.length ?? 0),
    last_collection_time: isoOrNull(report?.lastMessageMs),
    data_counts: { orderbooks: own?.byStream.orderbook ?? 0, trades: own?.byStream.trade ?? 0 },
    shard_total: delivery?.ledger == null ? 0 : ledgerStored(delivery.ledger),
    messages_per_second: report?.perSecond ?? 0,
    gaps: report?.gaps ?? 0,
    last_gap: report?.lastGap ?? null,
    load: state.load,
    latency_ms: report?.latencyMs ?? null,
    symbols: report?.symbols ?? null,
    venue: {
      ...report?.flow,
      resyncs: report?.resyncs ?? 0,
      counters: session?.counters ?? {},
      ...session?.gauges,
    },
    publish: { ...publish, counters: delivery?.counters ?? {}, ...delivery?.gauges },
    problems: report?.problems ?? [],
  };
}

const isoOrNull = (timeMs: number | undefined): string | null =>
  timeMs === undefined || timeMs === 0 ? null : new Date(timeMs).toISOString();
