import type { EffectiveFeed } from '../../contract/effective.ts';
import { lastIdOf } from '../../contract/identity.ts';
import type { GapCause } from '../../contract/record.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { OutgoingOther, OutgoingTrade, TradesFetched, VenueSession } from '../ports.ts';
import type { Hole } from './chain.ts';
import { gapOutgoing } from './gap-record.ts';
import type { Lane, Publishable } from './lane.ts';
import type { StreamReader } from './stream-reader.ts';
import type { DeliveryTuning } from './tuning.ts';

/** A hole as met: the record that ends it is stored at `toSequence`. */
export interface MetHole {
  readonly lane: Lane;
  readonly record: Publishable;
  readonly hole: Hole;
  readonly toSequence: number;
  readonly cause: GapCause;
  /** Wall milliseconds since when it may be there; absent: it was met just now. */
  readonly sinceMs?: number | undefined;
}

/** `missing` 0: the ids are missing in the stream, and no trade is. */
export interface StatedGap {
  readonly fromId: number;
  readonly missing: number | undefined;
}

export interface HolesOptions {
  readonly clock: Clock;
  readonly effective: EffectiveFeed;
  readonly reader: Pick<StreamReader, 'range'>;
  readonly tuning: Pick<DeliveryTuning, 'settleMs' | 'otherQuietMs' | 'otherMostMs' | 'lastWordMs'>;
  /** The subject's queue as it is now. */
  readonly laneOf: (subject: string) => Lane;
  /** True while records wait on disk, behind those in memory. */
  readonly spilling: () => boolean;
  readonly onTradesWanted: VenueSession['tradesWanted'];
  readonly onGap: (gap: OutgoingOther, met: MetHole, stated: StatedGap) => void;
  readonly onError: (error: unknown) => void;
}

/** Holes that are worked on; more than these at once are stated without a look-up. */
const MAX_WAITING = 2_000;
/** The last record of a subject may be another writer's late one: look a little further back. */
const LOOK_BACK = 5_000;
const RETRY_MS = 1_000;
/** Until trades that were fetched have left the queue. */
const PASS_MS = 20;
/** A venue's list that has no longer a day's trades is not asked for older ones. */
const MAX_AGE_US = 24 * 3_600_000_000;
/** Jumps in a row behind which the venue's list named nothing: such ids simply jump. */
const MAX_EMPTY_JUMPS = 20;

interface Look {
  /** Ids of trades that the stream holds within the hole. */
  readonly held: ReadonlySet<number>;
  /** Book id that the stream reached before the record that ends the hole. */
  readonly reached: number;
}

type MetTrade = MetHole & { readonly record: OutgoingTrade };

/**
 * A gap is a statement about the stream: what one writer did not have is looked up there, then fetched from the venue and
 * looked up again, before it is said to be missing.
 */
export class Holes {
  readonly #options: HolesOptions;
  readonly #counters: Record<string, number> = {};
  /** By object: since when each may be there. */
  readonly #waiting = new Map<MetHole, number>();
  #closed = false;

  constructor(options: HolesOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Since when those that are worked on may be there; undefined: there are none. */
  get unstatedSinceMs(): number | undefined {
    return this.#waiting.size === 0 ? undefined : Math.min(...this.#waiting.values());
  }

  get counters(): Readonly<Record<string, number>> {
    return this.#counters;
  }

  close(): void {
    this.#closed = true;
  }

  met(met: MetHole): void {
    if (isTrade(met) && met.record.mayJump === true && met.record.first !== true) {
      if (met.lane.emptyJumps >= MAX_EMPTY_JUMPS) return this.#bump('jumpsUnverified');
    }
    const { fromId, toId } = met.hole;
    // Book ids that began anew: nothing in the stream can tell what lies between.
    if (!isTrade(met) && toId < fromId) return this.#state(met, fromId, undefined);
    if (this.#waiting.size >= MAX_WAITING) {
      this.#bump('holesNotLookedUp');
      this.#state(met, met.hole.fromId, isTrade(met) ? missingOf(met, new Set(), 0) : undefined);
      return;
    }
    this.#waiting.set(met, this.#sinceMs(met));
    void this.#work(met).finally(() => this.#waiting.delete(met));
  }

  /** A successor finds it when it reads from before the record on which it begins. */
  #sinceMs({ sinceMs, hole: { fromTimeUs } }: MetHole): number {
    const { clock, tuning } = this.#options;
    return Math.min(sinceMs ?? clock.nowMs() - tuning.lastWordMs, (fromTimeUs ?? Infinity) / 1_000);
  }

  async #work(met: MetHole): Promise<void> {
    await this.#sleep(this.#options.tuning.settleMs);
    const look = await this.#lookUp(met);
    if (look === undefined) return;
    if (isTrade(met)) await this.#mend(met, look.held);
    else if (look.reached >= met.hole.toId) this.#bump('holesFilled');
    else this.#state(met, look.reached, undefined);
  }

  async #mend(met: MetTrade, held: ReadonlySet<number>): Promise<void> {
    if (missingOf(met, held, 0) === 0) return this.#bump('holesFilled');
    const fetched = await this.#fetch(met, held);
    const looked = fetched === undefined ? held : (await this.#lookUp(met))?.held;
    if (looked === undefined) return;
    const found = looked.size - held.size;
    if (found > 0) this.#bump('tradesBackfilled', found);
    const noTrades = fetched?.noTrades ?? 0;
    const now = await this.#awaitOther(met, looked, noTrades);
    if (now === undefined) return;
    const missing = missingOf(met, now, noTrades);
    const isWhole = fetched?.outcome === 'whole';
    if (met.record.mayJump === true && isWhole) met.lane.emptyJumps = found > 0 ? 0 : met.lane.emptyJumps + 1;
    // Where ids may jump, the venue's list is all that can be known.
    const isMended = missing === undefined ? isWhole : missing === 0;
    if (!isMended) return this.#state(met, met.hole.fromId, missing);
    if (now.size > looked.size) this.#bump('holesFilled');
    else this.#bump(found > 0 ? 'holesBackfilled' : 'holesEmpty');
    // Ids of no trade before a fetched one are named by it; those at the hole's end by no record but this.
    const last = Math.max(met.hole.fromId, ...now);
    if ((fetched?.noTrades ?? 0) > 0 && last < met.hole.toId - 1) this.#state(met, last, 0);
  }

  /** With two writers: what is still missing may wait in the other one's queue, so long as more and more of it comes. */
  async #awaitOther(
    met: MetTrade,
    held: ReadonlySet<number>,
    noTrades: number,
  ): Promise<ReadonlySet<number> | undefined> {
    const { clock, effective, tuning } = this.#options;
    const isLacking = (): boolean => (missingOf(met, now, noTrades) ?? 0) > 0;
    let now = held;
    if (effective.redundancy === 1 || !isLacking()) return now;
    this.#bump('tradesAwaited');
    const endMs = clock.nowMs() + tuning.otherMostMs;
    let quietMs = 0;
    while (isLacking() && quietMs < tuning.otherQuietMs && clock.nowMs() < endMs) {
      await this.#sleep(tuning.settleMs);
      const look = await this.#lookUp(met);
      if (look === undefined) return undefined;
      quietMs = look.held.size > now.size ? 0 : quietMs + tuning.settleMs;
      now = look.held;
    }
    return now;
  }

  /** What was fetched has left the queue when this resolves; undefined: nothing can be fetched. */
  async #fetch(met: MetTrade, held: ReadonlySet<number>): Promise<TradesFetched | undefined> {
    const { laneOf, spilling, onTradesWanted } = this.#options;
    const { hole, lane, record } = met;
    const { subject } = lane;
    const ageUs = (record.exchangeTimeUs ?? 0) - (hole.fromTimeUs ?? 0);
    if (hole.fromTimeUs !== null && ageUs > MAX_AGE_US) {
      this.#bump('holesTooOld');
      return undefined;
    }
    const { fromId, toId } = hole;
    const fetched = await onTradesWanted({ subject, fromId, toId, held });
    if (fetched === undefined) return undefined;
    await this.#passed(() => !spilling());
    const fence = laneOf(subject).newest?.serial ?? 0;
    await this.#passed(() => (laneOf(subject).head?.serial ?? Infinity) > fence);
    return fetched;
  }

  async #passed(isPassed: () => boolean): Promise<void> {
    while (!this.#closed && !isPassed()) await this.#sleep(PASS_MS);
  }

  /** Nothing is stated on a guess: read again until the stream answers. Undefined: delivery was closed meanwhile. */
  async #lookUp(met: MetHole): Promise<Look | undefined> {
    while (!this.#closed) {
      try {
        return await this.#read(met);
      } catch (error) {
        this.#options.onError(error);
        await this.#sleep(RETRY_MS);
      }
    }
    return undefined;
  }

  async #read({ hole, lane, toSequence }: MetHole): Promise<Look> {
    const held = new Set<number>();
    let reached = hole.fromId;
    const start = { sequence: Math.max(1, hole.fromSequence - LOOK_BACK) };
    await this.#options.reader.range(this.#options.effective.stream.name, start, [lane.subject], (head) => {
      const last = lastIdOf(head.msgId);
      if (last === undefined) return;
      if (last.kind === 'trade' && last.id > hole.fromId && last.id < hole.toId) held.add(last.id);
      if (last.kind !== 'book' || head.sequence >= toSequence) return;
      // A snapshot below what was reached: ids began anew, and those before it say nothing of those behind it.
      reached = last.isSnapshot && last.id < reached ? last.id : Math.max(reached, last.id);
    });
    return { held, reached: Math.max(reached, hole.fromId) };
  }

  #state(met: MetHole, fromId: number, missing: number | undefined): void {
    const { record, hole, lane, toSequence, cause } = met;
    const gap = gapOutgoing(this.#options.effective, {
      subject: lane.subject,
      stream: record.stream,
      symbol: record.symbol,
      instrument: lane.instrument ?? record.symbol,
      fromId,
      fromTimeUs: fromId === hole.fromId ? hole.fromTimeUs : null,
      to: { id: hole.toId, timeUs: record.exchangeTimeUs, sequence: toSequence },
      cause,
      missing,
      receiveTimeUs: record.receiveTimeUs,
    });
    this.#options.onGap(gap, met, { fromId, missing });
  }

  #sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.after(delayMs, resolve));
  }

  #bump(name: string, by = 1): void {
    this.#counters[name] = (this.#counters[name] ?? 0) + by;
  }
}

const isTrade = (met: MetHole): met is MetTrade => met.record.kind === 'trade';

/** Undefined where ids may jump: then nobody can count. */
function missingOf(
  { record, hole }: MetTrade,
  held: ReadonlySet<number>,
  noTrades: number,
): number | undefined {
  return record.mayJump === true ? undefined : hole.toId - hole.fromId - 1 - held.size - noTrades;
}
