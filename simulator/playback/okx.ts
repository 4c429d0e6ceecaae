import { bookChecksum } from '../okx/checksum.ts';
import { sides } from '../okx/frames.ts';
import type { BookText, LevelText, MarketTrade } from '../ports.ts';
import type {
  Heard,
  HeardFrame,
  OpeningBook,
  PlaybackDialect,
  RecordedEvent,
  Seam,
  SymbolName,
} from './dialect.ts';
import { isObject, parseJson } from './line.ts';
import type { Json, Line } from './line.ts';
import type { Shift, ShiftFields } from './shift.ts';

/** What a login and a fee tier open, at the pace of 10 ms: played as the channel that is open to all. */
const AS_BOOKS: readonly string[] = ['books', 'books-l2-tbt'];
const BOOKS_CHANNEL = /("channel"\s*:\s*)"books-l2-tbt"/;
const TRADES_CHANNEL = /("channel"\s*:\s*)"trades"/;

const FIELDS: ShiftFields = {
  ts: 'timesMs',
  fundingTime: 'timesMs',
  nextFundingTime: 'timesMs',
  prevFundingTime: 'timesMs',
  seqId: 'bookIds',
  prevSeqId: 'bookIds',
  tradeId: 'tradeIds',
};

/** What is known of an instrument's book so far. */
interface Chain {
  readonly lastId: number;
  readonly timeMs: number;
  /** Before 2023 updates have no `seqId`: the chain here is of time, and nothing of it is sent. */
  readonly hasIds: boolean;
  /** False: always 0, as since June 2026. */
  readonly hasChecksum: boolean;
}

/** Frames are sent as they were recorded: those without ids stay without, and so does the snapshot made for them. */
export class OkxPlayback implements PlaybackDialect {
  readonly title = 'OKX';
  readonly #chains = new Map<string, Chain>();

  hear(line: Line): Heard | undefined {
    const message = parseJson(line.msg);
    if (message === undefined) return undefined;
    if (line.kind === 'http') return heardListing(line.url, message);
    const { arg, data, action } = message;
    if (!isObject(arg) || !Array.isArray(data)) return undefined;
    const entries = data.filter(isObject);
    const [name, channel] = [nameOf(arg), String(arg['channel'])];
    if (name === undefined || entries.length === 0) return undefined;
    if (AS_BOOKS.includes(channel)) return this.#heardBook(line.msg, name, entries, action === 'snapshot');
    const text = { stream: `${name}@${channel}`, symbol: name, data: line.msg, wrapped: undefined };
    const ofInstrument = arg['instId'] === name && channel !== 'index-tickers';
    const frame = { ...text, event: eventOf(channel, entries) };
    return { kind: 'frame', frame: ofInstrument ? frame : { ...frame, ofInstrument } };
  }

  hasIds(symbol: string): boolean {
    return this.#chains.get(symbol)?.hasIds ?? true;
  }

  symbolName(symbol: string): SymbolName {
    const [baseAsset = symbol, quoteAsset = '', end, strike, right] = symbol.split('-');
    const expiry = /^\d{6}$/.test(end ?? '') ? `20${end}` : undefined;
    const dated = strike === undefined ? 'future' : 'option';
    return {
      kind: end === undefined ? 'spot' : expiry === undefined ? 'perpetual' : dated,
      expiry,
      strike: strike?.replace('.', 'd'),
      right: right === 'C' || right === 'P' ? right : undefined,
      baseAsset,
      quoteAsset,
    };
  }

  stepText(digits: number): string {
    return (10 ** -digits).toFixed(digits);
  }

  /** A sum of several fills stays one: what it is the sum of was not recorded. */
  standsFor(stream: string): string | undefined {
    return stream.endsWith('@trades') ? `${stream}-all` : undefined;
  }

  renamed(data: string): string {
    return data.replace(TRADES_CHANNEL, '$1"trades-all"');
  }

  shifted(text: string, shift: Shift): string {
    return text.replace(
      /"(\w+)"(\s*:\s*"?)(\d+)(?=["\s,}])/g,
      (whole, name: string, between: string, digits: string) => {
        const part = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
        return part === undefined ? whole : `"${name}"${between}${BigInt(digits) + BigInt(shift[part])}`;
      },
    );
  }

  seamData(symbol: string, seam: Seam): string {
    const { bids, asks, timeMs, lastId, previousId, to } = seam;
    const ids = this.hasIds(symbol) ? { seqId: lastId, prevSeqId: previousId } : {};
    const data = {
      ...sides({ bids, asks }),
      ts: String(timeMs),
      checksum: this.#checksum(symbol, to),
      ...ids,
    };
    return JSON.stringify({ arg: { channel: 'books', instId: symbol }, action: 'update', data: [data] });
  }

  opening({ symbol, served, truth, timeMs }: OpeningBook): string {
    const ids = this.hasIds(symbol) ? { seqId: served.lastUpdateId, prevSeqId: -1 } : {};
    const data = { ...sides(served), ts: String(timeMs), checksum: this.#checksum(symbol, truth), ...ids };
    return JSON.stringify({ arg: { channel: 'books', instId: symbol }, action: 'snapshot', data: [data] });
  }

  #checksum(symbol: string, book: BookText): number {
    return this.#chains.get(symbol)?.hasChecksum === true ? bookChecksum(book) : 0;
  }

  #heardBook(text: string, symbol: string, entries: readonly Json[], isWhole: boolean): Heard {
    const last = entries.at(-1) ?? {};
    const before = this.#chains.get(symbol);
    const chain = chainOf(last, before);
    this.#chains.set(symbol, chain);
    const { lastId, timeMs, hasIds } = chain;
    const given = Number(entries[0]?.['prevSeqId']);
    const previousId = hasIds && !isWhole ? given : (before?.lastId ?? lastId - 1);
    const bids = entries.flatMap((entry) => levels(entry['bids']));
    const asks = entries.flatMap((entry) => levels(entry['asks']));
    const event = {
      kind: 'depth' as const,
      firstId: previousId + 1,
      lastId,
      previousId,
      eventTimeMs: timeMs,
      bids,
      asks,
    };
    const frame: HeardFrame = {
      stream: `${symbol}@books`,
      symbol,
      data: text.replace(BOOKS_CHANNEL, '$1"books"'),
      wrapped: undefined,
      event: isWhole ? { ...event, whole: true } : event,
    };
    if (!isWhole) return { kind: 'frame', frame };
    return { kind: 'book', symbol, book: { lastUpdateId: lastId, bids, asks }, timeMs, frame };
  }
}

/** Without ids: ts · 1000 + the ordinal within the millisecond. */
function chainOf({ ts, seqId, checksum }: Json, before: Chain | undefined): Chain {
  const timeMs = Number(ts);
  const hasIds = typeof seqId === 'number';
  const hasChecksum = before?.hasChecksum === true || (typeof checksum === 'number' && checksum !== 0);
  const lastId = hasIds ? seqId : Math.max(timeMs * 1_000, (before?.lastId ?? 0) + 1);
  return { lastId, timeMs, hasIds, hasChecksum };
}

function nameOf({ instId, instFamily, instType }: Json): string | undefined {
  return [instId, instFamily, instType].find((name) => typeof name === 'string');
}

function levels(side: unknown): readonly LevelText[] {
  if (!Array.isArray(side)) return [];
  return (side as readonly (readonly string[])[]).map(([price = '', size = '']): LevelText => [price, size]);
}

function eventOf(channel: string, entries: readonly Json[]): RecordedEvent {
  if (channel === 'trades' || channel === 'trades-all')
    return { kind: 'trades', trades: entries.map(tradeOf) };
  const seqId = channel === 'bbo-tbt' ? entries.at(-1)?.['seqId'] : undefined;
  return typeof seqId === 'number' ? { kind: 'bookTicker', updateId: seqId } : { kind: 'other' };
}

function tradeOf({ tradeId, px, sz, side, ts }: Json): MarketTrade {
  return {
    id: Number(tradeId),
    price: String(px),
    size: String(sz),
    timeMs: Number(ts),
    buyerIsMaker: side === 'sell',
  };
}

function heardListing(url: string, { data }: Json): Heard | undefined {
  if (!url.includes('/public/instruments') || !Array.isArray(data)) return undefined;
  const entries = data.filter(isObject).map((entry) => [String(entry['instId']), entry] as const);
  return { kind: 'listing', entries: new Map(entries) };
}
