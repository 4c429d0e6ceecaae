import type { EffectiveFeed } from '../../contract/effective.ts';
import type { Condition, ConditionType, FeedStatus } from '../../contract/feed.ts';
import { countMessages } from './counts.ts';
import { acknowledgedEpoch, isFresh, shardHealths, type ShardHealth } from './health.ts';
import { feedSelector, selectorText } from './names.ts';
import type { SelectionView } from './selection.ts';
import { rfc3339 } from './time.ts';
import type { Observed, Outcome, Plan, ReceivedReport } from './types.ts';
import { countsExact, dataFlowing, publishing, streamReady, symbolsResolved } from './verdicts-data.ts';
import { overloaded } from './overloaded.ts';
import {
  pausedCondition,
  ready,
  reconciling,
  redundancyReduced,
  stalled,
  symbolSums,
} from './verdicts-feed.ts';
import type { StatusInput, Verdict } from './verdicts.ts';

const WORST = 20;
/** Longest message of a condition; the schema allows 1024. */
const MESSAGE_LENGTH = 1_024;

/** The status of the feed, whole: whoever writes it replaces what was there. */
export function status(observed: Observed, plan: Plan, outcome: Outcome): FeedStatus {
  const { effective } = plan;
  const shards = shardHealths(observed, effective);
  const counts = countMessages(observed, plan);
  const input: StatusInput = { observed, plan, outcome, shards, counts };
  const { taken } = observed.neighbours;
  const desired = effective.symbols.length + taken.length - doubled(shards);
  const active = effective.paused ? 0 : symbolSums(input).active;
  return {
    observedGeneration: observed.feed.metadata.generation,
    observedTime: rfc3339(observed.nowMs),
    conditions: conditions(input),
    effective: shownEffective(effective, plan.selection),
    selector: selectorText(feedSelector(observed.feed)),
    symbols: { desired, active, summary: `${active}/${desired}` },
    collectors: collectors(observed, shards),
    messages: counts.messages,
    integrity: integrity(observed),
    ...latency(observed),
    worst: worst(shards),
  };
}

/** Names of selected symbols that are shown; the rest is counted. */
const SHOWN_SYMBOLS = 20;

/** What is in force; without the symbols, which are the spec's own or too many, and without what is unset. */
function shownEffective(
  effective: EffectiveFeed,
  selection: SelectionView,
): Readonly<Record<string, unknown>> {
  const { symbols, ...settings } = effective;
  const shown = {
    ...settings,
    selection:
      selection.kind === 'selected'
        ? { matching: selection.matching, taken: selection.taken, symbols: symbols.slice(0, SHOWN_SYMBOLS) }
        : null,
  };
  return withoutUnset(shown) as Readonly<Record<string, unknown>>;
}

/** The API server drops nulls of a status, so one that had them would never equal what is stored. */
function withoutUnset(value: unknown): unknown {
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== null && field !== undefined)
      .map(([key, field]) => [key, withoutUnset(field)]),
  );
}

/** Spellings beyond the first of an instrument, as far as collectors have said. */
function doubled(shards: readonly ShardHealth[]): number {
  const spellings = shards.flatMap(({ reports }) =>
    reports.flatMap(({ symbols }) => symbols.duplicates.map(({ symbol }) => symbol)),
  );
  return new Set(spellings).size;
}

function conditions(input: StatusInput): readonly Condition[] {
  const published = publishing(input);
  const verdicts: readonly (readonly [ConditionType, Verdict])[] = [
    ['Ready', ready(input, published)],
    ['Reconciling', reconciling(input)],
    ['Stalled', stalled(input)],
    ['DataFlowing', dataFlowing(input)],
    ['Publishing', published],
    ['StreamReady', streamReady(input)],
    ['SymbolsResolved', symbolsResolved(input)],
    ['CountsExact', countsExact(input)],
    ['RedundancyReduced', redundancyReduced(input)],
    ['Overloaded', overloaded(input)],
    ['Paused', pausedCondition(input)],
  ];
  const { feed, previous, nowMs } = input.observed;
  return verdicts.map(([type, verdict]) => {
    const before = previous?.conditions?.find((condition) => condition.type === type);
    const flipped = before?.status !== verdict.status;
    return {
      type,
      status: verdict.status,
      reason: verdict.reason,
      message:
        verdict.message.length <= MESSAGE_LENGTH
          ? verdict.message
          : `${verdict.message.slice(0, MESSAGE_LENGTH - 1)}…`,
      observedGeneration: feed.metadata.generation,
      lastTransitionTime: before === undefined || flipped ? rfc3339(nowMs) : before.lastTransitionTime,
    };
  });
}

function collectors(
  observed: Observed,
  shards: readonly ShardHealth[],
): NonNullable<FeedStatus['collectors']> {
  const readyShards = shards.filter(({ pods }) => pods.some((pod) => pod.ready)).length;
  const epochs = shards.map((shard) => acknowledgedEpoch(observed, shard));
  const lowest = Math.min(...epochs);
  return {
    desired: shards.length,
    ready: readyShards,
    summary: `${readyShards}/${shards.length}`,
    ...(lowest > 0 ? { acknowledgedEpoch: lowest } : {}),
  };
}

/** Never falls: what the operator forgot at its restart is still in the previous status. */
function integrity({ previous, integrity: seen, reports }: Observed): NonNullable<FeedStatus['integrity']> {
  const before = previous?.integrity;
  const newest = reports
    .map(({ lastGap }) => lastGap)
    .filter((gap) => gap !== null)
    .sort((a, b) => b.timeMs - a.timeMs)[0];
  const reported = newest && {
    symbol: newest.symbol,
    stream: newest.stream,
    cause: newest.cause,
    time: rfc3339(newest.timeMs),
  };
  const kept = before?.lastGap;
  const lastGap = reported && (kept === undefined || reported.time > kept.time) ? reported : kept;
  return {
    gaps: Math.max(before?.gaps ?? 0, seen.gaps),
    resyncs: Math.max(before?.resyncs ?? 0, seen.resyncs),
    ...(lastGap === undefined ? {} : { lastGap }),
  };
}

/** That of the slowest collector: an average would hide it. */
function latency({ reports, nowMs }: Observed): Pick<FeedStatus, 'latency'> {
  const known = reports
    .filter((report) => isFresh(report, nowMs))
    .map(({ latencyMs }) => latencyMs)
    .filter((entry) => entry !== null);
  if (known.length === 0) return {};
  return {
    latency: {
      p50: Math.max(...known.map(({ p50 }) => p50)),
      p99: Math.max(...known.map(({ p99 }) => p99)),
    },
  };
}

type Worst = ReceivedReport['symbols']['worst'][number];
const STATES: readonly Worst['state'][] = ['resyncing', 'syncing', 'subscribing', 'waiting', 'inSync'];

function worst(shards: readonly ShardHealth[]): NonNullable<FeedStatus['worst']> {
  const bySymbol = new Map<string, Worst>();
  for (const { reports } of shards)
    for (const { symbols, terminating } of reports)
      if (!terminating) for (const entry of symbols.worst) bySymbol.set(entry.symbol, entry);
  return [...bySymbol.values()]
    .sort((a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state) || a.sinceMs - b.sinceMs)
    .slice(0, WORST)
    .map(({ symbol, state, reason }) => ({ symbol, state, reason }));
}
