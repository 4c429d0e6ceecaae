import type {
  BookChange,
  BookText,
  FrameSink,
  LevelText,
  Listings,
  Market,
  MarketAggTrade,
  MarketOptions,
  MarketSymbol,
  MarketTrade,
  Protocol,
  SymbolEvent,
  SyntheticInstrument,
} from '../ports.ts';
import { KEPT_TRADES, RecentTrades } from '../recent-trades.ts';
import type { BookSide } from './book-side.ts';
import { SLOT_MS, SymbolMarket } from './symbol-market.ts';
import type { AggregateFill, DepthChange, Fill, SymbolObserver } from './symbol-market.ts';

export interface SyntheticOptions extends MarketOptions {
  readonly protocol: Pick<Protocol, 'frames' | 'depthSlotsMs' | 'idsJump'>;
}

/** All symbols go forward together in steps of this, so that the order across symbols does not depend on who calls when. */
const STEP_MS = 10;

/** One symbol's market as text frames. */
class SymbolFrames implements SymbolObserver {
  readonly market: SymbolMarket;
  readonly trades = new RecentTrades<MarketTrade>(KEPT_TRADES);
  readonly aggTrades = new RecentTrades<MarketAggTrade>(KEPT_TRADES);
  sink: FrameSink | undefined;
  frames = 0;
  readonly #owner: SyntheticMarket;
  readonly #protocol: SyntheticOptions['protocol'];

  constructor(instrument: SyntheticInstrument, options: SyntheticOptions, owner: SyntheticMarket) {
    this.#owner = owner;
    this.#protocol = options.protocol;
    this.market = new SymbolMarket(instrument, {
      seed: options.seed,
      eventsPerSecond: options.eventsPerSecond,
      firstId: options.firstId,
      depthSlotsMs: options.protocol.depthSlotsMs,
      idsJump: options.protocol.idsJump,
    });
  }

  trade(fill: Fill): void {
    const trade = { id: fill.tradeId, ...this.#fillText(fill) };
    this.trades.add(trade);
    this.#push({ kind: 'trade', trade });
  }

  aggregate(fill: AggregateFill): void {
    const trade = {
      id: fill.aggregateId,
      firstTradeId: fill.tradeId,
      lastTradeId: fill.lastTradeId,
      ...this.#fillText(fill),
    };
    this.aggTrades.add(trade);
    this.#push({ kind: 'aggTrade', trade });
  }

  top(updateId: number, timeMs: number): void {
    const { bids, asks } = this.market;
    this.#push({
      kind: 'top',
      updateId,
      timeMs: this.#owner.originMs + timeMs,
      best: () => ({
        bid: this.#levelText(bids.best, bids.sizeAt(bids.best)),
        ask: this.#levelText(asks.best, asks.sizeAt(asks.best)),
      }),
    });
  }

  depth(change: DepthChange, everyMs: number): void {
    const { firstId, lastId, previousId } = change;
    const changes = (): Pick<BookText, 'bids' | 'asks'> => ({
      bids: this.#sorted(change.bids, -1),
      asks: this.#sorted(change.asks, 1),
    });
    const timeMs = this.#owner.originMs + change.timeMs;
    const book = (): BookText => this.book();
    this.#push({ kind: 'depth', everyMs, firstId, lastId, previousId, timeMs, changes, book });
    if (everyMs === SLOT_MS && this.#owner.onBookChange !== undefined) {
      this.#owner.onBookChange({ symbol: this.market.instrument.symbol, lastUpdateId: lastId, ...changes() });
    }
  }

  quiet(timeMs: number): void {
    this.#push({ kind: 'quiet', timeMs: this.#owner.originMs + timeMs });
  }

  book(): BookText {
    const side = (levels: BookSide): LevelText[] =>
      levels.levels().map(([price, size]) => this.#levelText(price, size));
    return { lastUpdateId: this.market.updateId, bids: side(this.market.bids), asks: side(this.market.asks) };
  }

  #push(event: SymbolEvent): void {
    const { instrument } = this.market;
    for (const { stream, data } of this.#protocol.frames(instrument, event)) {
      if (this.sink?.wants(stream) !== true) continue;
      this.frames += 1;
      this.sink.push({ stream, symbol: instrument.symbol, data: data() });
    }
  }

  #fillText(fill: Fill): Omit<MarketTrade, 'id'> {
    const [price, size] = this.#levelText(fill.price, fill.size);
    return { price, size, timeMs: this.#owner.originMs + fill.timeMs, buyerIsMaker: fill.buyerIsMaker };
  }

  #levelText(priceTicks: number, sizeLots: number): LevelText {
    const { tickUnits, lotUnits, priceText, sizeText } = this.market.instrument;
    return [priceText(priceTicks * tickUnits), sizeText(sizeLots * lotUnits)];
  }

  #sorted(levels: ReadonlyMap<number, number>, order: 1 | -1): LevelText[] {
    return [...levels]
      .sort(([left], [right]) => order * (left - right))
      .map(([price, size]) => this.#levelText(price, size));
  }
}

/** A seeded market of many symbols: same seed and start, same bytes. */
export class SyntheticMarket implements Market {
  readonly kind = 'synthetic';
  readonly pauseGridMs = SLOT_MS;
  readonly finished = false;
  symbols: readonly MarketSymbol[];
  readonly listings: Listings = {
    begin: (instrument) => this.#begin(instrument),
    end: (symbol, halted) => this.#end(symbol, halted),
  };
  onBookChange: ((change: BookChange) => void) | undefined;
  /** Wall time of market time 0. */
  originMs = 0;
  readonly #bySymbol: Map<string, SymbolFrames>;
  readonly #halted = new Set<string>();
  readonly #options: SyntheticOptions;
  #reachedMs = 0;

  constructor(options: SyntheticOptions) {
    this.#options = options;
    this.symbols = options.instruments;
    this.#bySymbol = new Map(
      options.instruments.map((instrument) => [
        instrument.symbol,
        new SymbolFrames(instrument, options, this),
      ]),
    );
  }

  get timeMs(): number | undefined {
    return this.originMs === 0 ? undefined : this.originMs + this.#reachedMs;
  }

  setOrigin(wallMs: number): void {
    this.originMs = Math.max(this.originMs, Math.round(wallMs));
  }

  advance(toMs: number, maxFrames: number, sink: FrameSink): number {
    const before = this.#frames();
    for (let steps = 0; this.#reachedMs + STEP_MS <= toMs; steps += 1) {
      if (steps >= maxFrames || this.#frames() - before >= maxFrames) return this.#reachedMs;
      this.#reachedMs += STEP_MS;
      for (const symbol of this.#bySymbol.values()) {
        symbol.sink = this.#halted.has(symbol.market.instrument.symbol) ? undefined : sink;
        symbol.market.advance(this.#reachedMs, symbol);
      }
    }
    return toMs;
  }

  book(symbol: string): BookText | undefined {
    return this.#bySymbol.get(symbol)?.book();
  }

  snapshot(symbol: string): BookText | undefined {
    return this.book(symbol);
  }

  trades(symbol: string, fromId: number | undefined, limit: number): readonly MarketTrade[] {
    return this.#bySymbol.get(symbol)?.trades.list(fromId, limit) ?? [];
  }

  aggTrades(symbol: string, fromId: number | undefined, limit: number): readonly MarketAggTrade[] {
    return this.#bySymbol.get(symbol)?.aggTrades.list(fromId, limit) ?? [];
  }

  state(): Readonly<Record<string, unknown>> {
    return { seed: this.#options.seed, originMs: this.originMs, frames: this.#frames() };
  }

  /** As if it had always been there: the same seed, the same bytes. */
  #begin(instrument: SyntheticInstrument): void {
    this.#halted.delete(instrument.symbol);
    if (!this.#bySymbol.has(instrument.symbol)) {
      const frames = new SymbolFrames(instrument, this.#options, this);
      frames.market.advance(this.#reachedMs, frames);
      this.#bySymbol.set(instrument.symbol, frames);
    }
    this.#relist();
  }

  #end(symbol: string, halted: boolean): boolean {
    if (!this.#bySymbol.has(symbol)) return false;
    if (halted) this.#halted.add(symbol);
    else this.#bySymbol.delete(symbol);
    this.#relist();
    return true;
  }

  #relist(): void {
    this.symbols = [...this.#bySymbol.values()].map(({ market: { instrument } }) =>
      this.#halted.has(instrument.symbol) ? { ...instrument, halted: true } : instrument,
    );
  }

  #frames(): number {
    let frames = 0;
    for (const symbol of this.#bySymbol.values()) frames += symbol.frames;
    return frames;
  }
}
