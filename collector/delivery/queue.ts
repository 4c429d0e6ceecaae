import type { Clock } from '../../runtime/clock.ts';
import type { Buffer } from './buffer.ts';
import type { Lane, Publishable } from './lane.ts';
import type { SpilledRecord } from './spill/format.ts';
import type { LostRecords } from './spill/segment.ts';
import type { KeptItem, Spill, Ticket } from './spill/spill.ts';

export interface QueueOptions {
  readonly clock: Clock;
  readonly buffer: Buffer;
  /** True while the stream can be reached. */
  readonly connected: () => boolean;
  readonly kick: (lane: Lane) => void;
  /** Undefined: there is no disk, memory is the bound. */
  readonly spill: ((queue: Queue) => Spill) | undefined;
  readonly loadPerSecond: number;
}

/** Share of the memory's bound at which new records go to disk, and below which they are read back. */
const SPILL_AT = 0.25;
const LOAD_BELOW = 0.125;
const TICK_MS = 50;
/** How long the stream may be out of reach before what is queued in memory is kept safe on disk. */
const HOLD_AFTER_MS = 1_000;

/** Records wait in memory; where there is a disk, in memory first and then there, and the order of arrival stays. */
export class Queue {
  readonly #options: QueueOptions;
  readonly #spill: Spill | undefined;
  #awaySinceMs: number | undefined;
  readonly #stopTick: () => void;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#spill = options.spill?.(this);
    this.#stopTick = options.clock.every(TICK_MS, () => this.#tick());
  }

  get spill(): Spill | undefined {
    return this.#spill;
  }
  /** True while records wait that are not in memory. */
  get spilling(): boolean {
    return this.#spill?.active === true;
  }

  push(lane: Lane, record: Publishable): void {
    const { buffer, clock } = this.#options;
    const spill = this.#spill;
    const pushedMs = clock.nowMs();
    // A gap record says what is missing, of the disk's own losses too: few and small, they never wait behind these. After a
    // sudden death the successor finds their holes in the stream.
    const isFirst = !(spill?.active === true || this.#holding || buffer.share >= SPILL_AT);
    if (spill === undefined || isFirst || lane.isGap) {
      buffer.push(lane, record, pushedMs);
      this.#options.kick(lane);
      return;
    }
    if (!spill.active) this.#keep(spill);
    spill.append({ record, pushedMs, isGap: lane.isGap, unclear: false });
  }

  onRecord(spilled: SpilledRecord, ticket: Ticket): void {
    const { buffer, kick } = this.#options;
    const { record, pushedMs, isGap, unclear } = spilled;
    const lane = buffer.lane(record.subject, isGap);
    buffer.push(lane, record, pushedMs, { ticket, unclear });
    kick(lane);
  }

  onDropped(count: number): void {
    this.#options.buffer.dropped += count;
  }

  /** The next record of each subject, which is still on disk or to come, ends a hole of our making. */
  onLost(lost: readonly LostRecords[]): void {
    const { buffer } = this.#options;
    for (const { subject, isGap, count } of lost) {
      const lane = buffer.lane(subject, isGap);
      lane.dropCause = 'overflow';
      lane.lostCount += count;
    }
  }

  /** What is queued in memory is safe on disk afterwards. */
  async close(): Promise<void> {
    this.#stopTick();
    const spill = this.#spill;
    if (spill === undefined) return;
    this.#keep(spill);
    await spill.close();
  }

  get #holding(): boolean {
    const since = this.#awaySinceMs;
    return since !== undefined && this.#options.clock.nowMs() - since >= HOLD_AFTER_MS;
  }

  #tick(): void {
    const { connected, clock, buffer, loadPerSecond } = this.#options;
    if (connected()) this.#awaySinceMs = undefined;
    else this.#awaySinceMs ??= clock.nowMs();
    const spill = this.#spill;
    if (spill === undefined) return;
    if (this.#holding && !spill.active) this.#keep(spill);
    if (connected() && spill.active && buffer.share < LOAD_BELOW)
      void spill.load(Math.ceil((loadPerSecond * TICK_MS) / 1_000));
  }

  #keep(spill: Spill): void {
    const items = this.#notKept();
    if (items.length > 0) spill.keep(items);
  }

  /** Oldest first. */
  #notKept(): readonly KeptItem[] {
    const items = [...this.#options.buffer.lanes.values()].flatMap((lane) =>
      lane
        .items()
        .filter(({ ticket }) => ticket === undefined)
        .map((item) => ({ item, isGap: lane.isGap })),
    );
    return items.toSorted((left, right) => left.item.serial - right.item.serial);
  }
}
