import type { GapCause } from '../../contract/record.ts';
import { isStart, Lane, type Item, type Publishable } from './lane.ts';

/** What a record costs beside its payload: message id, subject, queue entry. Measured roughly, rounded up. */
const ITEM_OVERHEAD_BYTES = 400;
const PRESS_AT = 0.75;
const RELEASE_AT = 0.5;
const NOT_SPILLED: Pick<Item, 'ticket' | 'unclear'> = { ticket: undefined, unclear: false };

export interface BufferOptions {
  readonly maxBytes: number;
  readonly maxItems: number;
  /** `stop`: ask the sockets to pause before the bound is reached. The bound itself holds in both cases. */
  readonly whenFull: 'dropOldest' | 'stop';
  readonly onPressure: (pressed: boolean) => void;
}

/** Every queued record, by subject, under one bound. What does not fit drops the oldest, counted and named as a gap. */
export class Buffer {
  readonly lanes = new Map<string, Lane>();
  readonly #options: BufferOptions;
  #serial = 0;
  #bytes = 0;
  #count = 0;
  #pressed = false;
  dropped = 0;

  constructor(options: BufferOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get pressed(): boolean {
    return this.#pressed;
  }

  /** At the bound, as far as a status may say so. */
  get full(): boolean {
    return this.share >= PRESS_AT;
  }

  lane(subject: string, isGap: boolean): Lane {
    const known = this.lanes.get(subject);
    if (known !== undefined) return known;
    const lane = new Lane(subject, isGap);
    this.lanes.set(subject, lane);
    return lane;
  }

  get share(): number {
    return Math.max(this.#bytes / this.#options.maxBytes, this.#count / this.#options.maxItems);
  }

  push(
    lane: Lane,
    record: Publishable,
    pushedMs: number,
    spilled: Pick<Item, 'ticket' | 'unclear'> = NOT_SPILLED,
  ): void {
    if (record.kind === 'delta' && !record.joinOnly && lane.resyncCause !== undefined) {
      // Behind a hole, and no start is queued: nothing of this chain can be published.
      this.dropped += 1;
      spilled.ticket?.resolved();
      return;
    }
    if (isStart(record)) lane.resyncCause = undefined;
    const bytes = record.payload.byteLength + ITEM_OVERHEAD_BYTES;
    this.#serial += 1;
    const afterDrop = lane.dropCause;
    lane.dropCause = undefined;
    const lostBefore = lane.lostCount;
    lane.lostCount = 0;
    lane.add({
      afterDrop,
      lostBefore,
      record,
      pushedMs,
      bytes,
      serial: this.#serial,
      floor: undefined,
      ...spilled,
      triedMs: -Infinity,
    });
    this.#bytes += bytes;
    this.#count += 1;
    while (this.#over() && this.#dropOldest());
    this.#press();
  }

  shift(lane: Lane): void {
    const item = lane.shift();
    if (item === undefined) return;
    lane.held.delete(item.record.msgId);
    this.#bytes -= item.bytes;
    this.#count -= 1;
    item.ticket?.resolved();
    this.#press();
  }

  /** What was read for records on disk is of no use once they have passed. Bounds the subjects: those that rest are forgotten first come, and read again should they come back. */
  forgetIdle(keep: number, spilling: boolean): void {
    if (!spilling) for (const lane of this.lanes.values()) if (lane.length === 0) lane.held.clear();
    for (const [subject, lane] of this.lanes) {
      if (this.lanes.size <= keep) return;
      const resting = lane.length === 0 && !lane.draining && lane.cancelInterrupted === undefined;
      if (resting && !lane.awaitingStart) this.lanes.delete(subject);
    }
  }

  #over(): boolean {
    return this.#bytes > this.#options.maxBytes || this.#count > this.#options.maxItems;
  }

  #press(): void {
    if (this.#options.whenFull !== 'stop') return;
    const share = this.share;
    const pressed = this.#pressed ? share > RELEASE_AT : share >= PRESS_AT;
    if (pressed === this.#pressed) return;
    this.#pressed = pressed;
    this.#options.onPressure(pressed);
  }

  #dropOldest(): boolean {
    // Gap records last: they say what was lost.
    const oldest = this.#oldestUnsent(false) ?? this.#oldestUnsent(true);
    if (oldest === undefined) return false;
    const { lane } = oldest;
    const gone = chainFrom(lane, oldest.item);
    const behind = lane.after(oldest.item, gone.length);
    if (gone.length === 1 && oldest.item === lane.head) lane.shift();
    else lane.remove(new Set(gone));
    for (const item of gone) {
      this.#bytes -= item.bytes;
      item.ticket?.resolved();
    }
    this.#count -= gone.length;
    this.dropped += gone.length;
    markDropped(
      lane,
      gone.reduce((sum, { lostBefore }) => sum + 1 + lostBefore, 0),
      behind,
    );
    interrupt(lane, oldest.item.record, 'overflow');
    return true;
  }

  #oldestUnsent(ofGaps: boolean): { readonly lane: Lane; readonly item: Item } | undefined {
    let oldest: { readonly lane: Lane; readonly item: Item } | undefined;
    for (const lane of this.lanes.values()) {
      const item = lane.isGap === ofGaps ? lane.oldestUnsent : undefined;
      if (item !== undefined && (oldest === undefined || item.serial < oldest.item.serial))
        oldest = { lane, item };
    }
    return oldest;
  }
}

/** A delta is of no use without those before it: a book loses everything up to its next start, others one record. */
function chainFrom(lane: Lane, item: Item): readonly Item[] {
  const { kind } = item.record;
  if (kind !== 'delta' && kind !== 'snapshot') return [item];
  const items = lane.items();
  const from = items.indexOf(item);
  const next = items.findIndex((other, index) => index > from && isStart(other.record));
  return items.slice(from, next === -1 ? undefined : next);
}

/** The lane lost this record: a book asks for a start, unless one is queued. */
export function interrupt(lane: Lane, record: Publishable, cause: GapCause): void {
  if (record.kind !== 'delta' && record.kind !== 'snapshot') return;
  lane.awaitingStart = true;
  if (!lane.has((item) => isStart(item.record))) lane.resyncCause ??= cause;
}

/** The record behind a drop, queued or still to come, ends a hole of our making. */
export function markDropped(lane: Lane, lost: number, behind: Item | undefined = lane.head): void {
  if (behind === undefined) {
    lane.dropCause = 'overflow';
    lane.lostCount += lost;
  } else {
    behind.afterDrop = 'overflow';
    behind.lostBefore += lost;
  }
}
