import { KeptBook } from '../kept-book.ts';
import type { BookChange, BookStamp, BookText, MarketAggTrade, MarketFrame, MarketTrade } from '../ports.ts';
import { KEPT_TRADES, RecentTrades } from '../recent-trades.ts';
import type { FrameText, PlaybackDialect } from './dialect.ts';
import type { SymbolLoop } from './loop.ts';
import type { RecordedFrame, RecordedSnapshot } from './recording.ts';
import { NO_SHIFT, times } from './shift.ts';
import type { Shift } from './shift.ts';

export interface Played {
  readonly frame: MarketFrame;
  readonly change: BookChange | undefined;
}

/** One recorded symbol as it is played: the book kept, the trades remembered, the loop's shift. */
export class SymbolPlayer {
  readonly trades = new RecentTrades<MarketTrade>(KEPT_TRADES);
  readonly aggTrades = new RecentTrades<MarketAggTrade>(KEPT_TRADES);
  readonly #dialect: PlaybackDialect;
  readonly #loop: SymbolLoop;
  readonly #snapshot: RecordedSnapshot | undefined;
  readonly #book: KeptBook;
  #loops = 0;
  #shift: Shift = NO_SHIFT;
  /** The venue's own, of the last change; moved on as the frames are. */
  #bookTimeMs: number | undefined;

  constructor(dialect: PlaybackDialect, loop: SymbolLoop, snapshot: RecordedSnapshot | undefined) {
    this.#dialect = dialect;
    this.#loop = loop;
    this.#snapshot = snapshot;
    this.#book = new KeptBook(loop.begin);
    this.#bookTimeMs = snapshot?.timeMs;
  }

  get bookStamp(): BookStamp {
    return { timeMs: this.#bookTimeMs, hasIds: this.#dialect.hasIds(this.#loop.symbol) };
  }

  opening(distort: (book: BookText) => BookText): string | undefined {
    const truth = this.book();
    const { symbol } = this.#loop;
    return this.#dialect.opening?.({ symbol, served: distort(truth), truth, timeMs: this.#bookTimeMs ?? 0 });
  }

  book(): BookText {
    return this.#book.text();
  }

  /** In the first loop, before the recorded answer's moment, that answer; from then on the kept book. */
  served(marketMs: number): BookText {
    const recorded = this.#snapshot;
    return recorded !== undefined && this.#loops === 0 && marketMs < recorded.offsetMs
      ? recorded.book
      : this.book();
  }

  /** Keeps what the frame says; answers the change of the published book, if it is one. */
  see(frame: RecordedFrame): BookChange | undefined {
    const { event, symbol } = frame;
    if (event.kind === 'trades') {
      for (const trade of event.trades)
        this.trades.add(shiftedTrade(trade, this.#shift.tradeIds, this.#shift));
    } else if (event.kind === 'aggTrade') {
      const { tradeIds, aggTradeIds } = this.#shift;
      const trade = shiftedTrade(event.trade, aggTradeIds, this.#shift);
      const firstTradeId = event.trade.firstTradeId + tradeIds;
      this.aggTrades.add({ ...trade, firstTradeId, lastTradeId: event.trade.lastTradeId + tradeIds });
    } else if (event.kind === 'depth' && frame.stream === this.#loop.depthStream) {
      const { bids, asks } = event;
      const change = { symbol, lastUpdateId: event.lastId + this.#shift.bookIds, bids, asks };
      if (event.whole === true) this.#book.replace(change);
      // Older than the recorded snapshot: the book is ahead of the stream still.
      else if (change.lastUpdateId <= this.#book.lastUpdateId) return undefined;
      else this.#book.apply(change);
      this.#bookTimeMs = event.eventTimeMs + this.#shift.timesMs;
      return change;
    }
    return undefined;
  }

  /** The recorded bytes; from the second loop on with ids and times moved on. */
  frame({ stream, symbol, data, wrapped }: FrameText): MarketFrame {
    const moved = (text: string): string =>
      this.#loops === 0 ? text : this.#dialect.shifted(text, this.#shift);
    const frame = { stream, symbol, data: moved(data) };
    return wrapped === undefined ? frame : { ...frame, wrapped: moved(wrapped) };
  }

  /** Under the name of the stream that it stands in for. */
  underAlias({ symbol, data }: FrameText, alias: string): MarketFrame {
    const renamed = this.#dialect.renamed(data, alias);
    return this.frame({ stream: alias, symbol, data: renamed, wrapped: undefined });
  }

  /** Ends this loop with the seam, under each of its names, and begins the next. */
  nextLoop(): readonly Played[] {
    const { seam, symbol, depthStream, depthAlias } = this.#loop;
    const { bookIds, timesMs } = this.#shift;
    this.#loops += 1;
    this.#shift = times(this.#loop.shift, this.#loops);
    if (seam === undefined || depthStream === undefined) return [];
    const lastId = seam.lastId + bookIds;
    const { bids, asks } = seam;
    const timeMs = seam.timeMs + timesMs;
    const data = this.#dialect.seamData(symbol, {
      ...seam,
      firstId: seam.firstId + bookIds,
      previousId: seam.previousId + bookIds,
      lastId,
      timeMs,
    });
    const change = { symbol, lastUpdateId: lastId, bids, asks };
    this.#book.apply(change);
    this.#bookTimeMs = timeMs;
    const played = { frame: { stream: depthStream, symbol, data }, change };
    if (depthAlias === undefined) return [played];
    const renamed = this.#dialect.renamed(data, depthAlias);
    return [played, { frame: { stream: depthAlias, symbol, data: renamed }, change: undefined }];
  }
}

function shiftedTrade(trade: MarketTrade, byIds: number, shift: Shift): MarketTrade {
  const { price, size, buyerIsMaker, recorded } = trade;
  const moved = { id: trade.id + byIds, price, size, buyerIsMaker, timeMs: trade.timeMs + shift.timesMs };
  if (recorded === undefined) return moved;
  const tradeId = recorded.tradeId.replace(/\d+$/, (digits) => String(Number(digits) + shift.aggTradeIds));
  return { ...moved, recorded: { ...recorded, tradeId } };
}
