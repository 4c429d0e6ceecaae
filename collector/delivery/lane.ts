import type { GapCause } from '../../contract/record.ts';
import type { Outgoing, OutgoingInterrupted } from '../ports.ts';
import { withoutRecord, type Tail } from './chain.ts';
import type { Hope } from './other-writer.ts';

export type Publishable = Exclude<Outgoing, OutgoingInterrupted>;

/** A record on its way to the stream. */
export interface Item {
  record: Publishable;
  readonly pushedMs: number;
  readonly bytes: number;
  /** Order of arrival over all subjects. */
  readonly serial: number;
  /** Highest sequence known when it was first sent; undefined: never sent, so certainly not stored. */
  floor: number | undefined;
  /** A try may have been stored without our knowing. */
  unclear: boolean;
  triedMs: number;
  /** Records before it were dropped: why the hole that it ends exists. */
  afterDrop: GapCause | undefined;
  /** How many they were. */
  lostBefore: number;
  /** It is on disk too. */
  ticket: { resolved(): void } | undefined;
}

/** A record that a read-back found in the stream. */
export interface Held {
  readonly sequence: number;
  readonly writer: string;
  readonly resetTimeUs: number | null;
}

/** Places that a queue keeps when it is empty, so that the next records need no memory of their own. */
const MOST_KEPT_PLACES = 64;

/** One subject: its queue, and what we know of the stream's end. One unacknowledged publish at most. */
export class Lane {
  readonly subject: string;
  /** Gap records go to another stream and are not counted. */
  readonly isGap: boolean;
  /** From `#first` to before `#end`; what has gone is let go of at once: its memory is shared with records of others. */
  #items: (Item | undefined)[] = [];
  #first = 0;
  #end = 0;
  tail: Tail = { kind: 'unknown' };
  tailReadMs = -Infinity;
  /** Processing side: a hole was met, only a start can follow. */
  awaitingStart = false;
  /** A fresh start is wanted, for this reason, and none is queued. */
  resyncCause: GapCause | undefined;
  resyncAskedMs = -Infinity;
  /** Another writer stored the last record that was read, and just now: it may have more. */
  isOthers = false;
  /** A hole of ours waits for the other writer. */
  hope: Hope | undefined;
  /** Records were dropped and nothing is queued behind them yet: the next one gets this as `afterDrop`. */
  dropCause: GapCause | undefined;
  lostCount = 0;
  draining = false;
  /** Until here the subject was read back; undefined: never. */
  seenThrough: number | undefined;
  readBackMs = -Infinity;
  /** Ids of queued records that a read-back found. */
  readonly held = new Map<string, Held>();
  /** Last hole that was counted: once per `fromId`. */
  countedGapFrom: string | undefined;
  /** The venue's spelling, read once from a record. */
  instrument: string | undefined;
  /** Venue's time of the last record that the stream holds of us. */
  storedTimeUs: number | null = null;
  openGapFrom: string | undefined;
  /** A record of ours was stored or found stored: the tail is not only what was read. */
  begun = false;
  /** Jumps of trade ids, in a row, in which the venue's list named nothing. */
  emptyJumps = 0;
  cancelInterrupted: (() => void) | undefined;

  constructor(subject: string, isGap: boolean) {
    this.subject = subject;
    this.isGap = isGap;
  }

  get length(): number {
    return this.#end - this.#first;
  }

  get head(): Item | undefined {
    return this.#items[this.#first];
  }

  get newest(): Item | undefined {
    return this.length === 0 ? undefined : this.#items[this.#end - 1];
  }

  /** The oldest record that was never sent: one that was may be stored, so it is never dropped. */
  get oldestUnsent(): Item | undefined {
    const { head } = this;
    return head?.floor === undefined && !this.draining ? head : this.#items[this.#first + 1];
  }

  add(item: Item): void {
    this.#items[this.#end] = item;
    this.#end += 1;
  }

  shift(): Item | undefined {
    const { head } = this;
    if (head === undefined) return undefined;
    this.#items[this.#first] = undefined;
    this.#first += 1;
    if (this.#first === this.#end) this.#hold(this.#end > MOST_KEPT_PLACES ? [] : this.#items, 0);
    else if (this.#first > MOST_KEPT_PLACES && this.#first * 2 > this.#end) this.#hold(this.items());
    return head;
  }

  items(): Item[] {
    return this.#items.slice(this.#first, this.#end) as Item[];
  }

  has(test: (item: Item) => boolean): boolean {
    return this.items().some(test);
  }

  /** The record `count` places behind `item`, which is the first or second of the queue. */
  after(item: Item, count: number): Item | undefined {
    const place = item === this.head ? this.#first : this.#first + 1;
    return this.#items[place + count];
  }

  /** Takes `gone` out of the queue. */
  remove(gone: ReadonlySet<Item>): void {
    this.#hold(this.items().filter((item) => !gone.has(item)));
  }

  #hold(items: (Item | undefined)[], count = items.length): void {
    this.#items = items;
    this.#first = 0;
    this.#end = count;
  }
}

export const isStart = (record: Publishable): boolean =>
  record.kind === 'snapshot' && record.role !== 'periodic';

/** Fetched from the venue later: it says nothing of where the subject ends. */
export const isLate = (record: Publishable): boolean => record.kind === 'trade' && record.backfilled === true;

/** True where the ids themselves show what is missing. */
export function showsHoles(record: Publishable): boolean {
  return record.kind === 'trade' ? record.sequence !== null : record.kind !== 'other';
}

/**
 * The stream is another one, in which the subject holds nothing yet. Where the last one ended stays known: what follows it is
 * stored, and what does not is a hole.
 */
export function changeStream(lane: Lane): void {
  lane.tail = withoutRecord(lane.tail);
  lane.tailReadMs = -Infinity;
  lane.seenThrough = 0;
  lane.held.clear();
  for (const item of lane.items()) if (item.floor !== undefined) item.floor = 0;
}
