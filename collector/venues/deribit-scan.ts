/**
 * Deribit's books, tops and trades straight from their bytes. The forms are those of the venue's own serializer, those of 2021
 * and of 2026, without a blank; any other spelling of the same message is left to `decode`, which reads every JSON.
 */
import { LevelList } from '../book/level-list.ts';
import { ByteReader, literal } from './byte-reader.ts';
import { channelOf } from './deribit-channels.ts';
import { WHOLE } from './deribit-frames.ts';
import { ScannedBook, ScannedDepth, type BookLevels } from './scanned.ts';
import type { TradeFrame, VenueFrame } from './venue.ts';

type Scan = readonly VenueFrame[] | undefined;

const CHANNEL = literal('{"jsonrpc":"2.0","method":"subscription","params":{"channel":');
const DATA = literal(',"data":');
const TYPED_CHANGE = literal('{"type":"change","timestamp":');
const TYPED_SNAPSHOT = literal('{"type":"snapshot","timestamp":');
const TIMED = literal('{"timestamp":');
const CHANGE = literal(',"type":"change"');
const SNAPSHOT = literal(',"type":"snapshot"');
const PREVIOUS_ID = literal(',"prev_change_id":');
const INSTRUMENT = literal(',"instrument_name":');
const CHANGE_ID = literal(',"change_id":');
const BIDS = literal(',"bids":');
const ASKS = literal(',"asks":');
const END = literal('}}}');
const LIST = literal('[');
const LIST_END = literal(']}}');
const COMMA = literal(',');
const CLOSE = literal('}');
const PRICE = literal(',"price":');
const AMOUNT = literal(',"amount":');
const BUY = literal(',"direction":"buy"');
const SELL = literal(',"direction":"sell"');
const INDEX_PRICE = literal(',"index_price":');
const TRADE_SEQUENCE = literal(',"trade_seq":');
const MARK_PRICE = literal(',"mark_price":');
const VOLATILITY = literal(',"iv":');
const TICK_DIRECTION = literal(',"tick_direction":');
const MATCH_ID = literal(',"starbase_match_id":');
const TRADE_ID = literal(',"trade_id":');
const CONTRACTS = literal(',"contracts":');
const MATCH_TIME = literal(',"starbase_timestamp":');
/** Of `book.<instrument>.<interval>`; a grouped one has more. */
const BOOK_DOTS = 2;
const US_PER_MS = 1_000;
/** A later time is none that can be counted in microseconds. */
const MAX_MS = Math.floor(Number.MAX_SAFE_INTEGER / US_PER_MS);

/** Undefined: it is none of them in a usual form. One scanner serves one thread, and keeps no message. */
export function deribitScanner(): (bytes: Buffer) => Scan {
  const reader = new ByteReader();
  const levels = { bids: new LevelList(), asks: new LevelList() };
  return (bytes) => {
    reader.start(bytes);
    if (!reader.has(CHANNEL)) return undefined;
    const channel = reader.name();
    const { dots } = reader;
    if (channel === '' || !reader.has(DATA)) return undefined;
    const frames = channel.startsWith('book.')
      ? dots <= BOOK_DOTS
        ? book(reader, levels)
        : channelOf(channel)?.stream === 'top'
          ? top(reader, levels)
          : undefined
      : channel.startsWith('trades.')
        ? trades(reader)
        : undefined;
    return reader.isAtEnd ? frames : undefined;
  };
}

function book(reader: ByteReader, levels: BookLevels): Scan {
  if (reader.has(TYPED_CHANGE)) return change(reader, levels, time(reader));
  if (reader.has(TYPED_SNAPSHOT)) return snapshot(reader, levels, time(reader));
  if (!reader.has(TIMED)) return undefined;
  const exchangeTimeUs = time(reader);
  if (reader.has(CHANGE)) return change(reader, levels, exchangeTimeUs);
  return reader.has(SNAPSHOT) ? snapshot(reader, levels, exchangeTimeUs) : undefined;
}

/** The id before stands first, or last. */
function change(reader: ByteReader, levels: BookLevels, exchangeTimeUs: number): Scan {
  const isPreviousFirst = reader.has(PREVIOUS_ID);
  const first = isPreviousFirst ? reader.integer() : -1;
  const { lastId, instrument } = names(reader);
  if (exchangeTimeUs < 0 || lastId < 0 || instrument === '' || !changes(reader, levels)) return undefined;
  const prevId = isPreviousFirst ? first : reader.has(PREVIOUS_ID) ? reader.integer() : -1;
  if (prevId < 0 || !reader.has(END)) return undefined;
  return [new ScannedDepth({ instrument, prevId, lastId, exchangeTimeUs }, levels)];
}

function snapshot(reader: ByteReader, levels: BookLevels, exchangeTimeUs: number): Scan {
  const { lastId, instrument } = names(reader);
  if (exchangeTimeUs < 0 || lastId < 0 || instrument === '' || !changes(reader, levels)) return undefined;
  if (!reader.has(END)) return undefined;
  const book = new ScannedBook({ lastId, exchangeTimeUs, limit: WHOLE }, levels);
  return [{ kind: 'state', instrument, snapshot: book }];
}

function top(reader: ByteReader, levels: BookLevels): Scan {
  const exchangeTimeUs = reader.has(TIMED) ? time(reader) : -1;
  const { lastId, instrument } = names(reader);
  if (exchangeTimeUs < 0 || lastId < 0 || instrument === '') return undefined;
  if (!reader.has(BIDS) || !reader.numberPairs(levels.bids)) return undefined;
  if (!reader.has(ASKS) || !reader.numberPairs(levels.asks) || !reader.has(END)) return undefined;
  const [bid, ask] = [levels.bids.first ?? null, levels.asks.first ?? null];
  return [{ kind: 'top', instrument, lastId, exchangeTimeUs, bid, ask }];
}

/** In microseconds; -1: there is none. */
function time(reader: ByteReader): number {
  const timeMs = reader.integer();
  return timeMs < 0 || timeMs > MAX_MS ? -1 : timeMs * US_PER_MS;
}

/** The id and the instrument, in either order. */
function names(reader: ByteReader): { readonly lastId: number; readonly instrument: string } {
  if (reader.has(CHANGE_ID)) {
    const lastId = reader.integer();
    return { lastId, instrument: reader.has(INSTRUMENT) ? reader.name() : '' };
  }
  const instrument = reader.has(INSTRUMENT) ? reader.name() : '';
  return { lastId: reader.has(CHANGE_ID) ? reader.integer() : -1, instrument };
}

function changes(reader: ByteReader, { bids, asks }: BookLevels): boolean {
  return reader.has(BIDS) && reader.changes(bids) && reader.has(ASKS) && reader.changes(asks);
}

function trades(reader: ByteReader): Scan {
  if (!reader.has(LIST)) return undefined;
  const frames: TradeFrame[] = [];
  do {
    const frame = trade(reader);
    if (frame === undefined) return undefined;
    frames.push(frame);
  } while (reader.has(COMMA));
  return reader.has(LIST_END) ? frames : undefined;
}

/** One that is neither liquidation, block nor leg of a combo: those have more members. */
function trade(reader: ByteReader): TradeFrame | undefined {
  const exchangeTimeUs = reader.has(TIMED) ? time(reader) : -1;
  const price = reader.has(PRICE) ? reader.numberText() : '';
  const size = reader.has(AMOUNT) ? reader.numberText() : '';
  const isBuy = reader.has(BUY);
  if (exchangeTimeUs < 0 || price === '' || size === '' || (!isBuy && !reader.has(SELL))) return undefined;
  if (!skipped(reader, INDEX_PRICE)) return undefined;
  const instrument = reader.has(INSTRUMENT) ? reader.name() : '';
  const sequence = reader.has(TRADE_SEQUENCE) ? reader.integer() : -1;
  if (instrument === '' || sequence < 0 || !skipped(reader, MARK_PRICE)) return undefined;
  if (!skipped(reader, VOLATILITY) || !skipped(reader, TICK_DIRECTION) || !skipped(reader, MATCH_ID))
    return undefined;
  const id = reader.has(TRADE_ID) ? reader.text() : '';
  if (id === '' || !skipped(reader, CONTRACTS) || !skipped(reader, MATCH_TIME)) return undefined;
  if (!reader.has(CLOSE)) return undefined;
  const side = isBuy ? 'buy' : 'sell';
  return { kind: 'trade', instrument, id, sequence, price, size, side, exchangeTimeUs };
}

/** A member that is not collected may be there, with a number. */
function skipped(reader: ByteReader, name: ReturnType<typeof literal>): boolean {
  return !reader.has(name) || reader.skipNumber();
}
