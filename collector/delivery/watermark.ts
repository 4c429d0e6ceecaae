import { addByStream, type WriterEntry } from '../../contract/ledger.ts';
import type { StreamName } from '../../contract/feed.ts';

type ByStream = Partial<Record<StreamName, number>>;

/**
 * What one writer may claim in the ledger: every record of it at or below `sequence` is in `stored`, and `stored` holds
 * nothing above it. A record in flight lies above the highest sequence known when it was first sent (its floor), so the
 * watermark may go up to the lowest floor; what was acknowledged above it waits.
 */
export class WriterCount {
  #stored = 0;
  #byStream: ByStream = {};
  #duplicates = 0;
  #known: number;
  #sequence: number;
  /** Unresolved records with their floors; floors only grow, so the first entry has the lowest. */
  readonly #unresolved = new Map<object, number>();
  /** Acknowledged above the watermark, ascending. */
  #above: { readonly sequence: number; readonly stream: StreamName }[] = [];

  /** `known`: the last sequence of the stream before this writer sent anything. */
  constructor(known: number) {
    this.#known = known;
    this.#sequence = known;
  }

  get unresolved(): number {
    return this.#unresolved.size;
  }

  /** Bounded by the publisher: it sends nothing new while too much waits above the watermark. */
  get waiting(): number {
    return this.#above.length;
  }

  /** Highest sequence of the stream that we know of. */
  get known(): number {
    return this.#known;
  }

  /** The record is about to be handed to the client for the first time; the answer is its floor. */
  sent(record: object): number {
    this.#unresolved.set(record, this.#known);
    return this.#known;
  }

  /** A sequence that the stream has reached, read from an answer or its info. */
  reached(sequence: number): void {
    if (sequence > this.#known) this.#known = sequence;
    this.#advance();
  }

  stored(record: object, sequence: number, stream: StreamName): void {
    this.#unresolved.delete(record);
    let index = this.#above.length;
    while (index > 0 && (this.#above[index - 1]?.sequence ?? 0) > sequence) index -= 1;
    this.#above.splice(index, 0, { sequence, stream });
    this.reached(sequence);
  }

  /** Stored by another writer. */
  duplicate(record: object): void {
    this.#duplicates += 1;
    this.notStored(record);
  }

  notStored(record: object): void {
    this.#unresolved.delete(record);
    this.#advance();
  }

  #advance(): void {
    const [lowest] = this.#unresolved.values();
    const next = lowest === undefined ? this.#known : Math.min(lowest, this.#known);
    if (next <= this.#sequence) return;
    this.#sequence = next;
    let counted = 0;
    while (counted < this.#above.length && (this.#above[counted]?.sequence ?? Infinity) <= next) counted += 1;
    for (const { stream } of this.#above.slice(0, counted)) {
      this.#stored += 1;
      this.#byStream[stream] = (this.#byStream[stream] ?? 0) + 1;
    }
    if (counted > 0) this.#above = this.#above.slice(counted);
  }

  entry(closed: boolean, updatedMs: number): WriterEntry {
    return {
      stored: this.#stored,
      sequence: this.#sequence,
      byStream: { ...this.#byStream },
      duplicates: this.#duplicates,
      closed: closed && this.#unresolved.size === 0,
      updatedMs,
    };
  }

  /** All that was acknowledged, whatever the watermark: the last word on a stream that is no more. */
  finalEntry(updatedMs: number): WriterEntry {
    const waiting: ByStream = {};
    for (const { stream } of this.#above) waiting[stream] = (waiting[stream] ?? 0) + 1;
    return {
      ...this.entry(true, updatedMs),
      stored: this.#stored + this.#above.length,
      byStream: addByStream(this.#byStream, waiting),
      closed: true,
    };
  }

  /** The stream was replaced: sequences start again, records still unresolved may be stored in the new one. */
  restart(known: number): void {
    this.#stored = 0;
    this.#byStream = {};
    this.#duplicates = 0;
    this.#above = [];
    this.#known = known;
    this.#sequence = known;
    for (const record of this.#unresolved.keys()) this.#unresolved.set(record, known);
  }
}
