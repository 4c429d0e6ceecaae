import type { BookText, LevelText, MarketAggTrade, MarketSymbol, MarketTrade } from '../ports.ts';
import type { Json, Line } from './line.ts';
import type { Shift } from './shift.ts';

/** What of a recorded payload the player must understand; everything else is only sent. */
export type RecordedEvent =
  | {
      readonly kind: 'depth';
      readonly firstId: number;
      readonly lastId: number;
      /** That of the frame before in this chain. */
      readonly previousId: number;
      readonly eventTimeMs: number;
      readonly bids: readonly LevelText[];
      readonly asks: readonly LevelText[];
      /** The whole book, in place of what was. */
      readonly whole?: true;
    }
  | { readonly kind: 'trades'; readonly trades: readonly MarketTrade[] }
  | { readonly kind: 'aggTrade'; readonly trade: MarketAggTrade }
  | { readonly kind: 'bookTicker'; readonly updateId: number }
  | { readonly kind: 'other' };

export interface FrameText {
  readonly stream: string;
  readonly symbol: string;
  /** The payload's bytes as text, without the wrapper of a combined connection. */
  readonly data: string;
  /** The bytes as recorded, where they came wrapped. */
  readonly wrapped: string | undefined;
}

export interface HeardFrame extends FrameText {
  readonly event: RecordedEvent;
  /** `symbol` is an index or a family, and not listed. */
  readonly ofInstrument?: false;
}

export interface HeardBook {
  readonly symbol: string;
  readonly book: BookText;
  /** The venue's own. */
  readonly timeMs: number;
}

export type Heard =
  | { readonly kind: 'frame'; readonly frame: HeardFrame }
  /** A book handed out whole, by REST or as the first push of a subscription; `frame`: how it is played if it is not the first. */
  | ({ readonly kind: 'book'; readonly frame: HeardFrame | undefined } & HeardBook)
  /** Entries of a list of instruments, by name. */
  | { readonly kind: 'listing'; readonly entries: ReadonlyMap<string, Json> };

/** What a subscription begins with. */
export interface OpeningBook {
  readonly symbol: string;
  readonly served: BookText;
  /** What its checksum is of: a fault may have changed what is served. */
  readonly truth: BookText;
  readonly timeMs: number;
}

/** The depth frame that ends a loop. */
export interface Seam {
  readonly firstId: number;
  readonly lastId: number;
  readonly previousId: number;
  readonly timeMs: number;
  /** A size of `0` removes. */
  readonly bids: readonly LevelText[];
  readonly asks: readonly LevelText[];
  /** The book before and behind it. */
  readonly from: BookText;
  readonly to: BookText;
}

export type SymbolName = Omit<MarketSymbol, 'symbol' | 'tickSize' | 'stepSize' | 'halted' | 'listing'>;

/** How a venue words what it recorded: everything in which playbacks of venues differ. */
export interface PlaybackDialect {
  /** That of the protocol. */
  readonly title: string;
  /** Line after line, in their order; undefined: nothing of the market. */
  hear(line: Line): Heard | undefined;
  /** False: the book's ids are made up here, and not sent. */
  hasIds(symbol: string): boolean;
  symbolName(symbol: string): SymbolName;
  stepText(digits: number): string;
  /** The stream that this one stands in for, where that one was not recorded. */
  standsFor(stream: string): string | undefined;
  /** The payload under the name of the stream that it stands in for. */
  renamed(data: string, stream: string): string;
  /** A payload, or the frame around it, with its ids and times moved on; every other byte stays. */
  shifted(text: string, shift: Shift): string;
  seamData(symbol: string, seam: Seam): string;
  /** Absent: a subscription begins with the next frame. */
  opening?(book: OpeningBook): string;
}
