import type { CollectorFeed, Condition } from '../../contract/feed.ts';

/** One feed as the table shows it. Null: not known, or not yet. */
export interface Row {
  readonly feed: string;
  readonly market: string;
  /** `Yes`, `No`, `Paused`, or `?` while nobody has said. */
  readonly ready: string;
  readonly symbols: string;
  readonly perSecond: number | null;
  readonly total: number | null;
  readonly gaps: number | null;
  /** Venue to acknowledged. */
  readonly p99Ms: number | null;
  readonly lastTimeMs: number | null;
  /** Why it is not ready, and what it says is wrong. */
  readonly says: readonly string[];
  /** The worst symbols, those not in sync first. */
  readonly worst: readonly { readonly symbol: string; readonly state: string; readonly reason: string }[];
}

/** From the resource's status. */
export function rowOfFeed({ metadata, spec, status }: CollectorFeed): Row {
  const ready = conditionOf(status?.conditions, 'Ready');
  const isPaused = conditionOf(status?.conditions, 'Paused')?.status === 'True';
  const { messages, integrity, latency } = status ?? {};
  return {
    feed: `${metadata.namespace}/${metadata.name}`,
    market: `${spec.exchange} ${spec.market}`,
    ready: isPaused ? 'Paused' : ready === undefined ? '?' : ready.status === 'True' ? 'Yes' : 'No',
    symbols: status?.symbols?.summary ?? '',
    perSecond: messages?.perSecond ?? null,
    total: messages?.total ?? null,
    gaps: integrity?.gaps ?? null,
    p99Ms: latency?.p99 ?? null,
    lastTimeMs: timeOf(messages?.lastTime),
    says:
      ready === undefined || ready.status === 'True' || isPaused ? [] : [`${ready.reason}: ${ready.message}`],
    worst: (status?.worst ?? []).filter(({ state }) => state !== 'inSync'),
  };
}

const conditionOf = (
  conditions: readonly Condition[] | undefined,
  type: Condition['type'],
): Condition | undefined => conditions?.find((condition) => condition.type === type);

function timeOf(text: unknown): number | null {
  const ms = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

/** The part of a collector's `/api/v1/status` that is read. */
interface StatusPage {
  readonly message: string;
  readonly data: {
    readonly ready: boolean;
    readonly feed: { readonly namespace: string; readonly name: string } | null;
    readonly shard: number | null;
    readonly collection_stats: {
      readonly shard_total: number;
      readonly messages_per_second: number;
      readonly gaps: number;
      readonly latency_ms: { readonly p99: number } | null;
      readonly last_collection_time: string | null;
      readonly problems: readonly { readonly message: string }[];
      readonly symbols: {
        readonly assigned: number;
        readonly inSync: number;
        readonly worst: Row['worst'];
      } | null;
    };
  };
}

/** From a collector itself; undefined where the answer is of another program. */
export function rowOfCollector(url: string, body: unknown): Row | undefined {
  if (!isStatusPage(body)) return undefined;
  const { ready, feed, shard, collection_stats: stats } = body.data;
  const { symbols, problems } = stats;
  return {
    feed: feed === null ? url : `${feed.namespace}/${feed.name}`,
    market: `shard ${shard ?? '?'} at ${url.replace(/^https?:\/\//, '')}`,
    ready: ready ? 'Yes' : 'No',
    symbols: symbols === null ? '' : `${symbols.inSync}/${symbols.assigned}`,
    perSecond: Math.round(stats.messages_per_second),
    total: stats.shard_total,
    gaps: stats.gaps,
    p99Ms: stats.latency_ms?.p99 ?? null,
    lastTimeMs: timeOf(stats.last_collection_time),
    says: [...(ready ? [] : [body.message]), ...problems.map(({ message }) => message)],
    worst: (symbols?.worst ?? []).filter(({ state }) => state !== 'inSync'),
  };
}

/** A collector that cannot be asked is a line of the table, too. */
export function rowOfSilence(url: string, reason: string): Row {
  const nothing = { perSecond: null, total: null, gaps: null, p99Ms: null, lastTimeMs: null };
  return { feed: url, market: '', ready: 'No', symbols: '', ...nothing, says: [reason], worst: [] };
}

function isStatusPage(body: unknown): body is StatusPage {
  const { data } = (body ?? {}) as { readonly data?: { readonly service?: unknown } };
  return data?.service === 'marketprism-collector';
}
