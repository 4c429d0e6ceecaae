import type { EffectiveFeed } from '../../contract/effective.ts';
import type { GapCause } from '../../contract/record.ts';
import { judge } from '../book/sequence.ts';
import type { ChainPoint, Outgoing } from '../ports.ts';
import type { DepthFrame } from '../venues/venue.ts';
import type { HeldBook } from './held-book.ts';
import type { RecordWriter } from './record-writer.ts';

export interface Received {
  readonly frame: DepthFrame;
  readonly receiveTimeUs: number;
}

/** `isOfStream`: the stream brought the state itself; else REST did, and `buffered` is what the stream said around it. */
export interface StartedFrom {
  readonly buffered: readonly Received[];
  readonly isOfStream: boolean;
}

/** What of a proved book becomes records: every change with snapshots between, or the top at its interval. */
export class BookPublication {
  readonly #writer: RecordWriter;
  readonly #settings: EffectiveFeed['orderbook'];
  readonly #emit: (record: Outgoing) => void;
  readonly #idsMayRestart: boolean;
  #cause: GapCause = 'restart';
  #snapshotMs = 0;
  #snapshotWanted = false;
  #interval = -1;

  constructor(
    writer: RecordWriter,
    settings: EffectiveFeed['orderbook'],
    emit: (record: Outgoing) => void,
    idsMayRestart: boolean,
  ) {
    this.#idsMayRestart = idsMayRestart;
    this.#writer = writer;
    this.#settings = settings;
    this.#emit = emit;
  }

  wantSnapshot(): void {
    this.#snapshotWanted = true;
  }

  interrupted(symbol: string, cause: GapCause, receiveTimeUs: number): void {
    this.#cause = cause;
    const subject = this.#writer.bookSubject;
    this.#emit({ kind: 'interrupted', subject, stream: 'orderbook', symbol, cause, receiveTimeUs });
  }

  /**
   * The event that spans the snapshot's id is `joinOnly` as well as a delta behind the snapshot: a stream that ends where it
   * begins is continued without a hole, and one that starts here holds every event from the snapshot on.
   */
  start(book: HeldBook, { buffered, isOfStream }: StartedFrom, nowMs: number): void {
    this.#snapshotMs = nowMs;
    this.#snapshotWanted = false;
    if (this.#settings.mode === 'snapshot') return;
    for (const { frame, receiveTimeUs } of runInto(buffered, book.id)) {
      this.#emit(this.#writer.delta(frame, receiveTimeUs, true, this.#idsMayRestart));
    }
    const start = this.#writer.snapshot(book.now(), 'start', this.#cause);
    const chain = this.#idsMayRestart ? chainPoint(book, buffered, isOfStream) : undefined;
    this.#emit(chain === undefined ? start : { ...start, chain });
    this.#cause = 'network';
  }

  /** `book` is the one after the change. */
  change(book: HeldBook, { frame, receiveTimeUs }: Received, nowMs: number): void {
    if (this.#settings.mode === 'snapshot') {
      this.#top(book);
      return;
    }
    if (frame.reset === true) {
      this.#snapshotMs = nowMs;
      this.#emit(this.#writer.snapshot(book.now(), 'reset', 'venue'));
      return;
    }
    this.#emit(this.#writer.delta(frame, receiveTimeUs, false, this.#idsMayRestart));
    if (!this.#snapshotWanted && nowMs - this.#snapshotMs < this.#settings.snapshotEveryMs) return;
    this.#snapshotWanted = false;
    this.#snapshotMs = nowMs;
    this.#emit(this.#writer.snapshot(book.now(), 'periodic', 'venue'));
  }

  /** Cut at multiples of the interval in the venue's time, so that two writers cut alike. */
  #top(book: HeldBook): void {
    const interval = Math.floor((book.exchangeTimeUs ?? 0) / (this.#settings.intervalMs * 1_000));
    if (interval === this.#interval) return;
    this.#interval = interval;
    this.#emit(this.#writer.top(book.now(this.#settings.depth)));
  }
}

/** Undefined where nothing but REST says when the state was. */
function chainPoint(
  { id, exchangeTimeUs }: HeldBook,
  buffered: readonly Received[],
  isOfStream: boolean,
): ChainPoint | undefined {
  if (isOfStream) return exchangeTimeUs === null ? undefined : { lastId: id, timeUs: exchangeTimeUs };
  const bridge = buffered.find(({ frame }) => frame.lastId >= id)?.frame;
  if (bridge === undefined || bridge.exchangeTimeUs === null) return undefined;
  return { lastId: bridge.lastId, timeUs: bridge.exchangeTimeUs };
}

/** The events, each continuing the one before, that lead up to `id` or span it. */
function runInto(buffered: readonly Received[], id: number): readonly Received[] {
  let run: Received[] = [];
  for (const event of buffered) {
    if (event.frame.prevId >= id) break;
    const last = run.at(-1);
    const verdict = last === undefined ? 'continues' : judge(last.frame.lastId, event.frame);
    if (verdict === 'gap') run = [event];
    if (verdict === 'continues') run.push(event);
  }
  return run;
}
