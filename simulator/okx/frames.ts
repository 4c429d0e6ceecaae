import type {
  BookText,
  LevelText,
  MadeFrame,
  MarketAggTrade,
  MarketSymbol,
  MarketTrade,
  SymbolEvent,
} from '../ports.ts';
import type { ProtocolRun } from '../protocol-run.ts';
import { bookChecksum } from './checksum.ts';
import { KEEPALIVE_MS } from './limits.ts';
import { PublishedBook } from './published.ts';
import { OkxStatistics } from './statistics.ts';

/** `[price, size, "0" (deprecated), orders]` */
type OkxLevel = readonly [price: string, size: string, deprecated: '0', orders: string];

interface Instrument {
  readonly published: PublishedBook;
  /** Undefined: none yet. */
  lastUpdateMs: number | undefined;
}

/** What the public channels say of each instrument; it keeps what `books` has told so far. */
export class OkxFrames {
  readonly statistics = new OkxStatistics();
  readonly #run: ProtocolRun;
  readonly #instruments = new Map<string, Instrument>();

  constructor(run: ProtocolRun) {
    this.#run = run;
  }

  frames(instrument: MarketSymbol, event: SymbolEvent): readonly MadeFrame[] {
    const own = this.#ownFrames(instrument, event);
    return [...own, ...this.statistics.frames(instrument, event)];
  }

  #ownFrames({ symbol }: MarketSymbol, event: SymbolEvent): readonly MadeFrame[] {
    switch (event.kind) {
      case 'trade':
        return [made(symbol, 'trades-all', () => [tradeFields(symbol, event.trade)])];
      case 'aggTrade':
        return [made(symbol, 'trades', () => [this.#aggregateFields(symbol, event.trade)])];
      case 'top':
        return [made(symbol, 'bbo-tbt', () => [this.#topFields(symbol, event)])];
      case 'depth':
        return this.#onDepth(symbol, event);
      default:
        return this.#keepAlive(symbol, event.timeMs);
    }
  }

  /** The book as `books` has it now; before its first update the market's own. */
  published(symbol: string, book: () => BookText): PublishedBook {
    return this.#instrument(symbol, book).published;
  }

  publishedBook(symbol: string): BookText | undefined {
    return this.#instruments.get(symbol)?.published.book;
  }

  wireId(symbol: string, id: number): number {
    return this.#instruments.get(symbol)?.published.wireId(id) ?? id;
  }

  /** The first frame of a subscription to `books`. */
  snapshot(symbol: string, book: BookText, truth: BookText, timeMs: number): string {
    const data = {
      ...sides(book),
      ts: String(timeMs),
      checksum: this.#checksum(symbol, truth),
      seqId: book.lastUpdateId,
      prevSeqId: -1,
    };
    return frameText(symbol, 'books', [data], 'snapshot');
  }

  #onDepth(symbol: string, event: Extract<SymbolEvent, { kind: 'depth' }>): readonly MadeFrame[] {
    const book = event.book();
    const instrument = this.#instrument(symbol, () => book);
    const { published } = instrument;
    const update = published.moveTo(book, () => this.#run.takeFault('sequenceReset', symbol));
    if (update === undefined) return this.#keepAlive(symbol, event.timeMs);
    instrument.lastUpdateMs = event.timeMs;
    const { seqId, prevSeqId } = update;
    const ts = String(event.timeMs);
    const five = (): object => ({ ...sides(published.book, 5), instId: symbol, ts, seqId });
    const data = (): object => ({
      ...sides(update),
      ts,
      checksum: this.#checksum(symbol, published.book),
      seqId,
      prevSeqId,
    });
    const frames = [made(symbol, 'books', () => [data()], 'update'), made(symbol, 'books5', () => [five()])];
    if (!this.#run.takeFault('secondSnapshot', symbol)) return frames;
    const again = { stream: `${symbol}@books`, data: () => this.#snapshotNow(symbol, event.timeMs) };
    return [...frames, again];
  }

  #snapshotNow(symbol: string, timeMs: number): string {
    const { book } = this.#instrument(symbol, () => ({ lastUpdateId: 0, bids: [], asks: [] })).published;
    return this.snapshot(symbol, book, book, timeMs);
  }

  /** An update without levels, whose id is that of the last one. */
  #keepAlive(symbol: string, timeMs: number): readonly MadeFrame[] {
    const instrument = this.#instruments.get(symbol);
    if (instrument === undefined) return [];
    instrument.lastUpdateMs ??= timeMs;
    if (timeMs - instrument.lastUpdateMs < KEEPALIVE_MS) return [];
    instrument.lastUpdateMs = timeMs;
    const { seqId, book } = instrument.published;
    const ids = { seqId, prevSeqId: seqId };
    const data = (): object => ({
      asks: [],
      bids: [],
      ts: String(timeMs),
      checksum: this.#checksum(symbol, book),
      ...ids,
    });
    return [made(symbol, 'books', () => [data()], 'update')];
  }

  #checksum(symbol: string, book: BookText): number {
    if (this.#run.takeFault('checksumZero', symbol)) return 0;
    const right = this.#run.okxChecksum === 'real' ? bookChecksum(book) : 0;
    return this.#run.takeFault('wrongChecksum', symbol) ? right ^ 1 : right;
  }

  #topFields(symbol: string, event: Extract<SymbolEvent, { kind: 'top' }>): object {
    const { bid, ask } = event.best();
    const seqId = this.wireId(symbol, event.updateId);
    return { ...sides({ bids: [bid], asks: [ask] }), ts: String(event.timeMs), seqId };
  }

  #aggregateFields(symbol: string, trade: MarketAggTrade): object {
    const count = String(trade.lastTradeId - trade.firstTradeId + 1);
    const { source, ...fields } = tradeFields(symbol, { ...trade, id: trade.lastTradeId });
    return { ...fields, count, source, seqId: this.#instruments.get(symbol)?.published.seqId ?? 0 };
  }

  #instrument(symbol: string, book: () => BookText): Instrument {
    let known = this.#instruments.get(symbol);
    if (known === undefined) {
      known = { published: new PublishedBook(book()), lastUpdateMs: undefined };
      this.#instruments.set(symbol, known);
    }
    return known;
  }
}

export function sides(
  book: Pick<BookText, 'bids' | 'asks'>,
  most = Infinity,
): { readonly asks: readonly OkxLevel[]; readonly bids: readonly OkxLevel[] } {
  const worded = ([price, size]: LevelText): OkxLevel => [price, size, '0', size === '0' ? '0' : '1'];
  return { asks: book.asks.slice(0, most).map(worded), bids: book.bids.slice(0, most).map(worded) };
}

export function tradeFields(instId: string, trade: MarketTrade): { readonly source: string } {
  const { id, price, size, timeMs, buyerIsMaker } = trade;
  const side = buyerIsMaker ? 'sell' : 'buy';
  const fields = { instId, tradeId: String(id), px: price, sz: size, side, ts: String(timeMs) };
  return { ...fields, source: '0' };
}

function made(symbol: string, channel: string, data: () => readonly object[], action?: string): MadeFrame {
  return { stream: `${symbol}@${channel}`, data: () => frameText(symbol, channel, data(), action) };
}

function frameText(instId: string, channel: string, data: readonly object[], action?: string): string {
  const arg = { channel, instId };
  return JSON.stringify(action === undefined ? { arg, data } : { arg, action, data });
}
