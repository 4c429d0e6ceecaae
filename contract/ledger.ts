import type { StreamName } from './feed.ts';

/**
 * Exact counts. Every writer (one process start of one pod) counts the records that JetStream stored for it, and
 * checkpoints (count, sequence) beside the data: all of its records at or below `sequence` are in `stored`, and
 * `stored` holds nothing above it. After its death only what lies behind the checkpoint is recounted.
 * One ledger a shard, one key each, changed under its revision.
 */
export interface WriterEntry {
  readonly stored: number;
  readonly sequence: number;
  readonly byStream: Readonly<Partial<Record<StreamName, number>>>;
  readonly duplicates: number;
  /** True once nothing more can come of it: it closed itself, or its successor recounted it. */
  readonly closed: boolean;
  /** Wall milliseconds of the last change; informative. */
  readonly updatedMs: number;
  /**
   * Wall milliseconds since when the stream may have holes that no gap record states yet, met by this writer or taken over
   * from those before it; absent: it knows of none.
   */
  readonly unstatedSinceMs?: number;
}

export interface ShardLedger {
  readonly v: 1;
  readonly stream: { readonly name: string; readonly created: string };
  /** Records counted in streams before this one (deleted, replaced). */
  readonly base: number;
  /** Records of closed writers that were folded away, in this stream. */
  readonly folded: {
    readonly stored: number;
    readonly byStream: Readonly<Partial<Record<StreamName, number>>>;
    readonly duplicates: number;
  };
  readonly writers: Readonly<Record<string, WriterEntry>>;
  /** Ranges that a limit, a purge or a deletion took before they could be recounted. */
  readonly lost: readonly {
    readonly writer: string;
    readonly fromSequence: number;
    readonly toSequence: number;
  }[];
}

/** Closed writers kept before the oldest are folded: more than any handover has at once, so a late one still finds its entry. */
export const KEPT_CLOSED_WRITERS = 8;
const KEPT_LOST_RANGES = 16;

export const ledgerKey = (feedUid: string, shard: number): string => `counts.${feedUid}.${shard}`;

export function emptyLedger(stream: ShardLedger['stream']): ShardLedger {
  return { v: 1, stream, base: 0, folded: { stored: 0, byStream: {}, duplicates: 0 }, writers: {}, lost: [] };
}

/** The ledger after its stream was replaced by another: what was counted becomes the base, writers begin at 0. */
export function rebaseLedger(ledger: ShardLedger, stream: ShardLedger['stream']): ShardLedger {
  if (ledger.stream.name === stream.name && ledger.stream.created === stream.created) return ledger;
  const open = Object.entries(ledger.writers).filter(([, entry]) => !entry.closed);
  return {
    ...emptyLedger(stream),
    base: ledger.base + ledgerStored(ledger),
    lost: [
      ...ledger.lost,
      ...open.map(([writer, entry]) => ({ writer, fromSequence: entry.sequence + 1, toSequence: -1 })),
    ].slice(-KEPT_LOST_RANGES),
  };
}

/** Counts never fall: an entry is only replaced by one that says at least as much. */
export function withWriter(ledger: ShardLedger, writer: string, entry: WriterEntry): ShardLedger {
  const before = ledger.writers[writer];
  const kept =
    before !== undefined && before.stored > entry.stored
      ? { ...before, closed: before.closed || entry.closed }
      : entry;
  return foldClosed({ ...ledger, writers: { ...ledger.writers, [writer]: kept } });
}

export function withLostRange(ledger: ShardLedger, range: ShardLedger['lost'][number]): ShardLedger {
  return { ...ledger, lost: [...ledger.lost, range].slice(-KEPT_LOST_RANGES) };
}

function foldClosed(ledger: ShardLedger): ShardLedger {
  const closed = Object.entries(ledger.writers)
    .filter(([, entry]) => entry.closed)
    .sort(([, a], [, b]) => a.updatedMs - b.updatedMs);
  if (closed.length <= KEPT_CLOSED_WRITERS) return ledger;
  const folding = closed.slice(0, closed.length - KEPT_CLOSED_WRITERS);
  const gone = new Set(folding.map(([writer]) => writer));
  return {
    ...ledger,
    folded: folding.reduce((sum, [, entry]) => addEntry(sum, entry), ledger.folded),
    writers: Object.fromEntries(Object.entries(ledger.writers).filter(([writer]) => !gone.has(writer))),
  };
}

function addEntry(
  sum: ShardLedger['folded'],
  entry: Pick<WriterEntry, 'stored' | 'byStream' | 'duplicates'>,
): ShardLedger['folded'] {
  return {
    stored: sum.stored + entry.stored,
    duplicates: sum.duplicates + entry.duplicates,
    byStream: addByStream(sum.byStream, entry.byStream),
  };
}

export function addByStream(
  a: Readonly<Partial<Record<StreamName, number>>>,
  b: Readonly<Partial<Record<StreamName, number>>>,
): Partial<Record<StreamName, number>> {
  const sum: Partial<Record<StreamName, number>> = { ...a };
  for (const [stream, count] of Object.entries(b) as [StreamName, number][])
    sum[stream] = (sum[stream] ?? 0) + count;
  return sum;
}

/** Records of this shard that the present stream took, each once. */
export function ledgerStored(ledger: ShardLedger): number {
  return ledgerSums(ledger).stored;
}

export function ledgerSums(ledger: ShardLedger): ShardLedger['folded'] {
  return Object.values(ledger.writers).reduce<ShardLedger['folded']>(addEntry, ledger.folded);
}

/** The sequence through which everything of this shard is counted; undefined when no writer is open (nothing can be missing). */
export function ledgerThrough(ledger: ShardLedger): number | undefined {
  const open = Object.values(ledger.writers).filter((entry) => !entry.closed);
  return open.length === 0 ? undefined : Math.min(...open.map((entry) => entry.sequence));
}

/** A ledger as it came from the network; undefined when it is none. */
export function parseLedger(value: unknown): ShardLedger | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const candidate = value as Partial<ShardLedger>;
  return candidate.v === 1 &&
    typeof candidate.writers === 'object' &&
    candidate.writers !== null &&
    typeof candidate.folded === 'object' &&
    candidate.folded !== null &&
    Array.isArray(candidate.lost) &&
    typeof candidate.stream?.created === 'string'
    ? (candidate as ShardLedger)
    : undefined;
}
