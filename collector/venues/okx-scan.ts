/**
 * OKX's books, tops and single trades straight from their bytes. The forms are those of the venue's own serializer, members in
 * its order, without a blank; any other spelling of the same message is left to `decode`, which reads every JSON.
 */
import { LevelList } from '../book/level-list.ts';
import { ByteReader, literal } from './byte-reader.ts';
import { idText } from './id-text.ts';
import { OKX_WINDOWS } from './okx-decode.ts';
import { ScannedBook, ScannedDepth, type BookLevels } from './scanned.ts';
import type { TradeFrame, VenueFrame } from './venue.ts';

type Scan = readonly VenueFrame[] | undefined;

const ARGUMENT = literal('{"arg":{"channel":');
const INSTRUMENT = literal(',"instId":');
const UPDATE = literal('},"action":"update","data":[{"asks":');
const SNAPSHOT = literal('},"action":"snapshot","data":[{"asks":');
const TOP = literal('},"data":[{"asks":');
const TRADES = literal('},"data":[');
const BIDS = literal(',"bids":');
const TIME = literal(',"ts":"');
const QUOTE = literal('"');
const CHECKSUM = literal(',"checksum":');
const ID = literal(',"seqId":');
const PREVIOUS_ID = literal(',"prevSeqId":');
const END = literal('}]}');
const TRADE = literal('{"instId":');
const TRADE_ID = literal(',"tradeId":"');
const PRICE = literal('","px":');
const SIZE = literal(',"sz":');
const BUY = literal(',"side":"buy"');
const SELL = literal(',"side":"sell"');
const COUNT = literal(',"count":');
const SOURCE = literal(',"source":');
const CLOSE = literal('}');
const COMMA = literal(',');
const CLOSE_ALL = literal(']}');
const US_PER_MS = 1_000;
/** A later time is none that can be counted in microseconds; it has 13 digits, as many as a time may have. */
const MAX_MS = Math.floor(Number.MAX_SAFE_INTEGER / US_PER_MS);

/** Undefined: it is none of them in the usual form. One scanner serves one thread, and keeps no message. */
export function okxScanner(): (bytes: Buffer) => Scan {
  const reader = new ByteReader();
  const levels = { bids: new LevelList(), asks: new LevelList() };
  return (bytes) => {
    reader.start(bytes);
    if (!reader.has(ARGUMENT)) return undefined;
    const channel = reader.name();
    const instrument = reader.has(INSTRUMENT) ? reader.name() : '';
    if (instrument === '') return undefined;
    const window = OKX_WINDOWS.get(channel);
    const frames =
      window !== undefined
        ? book(reader, { instrument, window, levels })
        : channel === 'trades-all'
          ? trades(reader, instrument)
          : channel === 'bbo-tbt'
            ? top(reader, instrument, levels)
            : undefined;
    return reader.isAtEnd ? frames : undefined;
  };
}

interface Book {
  readonly instrument: string;
  /** Levels a side. */
  readonly window: number;
  readonly levels: BookLevels;
}

function book(reader: ByteReader, { instrument, window, levels }: Book): Scan {
  const isUpdate = reader.has(UPDATE);
  if (!isUpdate && !reader.has(SNAPSHOT)) return undefined;
  const exchangeTimeUs = sides(reader, levels) ? time(reader) : -1;
  if (exchangeTimeUs < 0) return undefined;
  const sum = reader.has(CHECKSUM) ? reader.signed() : 0;
  const isTimed = !reader.has(ID);
  const lastId = isTimed ? exchangeTimeUs : reader.signed();
  const prevId = isTimed ? exchangeTimeUs : reader.has(PREVIOUS_ID) ? reader.signed() : Number.NaN;
  if (Number.isNaN(sum) || Number.isNaN(lastId) || Number.isNaN(prevId) || !reader.has(END)) return undefined;
  // 0 is none.
  const checksum = sum === 0 ? undefined : sum;
  const timed = isTimed ? true : undefined;
  if (!isUpdate) {
    const snapshot = new ScannedBook({ lastId, exchangeTimeUs, window, timed, checksum }, levels);
    return [{ kind: 'state', instrument, snapshot }];
  }
  const reset = lastId < prevId ? true : undefined;
  return [new ScannedDepth({ instrument, prevId, lastId, exchangeTimeUs, reset, timed, checksum }, levels)];
}

/** Behind `"asks":`. */
function sides(reader: ByteReader, levels: BookLevels): boolean {
  return reader.rows(levels.asks) && reader.has(BIDS) && reader.rows(levels.bids);
}

/** In microseconds; -1: there is none. */
function time(reader: ByteReader): number {
  const timeMs = reader.has(TIME) ? reader.integer() : -1;
  return timeMs < 0 || timeMs > MAX_MS || !reader.has(QUOTE) ? -1 : timeMs * US_PER_MS;
}

function top(reader: ByteReader, instrument: string, levels: BookLevels): Scan {
  const exchangeTimeUs = reader.has(TOP) && sides(reader, levels) ? time(reader) : -1;
  const lastId = reader.has(ID) ? reader.signed() : Number.NaN;
  if (exchangeTimeUs < 0 || Number.isNaN(lastId) || !reader.has(END)) return undefined;
  const [bid, ask] = [levels.bids.first ?? null, levels.asks.first ?? null];
  return [{ kind: 'top', instrument, lastId, exchangeTimeUs, bid, ask }];
}

function trades(reader: ByteReader, instrument: string): Scan {
  if (!reader.has(TRADES)) return undefined;
  const frames: TradeFrame[] = [];
  do {
    const frame = trade(reader, instrument);
    if (frame === undefined) return undefined;
    frames.push(frame);
  } while (reader.has(COMMA));
  return reader.has(CLOSE_ALL) ? frames : undefined;
}

/** The instrument is that of the channel. What stands behind the time, and the source, are not collected. */
function trade(reader: ByteReader, instrument: string): TradeFrame | undefined {
  if (!reader.has(TRADE) || !reader.skipName()) return undefined;
  const sequence = reader.has(TRADE_ID) ? reader.integer() : -1;
  const price = reader.has(PRICE) ? reader.decimalText() : '';
  const size = reader.has(SIZE) ? reader.decimalText() : '';
  if (sequence < 0 || price === '' || size === '') return undefined;
  const isBuy = reader.has(BUY);
  if (!isBuy && !reader.has(SELL)) return undefined;
  if (reader.has(SOURCE) && !reader.skipName()) return undefined;
  const exchangeTimeUs = time(reader);
  if (reader.has(COUNT) && !reader.skipName()) return undefined;
  if (reader.has(SOURCE) && !reader.skipName()) return undefined;
  if (reader.has(ID) && Number.isNaN(reader.signed())) return undefined;
  if (exchangeTimeUs < 0 || !reader.has(CLOSE)) return undefined;
  const side = isBuy ? 'buy' : 'sell';
  return { kind: 'trade', instrument, id: idText(sequence), sequence, price, size, side, exchangeTimeUs };
}
