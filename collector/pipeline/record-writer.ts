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
import { ByteWriter } from './byte-writer.ts';
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

const RECEIVE_TIME = Buffer.from(',"receiveTime":');
const DELTA = Buffer.from(',"action":"delta","prevId":');
const LAST_ID = Buffer.from(',"lastId":');
const BIDS = Buffer.from(',"bids":');
const SNAPSHOT = Buffer.from(',"action":"snapshot","lastId":');
const COMPLETE_FROM = Buffer.from(',"completeFrom":');
const COMPLETE_TO = Buffer.from(',"completeTo":');
const RESET = Buffer.from(',"reset":true');
const ID = Buffer.from(',"id":');
const SEQUENCE = Buffer.from(',"sequence":');
const PRICE = Buffer.from(',"price":');
const SIZE = Buffer.from(',"size":');
const BUY = Buffer.from(',"side":"buy"');
const SELL = Buffer.from(',"side":"sell"');
const END = Buffer.from('}');
const ASKS = Buffer.from(',"asks":');
const NULL = Buffer.from('null');

/** Makes one instrument's books and trades. What never changes of them is encoded once. */
export class RecordWriter {
  readonly #bookHead: Buffer;
  readonly #bookTail: Buffer;
  readonly #tradeHead: Buffer;
  readonly #tradeTail: Buffer;
  readonly #symbol: string;
  readonly bookSubject: string;
  readonly tradeSubject: string;
  /** Of the last delta; the next one mostly continues it. */
  #lastId = -1;
  #lastIdText = '-1';

  constructor(source: RecordSource) {
    const sizeUnit = `,"sizeUnit":${JSON.stringify(source.sizeUnit)}`;
    this.#symbol = source.symbol;
    this.#bookHead = Buffer.from(recordHead(source, 'orderbook'));
    this.#bookTail = Buffer.from(`${sizeUnit},"epoch":${JSON.stringify(source.epoch)}}`);
    this.#tradeHead = Buffer.from(recordHead(source, 'trade'));
    this.#tradeTail = Buffer.from(sizeUnit);
    this.bookSubject = recordSubject(source, 'orderbook');
    this.tradeSubject = recordSubject(source, 'trade');
  }

  delta(frame: DepthFrame, receiveTimeUs: number, joinOnly: boolean, idsMayRestart = false): OutgoingDelta {
    const { prevId, lastId, exchangeTimeUs } = frame;
    writeHead(this.#bookHead, exchangeTimeUs, receiveTimeUs);
    writer.raw(DELTA);
    writer.integer(prevId);
    writer.raw(LAST_ID);
    writer.integer(lastId);
    writer.raw(BIDS);
    writer.levels(frame.levels?.bids ?? listOf('bids', frame.bids));
    writer.raw(ASKS);
    writer.levels(frame.levels?.asks ?? listOf('asks', frame.asks));
    writer.raw(this.#bookTail);
    return {
      kind: 'delta',
      subject: this.bookSubject,
      msgId: messageId(this.bookSubject, this.#deltaIdentity(prevId, lastId)),
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

  #deltaIdentity(prevId: number, lastId: number): string {
    const before = prevId === this.#lastId ? this.#lastIdText : String(prevId);
    this.#lastId = lastId;
    this.#lastIdText = String(lastId);
    return deltaIdentity(before, this.#lastIdText);
  }

  #state(input: SnapshotInput, isReset: boolean): Omit<OutgoingOther, 'kind'> {
    const { lastId, exchangeTimeUs, receiveTimeUs, levels } = input;
    writeHead(this.#bookHead, exchangeTimeUs, receiveTimeUs);
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
    writer.raw(this.#bookTail);
    return {
      subject: this.bookSubject,
      msgId: messageId(this.bookSubject, identity),
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
    const counted = sequence === null ? id : String(sequence);
    const identity = aggregate === undefined ? tradeIdentity(counted) : aggregatedTradeIdentity(id);
    writeHead(this.#tradeHead, exchangeTimeUs, receiveTimeUs);
    writer.raw(ID);
    if (counted === id && sequence !== null) writer.quoted(id);
    else writer.text(JSON.stringify(id));
    if (counted !== id) {
      writer.raw(SEQUENCE);
      writer.text(String(sequence));
    }
    writer.raw(PRICE);
    writer.quoted(frame.price);
    writer.raw(SIZE);
    writer.quoted(frame.size);
    writer.raw(frame.side === 'buy' ? BUY : SELL);
    if (aggregate !== undefined)
      writer.text(`,${JSON.stringify({ aggregated: true, ...aggregate }).slice(1, -1)}`);
    writer.raw(this.#tradeTail);
    const rare = rareFields(frame.marks, context);
    if (rare !== '') writer.text(rare);
    writer.raw(END);
    return {
      kind: 'trade',
      subject: this.tradeSubject,
      msgId: messageId(this.tradeSubject, identity),
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

/** Up to behind `receiveTime`. */
function writeHead(head: Buffer, exchangeTimeUs: number | null, receiveTimeUs: number): void {
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
