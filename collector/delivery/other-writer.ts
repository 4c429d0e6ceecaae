import type { EffectiveFeed } from '../../contract/effective.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Decision } from './chain.ts';
import type { Lane, Publishable } from './lane.ts';
import type { StoredLast, StreamReader } from './stream-reader.ts';
import { tailOf } from './tail.ts';
import type { DeliveryTuning } from './tuning.ts';

export interface OtherWriterOptions {
  readonly clock: Clock;
  readonly effective: Pick<EffectiveFeed, 'redundancy' | 'orderbook' | 'stream'>;
  readonly reader: Pick<StreamReader, 'last'>;
  readonly tuning: Pick<DeliveryTuning, 'otherQuietMs' | 'otherMostMs' | 'takeOverQuietMs'>;
  /** As the records of this process name it. */
  readonly writerName: string;
}

/** A hole of ours that the other writer may fill, and how far it came with that. */
export interface Hope {
  readonly sinceMs: number;
  askedMs: number;
  movedMs: number;
  sequence: number;
  /** In vain: what is missing is stated. */
  isOver: boolean;
}

const LOOKS_A_QUIET = 4;
const MOST_APART_MS = 500;
/** Who stored something so lately may still run; the clocks of server and collector may differ by about as much. */
const LATELY_MS = 5_000;

/**
 * With `redundancy: 2` a writer that was interrupted is followed by records that the other one has, and may still have in
 * its queue: a start would jump over them for good. So it waits while the subject goes on, and a little longer. So does a
 * successor while its predecessor collects on, also when it has the venue's next change a little earlier.
 */
export class OtherWriter {
  readonly #options: OtherWriterOptions;
  readonly #bump: (name: string) => void;

  constructor(options: OtherWriterOptions, bump: (name: string) => void) {
    this.#options = options;
    this.#bump = bump;
  }

  /** Between two looks at the subject's end. */
  get lookMs(): number {
    return Math.min(MOST_APART_MS, this.#quietMs / LOOKS_A_QUIET);
  }

  get #quietMs(): number {
    const { effective, tuning } = this.#options;
    return effective.redundancy === 1 ? tuning.takeOverQuietMs : tuning.otherQuietMs;
  }

  /** What the subject's end says of who may be writing it. */
  seen(lane: Lane, last: StoredLast | null): void {
    const { clock, writerName } = this.#options;
    lane.isOthers = last !== null && last.writer !== writerName && clock.nowMs() - last.storedMs < LATELY_MS;
  }

  /** True: look at the subject's end again before acting on this decision. */
  mayFill({ lane, record, decision }: { lane: Lane; record: Publishable; decision: Decision }): boolean {
    const { clock, effective, tuning } = this.#options;
    const { tail } = lane;
    if (effective.orderbook.mode === 'snapshot') return false;
    // Once a predecessor was waited for, that it falls silent ends the wait, not that its last record is old.
    if (effective.redundancy === 1 && !lane.isOthers && lane.hope === undefined) return false;
    if (tail.kind !== 'book' || !jumps(tail.lastId, record, decision)) return false;
    const nowMs = clock.nowMs();
    const known = lane.hope;
    // Nobody asked for long: NATS was away, and the other writer was cut off too.
    const isStale = known?.isOver === false && nowMs - known.askedMs > 2 * this.#quietMs;
    const hope = known === undefined || isStale ? begun(nowMs, tail.sequence) : known;
    if (known === undefined) this.#bump('holesAwaited');
    lane.hope = hope;
    if (hope.isOver) return false;
    hope.askedMs = nowMs;
    if (tail.sequence > hope.sequence) hope.movedMs = nowMs;
    hope.sequence = tail.sequence;
    hope.isOver = nowMs - hope.movedMs >= this.#quietMs || nowMs - hope.sinceMs >= tuning.otherMostMs;
    if (hope.isOver) this.#bump('holesAwaitedInVain');
    return !hope.isOver;
  }

  /** Somebody has stored more of the subject since its end was known to us; it is known now. */
  async goesOn(lane: Lane): Promise<boolean> {
    const last = await this.#options.reader.last(this.#options.effective.stream.name, lane.subject);
    const known = 'sequence' in lane.tail ? lane.tail.sequence : 0;
    if (last === null || last.sequence <= known) return false;
    this.seen(lane, last);
    lane.tail = tailOf(last, lane.tail);
    return true;
  }
}

const begun = (nowMs: number, sequence: number): Hope => ({
  sinceMs: nowMs,
  askedMs: nowMs,
  movedMs: nowMs,
  sequence,
  isOver: false,
});

/** The chain goes on behind a hole, or will. */
function jumps(reached: number, record: Publishable, decision: Decision): boolean {
  switch (decision.kind) {
    case 'publish':
      return record.kind === 'snapshot' && record.role === 'start' && record.lastId > reached;
    case 'leaveOut':
      return decision.why === 'unjoined';
    case 'resync':
      return decision.cause !== 'venue';
    default:
      return false;
  }
}
