import type { Outgoing } from '../ports.ts';
import type { NotTradeFrame, TradeFrame, TradeMark } from '../venues/venue.ts';
import type { FetchedTrade } from './hole-pages.ts';
import type { RecordWriter, TradeContext } from './record-writer.ts';

export type TradeEvent =
  | 'trade'
  | 'aggregatedTrade'
  | 'aggregatedTradeUnasked'
  | 'tradeHole'
  | 'tradeJump'
  | 'tradeRepeated'
  | `notTrade:${string}`
  | `trade:${TradeMark}`;

export interface TradeTapeOptions {
  /** The venue's ids grow and no source says that they count: a jump is a suspicion. */
  readonly mayJump: boolean;
  /** A feed collects single trades; only a recording is read whole. */
  readonly aggregates: boolean;
  readonly emit: (record: Outgoing) => void;
  readonly count: (event: TradeEvent, amount?: number) => void;
}

/** One instrument's trades: each once and in its place; what takes an id and is no trade is counted by its kind. */
export class TradeTape {
  readonly #writer: RecordWriter;
  readonly #options: TradeTapeOptions;
  /** Of nearly every trade. */
  readonly #usual: TradeContext;
  /** On this connection; holes against the stream are delivery's. */
  #last: number | undefined;
  /** First of the ids up to `#last` that belong to no trade; undefined while the last id was one. */
  #skippedFrom: number | undefined;

  constructor(writer: RecordWriter, options: TradeTapeOptions) {
    this.#writer = writer;
    this.#options = options;
    this.#usual = options.mayJump ? { mayJump: true } : {};
  }

  trade(frame: TradeFrame, receiveTimeUs: number): void {
    const { count, emit, aggregates } = this.#options;
    if (frame.aggregate !== undefined) {
      count(aggregates ? 'aggregatedTrade' : 'aggregatedTradeUnasked');
      if (aggregates) emit(this.#writer.trade(frame, receiveTimeUs));
      return;
    }
    count('trade');
    for (const mark of frame.marks ?? []) count(`trade:${mark}`);
    emit(this.#writer.trade(frame, receiveTimeUs, this.#contextOf(frame.sequence)));
  }

  /** Fetched later: it neither continues nor interrupts what comes by the stream. */
  backfilled({ frame, skippedFrom }: FetchedTrade, receiveTimeUs: number): void {
    const skipped = skippedFrom === undefined ? {} : { skippedFrom };
    this.#options.emit(this.#writer.trade(frame, receiveTimeUs, { backfilled: true, ...skipped }));
  }

  /** It takes an id: without it the next trade would seem to come behind a hole. */
  notTrade({ name, sequence }: NotTradeFrame): void {
    this.#options.count(`notTrade:${name}`);
    const follows = this.#follow(sequence);
    if (follows === 'next') this.#skippedFrom ??= sequence;
    if (follows === 'behindHole') this.#skippedFrom = sequence;
  }

  disconnected(): void {
    this.#last = undefined;
    this.#skippedFrom = undefined;
  }

  #contextOf(sequence: number | null): TradeContext {
    if (sequence === null) return this.#usual;
    const last = this.#last;
    const skippedFrom = sequence - 1 === last ? this.#skippedFrom : undefined;
    if (this.#follow(sequence) !== 'repeated') this.#skippedFrom = undefined;
    if (last === undefined) return { ...this.#usual, first: true };
    return skippedFrom === undefined ? this.#usual : { ...this.#usual, skippedFrom };
  }

  /** Counts what the ids of one connection tell. */
  #follow(id: number): 'next' | 'repeated' | 'behindHole' {
    const last = this.#last;
    const expected = last === undefined ? id : last + 1;
    this.#last = Math.max(last ?? 0, id);
    if (id < expected) {
      this.#options.count('tradeRepeated');
      return 'repeated';
    }
    if (id > expected && this.#options.mayJump) this.#options.count('tradeJump');
    if (id > expected && !this.#options.mayJump) this.#options.count('tradeHole', id - expected);
    return last === undefined || id > expected ? 'behindHole' : 'next';
  }
}
