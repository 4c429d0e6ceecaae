import {
  aggregatedTradeIdentity,
  deltaIdentity,
  messageId,
  snapshotIdentity,
  tradeIdentity,
} from '../../contract/identity.ts';
import type { GapCause } from '../../contract/record.ts';
import { listOf } from '../book/level-reader.ts';
import type { OutgoingDelta, OutgoingOther, OutgoingSnapshot, OutgoingTrade } from '../ports.ts';
import type { BookLevels } from '../venues/scanned.ts';
import type { DepthFrame, TradeFrame } from '../venues/venue.ts';
import { ByteWriter, piece, type Piece } from './byte-writer.ts';
import { idText } from '../venues/id-text.ts';
import { recordHead, recordSubject, type RecordSource } from './record-head.ts';

export interface SnapshotInput {
  readonly lastId: number;
  readonly exchangeTimeUs: number | null;
  readonly receiveTimeUs: number;
  /** They need to last no longer than the call. */
  readonly levels: BookLevels;
  readonly completeFrom: string | null;
  readonly completeTo: string | null;
}

/** What is known of a trade beside the trade itself. */
export type TradeContext = Pick<OutgoingTrade, 'skippedFrom' | 'backfilled' | 'mayJump' | 'first'>;

/** One record is put together at a time. */
const writer = new ByteWriter();

const RECEIVE_TIME = piece(',"receiveTime":');
const DELTA = piece(',"action":"delta","prevId":');
const LAST_ID = piece(',"lastId":');
const BIDS = piece(',"bids":');
const SNAPSHOT = piece(',"action":"snapshot","lastId":');
const COMPLETE_FROM = piece(',"completeFrom":');
const COMPLETE_TO = piece(',"completeTo":');
const RESET = piece(',"reset":true');
const ID = piece(',"id":');
const SEQUENCE = piece(',"sequence":');
const PRICE = piece(',"price":');
const SIZE = piece(',"size":');
const BUY = piece(',"side":"buy"');
const SELL = piece(',"side":"sell"');
const END = piece('}');
const ASKS = piece(',"asks":');
const NULL = piece('null');

/** What never changes of one kind's records, encoded once. */
interface Frame {
  readonly subject: string;
  readonly head: Piece;
  readonly tail: Piece;
}

/** Makes one instrument's books and trades. */
export class RecordWriter {
  readonly #source: RecordSource;
  readonly #symbol: string;
  /** Made when the first record is: most options have no trade for days. */
  #bookFrame: Frame | undefined;
  #tradeFrame: Frame | undefined;
  /** Of the last delta; the next one mostly continues it. */
  #lastId = -1;
  #lastIdText = '-1';

  constructor(source: RecordSource) {
    this.#source = source;
    this.#symbol = source.symbol;
  }

  get bookSubject(): string {
    return this.#book.subject;
  }
  get tradeSubject(): string {
    return this.#trade.subject;
  }

  delta(frame: DepthFrame, receiveTimeUs: number, joinOnly: boolean, idsMayRestart = false): OutgoingDelta {
    const { prevId, lastId, exchangeTimeUs } = frame;
    const { subject, head, tail } = this.#book;
    writeHead(head, exchangeTimeUs, receiveTimeUs);
    writer.raw(DELTA);
    writer.integer(prevId);
    writer.raw(LAST_ID);
    writer.integer(lastId);
    writer.raw(BIDS);
    writer.levels(frame.levels?.bids ?? listOf('bids', frame.bids));
    writer.raw(ASKS);
    writer.levels(frame.levels?.asks ?? listOf('asks', frame.asks));
    writer.raw(tail);
    return {
      kind: 'delta',
      subject,
      msgId: messageId(subject, this.#deltaIdentity(prevId, lastId)),
      payload: writer.done(),
      stream: 'orderbook',
      symbol: this.#symbol,
      exchangeTimeUs,
      receiveTimeUs,
      prevId,
      lastId,
      joinOnly,
      idsMayRestart,
    };
  }

  snapshot(input: SnapshotInput, role: OutgoingSnapshot['role'], cause: GapCause): OutgoingSnapshot {
    return { ...this.#state(input, role === 'reset'), kind: 'snapshot', role, lastId: input.lastId, cause };
  }

  /** The top of the book in `mode: snapshot`: no chain, each stands alone. */
  top(input: SnapshotInput): OutgoingOther {
    return { ...this.#state(input, false), kind: 'other' };
  }

  get #book(): Frame {
    if (this.#bookFrame !== undefined) return this.#bookFrame;
    const { sizeUnit, epoch } = this.#source;
    const tail = `,"sizeUnit":${JSON.stringify(sizeUnit)},"epoch":${JSON.stringify(epoch)}}`;
    this.#bookFrame = frameOf(this.#source, 'orderbook', tail);
    return this.#bookFrame;
  }

  get #trade(): Frame {
    if (this.#tradeFrame !== undefined) return this.#tradeFrame;
    const tail = `,"sizeUnit":${JSON.stringify(this.#source.sizeUnit)}`;
    this.#tradeFrame = frameOf(this.#source, 'trade', tail);
    return this.#tradeFrame;
  }

  #deltaIdentity(prevId: number, lastId: number): string {
    const before = prevId === this.#lastId ? this.#lastIdText : idText(prevId);
    this.#lastId = lastId;
    this.#lastIdText = idText(lastId);
    return deltaIdentity(before, this.#lastIdText);
  }

  #state(input: SnapshotInput, isReset: boolean): Omit<OutgoingOther, 'kind'> {
    const { lastId, exchangeTimeUs, receiveTimeUs, levels } = input;
    const { subject, head, tail } = this.#book;
    writeHead(head, exchangeTimeUs, receiveTimeUs);
    writer.raw(SNAPSHOT);
    writer.integer(lastId);
    // Behind the comma.
    const levelsFrom = writer.length + 1;
    writer.raw(BIDS);
    writer.levels(levels.bids);
    writer.raw(ASKS);
    writer.levels(levels.asks);
    const identity = snapshotIdentity(String(lastId), writer.since(levelsFrom));
    writer.raw(COMPLETE_FROM);
    writer.text(JSON.stringify(input.completeFrom));
    writer.raw(COMPLETE_TO);
    writer.text(JSON.stringify(input.completeTo));
    if (isReset) writer.raw(RESET);
    writer.raw(tail);
    return {
      subject,
      msgId: messageId(subject, identity),
      payload: writer.done(),
      stream: 'orderbook',
      symbol: this.#symbol,
      exchangeTimeUs,
      receiveTimeUs,
    };
  }

  trade(frame: TradeFrame, receiveTimeUs: number, context: TradeContext = {}): OutgoingTrade {
    const { id, sequence, aggregate, exchangeTimeUs } = frame;
    // What counts without holes is the identity too: holes are looked up in the stream by it.
    const counted = sequence === null ? id : idText(sequence);
    const identity = aggregate === undefined ? tradeIdentity(counted) : aggregatedTradeIdentity(id);
    const { subject, head, tail } = this.#trade;
    writeHead(head, exchangeTimeUs, receiveTimeUs);
    writer.raw(ID);
    if (counted === id && sequence !== null) writer.quoted(id);
    else writer.text(JSON.stringify(id));
    if (counted !== id) {
      writer.raw(SEQUENCE);
      writer.text(counted);
    }
    writer.raw(PRICE);
    writer.quoted(frame.price);
    writer.raw(SIZE);
    writer.quoted(frame.size);
    writer.raw(frame.side === 'buy' ? BUY : SELL);
    if (aggregate !== undefined)
      writer.text(`,${JSON.stringify({ aggregated: true, ...aggregate }).slice(1, -1)}`);
    writer.raw(tail);
    const rare = rareFields(frame.marks, context);
    if (rare !== '') writer.text(rare);
    writer.raw(END);
    return {
      kind: 'trade',
      subject,
      msgId: messageId(subject, identity),
      payload: writer.done(),
      stream: 'trade',
      symbol: this.#symbol,
      exchangeTimeUs,
      receiveTimeUs,
      id,
      sequence,
      ...context,
    };
  }
}

function frameOf(source: RecordSource, stream: 'orderbook' | 'trade', tail: string): Frame {
  return {
    subject: recordSubject(source, stream),
    head: piece(recordHead(source, stream)),
    tail: piece(tail),
  };
}

/** Up to behind `receiveTime`. */
function writeHead(head: Piece, exchangeTimeUs: number | null, receiveTimeUs: number): void {
  writer.start();
  writer.raw(head);
  if (exchangeTimeUs === null) writer.raw(NULL);
  else writer.integer(exchangeTimeUs);
  writer.raw(RECEIVE_TIME);
  writer.integer(receiveTimeUs);
}

function rareFields(marks: TradeFrame['marks'], { skippedFrom, backfilled }: TradeContext): string {
  if (marks === undefined && skippedFrom === undefined && backfilled === undefined) return '';
  const marked = marks === undefined ? '' : `,"marks":${JSON.stringify(marks)}`;
  const behind = skippedFrom === undefined ? '' : `,"skippedFrom":${skippedFrom}`;
  return `${marked}${behind}${backfilled === true ? ',"backfilled":true' : ''}`;
}
