import type { Clock } from '../../../runtime/clock.ts';
import type { Item } from '../lane.ts';
import type { SpillFiles } from './files.ts';
import { encodeOwner, type SegmentOwner, type SpilledRecord } from './format.ts';
import { LostPlaces } from './lost-places.ts';
import { recoverSegments } from './recovery.ts';
import { Segment, type LostRecords } from './segment.ts';

interface Reading {
  readonly segment: Segment;
  readonly records: readonly SpilledRecord[];
  at: number;
}

export interface SpillOptions {
  readonly files: SpillFiles;
  readonly owner: SegmentOwner;
  readonly maxBytes: number;
  /** Bytes that may wait for a slow or failing disk, in memory. */
  readonly maxUnwrittenBytes: number;
  /** `stop`: the sockets are asked to pause before the bound is reached; the bound itself holds in both cases. */
  readonly whenFull: 'dropOldest' | 'stop';
  readonly clock: Clock;
  /** Read back, in order; kept on disk until `resolved` of the ticket is called. */
  readonly onRecord: (spilled: SpilledRecord, ticket: Ticket) => void;
  /** Records were given up: how many, at once. */
  readonly onDropped: (count: number) => void;
  /** The same, subject by subject, once everything before them was read back. */
  readonly onLost: (lost: readonly LostRecords[]) => void;
  readonly onPressure: (pressed: boolean) => void;
  readonly bump: (name: string, by?: number) => void;
  /** Null: the disk is well again. Called at changes only. */
  readonly onDisk: (failure: Error | null) => void;
}

export interface KeptItem {
  readonly item: Item;
  readonly isGap: boolean;
}

/** A record in memory that is on disk too. */
export interface Ticket {
  resolved(): void;
}

const MOST_SEGMENT_BYTES = 8 << 20;
/** What is given up at a bound is a whole segment: no large part of either. */
const SEGMENTS_IN_BOUND = 8;
const UNWRITTEN_SEGMENTS = 4;
const FLUSH_EVERY_MS = 50;
/** A disk that failed and has nothing to take is tried this often: nobody else would find it well. */
const PROBE_EVERY_MS = 5_000;
/** Share of what may wait for the disk at which a write does not wait for its turn. */
const FLUSH_AT = 0.125;
const PRESS_AT = 0.75;
const RELEASE_AT = 0.5;

/**
 * The log behind the queue in memory. While anything waits here, everything new goes behind it, so the order of arrival
 * is kept; what is read back stays on disk until the stream has it. Made for the death of the process: a successor in
 * the same pod finds all that was written, at most the last 50 ms are lost.
 */
export class Spill {
  readonly #options: SpillOptions;
  /** Oldest first; the last one grows unless it is sealed. */
  readonly #segments: Segment[] = [];
  #next = 1;
  #reading: Reading | undefined;
  #loading = false;
  #flushing: Promise<void> | undefined;
  #removals: Promise<unknown> = Promise.resolve();
  #pressed = false;
  #closed = false;
  #failing = false;
  #triedMs = -Infinity;
  readonly #lost: LostPlaces;
  readonly #stopFlush: () => void;

  constructor(options: SpillOptions) {
    this.#options = options;
    this.#lost = new LostPlaces(options.onLost);
    this.#stopFlush = options.clock.every(FLUSH_EVERY_MS, () => void this.flush());
  }

  /** True while records wait here that are not in memory. */
  get active(): boolean {
    return this.#segments.some(({ unread }) => unread > 0);
  }
  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }
  /** Written to no file yet. */
  get unwrittenBytes(): number {
    return this.#segments.reduce((sum, { unwrittenBytes }) => sum + unwrittenBytes, 0);
  }
  get full(): boolean {
    return this.bytes >= PRESS_AT * this.#options.maxBytes;
  }
  get pressed(): boolean {
    return this.#pressed;
  }
  /** When the oldest record on disk was made; undefined: nothing is there. */
  get oldestMs(): number | undefined {
    return this.#segments[0]?.oldestMs;
  }

  /** Puts what an earlier process left in front of everything. */
  async recover(): Promise<void> {
    const { files, owner, bump } = this.#options;
    const { segments, next, foreign, damaged } = await recoverSegments(files, owner);
    this.#next = Math.max(this.#next, next);
    this.#segments.unshift(...segments);
    const records = segments.reduce((sum, { unread }) => sum + unread, 0);
    if (records > 0) bump('spill.recovered', records);
    if (foreign > 0) bump('spill.foreignSegments', foreign);
    if (damaged > 0) bump('spill.damagedSegments', damaged);
    this.#sweep();
    this.#bound();
  }

  /** Behind everything that waits here. */
  append(spilled: SpilledRecord): void {
    const segment = this.#growing();
    segment.add(spilled, false);
    const { bump, maxUnwrittenBytes } = this.#options;
    bump('spill.written');
    if (this.unwrittenBytes >= FLUSH_AT * maxUnwrittenBytes) void this.flush();
    if (segment.bytes >= this.#segmentBytes) segment.sealed = true;
    this.#bound();
  }

  /** What is queued in memory, oldest first, is kept safe beside it; only while nothing waits here. */
  keep(items: readonly KeptItem[]): void {
    this.#seal();
    for (const { item, isGap } of items) {
      const segment = this.#growing();
      const { record, pushedMs } = item;
      const unclear = item.unclear || item.floor !== undefined;
      segment.add({ record, pushedMs, isGap, unclear }, true);
      item.ticket = this.#ticketOf(segment);
      if (segment.bytes >= this.#segmentBytes) segment.sealed = true;
    }
    // Never read back by this process: what follows goes into a file of its own.
    this.#seal();
    this.#options.bump('spill.kept', items.length);
  }

  /** Reads back up to so many records. */
  async load(most: number): Promise<void> {
    if (this.#loading || this.#closed) return;
    this.#loading = true;
    try {
      this.#reading ??= await this.#open();
      const { bump, onRecord } = this.#options;
      let loaded = 0;
      while (this.#reading !== undefined && loaded < most && !this.#closed) {
        const { segment, records } = this.#reading;
        const spilled = records[this.#reading.at];
        if (spilled !== undefined) {
          this.#reading.at += 1;
          segment.taken(spilled);
          loaded += 1;
          onRecord(segment.recovered ? { ...spilled, unclear: true } : spilled, this.#ticketOf(segment));
        }
        // At once: nobody calls again when the last record was the last of this turn.
        if (this.#reading?.at === records.length) this.#end(segment);
      }
      if (loaded > 0) bump('spill.readBack', loaded);
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#loading = false;
    }
  }

  /** Writes what has no file yet; one at a time, an error is tried again by the next call. */
  flush(): Promise<void> {
    this.#flushing ??= this.#flushAll().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopFlush();
    this.#seal();
    await this.flush();
    await Promise.all(this.#segments.map((segment) => segment.close()));
    await this.#removals;
  }

  get #segmentBytes(): number {
    const { maxBytes, maxUnwrittenBytes } = this.#options;
    return Math.min(MOST_SEGMENT_BYTES, maxBytes / SEGMENTS_IN_BOUND, maxUnwrittenBytes / UNWRITTEN_SEGMENTS);
  }

  #growing(): Segment {
    const last = this.#segments.at(-1);
    if (last !== undefined && !last.sealed) return last;
    const segment = new Segment(this.#next, this.#options.files, encodeOwner(this.#options.owner));
    this.#next += 1;
    this.#segments.push(segment);
    return segment;
  }

  #seal(): void {
    const last = this.#segments.at(-1);
    if (last !== undefined) last.sealed = true;
  }

  async #open(): Promise<Reading | undefined> {
    const segment = this.#segments.find(({ unread }) => unread > 0);
    if (segment === undefined) return undefined;
    segment.sealed = true;
    const { records } = await segment.read();
    return { segment, records, at: 0 };
  }

  /** Everything readable was read; what is still missing was damaged on disk. */
  #end(segment: Segment): void {
    this.#reading = undefined;
    this.#lose(segment, 'spill.damaged');
    this.#lost.passed(segment.number);
    this.#sweep();
  }

  #ticketOf(segment: Segment): Ticket {
    return {
      resolved: () => {
        segment.resolved();
        if (segment.done) this.#sweep();
      },
    };
  }

  #sweep(): void {
    for (let index = this.#segments.length - 1; index >= 0; index -= 1) {
      const segment = this.#segments[index];
      if (segment?.done !== true || segment === this.#reading?.segment) continue;
      this.#segments.splice(index, 1);
      this.#removals = Promise.all([this.#removals, this.#after(segment.remove())]).then(() => undefined);
    }
    this.#press();
  }

  /** The bounds: the oldest records that are on disk alone, or wait for it, go first, a file at a time. */
  #bound(): void {
    for (let victim = this.#victim(); victim !== undefined; victim = this.#victim()) {
      if (this.#reading?.segment === victim) this.#reading = undefined;
      victim.sealed = true;
      this.#lose(victim, 'spill.dropped');
      const before = this.#segments.length;
      this.#sweep();
      // What of it is in memory keeps the file: nothing more can be freed here.
      if (this.#segments.length === before) break;
    }
    this.#press();
  }

  /** What goes next; undefined within the bounds, or where nothing waits. */
  #victim(): Segment | undefined {
    const { maxBytes, maxUnwrittenBytes } = this.#options;
    const waiting = this.#segments.filter(({ unread }) => unread > 0);
    if (this.bytes > maxBytes) return waiting[0];
    if (this.unwrittenBytes <= maxUnwrittenBytes) return undefined;
    // What is in a file already frees no memory.
    return waiting.find(({ unwrittenBytes }) => unwrittenBytes > 0);
  }

  #lose(segment: Segment, counter: string): void {
    const before = this.#segments.findLast(({ number, unread }) => number < segment.number && unread > 0);
    const lost = segment.drop();
    const dropped = lost.reduce((sum, { count }) => sum + count, 0);
    if (dropped > 0) this.#options.bump(counter, dropped);
    if (dropped > 0) this.#options.onDropped(dropped);
    this.#lost.add(segment.number, before?.number, lost);
  }

  #press(): void {
    const { whenFull, maxBytes, maxUnwrittenBytes, onPressure } = this.#options;
    if (whenFull !== 'stop') return;
    const share = Math.max(this.bytes / maxBytes, this.unwrittenBytes / maxUnwrittenBytes);
    const pressed = this.#pressed ? share > RELEASE_AT : share >= PRESS_AT;
    if (pressed === this.#pressed) return;
    this.#pressed = pressed;
    onPressure(pressed);
  }

  /** Until nothing waits, or the disk fails: what comes meanwhile is written too. */
  async #flushAll(): Promise<void> {
    const next = (): Segment | undefined => this.#segments.find(({ unwrittenBytes }) => unwrittenBytes > 0);
    for (let segment = next(); segment !== undefined; segment = next()) {
      if (!(await this.#after(segment.flush()))) return;
      this.#tell(null);
    }
    if (this.#failing && this.#segments.length === 0) await this.#probe();
  }

  async #probe(): Promise<void> {
    const { clock, files, owner } = this.#options;
    if (this.#closed || clock.nowMs() - this.#triedMs < PROBE_EVERY_MS) return;
    this.#triedMs = clock.nowMs();
    const probe = new Segment(this.#next, files, encodeOwner(owner));
    this.#next += 1;
    const isWell = await this.#after(probe.flush());
    // What it wrote has to go again, too.
    if ((await this.#after(probe.remove())) && isWell) this.#tell(null);
  }

  async #after(work: Promise<void>): Promise<boolean> {
    try {
      await work;
      return true;
    } catch (error) {
      this.#failed(error);
      return false;
    }
  }

  #failed(error: unknown): void {
    this.#triedMs = this.#options.clock.nowMs();
    this.#options.bump('spill.failed');
    this.#tell(error instanceof Error ? error : new Error(String(error)));
  }

  #tell(failure: Error | null): void {
    if ((failure !== null) === this.#failing) return;
    this.#failing = failure !== null;
    this.#options.onDisk(failure);
  }
}
