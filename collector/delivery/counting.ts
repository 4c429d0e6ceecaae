import type { Assignment } from '../../contract/assignment.ts';
import type { SettleReply } from '../../contract/control.ts';
import type { EffectiveFeed } from '../../contract/effective.ts';
import { formatWriter } from '../../contract/identity.ts';
import {
  emptyLedger,
  ledgerKey,
  rebaseLedger,
  withLostRange,
  withWriter,
  type ShardLedger,
  type WriterEntry,
} from '../../contract/ledger.ts';
import type { Clock } from '../../runtime/clock.ts';
import { inheritedSinceMs } from './inherited-holes.ts';
import type { LedgerStore } from './ledger-store.ts';
import { recount, withSettled } from './recount.ts';
import type { StreamReader, StreamState } from './stream-reader.ts';
import { WriterCount } from './watermark.ts';

export interface CountingOptions {
  readonly feed: Assignment['feed'];
  readonly shard: number;
  readonly shards: () => number;
  readonly pod: string;
  readonly writer: string;
  readonly effective: EffectiveFeed;
  readonly clock: Clock;
  readonly lastWordMs: number;
}

/** Orphaned ledgers and other pods' entries are read again this often without a change of ours. */
const REREAD_MS = 10_000;
const MAX_ORPHANS = 64;

/** This writer's entry in its shard's ledger: registered before the first publish, checkpointed, closed. */
export class Counting {
  readonly count = new WriterCount(0);
  readonly #options: CountingOptions;
  readonly #store: LedgerStore;
  readonly #reader: StreamReader;
  readonly #key: string;
  #stream: ShardLedger['stream'];
  #ledger: ShardLedger | undefined;
  #orphans: readonly ShardLedger[] = [];
  #written: WriterEntry | undefined;
  #readMs = -Infinity;
  /** Since when holes may lie there that another writer of this shard did not state; undefined: none did. */
  inheritedSinceMs: number | undefined;

  private constructor(
    options: CountingOptions,
    parts: { store: LedgerStore; reader: StreamReader },
    state: StreamState,
  ) {
    this.#options = options;
    this.#store = parts.store;
    this.#reader = parts.reader;
    this.#key = ledgerKey(options.feed.uid, options.shard);
    this.#stream = { name: options.effective.stream.name, created: state.created };
    this.count.reached(state.lastSequence);
  }

  /** Writes the entry first: a writer that dies before its first checkpoint must be known to have been. */
  static async begin(
    options: CountingOptions,
    parts: { store: LedgerStore; reader: StreamReader },
    state: StreamState,
  ): Promise<Counting> {
    const counting = new Counting(options, parts, state);
    await counting.#register();
    await counting.#settlePredecessors();
    return counting;
  }

  /** As last written, our own entry up to date. */
  ledger(): ShardLedger | null {
    if (this.#ledger === undefined) return null;
    const entry = this.count.entry(false, this.#options.clock.nowMs());
    return this.#written?.closed === true
      ? this.#ledger
      : withWriter(this.#ledger, this.#options.writer, entry);
  }

  get orphans(): readonly ShardLedger[] {
    return this.#orphans;
  }

  get created(): string {
    return this.#stream.created;
  }

  /** Writes the entry when it changed; reads what others wrote from time to time. */
  async checkpoint(unstatedSinceMs: number | undefined): Promise<void> {
    const nowMs = this.#options.clock.nowMs();
    const entry = withUnstated(this.count.entry(false, nowMs), unstatedSinceMs);
    const changed = !isSame(entry, this.#written);
    if (changed) await this.#write(entry);
    else if (nowMs - this.#readMs >= REREAD_MS)
      this.#ledger = (await this.#store.read(this.#key)) ?? this.#ledger;
    else return;
    if (nowMs - this.#readMs >= REREAD_MS) await this.#readOrphans();
    this.#readMs = nowMs;
  }

  /** The last word: closed, unless a record's fate is unknown; then a successor recounts. */
  async close(unstatedSinceMs: number | undefined): Promise<void> {
    const entry = this.count.entry(true, this.#options.clock.nowMs());
    await this.#write(withUnstated(entry, unstatedSinceMs));
  }

  /** A record of ours that was stored and is gone before it could be read. */
  async lost(sequence: number): Promise<void> {
    const range = { writer: this.#options.writer, fromSequence: sequence, toSequence: sequence };
    this.#ledger = await this.#store.change(this.#key, (ledger) =>
      withLostRange(ledger ?? emptyLedger(this.#stream), range),
    );
  }

  /** Compares the stream with the one that is counted; true when it was replaced and counting began anew. */
  async replacedBy(state: StreamState): Promise<boolean> {
    if (state.created === this.#stream.created) {
      this.count.reached(state.lastSequence);
      return false;
    }
    const { writer, clock } = this.#options;
    const final = this.count.finalEntry(clock.nowMs());
    const written = this.#written?.stored ?? 0;
    this.#stream = { ...this.#stream, created: state.created };
    this.count.restart(0);
    const fresh = this.count.entry(false, clock.nowMs());
    this.#ledger = await this.#store.change(this.#key, (ledger) => {
      // When another pod was first, the base holds what we had written; the rest is added here.
      const based =
        ledger?.stream.created === state.created
          ? { ...ledger, base: ledger.base + final.stored - written }
          : rebaseLedger(withWriter(ledger ?? emptyLedger(this.#stream), writer, final), this.#stream);
      return withWriter(based, writer, fresh);
    });
    this.#written = fresh;
    return true;
  }

  /** Recounts a dead writer of this shard; shard 0 also those of shards that are no more. */
  async settle(writer: string): Promise<SettleReply> {
    if (writer === this.#options.writer) return { kind: 'refused', reason: 'stillMine' };
    const keys = [this.#key, ...(this.#options.shard === 0 ? await this.#orphanKeys() : [])];
    for (const key of keys) {
      const entry = (await this.#store.read(key))?.writers[writer];
      if (entry === undefined) continue;
      if (entry.closed) return { kind: 'settled', stored: entry.stored };
      const settled = await this.#settleEntry(key, writer, entry);
      return { kind: 'settled', stored: settled };
    }
    // Registered before its first publish: without an entry there is nothing of it.
    return { kind: 'settled', stored: 0 };
  }

  async #settleEntry(key: string, writer: string, entry: WriterEntry): Promise<number> {
    const { feed, effective, clock } = this.#options;
    const shard = Number(key.slice(key.lastIndexOf('.') + 1));
    const name = formatWriter({ feedUid: feed.uid, shard, writer });
    const found = await recount(this.#reader, effective, entry, name);
    const ledger = await this.#store.change(key, (now) =>
      now === undefined || now.stream.created !== this.#stream.created
        ? (now ?? emptyLedger(this.#stream))
        : withSettled(now, writer, entry, { ...found, nowMs: clock.nowMs() }),
    );
    if (key === this.#key) this.#ledger = ledger;
    else await this.#readOrphans();
    return ledger.writers[writer]?.stored ?? 0;
  }

  /** A container that was restarted in its pod: its predecessors there are dead for certain. */
  async #settlePredecessors(): Promise<void> {
    const { pod, writer } = this.#options;
    for (const [name, entry] of Object.entries(this.#ledger?.writers ?? {})) {
      if (!entry.closed && name !== writer && name.startsWith(`${pod}.`))
        await this.#settleEntry(this.#key, name, entry);
    }
  }

  /** With its first entry it takes over what those before it left unstated: dying at once it hands that on. */
  async #register(): Promise<void> {
    const { writer, clock, lastWordMs } = this.#options;
    const first = this.count.entry(false, clock.nowMs());
    this.#ledger = await this.#store.change(this.#key, (ledger) => {
      const present = ledger === undefined ? emptyLedger(this.#stream) : rebaseLedger(ledger, this.#stream);
      this.inheritedSinceMs = inheritedSinceMs(present, { writer, nowMs: first.updatedMs, lastWordMs });
      this.#written = withUnstated(first, this.inheritedSinceMs);
      return withWriter(withoutUnstated(present), writer, this.#written);
    });
  }

  /** Another pod may have seen first that the stream was replaced: then our entry is of the old one and stays away. */
  async #write(entry: WriterEntry): Promise<void> {
    let foreign = false;
    this.#ledger = await this.#store.change(this.#key, (ledger) => {
      const present = ledger ?? emptyLedger(this.#stream);
      foreign = present.stream.created !== this.#stream.created;
      return foreign ? present : withWriter(present, this.#options.writer, entry);
    });
    if (!foreign) this.#written = entry;
  }

  async #orphanKeys(): Promise<readonly string[]> {
    const prefix = ledgerKey(this.#options.feed.uid, 0).slice(0, -1);
    const keys = await this.#store.keys(`${prefix}*`);
    return keys
      .filter((key) => Number(key.slice(prefix.length)) >= this.#options.shards())
      .slice(0, MAX_ORPHANS);
  }

  async #readOrphans(): Promise<void> {
    if (this.#options.shard !== 0) return;
    const ledgers = await Promise.all((await this.#orphanKeys()).map((key) => this.#store.read(key)));
    this.#orphans = ledgers.filter((ledger) => ledger !== undefined);
  }
}

const withUnstated = (entry: WriterEntry, sinceMs: number | undefined): WriterEntry =>
  sinceMs === undefined ? entry : { ...entry, unstatedSinceMs: sinceMs };

/** What closed writers left is another's now; open ones may be at work on theirs. */
function withoutUnstated(ledger: ShardLedger): ShardLedger {
  const writers = Object.entries(ledger.writers).map(([name, entry]): [string, WriterEntry] => {
    if (!entry.closed) return [name, entry];
    const { unstatedSinceMs: _, ...rest } = entry;
    return [name, rest];
  });
  return { ...ledger, writers: Object.fromEntries(writers) };
}

const isSame = (entry: WriterEntry, before: WriterEntry | undefined): boolean =>
  before !== undefined &&
  (['stored', 'duplicates', 'unstatedSinceMs'] as const).every((key) => entry[key] === before[key]);
