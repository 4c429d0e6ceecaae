import type { CollectorReport } from '../../contract/control.ts';
import type { EffectiveFeed } from '../../contract/effective.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { OutgoingInterrupted, OutgoingOther } from '../ports.ts';
import { gapOutgoing } from './gap-record.ts';
import type { MetHole, StatedGap } from './holes.ts';
import type { Lane, Publishable } from './lane.ts';

export interface GapBookOptions {
  readonly clock: Clock;
  readonly effective: EffectiveFeed;
  readonly openGapMs: number;
  readonly publish: (gap: OutgoingOther) => void;
  readonly bump: (name: string) => void;
  /** True while records wait on disk. */
  readonly spilling: () => boolean;
  /** True when the subject got more from another writer since we last knew its end; moves what we know. */
  readonly goesOn: (lane: Lane) => Promise<boolean>;
}

/** `record` is the first one behind what was given up, stored at `toSequence`. */
export interface LostRange {
  readonly lane: Lane;
  readonly record: Publishable;
  readonly missing: number;
  readonly toSequence: number;
}

/** Gaps stated so far: each counted once per first missing id; an interruption without a start becomes an open one. */
export class GapBook {
  readonly #options: GapBookOptions;
  count = 0;
  last: CollectorReport['lastGap'] = null;

  constructor(options: GapBookOptions) {
    this.#options = options;
  }

  closed(gap: OutgoingOther, met: MetHole, { fromId, missing }: StatedGap): void {
    const { lane, record, cause } = met;
    if (missing === 0) return this.#options.publish(gap);
    this.#state(lane, String(fromId), gap, cause);
    lane.openGapFrom = undefined;
    this.#remember(record.symbol, record.stream, cause);
  }

  /** A record that continues the stream: an open gap was none. */
  joined(lane: Lane, record: Publishable): void {
    const from = lane.openGapFrom;
    const { tail } = lane;
    if (from === undefined || tail.kind === 'unknown' || tail.kind === 'none') return;
    lane.openGapFrom = undefined;
    this.#options.publish(
      gapOutgoing(this.#options.effective, {
        subject: lane.subject,
        stream: record.stream,
        symbol: record.symbol,
        instrument: lane.instrument ?? record.symbol,
        fromId: from,
        fromTimeUs: null,
        to: { id: from, timeUs: tail.exchangeTimeUs, sequence: tail.sequence },
        cause: record.kind === 'snapshot' ? record.cause : 'network',
        missing: 0,
        receiveTimeUs: record.receiveTimeUs,
      }),
    );
  }

  /** Records without ids were given up before this one: their number is known, what they were is not. */
  lost({ lane, record, missing, toSequence }: LostRange): void {
    const cause = 'overflow';
    const gap = gapOutgoing(this.#options.effective, {
      subject: lane.subject,
      stream: record.stream,
      symbol: record.symbol,
      instrument: lane.instrument ?? record.symbol,
      fromId: null,
      fromTimeUs: lane.storedTimeUs,
      to: { id: null, timeUs: record.exchangeTimeUs, sequence: toSequence },
      cause,
      missing,
      receiveTimeUs: record.receiveTimeUs,
    });
    this.#state(lane, `@${lane.storedTimeUs}`, gap, cause);
    this.#remember(record.symbol, record.stream, cause);
  }

  interrupted(lane: Lane, event: OutgoingInterrupted): void {
    lane.cancelInterrupted?.();
    lane.cancelInterrupted = this.#options.clock.after(this.#options.openGapMs, () =>
      this.#open(lane, event),
    );
  }

  /** What ends the interruption is on its way: it says itself what is missing. */
  started(lane: Lane): void {
    lane.cancelInterrupted?.();
    lane.cancelInterrupted = undefined;
  }

  #open(lane: Lane, event: OutgoingInterrupted): void {
    if (lane.length > 0 || this.#options.spilling()) {
      // What is still queued belongs before the gap.
      this.interrupted(lane, event);
      return;
    }
    if (lane.tail.kind === 'unknown' || lane.tail.kind === 'none') {
      lane.cancelInterrupted = undefined;
      return;
    }
    void this.#openUnlessItGoesOn(lane, event);
  }

  async #openUnlessItGoesOn(lane: Lane, event: OutgoingInterrupted): Promise<void> {
    const { goesOn, bump } = this.#options;
    let isCancelled = false;
    lane.cancelInterrupted = () => {
      isCancelled = true;
    };
    // Who cannot tell asks again.
    const isGoingOn = await goesOn(lane).catch(() => true);
    if (isCancelled) return;
    if (!isGoingOn) return this.#openNow(lane, event);
    bump('openGapsDeferred');
    this.interrupted(lane, event);
  }

  #openNow(lane: Lane, event: OutgoingInterrupted): void {
    lane.cancelInterrupted = undefined;
    const { tail } = lane;
    if (tail.kind === 'unknown' || tail.kind === 'none') return;
    const fromId = tail.kind === 'book' ? tail.lastId : tail.id;
    const gap = gapOutgoing(this.#options.effective, {
      subject: lane.subject,
      stream: event.stream,
      symbol: event.symbol,
      instrument: lane.instrument ?? event.symbol,
      fromId,
      fromTimeUs: tail.exchangeTimeUs,
      to: null,
      cause: event.cause,
      missing: undefined,
      receiveTimeUs: event.receiveTimeUs,
    });
    this.#state(lane, String(fromId), gap, event.cause);
    lane.openGapFrom = String(fromId);
    this.#remember(event.symbol, event.stream, event.cause);
  }

  #state(lane: Lane, fromId: string, gap: OutgoingOther, cause: string): void {
    this.#options.publish(gap);
    if (lane.countedGapFrom === fromId || cause === 'unassigned') return;
    lane.countedGapFrom = fromId;
    this.count += 1;
  }

  #remember(symbol: string, stream: OutgoingOther['stream'], cause: string): void {
    this.last = { symbol, stream, cause, timeMs: this.#options.clock.nowMs() };
  }
}
