import { effectiveFeed } from '../../contract/effective.ts';
import type { StreamName } from '../../contract/feed.ts';
import type { Level } from '../../contract/record.ts';
import type { SnapshotCommand } from '../pipeline/book-start.ts';
import { Pipeline } from '../pipeline/pipeline.ts';
import type { Outgoing } from '../ports.ts';
import { streamsOf } from '../venues/source.ts';
import { framesOf, type Venue } from '../venues/venue.ts';

export interface CountingReport {
  /** Records by what they are; deltas and snapshots of a book apart. */
  readonly messages: Readonly<Record<string, number>>;
  /** Bytes of their payloads and message ids. */
  readonly bytes: number;
  /** Best bid and ask at the end, `[price, size]`, of every book that is in sync; null: that side is empty. */
  readonly tops: Readonly<Record<string, { readonly bid: Level | null; readonly ask: Level | null }>>;
  /** The pipeline's own. */
  readonly counters: Readonly<Record<string, number>>;
}

/** Between two ticks of the pipeline, in the time of the frames. */
const TICK_US = 250_000;
const US_PER_MS = 1_000;

/**
 * The collector's pipeline from the frame to the record's bytes, with a sink that counts. Every instrument that comes is
 * collected, under its venue's name. A book that is asked for by REST is the newest that was handed in and that no book has
 * begun with, else the next to be.
 */
export class CountingSession {
  readonly #venue: Venue;
  readonly #pipeline: Pipeline;
  readonly #messages = new Map<string, number>();
  readonly #asked = new Map<string, SnapshotCommand>();
  readonly #answers = new Map<string, Buffer>();
  readonly #onFallback = (): void => {
    this.#fallbacks += 1;
  };
  #fallbacks = 0;
  #bytes = 0;
  #nowUs = 0;
  #tickUs = 0;

  constructor(venue: Venue, streams: readonly StreamName[] = streamsOf(venue)) {
    const { exchange, market, settle } = venue;
    const spec = { exchange, market, ...(settle === null ? {} : { settle }), streams, symbols: [] };
    this.#venue = venue;
    this.#pipeline = new Pipeline({
      venue,
      feed: effectiveFeed({ spec }, {}),
      epoch: 'bench',
      emit: (record) => this.#count(record),
      command: (command) => {
        if (command.kind === 'snapshot') this.#asked.set(command.instrument, command);
      },
    });
  }

  /** One message of the socket. */
  frame(bytes: Buffer, receiveTimeUs: number): void {
    this.#nowUs = receiveTimeUs;
    const nowMs = Math.floor(receiveTimeUs / US_PER_MS);
    if (receiveTimeUs - this.#tickUs >= TICK_US) {
      this.#tickUs = receiveTimeUs;
      this.#pipeline.tick(nowMs);
    }
    for (const frame of framesOf(this.#venue, bytes, this.#onFallback)) {
      if ('instrument' in frame) this.#track(frame.instrument, nowMs);
      this.#pipeline.frame(frame, receiveTimeUs, nowMs);
    }
    if (this.#asked.size > 0) for (const instrument of this.#asked.keys()) this.#answer(instrument);
  }

  /** The body of the REST answer to a request for an instrument's book. */
  snapshot(bytes: Buffer, instrument: string): void {
    this.#answers.set(instrument, bytes);
    this.#answer(instrument);
  }

  report(): CountingReport {
    const tops: Record<string, { readonly bid: Level | null; readonly ask: Level | null }> = {};
    for (const instrument of this.#pipeline.instruments) {
      const book = this.#pipeline.book(instrument);
      if (book?.heldId === undefined) continue;
      const { bids, asks } = book.top(1);
      tops[instrument] = { bid: bids[0] ?? null, ask: asks[0] ?? null };
    }
    const messages = Object.fromEntries(this.#messages);
    const counters = { ...this.#pipeline.counters, scannerFallback: this.#fallbacks };
    return { messages, bytes: this.#bytes, tops, counters };
  }

  #track(instrument: string, nowMs: number): void {
    this.#pipeline.add({ instrument, symbol: instrument, sizeUnit: 'base' }, nowMs);
  }

  #answer(instrument: string): void {
    const command = this.#asked.get(instrument);
    const bytes = this.#answers.get(instrument);
    if (command === undefined || bytes === undefined) return;
    this.#answers.delete(instrument);
    const snapshot = this.#venue.decodeSnapshot(bytes.toString());
    if (snapshot.kind === 'undecodable') {
      this.#add(`undecodable:${snapshot.reason}`);
      return;
    }
    this.#asked.delete(instrument);
    this.#pipeline.snapshot(command, snapshot, this.#nowUs, Math.floor(this.#nowUs / US_PER_MS));
  }

  #count(record: Outgoing): void {
    this.#add(record.kind === 'other' ? record.stream : record.kind);
    if (record.kind !== 'interrupted') this.#bytes += record.payload.byteLength + record.msgId.length;
  }

  #add(name: string): void {
    this.#messages.set(name, (this.#messages.get(name) ?? 0) + 1);
  }
}
