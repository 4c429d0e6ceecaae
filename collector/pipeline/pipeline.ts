import type { EffectiveFeed } from '../../contract/effective.ts';
import type { StreamName } from '../../contract/feed.ts';
import type { GapCause } from '../../contract/record.ts';
import type { Instrument } from '../../contract/instrument.ts';
import type { Outgoing } from '../ports.ts';
import { pushedOf } from '../venues/source.ts';
import type { ValueFrame } from '../venues/value-frame.ts';
import type { BookSnapshot, Channel, TopFrame, Venue, VenueFrame } from '../venues/venue.ts';
import type { SnapshotCommand } from './book-start.ts';
import { ChannelStates } from './channel-states.ts';
import type { FetchedTrade } from './hole-pages.ts';
import { RecordWriter } from './record-writer.ts';
import { SymbolBook, type BookEvent } from './symbol-book.ts';
import { TradeTape, type TradeEvent } from './trade-tape.ts';
import { ValueWriter } from './value-writer.ts';

export interface PipelineOptions {
  readonly venue: Venue;
  readonly feed: Pick<EffectiveFeed, 'exchange' | 'market' | 'streams' | 'orderbook' | 'nats'>;
  readonly epoch: string;
  /** Records aggregated trades too: only where everything that a recording holds is wanted. */
  readonly aggregates?: true;
  readonly emit: (record: Outgoing) => void;
  readonly command: (command: SnapshotCommand) => void;
}

export type PipelineEvent =
  | BookEvent
  | TradeEvent
  | 'depth'
  | 'bookState'
  | ValueFrame['stream']
  /** Nothing new in a message that is pushed for other reasons too. */
  | `unchanged:${ValueFrame['stream']}`
  | 'top'
  | 'unassigned'
  | 'ignored'
  | `unknown:${string}`
  | `undecodable:${string}`;

interface Tracked {
  readonly symbol: string;
  readonly writer: RecordWriter;
  readonly values: ValueWriter;
  readonly book: SymbolBook | undefined;
  /** Undefined where the feed does not collect them. */
  readonly trades: TradeTape | undefined;
  readonly channels: ChannelStates;
}

/** Names of unknown kinds come from outside: at most this many are counted apart. */
const MAX_NAMES = 200;

/**
 * Decoded frames in, records and commands out; a function of its inputs alone. Every frame moves exactly one of the
 * counters of its kind.
 */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #tracked = new Map<string, Tracked>();
  readonly #counters = new Map<string, { count: number }>();

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  get counters(): Readonly<Record<string, number>> {
    return Object.fromEntries(Array.from(this.#counters, ([name, { count }]) => [name, count]));
  }
  get instruments(): readonly string[] {
    return [...this.#tracked.keys()];
  }

  book(instrument: string): SymbolBook | undefined {
    return this.#tracked.get(instrument)?.book;
  }

  /** Id of the book that runs; undefined while it is none. */
  heldId(instrument: string): number | undefined {
    return this.book(instrument)?.heldId;
  }

  statusOf(instrument: string): SymbolBook['status'] | undefined {
    const tracked = this.#tracked.get(instrument);
    if (tracked === undefined) return undefined;
    const { book, channels } = tracked;
    if (book !== undefined && book.status.state !== 'inSync') return book.status;
    const { waiting, sinceMs } = channels;
    if (waiting.length === 0) return book?.status ?? { state: 'inSync', sinceMs, reason: '' };
    const reason = `waiting for the venue to confirm ${waiting.join(', ')}`;
    return { state: 'subscribing', sinceMs, reason };
  }

  add(listed: Pick<Instrument, 'instrument' | 'symbol' | 'sizeUnit'>, nowMs: number): void {
    const { instrument, symbol, sizeUnit } = listed;
    if (this.#tracked.has(instrument)) return;
    const { feed, venue, epoch } = this.#options;
    const { exchange, market } = feed;
    const names = { exchange, market, symbol, instrument };
    const source = { ...names, sizeUnit, subjects: feed.nats.subjects, epoch };
    const writer = new RecordWriter(source);
    const ports = {
      emit: this.#options.emit,
      command: this.#options.command,
      bookStart: venue.bookStart,
      count: (event: BookEvent, amount?: number) => this.#count(event, amount),
    };
    const hasBook = feed.streams.includes('orderbook');
    const book = hasBook ? new SymbolBook({ instrument, symbol }, writer, feed.orderbook, ports) : undefined;
    book?.subscribing(nowMs);
    this.#tracked.set(instrument, {
      symbol,
      writer,
      values: new ValueWriter(source),
      book,
      trades: feed.streams.includes('trade') ? this.#tape(writer) : undefined,
      channels: new ChannelStates(this.#subscribed(), nowMs),
    });
  }

  remove(instrument: string): void {
    this.#tracked.delete(instrument);
  }

  /** The venue confirmed the subscription. */
  opened({ instrument, stream }: Channel, nowMs: number): void {
    const tracked = this.#tracked.get(instrument);
    if (tracked === undefined || stream === 'top') return;
    tracked.channels.opened(stream, nowMs);
    if (stream === 'orderbook') tracked.book?.opened(nowMs);
  }

  frame(frame: VenueFrame, receiveTimeUs: number, nowMs: number): void {
    switch (frame.kind) {
      case 'depth': {
        const book = this.#tracked.get(frame.instrument)?.book;
        this.#count(book === undefined ? 'unassigned' : 'depth');
        book?.depth(frame, receiveTimeUs, nowMs);
        return;
      }
      case 'state': {
        const book = this.#tracked.get(frame.instrument)?.book;
        this.#count(book === undefined ? 'unassigned' : 'bookState');
        book?.state(frame.snapshot, receiveTimeUs, nowMs);
        return;
      }
      case 'trade':
      case 'notTrade': {
        const trades = this.#tracked.get(frame.instrument)?.trades;
        if (trades === undefined) this.#count('unassigned');
        else if (frame.kind === 'trade') trades.trade(frame, receiveTimeUs);
        else trades.notTrade(frame);
        return;
      }
      case 'value':
        this.#value(frame, receiveTimeUs);
        return;
      case 'top':
        this.#top(frame, receiveTimeUs, nowMs);
        return;
      case 'ignored':
        this.#count('ignored');
        return;
      case 'unknown':
        this.#count(`unknown:${frame.name}`);
        return;
      case 'undecodable':
        this.#count(`undecodable:${frame.reason}`);
        return;
      case 'ack':
      case 'opened':
      case 'refused':
      case 'reply':
      case 'heartbeat':
      case 'shutdown':
      case 'tooManyRequests':
    }
  }

  snapshot(
    at: { readonly instrument: string; readonly generation: number },
    snapshot: BookSnapshot,
    receiveTimeUs: number,
    nowMs: number,
  ): void {
    this.book(at.instrument)?.snapshot(snapshot, at.generation, receiveTimeUs, nowMs);
  }

  /** These subscriptions are interrupted until they are opened again; the instrument's others go on. */
  disconnected(channels: Iterable<Channel>, receiveTimeUs: number, nowMs: number): void {
    for (const { instrument, stream } of channels) {
      const tracked = this.#tracked.get(instrument);
      if (tracked === undefined || stream === 'top') continue;
      tracked.channels.closed(stream, nowMs);
      if (stream === 'orderbook') tracked.book?.disconnected(receiveTimeUs, nowMs);
      if (stream === 'trade') tracked.trades?.disconnected();
    }
  }

  tick(nowMs: number): void {
    for (const { book } of this.#tracked.values()) book?.tick(nowMs);
  }

  resync(subject: string, cause: GapCause, receiveTimeUs: number, nowMs: number): void {
    this.#bySubject(subject)?.resync(cause, receiveTimeUs, nowMs);
  }

  snapshotWanted(subject: string): void {
    this.#bySubject(subject)?.wantSnapshot();
  }

  /** Whose trades have this subject. */
  instrumentOfTrades(subject: string): string | undefined {
    for (const [instrument, { trades, writer }] of this.#tracked)
      if (trades !== undefined && writer.tradeSubject === subject) return instrument;
    return undefined;
  }

  /** Trades that were fetched later. */
  backfilled(instrument: string, fetched: readonly FetchedTrade[], receiveTimeUs: number): void {
    for (const one of fetched) this.#tracked.get(instrument)?.trades?.backfilled(one, receiveTimeUs);
  }

  #bySubject(subject: string): SymbolBook | undefined {
    for (const { book, writer } of this.#tracked.values()) if (writer.bookSubject === subject) return book;
    return undefined;
  }

  /** What the feed wants and the venue pushes. */
  #subscribed(): readonly StreamName[] {
    const { venue, feed } = this.#options;
    return pushedOf(venue.sources, feed.streams);
  }

  #value(frame: ValueFrame, receiveTimeUs: number): void {
    const tracked = this.#tracked.get(frame.instrument);
    if (tracked === undefined || !this.#options.feed.streams.includes(frame.stream)) {
      this.#count('unassigned');
      return;
    }
    const record = tracked.values.record(frame, receiveTimeUs);
    this.#count(record === undefined ? `unchanged:${frame.stream}` : frame.stream);
    if (record !== undefined) this.#options.emit(record);
  }

  /** A ticker's record where the feed wants one, and what the book is held against. */
  #top(top: TopFrame, receiveTimeUs: number, nowMs: number): void {
    const { instrument, lastId, exchangeTimeUs, bid, ask } = top;
    this.#count('top');
    const tracked = this.#tracked.get(instrument);
    tracked?.book?.venueTop(top, receiveTimeUs, nowMs);
    const { venue, feed } = this.#options;
    if (tracked === undefined || venue.tickersApart === true || !feed.streams.includes('ticker')) return;
    const fields = { bid, ask, bookId: lastId };
    const frame = { kind: 'value', stream: 'ticker', instrument, exchangeTimeUs, fields } as const;
    const record = tracked.values.record(frame, receiveTimeUs);
    if (record !== undefined) this.#options.emit(record);
  }

  #tape(writer: RecordWriter): TradeTape {
    const { venue, aggregates, emit } = this.#options;
    return new TradeTape(writer, {
      mayJump: venue.trades?.ids === 'increasing',
      aggregates: aggregates === true,
      emit,
      count: (event, amount) => this.#count(event, amount),
    });
  }

  #count(event: PipelineEvent, amount = 1): void {
    const counter = this.#counters.get(event) ?? this.#counter(event);
    counter.count += amount;
  }

  /** Of an event that was not counted yet. */
  #counter(event: PipelineEvent): { count: number } {
    const name = this.#counters.size < MAX_NAMES ? event : 'unknown:other';
    const counter = this.#counters.get(name) ?? { count: 0 };
    this.#counters.set(name, counter);
    return counter;
  }
}
