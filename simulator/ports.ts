import type { FaultKind } from './faults/fault.ts';
import type { VenueLimits } from './limits.ts';
import type { PlaybackDialect } from './playback/dialect.ts';

/** The seams inside the simulator: a market makes events and keeps the true book, a protocol words them, the rest delivers. */

/** Price and size as the venue's text. */
export type LevelText = readonly [price: string, size: string];

export interface BookText {
  readonly lastUpdateId: number;
  /** Best first. */
  readonly bids: readonly LevelText[];
  readonly asks: readonly LevelText[];
}

export type InstrumentKind = 'spot' | 'perpetual' | 'future' | 'option';

export interface MarketSymbol {
  /** The venue's spelling, `BTCUSDT`. */
  readonly symbol: string;
  readonly kind: InstrumentKind;
  /** Canonical day, `20261225`; undefined: none. */
  readonly expiry: string | undefined;
  readonly strike: string | undefined;
  readonly right: 'C' | 'P' | undefined;
  readonly baseAsset: string;
  readonly quoteAsset: string;
  readonly tickSize: string;
  readonly stepSize: string;
  /** Listed, and not traded: in the venue's word for it. */
  readonly halted?: true;
  /** Its entry in the venue's list as recorded: stands above what is made up. */
  readonly listing?: Readonly<Record<string, unknown>>;
}

export interface MarketFrame {
  /**
   * `<symbol>@<channel>` in any case, `btcusdt@depth@100ms`: what subscriptions, faults and counts go by.
   * The names a venue itself uses are its session's matter.
   */
  readonly stream: string;
  readonly symbol: string;
  /** The payload as a raw connection gets it. */
  readonly data: string;
  /** The recorded bytes of a combined connection; absent: made from `stream` and `data`. */
  readonly wrapped?: string;
  /** A fault: only half of it is sent. */
  readonly cut?: true;
}

export interface FrameSink {
  /** False: nobody would see the frame, it need not be formatted. */
  wants(stream: string): boolean;
  push(frame: MarketFrame): void;
}

/** What changed in a symbol's book from one published depth frame to the next; sizes are absolute, `0` removes. */
export interface BookChange {
  readonly symbol: string;
  readonly lastUpdateId: number;
  readonly bids: readonly LevelText[];
  readonly asks: readonly LevelText[];
}

export interface MarketTrade {
  readonly id: number;
  readonly price: string;
  readonly size: string;
  readonly timeMs: number;
  /** True when the buyer was the maker: the taker sold. */
  readonly buyerIsMaker: boolean;
  /** What else the venue said of it, where it is recorded: nothing is made up then. */
  readonly recorded?: { readonly tradeId: string; readonly liquidation?: string };
}

export interface MarketAggTrade extends MarketTrade {
  readonly firstTradeId: number;
  readonly lastTradeId: number;
}

/** Instruments that come and go while the venue runs. */
export interface Listings {
  begin(instrument: SyntheticInstrument): void;
  /** Halted it stays on the list, else it leaves it; false: there is no such instrument. */
  end(symbol: string, halted: boolean): boolean;
}

export interface BookStamp {
  /** The venue's time of its last change; undefined: none is recorded. */
  readonly timeMs: number | undefined;
  /** False: its id is made up, the venue had none. */
  readonly hasIds: boolean;
}

export interface Market {
  readonly kind: 'synthetic' | 'playback';
  readonly symbols: readonly MarketSymbol[];
  /** Called at each play: the wall time of market time 0. Recorded times stay as they are. */
  setOrigin(wallMs: number): void;
  /** Wall time of the market's present: what frames and books say; undefined: before the first play. */
  readonly timeMs: number | undefined;
  /** Everything up to this market time, at most about `maxFrames` frames; answers the market time reached. */
  advance(toMs: number, maxFrames: number, sink: FrameSink): number;
  /** Pausing stops at the next multiple of this, so that nothing is left half published. */
  readonly pauseGridMs: number;
  /** True once every loop has been played. */
  readonly finished: boolean;
  /** The true book, all levels, at the present id. */
  book(symbol: string): BookText | undefined;
  /** What the REST endpoint serves: the true book but where the recording's own snapshot still stands. */
  snapshot(symbol: string): BookText | undefined;
  /** Of a recorded book; absent: the market's present. */
  bookStamp?(symbol: string): BookStamp | undefined;
  /** The frame that a subscription to the book begins with; absent: the protocol makes it. */
  opening?(symbol: string, distort: (book: BookText) => BookText): string | undefined;
  /** Oldest first, from `fromId` on, else the newest; at most `limit`. */
  trades(symbol: string, fromId: number | undefined, limit: number): readonly MarketTrade[];
  aggTrades(symbol: string, fromId: number | undefined, limit: number): readonly MarketAggTrade[];
  /** Absent: what is listed never changes. */
  readonly listings?: Listings;
  /** Set by who needs every published change; undefined: nobody does. */
  onBookChange: ((change: BookChange) => void) | undefined;
  state(): Readonly<Record<string, unknown>>;
}

/** What happens in one symbol's market. Levels are best first; times are wall milliseconds. */
export type SymbolEvent =
  | { readonly kind: 'trade'; readonly trade: MarketTrade }
  | { readonly kind: 'aggTrade'; readonly trade: MarketAggTrade }
  | {
      /** Best bid or ask changed, in price or in size, by this update. */
      readonly kind: 'top';
      readonly updateId: number;
      readonly timeMs: number;
      readonly best: () => { readonly bid: LevelText; readonly ask: LevelText };
    }
  | {
      /** Everything that changed in a slot of this length; never an empty one. */
      readonly kind: 'depth';
      readonly everyMs: number;
      /** Of the first and the last change inside, and of the last change before. */
      readonly firstId: number;
      readonly lastId: number;
      readonly previousId: number;
      readonly timeMs: number;
      readonly changes: () => Pick<BookText, 'bids' | 'asks'>;
      /** The whole book at the end of the slot. */
      readonly book: () => BookText;
    }
  /** A slot of the fastest timed depth in which nothing changed. */
  | { readonly kind: 'quiet'; readonly timeMs: number };

/** A frame that is worded only when somebody wants its stream. */
export interface MadeFrame {
  readonly stream: string;
  readonly data: () => string;
}

export interface RestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** The faults that are answers of REST in place of the right one. */
export type RestFault = 'restError' | 'http429' | 'http418';

/** What a connection lets its session do. */
export interface ConnectionPort {
  readonly id: number;
  /** Subscribed, in order. */
  readonly streams: readonly string[];
  send(text: string): void;
  /** All count as subscribed; of `served` (all, if left out) frames really come. Answers those that do: fewer with a fault. */
  subscribe(streams: readonly string[], served?: readonly string[]): readonly string[];
  unsubscribe(streams: readonly string[]): void;
  close(code: number, counter: string): void;
  /** Ends with the connection, or by the function that it answers. */
  every(periodMs: number, task: () => void): () => void;
}

/** The venue's side of one connection's conversation. */
export interface Session {
  /** Connections of the same form get the same bytes, made once. */
  readonly form: string;
  /** The frame as this connection gets it. */
  text(frame: MarketFrame): string;
  /** One text message of the client; answers the name it is counted under. */
  receive(text: string): string;
  /** The announcement of a shutdown; undefined: the venue has none. */
  farewell(nowMs: number): string | undefined;
}

/** What a protocol may ask of the rest of the simulator. */
export interface VenueContext {
  readonly market: Market;
  readonly limits: VenueLimits;
  readonly nowMs: () => number;
  /** Of the market, which runs ahead of the wall in scaled time. */
  readonly marketNowMs: () => number;
  /** What REST serves: with the lag and the wrong level that were asked for. */
  readonly snapshot: (symbol: string) => BookText | undefined;
  /** For books served elsewhere: puts in the wrong level, if one was asked for. */
  readonly distort: (symbol: string, book: BookText) => BookText;
}

export interface MarketOptions {
  readonly instruments: readonly SyntheticInstrument[];
  readonly seed: number;
  readonly eventsPerSecond: number;
  /** Ids begin behind it: the wall time of the start, so that a later start goes on with higher ones, as the venue would. */
  readonly firstId: number;
}

/** One venue's language: everything in which venues differ. One is made for each run and may keep state. */
export interface Protocol {
  /** `Binance spot` */
  readonly title: string;
  /** Where to find it, for people: `/stream`. */
  readonly webSocketPaths: readonly string[];
  readonly restPath: string;
  readonly limits: VenueLimits;
  /** Of the canonical symbols it has: `BASE-QUOTE`. */
  readonly symbolForm: string;
  /** Canonical. */
  readonly defaultSymbols: readonly string[];
  /** Slots of depth events, the fastest timed one 100 ms; 0: one event a change. */
  readonly depthSlotsMs: readonly number[];
  /** True: ids are shared with symbols outside, so they jump from change to change. */
  readonly idsJump: boolean;
  /** Of the faults that only some venues have. */
  readonly venueFaults: readonly FaultKind[];
  /** Undefined: the venue has no such instrument. */
  instrument(canonical: string, seed: number): SyntheticInstrument | undefined;
  /** How its recordings are read; null: none can be played back. */
  readonly playback: PlaybackDialect | null;
  /** For a venue with more than symbol markets; absent: the synthetic market of all venues. */
  makeMarket?(options: MarketOptions): Market;
  frames(symbol: MarketSymbol, event: SymbolEvent): readonly MadeFrame[];
  /** A session for a connection opened at this address, or the HTTP status of the refusal. */
  endpoint(url: URL, context: VenueContext): ((connection: ConnectionPort) => Session) | 400 | 404;
  rest(url: URL, address: string, context: VenueContext): RestAnswer;
  failure(kind: RestFault, retryAfterMs: number): RestAnswer;
  /** The book as the venue's streams have it at this moment, where that is not the market's own. */
  publishedBook?(symbol: string): BookText | undefined;
  /** The id on the wire of an id of the market; left out where they are the same. */
  wireId?(symbol: string, id: number): number;
}

/** An instrument of the synthetic market. */
export interface SyntheticInstrument extends MarketSymbol {
  /** Units of 10^-8 in one tick, and in one lot. */
  readonly tickUnits: number;
  readonly lotUnits: number;
  readonly startPriceTicks: number;
  readonly priceText: (units: number) => string;
  readonly sizeText: (units: number) => string;
}
