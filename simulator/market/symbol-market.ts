import type { SyntheticInstrument } from '../ports.ts';
import { BookSide } from './book-side.ts';
import { Random, seedFor } from './random.ts';

/** Everything here counts in ticks, lots and milliseconds of market time; text is the venue side's matter. */
export interface Fill {
  readonly tradeId: number;
  readonly price: number;
  readonly size: number;
  readonly buyerIsMaker: boolean;
  readonly timeMs: number;
}

export interface AggregateFill extends Fill {
  readonly aggregateId: number;
  readonly lastTradeId: number;
}

export interface DepthChange {
  /** Of the last change before the slot. */
  readonly previousId: number;
  readonly firstId: number;
  readonly lastId: number;
  readonly bids: ReadonlyMap<number, number>;
  readonly asks: ReadonlyMap<number, number>;
  readonly timeMs: number;
}

export interface SymbolObserver {
  trade(fill: Fill): void;
  aggregate(fill: AggregateFill): void;
  /** Best bid or ask changed, in price or in size, by this update. */
  top(updateId: number, timeMs: number): void;
  depth(change: DepthChange, everyMs: number): void;
  /** A slot of `SLOT_MS` without a change. */
  quiet(timeMs: number): void;
}

export const SLOT_MS = 100;
/** Upper bound of the jump from one id to the next, where other symbols have ids in between. */
const MOST_JUMP = 8;
const LEAST_LEVELS = 500;
const MOST_LEVELS = 1_000;
const MEAN_ORDER_LOTS = 400;
/** Mean distance of a far order from the fair price, as a share of the price; most orders come much nearer. */
const DEPTH_SHARE = 0.001;
const NEAR = { probability: 0.7, factor: 0.05 } as const;
/** Deviation of the fair price in one event, as a share of the price. */
const WALK_SHARE = 0.000_001_5;

/** Unobserved, so that the market begins in its own shape and not with a burst of trades through a too dense top. */
const WARM_UP_EVENTS = 500;
const NOBODY: SymbolObserver = {
  trade: ignore,
  aggregate: ignore,
  top: ignore,
  depth: ignore,
  quiet: ignore,
};

function ignore(): void {
  return undefined;
}

/** The changes since the last depth frame of one speed. */
class Pending {
  readonly everyMs: number;
  nextMs: number;
  #previousId: number;
  #firstId: number | undefined;
  #bids = new Map<number, number>();
  #asks = new Map<number, number>();

  constructor(everyMs: number, updateId: number) {
    this.everyMs = everyMs;
    this.nextMs = everyMs === 0 ? Infinity : everyMs;
    this.#previousId = updateId;
  }

  add(side: 'bids' | 'asks', level: readonly [price: number, size: number], updateId: number): void {
    this.#firstId ??= updateId;
    (side === 'bids' ? this.#bids : this.#asks).set(...level);
  }

  /** Undefined: nothing changed. */
  take(lastId: number, timeMs: number): DepthChange | undefined {
    if (this.#firstId === undefined) return undefined;
    const change = {
      previousId: this.#previousId,
      firstId: this.#firstId,
      lastId,
      bids: this.#bids,
      asks: this.#asks,
      timeMs,
    };
    this.#previousId = lastId;
    this.#firstId = undefined;
    this.#bids = new Map();
    this.#asks = new Map();
    return change;
  }
}

export interface SymbolMarketOptions {
  readonly seed: number;
  readonly eventsPerSecond: number;
  readonly firstId: number;
  readonly depthSlotsMs: readonly number[];
  readonly idsJump: boolean;
}

/** A seeded order flow on one book: orders come, change and go around a fair price that walks; takers really take. */
export class SymbolMarket {
  readonly instrument: SyntheticInstrument;
  readonly bids = new BookSide('bid');
  readonly asks = new BookSide('ask');
  readonly #random: Random;
  readonly #meanGapMs: number;
  #fairPrice: number;
  #updateId = 0;
  #tradeId = 0;
  #aggregateId = 0;
  #nextEventMs: number;
  /** Of its own, so that the flow of orders is the same whether ids jump or not; undefined: they do not. */
  readonly #jumps: Random | undefined;
  #pending: readonly Pending[] = [];

  constructor(instrument: SyntheticInstrument, options: SymbolMarketOptions) {
    this.instrument = instrument;
    if (options.idsJump) this.#jumps = new Random(seedFor(options.seed, `ids/${instrument.symbol}`));
    this.#random = new Random(seedFor(options.seed, instrument.symbol));
    this.#meanGapMs = 1_000 / options.eventsPerSecond;
    this.#fairPrice = instrument.startPriceTicks;
    const levels = LEAST_LEVELS + this.#random.integer((MOST_LEVELS - LEAST_LEVELS) / 2);
    while (this.bids.count < levels) this.bids.set(this.#bidPrice(), this.#orderSize());
    while (this.asks.count < levels) this.asks.set(this.#askPrice(), this.#orderSize());
    for (let events = 0; events < WARM_UP_EVENTS; events += 1) this.#event(0, NOBODY);
    this.#updateId = options.firstId;
    this.#tradeId = options.firstId;
    this.#aggregateId = options.firstId;
    this.#pending = options.depthSlotsMs.map((everyMs) => new Pending(everyMs, options.firstId));
    this.#nextEventMs = this.#random.exponential(this.#meanGapMs);
  }

  get updateId(): number {
    return this.#updateId;
  }

  /** Every event up to this market time, and every depth frame whose slot has ended by then. */
  advance(toMs: number, observer: SymbolObserver): void {
    for (;;) {
      const slotMs = Math.min(...this.#pending.map(({ nextMs }) => nextMs));
      if (Math.min(this.#nextEventMs, slotMs) > toMs) return;
      if (slotMs <= this.#nextEventMs) this.#endSlot(slotMs, observer);
      else {
        const timeMs = Math.floor(this.#nextEventMs);
        this.#event(timeMs, observer);
        for (const pending of this.#pending)
          if (pending.everyMs === 0) this.#publish(pending, timeMs, observer);
        this.#nextEventMs += this.#random.exponential(this.#meanGapMs);
      }
    }
  }

  #endSlot(timeMs: number, observer: SymbolObserver): void {
    for (const pending of this.#pending) {
      if (pending.nextMs > timeMs) continue;
      pending.nextMs += pending.everyMs;
      this.#publish(pending, timeMs, observer);
    }
  }

  #publish(pending: Pending, timeMs: number, observer: SymbolObserver): void {
    const change = pending.take(this.#updateId, timeMs);
    if (change !== undefined) observer.depth(change, pending.everyMs);
    else if (pending.everyMs === SLOT_MS) observer.quiet(timeMs);
  }

  #event(timeMs: number, observer: SymbolObserver): void {
    this.#fairPrice += this.#random.normal() * this.#fairPrice * WALK_SHARE;
    const before = this.#topKey();
    const choice = this.#random.next();
    if (this.#fairPrice > this.asks.best) this.#take('buy', timeMs, observer);
    else if (this.#fairPrice < this.bids.best) this.#take('sell', timeMs, observer);
    else if (choice < 0.06) this.#take(this.#random.next() < 0.5 ? 'buy' : 'sell', timeMs, observer);
    else this.#rest(choice);
    if (this.#topKey() !== before) observer.top(this.#updateId, timeMs);
  }

  /** An order that takes liquidity; it stops short of emptying a side below half of what it shall hold. */
  #take(taker: 'buy' | 'sell', timeMs: number, observer: SymbolObserver): void {
    const side = taker === 'buy' ? this.asks : this.bids;
    let left = Math.max(1, Math.round(this.#random.exponential(MEAN_ORDER_LOTS / 2)));
    while (left > 0 && side.count > LEAST_LEVELS / 2) {
      const price = side.best;
      const size = Math.min(left, side.sizeAt(price));
      this.#fillAtPrice({ taker, price, size, timeMs }, observer);
      this.#change(side, price, side.sizeAt(price) - size);
      left -= size;
    }
  }

  /** One aggregate trade a price, of one to three makers. */
  #fillAtPrice(
    taken: {
      readonly taker: 'buy' | 'sell';
      readonly price: number;
      readonly size: number;
      readonly timeMs: number;
    },
    observer: SymbolObserver,
  ): void {
    const { price, timeMs } = taken;
    const buyerIsMaker = taken.taker === 'sell';
    const firstTradeId = this.#tradeId + 1;
    let left = taken.size;
    const makers = 1 + this.#random.integer(3);
    for (let maker = 1; left > 0; maker += 1) {
      const size = maker >= makers ? left : Math.min(left, 1 + this.#random.integer(left));
      this.#tradeId += 1;
      observer.trade({ tradeId: this.#tradeId, price, size, buyerIsMaker, timeMs });
      left -= size;
    }
    this.#aggregateId += 1;
    observer.aggregate({
      aggregateId: this.#aggregateId,
      tradeId: firstTradeId,
      lastTradeId: this.#tradeId,
      price,
      size: taken.size,
      buyerIsMaker,
      timeMs,
    });
  }

  /** An order that rests: a new one, a changed one, a cancelled one; the number of levels stays within its bounds. */
  #rest(choice: number): void {
    const isBid = this.#random.next() < 0.5;
    const side = isBid ? this.bids : this.asks;
    const rank = Math.min(side.count - 1, Math.floor(this.#random.exponential(20)));
    if (side.count >= MOST_LEVELS) this.#change(side, side.priceAt(side.count - 1), 0);
    else if (side.count <= LEAST_LEVELS || choice < 0.42) {
      this.#change(side, isBid ? this.#bidPrice() : this.#askPrice(), this.#orderSize());
    } else if (choice < 0.7) this.#change(side, side.priceAt(rank), this.#orderSize());
    else this.#change(side, side.priceAt(rank), 0);
  }

  #change(side: BookSide, price: number, size: number): void {
    side.set(price, size);
    this.#updateId += 1 + (this.#jumps?.integer(MOST_JUMP) ?? 0);
    const name = side === this.bids ? 'bids' : 'asks';
    for (const pending of this.#pending) pending.add(name, [price, size], this.#updateId);
  }

  /** Never at or above the best ask. */
  #bidPrice(): number {
    const price = Math.round(this.#fairPrice - this.#distanceTicks());
    const highest = this.asks.count === 0 ? Math.floor(this.#fairPrice) : this.asks.best - 1;
    return Math.max(1, Math.min(price, highest));
  }

  /** Never at or below the best bid. */
  #askPrice(): number {
    const price = Math.round(this.#fairPrice + this.#distanceTicks());
    return Math.max(price, this.bids.count === 0 ? Math.ceil(this.#fairPrice) : this.bids.best + 1);
  }

  #distanceTicks(): number {
    const far = Math.max(MOST_LEVELS, this.instrument.startPriceTicks * DEPTH_SHARE);
    return this.#random.exponential(this.#random.next() < NEAR.probability ? far * NEAR.factor : far);
  }

  #orderSize(): number {
    return 1 + Math.floor(this.#random.exponential(MEAN_ORDER_LOTS));
  }

  #topKey(): string {
    const bid = this.bids.best;
    const ask = this.asks.best;
    return `${bid}/${this.bids.sizeAt(bid)}/${ask}/${this.asks.sizeAt(ask)}`;
  }
}
