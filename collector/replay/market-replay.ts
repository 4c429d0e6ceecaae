import { effectiveFeed, type EffectiveFeed } from '../../contract/effective.ts';
import type { GapCause } from '../../contract/record.ts';
import type { Instrument } from '../../contract/instrument.ts';
import { Pipeline } from '../pipeline/pipeline.ts';
import type { SnapshotCommand } from '../pipeline/book-start.ts';
import type { Outgoing } from '../ports.ts';
import { streamsOf } from '../venues/source.ts';
import type { Venue, VenueFrame } from '../venues/venue.ts';
import type { RecordedLine } from './recording.ts';

/** Recorders write milliseconds, some with a fraction. */
const microseconds = (timeMs: number): number => Math.round(timeMs * 1_000);

/**
 * One market of a recording through the collector's own pipeline.
 *
 * A snapshot that the pipeline asks for is the newest recorded one of that instrument that none has taken yet, else the
 * next to come; one that is too old is followed by the next, at once. Another subscription is answered by the next state
 * that was recorded, if any.
 */
export class MarketReplay {
  readonly #venue: Venue;
  readonly #pipeline: Pipeline;
  readonly #symbols = new Map<string, string>();
  readonly #recorded = new Map<string, RecordedLine & { readonly limit: number }>();
  readonly #unusable = new Map<string, number>();
  readonly #awaiting = new Map<string, SnapshotCommand>();
  readonly #commands: SnapshotCommand[] = [];
  readonly #books = new Set<string>();
  #nowMs = 0;

  constructor(venue: Venue, push: (record: Outgoing, effective: EffectiveFeed) => void) {
    const { market, settle } = venue;
    const streams = streamsOf(venue);
    const { exchange } = venue;
    const effective = effectiveFeed(
      { spec: { exchange, market, ...(settle === null ? {} : { settle }), streams, symbols: [] } },
      {},
    );
    this.#venue = venue;
    this.#pipeline = new Pipeline({
      venue,
      feed: effective,
      epoch: 'replay',
      aggregates: true,
      emit: (record) => push(record, effective),
      command: (command) => this.#commands.push(command),
    });
  }

  get tops(): { readonly compared: number; readonly equal: number } {
    const { topEqual: equal = 0, topMismatch: different = 0 } = this.#pipeline.counters;
    return { compared: equal + different, equal };
  }
  get counters(): Readonly<Record<string, number>> {
    return { ...this.#pipeline.counters, ...Object.fromEntries(this.#unusable) };
  }
  /** Of the instruments whose book's changes or states were seen. */
  get books(): readonly { readonly symbol: string; readonly isInSync: boolean }[] {
    return [...this.#books].map((instrument) => ({
      symbol: this.#symbols.get(instrument) ?? instrument,
      isInSync: this.#pipeline.book(instrument)?.status.state === 'inSync',
    }));
  }

  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#pipeline.tick(nowMs);
    this.#serve();
  }

  resync(subject: string, cause: GapCause): void {
    this.#pipeline.resync(subject, cause, microseconds(this.#nowMs), this.#nowMs);
  }

  /** Whatever the file holds is decoded, whether or not a feed would ask for it. */
  track(listed: Pick<Instrument, 'instrument' | 'symbol' | 'sizeUnit'>): void {
    if (this.#symbols.has(listed.instrument)) return;
    this.#symbols.set(listed.instrument, listed.symbol);
    this.#pipeline.add(listed, this.#nowMs);
  }

  frame(frame: VenueFrame): void {
    if (frame.kind === 'depth' || frame.kind === 'state') this.#books.add(frame.instrument);
    this.#pipeline.frame(frame, microseconds(this.#nowMs), this.#nowMs);
    this.#serve();
  }

  depthAnswer(instrument: string, line: RecordedLine & { readonly limit: number }): void {
    this.#recorded.set(instrument, line);
    this.#answer(instrument);
    this.#serve();
  }

  unusable(name: string): void {
    this.#unusable.set(name, (this.#unusable.get(name) ?? 0) + 1);
  }

  #serve(): void {
    for (let command = this.#commands.shift(); command !== undefined; command = this.#commands.shift()) {
      if (command.kind !== 'snapshot') continue;
      this.#awaiting.set(command.instrument, command);
      this.#answer(command.instrument);
    }
  }

  #answer(instrument: string): void {
    const command = this.#awaiting.get(instrument);
    const line = this.#recorded.get(instrument);
    if (command === undefined || line === undefined) return;
    this.#awaiting.delete(instrument);
    this.#recorded.delete(instrument);
    const snapshot = this.#venue.decodeSnapshot(line.message);
    if (snapshot.kind === 'undecodable') {
      this.unusable(`undecodable:snapshot:${snapshot.reason}`);
      this.#awaiting.set(instrument, command);
      return;
    }
    const { limit, timeMs } = line;
    this.#pipeline.snapshot(command, { ...snapshot, limit }, microseconds(timeMs), this.#nowMs);
  }
}
