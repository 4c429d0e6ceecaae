import { Figures } from '../market/figures.ts';
import type { BookText, MadeFrame, MarketSymbol, MarketTrade, SymbolEvent } from '../ports.ts';
import { changeData, snapshotData, subscriptionFrame, topData, tradesData } from './frames.ts';
import type { Prices } from './frames.ts';
import { INDEX_PRICES, currencyOf } from './instruments.ts';
import { PublishedBook } from './published-book.ts';
import { indexPriceText, markPriceText, perpetualData, quoteData, tickerData } from './ticker.ts';
import { VolatilityIndex } from './volatility.ts';

type Family = 'book' | 'trades' | 'ticker' | 'quote' | 'perpetual';
/** The only grouped book: ungrouped, one level deep. */
const TOP = /^book\.([A-Z0-9-]+)\.none\.1\.100ms$/;

export const isTop = (channel: string): boolean => TOP.test(channel);

/** What the rest of the simulator calls a channel; faults know the first three. */
const STREAM_OF: Readonly<Record<Family, string>> = {
  book: 'depth',
  trades: 'trade',
  ticker: 'bookTicker',
  quote: 'quote',
  perpetual: 'perpetual',
};

const TIMED = /^(book|trades|ticker|perpetual)\.([A-Z0-9-]+)\.100ms$/;
/** Without an interval: at each change. */
const UNTIMED = /^(quote)\.([A-Z0-9-]+)$/;

/** `book.BTC-PERPETUAL.100ms` → `btc-perpetual@depth`; undefined: no channel of that form. */
export function streamOf(channel: string): string | undefined {
  const [, index] = /^deribit_volatility_index\.([a-z]+)_usd$/.exec(channel) ?? [];
  if (index !== undefined) return `${index}-perpetual@volatility`;
  const [, top] = TOP.exec(channel) ?? [];
  if (top !== undefined) return `${top.toLowerCase()}@top`;
  const [, family, name] = TIMED.exec(channel) ?? UNTIMED.exec(channel) ?? [];
  return family === undefined ? undefined : `${name?.toLowerCase()}@${STREAM_OF[family as Family]}`;
}

type Slot = Extract<SymbolEvent, { readonly kind: 'depth' | 'quiet' }>;

/** One instrument's market in the words of its channels, each but the quotes at most every 100 ms. */
export class InstrumentChannels {
  readonly #symbol: MarketSymbol;
  readonly #volatility: VolatilityIndex | undefined;
  readonly #takesSnapshot: () => boolean;
  /** Kept once somebody has asked for it. */
  #book: PublishedBook | undefined;
  #trades: (MarketTrade & { readonly tickDirection: number })[] = [];
  #lastTrade: { readonly price: string; readonly tickDirection: number } | undefined;
  readonly #figures: Figures;
  #ticker = '';

  constructor(symbol: MarketSymbol, takesSnapshot: () => boolean) {
    this.#symbol = symbol;
    this.#takesSnapshot = takesSnapshot;
    this.#figures = new Figures(symbol);
    const index = `${symbol.baseAsset.toLowerCase()}_usd`;
    // The indices exist without instruments; here the perpetual's clock drives them.
    this.#volatility = symbol.kind === 'perpetual' ? new VolatilityIndex(index) : undefined;
  }

  /** The book as the last frame left it; undefined: nobody has asked for it yet. */
  get published(): PublishedBook | undefined {
    return this.#book;
  }

  publishedFrom(book: () => BookText): PublishedBook {
    this.#book ??= new PublishedBook(book());
    return this.#book;
  }

  frames(event: SymbolEvent): readonly MadeFrame[] {
    switch (event.kind) {
      case 'trade':
        this.#addTrade(event.trade);
        return [];
      case 'top': {
        this.#figures.onTop(event.best);
        const { timeMs, best } = event;
        return [this.#frame('quote', () => quoteData(this.#symbol, timeMs, best()))];
      }
      case 'depth': {
        const slot = this.#slotFrames(event);
        return [...this.#tradesFrames(), ...this.#bookFrames(event), ...slot];
      }
      case 'quiet':
        return this.#slotFrames(event);
      default:
        return [];
    }
  }

  /** The ticker as it stands, in answer to a subscription. */
  tickerNow(): string | undefined {
    const { standing } = this.#figures;
    return standing === undefined
      ? undefined
      : this.#frame('ticker', () => tickerData(this.#symbol, standing)).data();
  }

  #addTrade(trade: MarketTrade): void {
    const last = this.#lastTrade;
    const rise = last === undefined ? 1 : Number(trade.price) - Number(last.price);
    // 0 a rise, 2 a fall; 1 and 3: the price of the trade before, which came after a rise or after a fall.
    const same = (last?.tickDirection ?? 0) < 2 ? 1 : 3;
    const tickDirection = rise > 0 ? 0 : rise < 0 ? 2 : same;
    this.#lastTrade = { price: trade.price, tickDirection };
    this.#trades.push({ ...trade, tickDirection });
    this.#figures.onTrade(trade);
  }

  #tradesFrames(): readonly MadeFrame[] {
    const trades = this.#trades;
    if (trades.length === 0) return [];
    this.#trades = [];
    const data = (): string => tradesData(this.#symbol, trades, this.#prices());
    return [this.#frame('trades', data)];
  }

  #bookFrames(event: Extract<SymbolEvent, { readonly kind: 'depth' }>): readonly MadeFrame[] {
    const book = this.#book;
    if (book === undefined) return [];
    const { lastId, timeMs } = event;
    const prevChangeId = book.changeId;
    const { bids, asks } = event.changes();
    const actions = book.apply(lastId, bids, asks);
    if (actions === undefined) return [];
    const about = { instrument: this.#symbol.symbol, timeMs, changeId: lastId };
    const best = book.best();
    const change = this.#frame('book', () => changeData(about, prevChangeId, actions));
    const top = {
      stream: `${about.instrument.toLowerCase()}@top`,
      data: () => subscriptionFrame(`book.${about.instrument}.none.1.100ms`, topData(about, best)),
    };
    if (!this.#takesSnapshot()) return [change, top];
    return [change, top, this.#frame('book', () => snapshotData(about, book.text()))];
  }

  #slotFrames({ timeMs }: Slot): readonly MadeFrame[] {
    const frames: MadeFrame[] = [];
    const standing = this.#figures.endSlot(timeMs);
    if (standing !== undefined) {
      const { bid, ask, last, openInterest } = standing;
      const told = [...bid, ...ask, last?.id, openInterest, markPriceText(this.#symbol, standing)].join();
      if (told !== this.#ticker) {
        this.#ticker = told;
        frames.push(this.#frame('ticker', () => tickerData(this.#symbol, standing)));
      }
      if (this.#symbol.kind === 'perpetual') {
        frames.push(this.#frame('perpetual', () => perpetualData(standing)));
      }
    }
    const volatility = this.#volatility?.frame(timeMs);
    if (volatility !== undefined) {
      frames.push({ stream: `${this.#symbol.symbol.toLowerCase()}@volatility`, data: () => volatility });
    }
    return frames;
  }

  #prices(): Prices {
    const { standing } = this.#figures;
    if (standing !== undefined) {
      return { indexPrice: indexPriceText(standing), markPrice: markPriceText(this.#symbol, standing) };
    }
    const index = String(INDEX_PRICES[currencyOf(this.#symbol.symbol) ?? 'BTC']);
    return { indexPrice: index, markPrice: this.#lastTrade?.price ?? index };
  }

  #frame(family: Family, data: () => string): MadeFrame {
    const { symbol } = this.#symbol;
    const stream = `${symbol.toLowerCase()}@${STREAM_OF[family]}`;
    const channel = family === 'quote' ? `quote.${symbol}` : `${family}.${symbol}.100ms`;
    return { stream, data: () => subscriptionFrame(channel, data()) };
  }
}
