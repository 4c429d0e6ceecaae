import type { EffectiveFeed } from '../../contract/effective.ts';
import type { FeedStatus } from '../../contract/feed.ts';
import {
  addByStream,
  ledgerSums,
  ledgerThrough,
  type ShardLedger,
  type WriterEntry,
} from '../../contract/ledger.ts';
import { isFresh } from './health.ts';
import { shardOf } from './names.ts';
import { rfc3339 } from './time.ts';
import type { Observed, Plan } from './types.ts';

export type Messages = NonNullable<FeedStatus['messages']>;

export interface Counts {
  readonly messages: Messages;
  /** Ledgers by shard, orphans last; what `CountsExact` is judged by. */
  readonly ledgers: readonly ShardLedger[];
  /** Every shard has a ledger. */
  readonly complete: boolean;
  /** Also nothing of a change in the number of shards is under way, so that no ledger is between two names. */
  readonly settled: boolean;
  /** What the ledgers say together, before «never falls» is applied. */
  readonly counted: number;
}

/** The sum of the ledgers; monotonic against the previous status, and never above what is stored. */
export function countMessages(observed: Observed, plan: Plan): Counts {
  const { effective } = plan;
  const shards = Array.from({ length: effective.collectors }, (_, shard) => mergedLedger(observed, shard));
  const known = shards.filter((ledger) => ledger !== undefined);
  const ledgers = [...known, ...orphanLedgers(observed, plan)];
  const complete = known.length === shards.length;
  const settled = complete && shardsSettled(observed, plan);
  const previous = observed.previous?.messages;
  const live = observed.reports.filter((report) => isFresh(report, observed.nowMs));
  const lastMs = observed.reports.reduce((last, report) => Math.max(last, report.lastMessageMs), 0);
  const lastTime = later(previous?.lastTime, lastMs === 0 ? undefined : rfc3339(lastMs));
  const head = {
    perSecond: Math.round(live.reduce((sum, { perSecond }) => sum + perSecond, 0)),
    ...(lastTime === undefined ? {} : { lastTime }),
  };
  const stream = currentStream(ledgers, effective);
  if (stream === undefined)
    return {
      messages: { ...previous, total: previous?.total ?? 0, ...head },
      ledgers,
      complete,
      settled,
      counted: 0,
    };
  const sums = sumLedgers(ledgers, stream);
  const messages = { ...monotonic(previous, sums, stream), ...head };
  const through = settled && everyPodReported(observed) ? throughSequence(ledgers, stream) : undefined;
  return {
    messages: { ...messages, ...advanced(previous, messages, through) },
    ledgers,
    complete,
    settled,
    counted: sums.base + sums.stored,
  };
}

const sameStream = (a: ShardLedger['stream'], b: ShardLedger['stream']): boolean =>
  a.name === b.name && a.created === b.created;
/** Nanoseconds have no fixed number of digits; without the `Z` the texts compare as the times. */
const createdBefore = (a: string, b: string): boolean => a.replace(/Z$/, '') < b.replace(/Z$/, '');

/** The stream that the feed writes to now, the youngest of that name. */
function currentStream(
  ledgers: readonly ShardLedger[],
  effective: EffectiveFeed,
): ShardLedger['stream'] | undefined {
  const streams = ledgers.map(({ stream }) => stream);
  const named = streams.filter(({ name }) => name === effective.stream.name);
  return (named.length > 0 ? named : streams).reduce<ShardLedger['stream'] | undefined>(
    (newest, stream) =>
      newest === undefined || createdBefore(newest.created, stream.created) ? stream : newest,
    undefined,
  );
}

interface Sums {
  readonly base: number;
  readonly stored: number;
  readonly duplicates: number;
  readonly byStream: ShardLedger['folded']['byStream'];
}

/** A shard that has not followed to the present stream yet: all of its counts lie before it. */
function sumLedgers(ledgers: readonly ShardLedger[], stream: ShardLedger['stream']): Sums {
  let sums: Sums = { base: 0, stored: 0, duplicates: 0, byStream: {} };
  for (const ledger of ledgers) {
    const own = ledgerSums(ledger);
    sums = sameStream(ledger.stream, stream)
      ? {
          base: sums.base + ledger.base,
          stored: sums.stored + own.stored,
          duplicates: sums.duplicates + own.duplicates,
          byStream: addByStream(sums.byStream, own.byStream),
        }
      : { ...sums, base: sums.base + ledger.base + own.stored };
  }
  return sums;
}

function monotonic(previous: Messages | undefined, sums: Sums, stream: ShardLedger['stream']): Messages {
  const before = previous?.stream !== undefined && sameStream(previous.stream, stream) ? previous : undefined;
  const byStream = { ...before?.byStream };
  for (const [name, count] of Object.entries(sums.byStream) as [keyof typeof byStream, number][])
    byStream[name] = Math.max(byStream[name] ?? 0, count);
  return {
    total: Math.max(previous?.total ?? 0, sums.base + sums.stored),
    duplicates: Math.max(before?.duplicates ?? 0, sums.duplicates),
    byStream,
    // The base belongs to the moment the stream became current; a shard that follows later adds to it.
    stream: { ...stream, base: Math.max(before?.stream?.base ?? 0, sums.base) },
  };
}

function advanced(
  previous: Messages | undefined,
  { stream }: Messages,
  through: number | undefined,
): { readonly throughSequence?: number } {
  const same = previous?.stream !== undefined && stream !== undefined && sameStream(previous.stream, stream);
  const before = same ? previous.throughSequence : undefined;
  if (through === undefined) return before === undefined ? {} : { throughSequence: before };
  return { throughSequence: Math.max(before ?? 0, through) };
}

/** Behind the lowest checkpoint of an open writer nothing is missing; with none open, all that was ever written is counted. */
function throughSequence(ledgers: readonly ShardLedger[], stream: ShardLedger['stream']): number | undefined {
  if (!ledgers.every((ledger) => sameStream(ledger.stream, stream))) return undefined;
  const open = ledgers.map(ledgerThrough).filter((sequence) => sequence !== undefined);
  if (open.length > 0) return Math.min(...open);
  return Math.max(
    0,
    ...ledgers.flatMap(({ writers }) => Object.values(writers).map(({ sequence }) => sequence)),
  );
}

/** A pod that may be writing and has not reported yet would be missed by the lowest checkpoint. */
function everyPodReported({ pods, reports }: Observed): boolean {
  return pods
    .filter(
      ({ phase, startedMs, waitingReason }) =>
        startedMs > 0 && waitingReason === null && (phase === 'Running' || phase === 'Pending'),
    )
    .every(({ name }) => reports.some(({ pod, ledger }) => pod === name && ledger !== null));
}

/**
 * A shard's ledger from everything that speaks of it. Those that folded most are the newest and agree on what is
 * folded, so their writers are united; from older ones only a writer's word on itself is taken, while it is open
 * (a closed one may be folded already and would count twice).
 */
function mergedLedger({ reports, ledgers }: Observed, shard: number): ShardLedger | undefined {
  const said = [
    ...reports
      .filter((report) => report.shard === shard && report.ledger !== null)
      .map(({ ledger, writer }) => ({ ledger: ledger as ShardLedger, own: writer as string | undefined })),
    ...ledgers.filter((entry) => entry.shard === shard).map(({ ledger }) => ({ ledger, own: undefined })),
  ];
  const newest = said.reduce<ShardLedger | undefined>(
    (best, { ledger }) => (best === undefined || isNewer(ledger, best) ? ledger : best),
    undefined,
  );
  if (newest === undefined) return undefined;
  const writers: Record<string, WriterEntry> = {};
  for (const { ledger, own } of said) {
    if (!sameStream(ledger.stream, newest.stream)) continue;
    const whole = ledger.base === newest.base && ledger.folded.stored === newest.folded.stored;
    for (const [writer, entry] of Object.entries(ledger.writers))
      if (whole || writer in newest.writers || (writer === own && !entry.closed))
        writers[writer] = fuller(writers[writer], entry);
  }
  const lost = said.reduce<ShardLedger['lost']>(
    (most, { ledger }) => (ledger.lost.length > most.length ? ledger.lost : most),
    [],
  );
  return { ...newest, writers, lost };
}

function isNewer(a: ShardLedger, b: ShardLedger): boolean {
  if (!sameStream(a.stream, b.stream))
    return a.base !== b.base ? a.base > b.base : createdBefore(b.stream.created, a.stream.created);
  return a.base + a.folded.stored > b.base + b.folded.stored;
}

function fuller(a: WriterEntry | undefined, b: WriterEntry): WriterEntry {
  if (a === undefined) return b;
  const more = b.stored > a.stored || (b.stored === a.stored && b.sequence > a.sequence) ? b : a;
  return { ...more, closed: a.closed || b.closed };
}

/**
 * Ledgers of shards that are no more, from shard 0; none while it obeys another assignment: it might name a shard that
 * is back, which would count twice.
 */
function orphanLedgers(
  { reports, ledgers, nowMs }: Observed,
  { assignments, effective }: Plan,
): readonly ShardLedger[] {
  const epoch = assignments.find(({ shard }) => shard === 0)?.assignment.epoch;
  const fresh = reports.filter((report) => report.shard === 0 && isFresh(report, nowMs));
  if (fresh.length === 0)
    return ledgers.filter(({ shard }) => shard >= effective.collectors).map(({ ledger }) => ledger);
  const [report] = fresh
    .filter((entry) => epoch === undefined || entry.epoch === epoch)
    .sort((a, b) => b.receivedMs - a.receivedMs);
  return report?.orphans ?? [];
}

/** How long shard 0 may take to read the ledgers of shards that it was told are no more. */
const ORPHANS_READ_MS = 10_000;

function shardsSettled({ objects, reports, nowMs }: Observed, { assignments, effective }: Plan): boolean {
  if (objects.some((object) => (shardOf(object) ?? 0) >= effective.collectors)) return false;
  const first = assignments.find(({ shard }) => shard === 0);
  if (first === undefined) return true;
  const { epoch } = first.assignment;
  const obeyed = reports.filter((report) => report.shard === 0 && isFresh(report, nowMs));
  return nowMs - epoch >= ORPHANS_READ_MS && obeyed.every((report) => report.epoch >= epoch);
}

const later = (a: string | undefined, b: string | undefined): string | undefined =>
  a === undefined || (b !== undefined && b > a) ? b : a;
