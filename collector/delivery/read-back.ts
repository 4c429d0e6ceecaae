import { lastIdOf } from '../../contract/identity.ts';
import type { Clock } from '../../runtime/clock.ts';
import { isLate, type Item, type Lane } from './lane.ts';
import { Marks } from './marks.ts';
import type { RangeStart, StoredHead, StreamReader } from './stream-reader.ts';
import { bookTailWith } from './tail.ts';

export interface ReadBackOptions {
  readonly clock: Clock;
  readonly reader: Pick<StreamReader, 'range'>;
  readonly streamOf: (lane: Lane) => string;
  /** So young a record the duplicate window alone is trusted with. */
  readonly freshMs: number;
  /** True while records wait on disk. */
  readonly spilling: () => boolean;
  /** The stream reached this sequence. */
  readonly onReached: (lane: Lane, sequence: number) => void;
}

interface Wanted {
  readonly lane: Lane;
  readonly start: RangeStart;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** After a reconnect every subject asks at once: they share a read. */
const GATHER_MS = 5;
const MAX_SUBJECTS = 256;
/** Ids of a subject that are remembered for records on disk. */
const MAX_HELD = 200_000;
/** The other writer may have stored a record so long before we received it. */
const AHEAD_MS = 60_000;

/**
 * What the subjects received meanwhile, headers only: queued records whose message id is there are marked as held, and
 * a book's tail moves to the highest id seen.
 */
export class ReadBack {
  readonly #options: ReadBackOptions;
  #wanted: Wanted[] = [];
  readonly #marks = new Marks();
  reads = 0;

  constructor(options: ReadBackOptions) {
    this.#options = options;
  }

  /** The stream holds something at this sequence. */
  reached(sequence: number): void {
    this.#marks.reached(sequence, this.#options.clock.nowMs());
  }

  /** Sequences begin again. */
  streamReplaced(): void {
    this.#marks.clear();
  }

  /**
   * The duplicate window is trusted with what is young; what is older, was fetched later than others may have received it,
   * is a value that the venue has said before (it repeats what stands to whoever subscribes or asks anew), or is a snapshot
   * whose acknowledgement was lost (its expectation is checked before its id), is looked up first.
   */
  isDue(lane: Lane, item: Item): boolean {
    const { clock, freshMs } = this.#options;
    const nowMs = clock.nowMs();
    const isOld = nowMs - item.pushedMs > freshMs || isLate(item.record) || this.#mayBeRepeated(lane, item);
    if (isOld && (nowMs - lane.readBackMs > freshMs || isUnread(lane, item))) return true;
    return item.unclear && item.record.kind === 'snapshot' && lane.readBackMs <= item.triedMs;
  }

  /**
   * What is pushed is news while the venue's time moves on, so a clock ahead of the venue's does not have all of it looked up;
   * two collectors poll at times of their own.
   */
  #mayBeRepeated({ storedTimeUs }: Lane, { record, pushedMs }: Item): boolean {
    if (record.kind !== 'other' || record.exchangeTimeUs === null) return false;
    if (pushedMs - record.exchangeTimeUs / 1_000 <= this.#options.freshMs) return false;
    return record.polled === true || storedTimeUs === null || record.exchangeTimeUs <= storedTimeUs;
  }

  async request(lane: Lane, item: Item): Promise<void> {
    await Promise.all(this.#startsOf(lane, item).map((start) => this.#ask(lane, start)));
  }

  #ask(lane: Lane, start: RangeStart): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#wanted.push({ lane, start, resolve, reject });
      if (this.#wanted.length === 1) this.#options.clock.after(GATHER_MS, () => void this.#run());
    });
  }

  /**
   * The last read told of every record that was queued by then, so a later one begins behind it. What we have stored
   * ourselves since proves nothing of what lies before it: another writer's records stand in between.
   */
  #startsOf(lane: Lane, item: Item): readonly RangeStart[] {
    const { floor } = item;
    const sinceMs = existsSinceMs(item) - AHEAD_MS;
    const before = isUnread(lane, item)
      ? lane.isGap
        ? undefined
        : this.#marks.at(sinceMs)
      : lane.seenThrough;
    const known = [before, floor].filter((sequence) => sequence !== undefined);
    const behind = { sequence: Math.min(...known) + 1 };
    if (before !== undefined) return [behind];
    return [{ timeMs: sinceMs }, ...(floor === undefined ? [] : [behind])];
  }

  async #run(): Promise<void> {
    const wanted = this.#wanted;
    this.#wanted = [];
    const groups = Map.groupBy(
      wanted,
      ({ lane, start }) => `${this.#options.streamOf(lane)} ${'sequence' in start ? 'sequence' : 'time'}`,
    );
    for (const group of groups.values()) {
      for (let index = 0; index < group.length; index += MAX_SUBJECTS)
        await this.#read(group.slice(index, index + MAX_SUBJECTS));
    }
  }

  async #read(group: readonly Wanted[]): Promise<void> {
    const [first] = group;
    if (first === undefined) return;
    const startedMs = this.#options.clock.nowMs();
    const lanes = new Map(group.map(({ lane }) => [lane.subject, lane]));
    const queued = new Map(
      group.map(({ lane }) => [lane.subject, new Set(lane.items().map(({ record }) => record.msgId))]),
    );
    const stream = this.#options.streamOf(first.lane);
    // What waits on disk is asked for later, and this part of the stream is not read again.
    const isSpilling = this.#options.spilling();
    try {
      this.reads += 1;
      const through = await this.#options.reader.range(
        stream,
        lowest(group.map(({ start }) => start)),
        [...lanes.keys()],
        (head) => {
          const lane = lanes.get(head.subject);
          if (lane === undefined) return;
          const comes = isSpilling && lane.held.size < MAX_HELD;
          note(lane, head, comes || queued.get(head.subject)?.has(head.msgId) === true);
        },
      );
      for (const { lane, resolve } of group) {
        lane.readBackMs = startedMs;
        lane.seenThrough = Math.max(through, lane.seenThrough ?? 0);
        if (!lane.isGap) this.reached(through);
        this.#options.onReached(lane, through);
        resolve();
      }
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }
}

/** The last read could not tell of it: it was not queued yet. */
const isUnread = (lane: Lane, { pushedMs }: Item): boolean => pushedMs >= lane.readBackMs;

/** What is fetched from the venue later, or said by it again, was there for others before. */
function existsSinceMs({ record, pushedMs }: Item): number {
  const mayBeOlder = isLate(record) || record.kind === 'other';
  if (!mayBeOlder || record.exchangeTimeUs === null) return pushedMs;
  return Math.min(pushedMs, record.exchangeTimeUs / 1_000);
}

/** All of a group are of one kind. */
function lowest(starts: readonly RangeStart[]): RangeStart {
  const [first = { sequence: 1 }] = starts;
  return starts.reduce<RangeStart>((low, start) => {
    if ('sequence' in low && 'sequence' in start) return { sequence: Math.min(low.sequence, start.sequence) };
    return 'timeMs' in low && 'timeMs' in start ? { timeMs: Math.min(low.timeMs, start.timeMs) } : low;
  }, first);
}

function note(lane: Lane, head: StoredHead, isKept: boolean): void {
  const { sequence, writer, resetTimeUs } = head;
  if (isKept) lane.held.set(head.msgId, { sequence, writer, resetTimeUs });
  const last = lastIdOf(head.msgId);
  if (last?.kind !== 'book' || lane.tail.kind !== 'book') return;
  lane.tail = bookTailWith(lane.tail, last.id, head);
}
