import type { CollectorReport, Replica } from '../../../contract/control.ts';
import type { CollectorFeed, FeedSpec } from '../../../contract/feed.ts';
import { emptyLedger, type ShardLedger, type WriterEntry } from '../../../contract/ledger.ts';
import { parseSettings, type Settings } from '../../../operator/settings.ts';
import type { Observed, PodSummary, ReceivedReport } from '../../../operator/plan/types.ts';

export const NOW_MS = 1_795_000_000_000;

export const SETTINGS_YAML = `
installation: market-data/marketprism
collector:
  image: ghcr.io/marketprism/marketprism:0.1.0
  resources:
    requests: { cpu: 100m, memory: 256Mi }
    limits: { memory: 512Mi }
control:
  servers: [nats://marketprism-nats.market-data:4222]
`;

export function settingsOf(text = SETTINGS_YAML): Settings {
  const result = parseSettings(text, 'market-data');
  if (result.kind === 'invalid') throw new Error(result.faults.join('\n'));
  return result.settings;
}

export const SPEC: FeedSpec = {
  exchange: 'binance',
  market: 'spot',
  symbols: ['BTC-USDT', 'ETH-USDT'],
  streams: ['orderbook', 'trade'],
};

export function feedOf(
  spec: Partial<FeedSpec> = {},
  metadata: Partial<CollectorFeed['metadata']> = {},
): CollectorFeed {
  return {
    apiVersion: 'marketprism.io/v1alpha1',
    kind: 'CollectorFeed',
    metadata: {
      name: 'binance-majors',
      namespace: 'market-data',
      uid: '7d9f6d7e-0000-4000-8000-000000000001',
      generation: 1,
      ...metadata,
    },
    spec: { ...SPEC, ...spec },
  };
}

export function observedOf(parts: Partial<Observed> = {}): Observed {
  return {
    feed: feedOf(),
    objects: [],
    pods: [],
    reports: [],
    ledgers: [],
    acknowledged: {},
    integrity: { gaps: 0, resyncs: 0 },
    stream: { kind: 'pending' },
    catalogue: { kind: 'unneeded' },
    neighbours: { collectors: 0, taken: [], rolling: 0, stuck: [] },
    previous: undefined,
    nowMs: NOW_MS,
    ...parts,
  };
}

export function podOf(parts: Partial<PodSummary> = {}): PodSummary {
  return {
    name: 'binance-majors-0-a-1',
    uid: 'pod-1',
    shard: 0,
    replica: 'a' satisfies Replica,
    phase: 'Running',
    ready: true,
    terminating: false,
    restarts: 0,
    waitingReason: null,
    message: null,
    nodeName: 'node-1',
    startedMs: NOW_MS - 60_000,
    ...parts,
  };
}

export function entryOf(parts: Partial<WriterEntry> = {}): WriterEntry {
  return {
    stored: 0,
    sequence: 0,
    byStream: {},
    duplicates: 0,
    closed: false,
    updatedMs: NOW_MS - 60_000,
    ...parts,
  };
}

export const STREAM = { name: 'MARKET_DATA', created: '2026-11-23T10:00:00.5Z' };

export function ledgerOf(
  writers: Readonly<Record<string, WriterEntry>>,
  parts: Partial<ShardLedger> = {},
): ShardLedger {
  return { ...emptyLedger(STREAM), writers, ...parts };
}

/** A pod that has all in sync and publishes. */
export function reportOf(parts: Partial<ReceivedReport> = {}): ReceivedReport {
  const pod = parts.pod ?? 'binance-majors-0-a-1';
  const writer = parts.writer ?? `${pod}.1`;
  const healthy: CollectorReport = {
    v: 1,
    feedUid: '7d9f6d7e-0000-4000-8000-000000000001',
    shard: 0,
    replica: 'a',
    pod,
    writer,
    epoch: NOW_MS,
    sentMs: NOW_MS,
    startedMs: NOW_MS - 60_000,
    terminating: false,
    symbols: { assigned: 2, inSync: 2, resyncing: 0, unknown: [], duplicates: [], worst: [] },
    flow: { lastFrameMs: NOW_MS, connected: true, flowing: true },
    publish: {
      connected: true,
      lastConfirmedMs: NOW_MS,
      inFlight: 0,
      queued: 0,
      spilledBytes: 0,
      dropped: 0,
      retries: 0,
    },
    ledger: ledgerOf({
      [writer]: entryOf({ stored: 100, sequence: 120, byStream: { trade: 40, orderbook: 60 } }),
    }),
    orphans: [],
    perSecond: 12.4,
    lastMessageMs: NOW_MS - 500,
    gaps: 0,
    resyncs: 0,
    lastGap: null,
    latencyMs: { p50: 3, p99: 9 },
    problems: [],
  };
  return { ...healthy, receivedMs: NOW_MS, ...parts };
}

export const READY_STREAM: Observed['stream'] = {
  kind: 'ready',
  name: 'MARKET_DATA',
  created: STREAM.created,
  foreignOwner: null,
};
