/**
 * Binance's depth, trade and best-bid-and-ask messages straight from their bytes. The forms are those of the venue's own
 * serializer, members in its order, without a blank; any other spelling of the same message is left to `decode`, which reads
 * every JSON.
 */
import type { Level } from '../../contract/record.ts';
import { takerSide, US_PER_MS } from './binance-wire.ts';
import { LevelList } from '../book/level-list.ts';
import { ByteReader, literal, type Literal } from './byte-reader.ts';
import { idText } from './id-text.ts';
import { ScannedDepth, type BookLevels } from './scanned.ts';
import type { DepthFrame, TopFrame, TradeFrame } from './venue.ts';

/** Which API: spot's events have fewer members, futures' changes name the id before. */
export type BinanceForm = 'spot' | 'futures';
type Scanned = DepthFrame | TradeFrame | TopFrame;

const STREAM = literal('{"stream":');
const DATA = literal(',"data":');
const DEPTH = literal('{"e":"depthUpdate","E":');
const TRADE = literal('{"e":"trade","E":');
/** The best bid and ask: spot's, USD-M's, COIN-M's. */
const TOP_ID = literal('{"u":');
const TYPED_TOP = literal('{"e":"bookTicker","u":');
const TOP_TYPE = literal(',"e":"bookTicker"');
const BID_SIZE = literal(',"B":');
const ASK_SIZE = literal(',"A":');
const EVENT_TIME = literal(',"E":');
const TIME = literal(',"T":');
const SYMBOL = literal(',"s":');
const PAIR = literal(',"ps":');
const FIRST_ID = literal(',"U":');
const LAST_ID = literal(',"u":');
const PREVIOUS_ID = literal(',"pu":');
const BIDS = literal(',"b":');
const ASKS = literal(',"a":');
const TRADE_ID = literal(',"t":');
const PRICE = literal(',"p":');
const SIZE = literal(',"q":');
const MARKET_ORDER = literal(',"X":"MARKET"');
const MAKER_BOUGHT = literal(',"m":true');
const MAKER_SOLD = literal(',"m":false');
const UNUSED_TRUE = literal(',"M":true');
const UNUSED_FALSE = literal(',"M":false');
const END = literal('}');
/** A later time is none that can be counted in microseconds. */
const MAX_MS = Math.floor(Number.MAX_SAFE_INTEGER / US_PER_MS);

/** Undefined: it is none of them in the usual form. One scanner serves one thread, and keeps no message. */
export function binanceScanner(form: BinanceForm): (bytes: Buffer) => readonly Scanned[] | undefined {
  const reader = new ByteReader();
  const levels = { bids: new LevelList(), asks: new LevelList() };
  const isSpot = form === 'spot';
  return (bytes) => {
    reader.start(bytes);
    const isWrapped = reader.has(STREAM);
    if (isWrapped && !(reader.skipName() && reader.has(DATA))) return undefined;
    const frame = reader.has(DEPTH)
      ? depth(reader, isSpot, levels)
      : reader.has(TRADE)
        ? trade(reader, isSpot)
        : reader.has(TYPED_TOP) || reader.has(TOP_ID)
          ? top(reader)
          : undefined;
    if (frame === undefined || !reader.has(END) || (isWrapped && !reader.has(END))) return undefined;
    return reader.isAtEnd ? [frame] : undefined;
  };
}

/** Behind `"E":`; futures' time of the change is `T`, as `decode` takes it. */
function depth(reader: ByteReader, isSpot: boolean, levels: BookLevels): DepthFrame | undefined {
  let timeMs = reader.integer();
  if (timeMs < 0) return undefined;
  if (!isSpot && reader.has(TIME)) timeMs = reader.integer();
  else if (!isSpot) return undefined;
  if (timeMs < 0 || timeMs > MAX_MS || !reader.has(SYMBOL)) return undefined;
  const instrument = reader.name();
  if (instrument === '' || (!isSpot && reader.has(PAIR) && !reader.skipName())) return undefined;
  const firstId = reader.has(FIRST_ID) ? reader.integer() : -1;
  const lastId = reader.has(LAST_ID) ? reader.integer() : -1;
  if (firstId < 0 || lastId < 0) return undefined;
  const prevId = isSpot ? firstId - 1 : reader.has(PREVIOUS_ID) ? reader.integer() : -1;
  if (!isSpot && prevId < 0) return undefined;
  if (!reader.has(BIDS) || !reader.pairs(levels.bids)) return undefined;
  if (!reader.has(ASKS) || !reader.pairs(levels.asks)) return undefined;
  return new ScannedDepth({ instrument, prevId, lastId, exchangeTimeUs: timeMs * US_PER_MS }, levels);
}

/** Behind `"u":`. Spot's has no time. */
function top(reader: ByteReader): TopFrame | undefined {
  const lastId = reader.integer();
  reader.has(TOP_TYPE);
  const instrument = reader.has(SYMBOL) ? reader.name() : '';
  if (lastId < 0 || instrument === '' || (reader.has(PAIR) && !reader.skipName())) return undefined;
  const bid = reader.has(BIDS) ? levelOf(reader, BID_SIZE) : undefined;
  const ask = reader.has(ASKS) ? levelOf(reader, ASK_SIZE) : undefined;
  const timeMs = reader.has(TIME) ? reader.integer() : null;
  if (bid === undefined || ask === undefined || (reader.has(EVENT_TIME) && reader.integer() < 0))
    return undefined;
  if (timeMs !== null && (timeMs < 0 || timeMs > MAX_MS)) return undefined;
  const exchangeTimeUs = timeMs === null ? null : timeMs * US_PER_MS;
  return { kind: 'top', instrument, lastId, exchangeTimeUs, bid, ask };
}

/** Null: the side is empty, its size is a zero. */
function levelOf(reader: ByteReader, size: Literal): Level | null | undefined {
  const price = reader.decimalText();
  const text = price !== '' && reader.has(size) ? reader.decimalText() : '';
  if (text === '') return undefined;
  return reader.value === 0 ? null : [price, text];
}

/** Behind `"E":`. Spot states the time of the trade behind its size, futures before the symbol. */
function trade(reader: ByteReader, isSpot: boolean): TradeFrame | undefined {
  if (reader.integer() < 0) return undefined;
  let timeMs = !isSpot && reader.has(TIME) ? reader.integer() : -1;
  const instrument = reader.has(SYMBOL) ? reader.name() : '';
  const sequence = reader.has(TRADE_ID) ? reader.integer() : -1;
  if (instrument === '' || sequence < 0) return undefined;
  const price = reader.has(PRICE) ? reader.decimalText() : '';
  const size = reader.has(SIZE) ? reader.decimalText() : '';
  // Ids of both orders, until 2024.
  if (isSpot && reader.has(BIDS) && (reader.integer() < 0 || !reader.has(ASKS) || reader.integer() < 0))
    return undefined;
  if (isSpot && reader.has(TIME)) timeMs = reader.integer();
  if (price === '' || size === '' || timeMs < 0 || timeMs > MAX_MS) return undefined;
  if (!isSpot) reader.has(MARKET_ORDER);
  const buyerIsMaker = reader.has(MAKER_BOUGHT);
  if (!buyerIsMaker && !reader.has(MAKER_SOLD)) return undefined;
  if (isSpot && !reader.has(UNUSED_TRUE)) reader.has(UNUSED_FALSE);
  const exchangeTimeUs = timeMs * US_PER_MS;
  const side = takerSide(buyerIsMaker);
  return { kind: 'trade', instrument, id: idText(sequence), sequence, price, size, side, exchangeTimeUs };
}
