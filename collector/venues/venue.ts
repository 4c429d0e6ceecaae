import type { Exchange, Market, StreamName } from '../../contract/feed.ts';
import type { Instrument } from '../../contract/instrument.ts';
import type { Level, TradeMark } from '../../contract/record.ts';
import type { AllowanceRule } from '../../runtime/allowance.ts';
import type { Poll } from './poll.ts';
import { detachedBook, detachedDepth, type BookLevels } from './scanned.ts';
import type { StreamSources } from './source.ts';
import type { TradeSource } from './trade-source.ts';
import type { ValueFrame } from './value-frame.ts';

export type { TradeMark } from '../../contract/record.ts';

/** What a channel carries: a stream of the feed, or the venue's best bid and ask, read only to check the book with. */
export type ChannelStream = StreamName | 'top';

/** One stream of one instrument on a connection. */
export interface Channel {
  /** The venue's spelling. */
  readonly instrument: string;
  readonly stream: ChannelStream;
}

export const channelKey = ({ instrument, stream }: Channel): string => `${stream}/${instrument}`;

export interface DepthFrame {
  readonly kind: 'depth';
  readonly instrument: string;
  readonly lastId: number;
  /** Id of the state that this change continues. */
  readonly prevId: number;
  /** The venue restarted its ids with this change: it continues the book although `lastId` is lower than `prevId`. */
  readonly reset?: true | undefined;
  /** The venue gave no ids: `lastId` is its time in ms · 1000 and `prevId` says nothing, until the pipeline numbers it. */
  readonly timed?: true | undefined;
  /** CRC-32 of the book after this change, signed, as the venue computes it; left out where it does not. */
  readonly checksum?: number | undefined;
  readonly exchangeTimeUs: number | null;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
  /** The same levels until the next message of the connection's venue, where it was read from its bytes. */
  readonly levels?: BookLevels;
}

export interface TradeFrame {
  readonly kind: 'trade';
  readonly instrument: string;
  readonly id: string;
  /** Grows with the instrument's trades, as `TradeSource.ids` says; null where an id tells nothing of others. */
  readonly sequence: number | null;
  readonly price: string;
  readonly size: string;
  readonly side: 'buy' | 'sell';
  readonly exchangeTimeUs: number;
  /** Set where the venue hands out only the sum of a taker's fills at one price. */
  readonly aggregate?: { readonly firstTradeId?: string; readonly lastTradeId: string };
  /** What the venue says about how it came about. */
  readonly marks?: readonly TradeMark[];
}

/** Something that takes an id among the trades and is none; counted by the venue's name for it. */
export interface NotTradeFrame {
  readonly kind: 'notTrade';
  readonly instrument: string;
  readonly name: string;
  readonly sequence: number;
}

/** The whole book, or its known part, sent by the stream itself: the start of a chain. */
export interface StateFrame {
  readonly kind: 'state';
  readonly instrument: string;
  readonly snapshot: BookSnapshot;
}

/** The venue's own best bid and ask at a book id: a ticker's record, and what a book is held against. */
export interface TopFrame {
  readonly kind: 'top';
  readonly instrument: string;
  readonly lastId: number;
  readonly exchangeTimeUs: number | null;
  /** Null: that side is empty. */
  readonly bid: Level | null;
  readonly ask: Level | null;
}

export const UNDECODABLE = ['notJson', 'notAnObject', 'missingField', 'unsafeId', 'badLevel'] as const;
export type UndecodableReason = (typeof UNDECODABLE)[number];

export type VenueFrame =
  | DepthFrame
  | StateFrame
  | TradeFrame
  | ValueFrame
  | TopFrame
  | NotTradeFrame
  /** Answer to our own frame `id`, for all of its channels; `error` is the venue's text when it was refused. */
  | {
      readonly kind: 'ack';
      readonly id: number | null;
      readonly error: string | null;
      /** Set where the venue names what it accepted and leaves out the rest in silence: channels of the frame not here are refused. */
      readonly accepted?: readonly Channel[];
    }
  /** One channel was confirmed; for venues that answer channel by channel, or name what they accepted. */
  | { readonly kind: 'opened'; readonly channel: Channel }
  | { readonly kind: 'refused'; readonly channel: Channel; readonly error: string }
  /** The venue asks for an answer to stay connected. */
  | { readonly kind: 'reply'; readonly text: string }
  /** A sign of life, no data. */
  | { readonly kind: 'heartbeat' }
  /** The venue is about to close this connection; `reason` where it says why. */
  | { readonly kind: 'shutdown'; readonly reason?: string }
  /** The venue ends the session because we asked too much. */
  | { readonly kind: 'tooManyRequests'; readonly reason: string }
  /** Known, and nobody asked for it. */
  | { readonly kind: 'ignored'; readonly name: string }
  | { readonly kind: 'unknown'; readonly name: string }
  | { readonly kind: 'undecodable'; readonly reason: UndecodableReason };

/** The channel that a frame of data belongs to, `has` of those that it may; undefined: it is none. */
export function frameChannel(frame: VenueFrame, has: (channel: Channel) => boolean): Channel | undefined {
  switch (frame.kind) {
    case 'depth':
    case 'state':
      return { instrument: frame.instrument, stream: 'orderbook' };
    case 'trade':
    case 'notTrade':
      return { instrument: frame.instrument, stream: 'trade' };
    case 'value':
      return { instrument: frame.instrument, stream: frame.stream };
    case 'top': {
      const top: Channel = { instrument: frame.instrument, stream: 'top' };
      return has(top) ? top : { ...top, stream: 'ticker' };
    }
    default:
      return undefined;
  }
}

export interface BookSnapshot {
  readonly kind: 'snapshot';
  readonly lastId: number;
  readonly exchangeTimeUs: number | null;
  /** Levels a side that were asked for, where it was not the feed's `restDepth`: a side with fewer is whole. */
  readonly limit?: number | undefined;
  /** Levels a side that the venue keeps whole from here on: it removes what leaves them and sends what enters. */
  readonly window?: number | undefined;
  /** As in `DepthFrame`. */
  readonly timed?: true | undefined;
  readonly checksum?: number | undefined;
  /** Best first. */
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
  /** As in `DepthFrame`. */
  readonly levels?: BookLevels;
}

export interface RestRequest {
  readonly path: string;
  /** What the venue charges for it. */
  readonly weight: number;
  /** Levels a side that a book is asked for, where the venue does not hand out just any number. */
  readonly levels?: number;
}

/** A handful of options may rest for most of an hour; their connection is alive all the same. */
export const QUIET_OPTIONS_MS = 3_600_000;

export interface VenueLimits {
  readonly streamsPerConnection: number;
  /** Of them so many books and tops at most; left out: it makes no difference. */
  readonly booksPerConnection?: number;
  /** What we may send on one connection, pings included; every rule holds. */
  readonly sends: readonly AllowanceRule[];
  /** What one address may send on all of its connections; of it the share of the assignment. */
  readonly sendsOfAddress: readonly AllowanceRule[];
  /** How often one address may connect; of it the share of the assignment. */
  readonly connects: AllowanceRule;
  /** Connections that one address may hold; null: no limit. */
  readonly connectionsAtOnce: number | null;
  /** The venue cuts every connection at this age; null: it does not. */
  readonly connectionLifeMs: number | null;
  readonly channelsPerFrame: number;
  /** Longest silence of a healthy connection: the venue pings at least this often. */
  readonly silenceMs: number;
  /** Confirmed subscriptions and not one frame of data for this long: the failure of endpoints that were retired. */
  readonly noDataMs: number;
  /** REST weight a minute and address. */
  readonly weightPerMinute: number;
  /** The time over which the venue counts it: within it no more than its part of the minute's may be used. */
  readonly weightWindowMs: number;
}

/** The channel that is subscribed for this one. */
export function carrierOf(venue: Pick<Venue, 'carrier'>, channel: Channel): Channel {
  return venue.carrier?.(channel) ?? channel;
}

export type Malformed = { readonly kind: 'undecodable'; readonly reason: UndecodableReason };

/** What the collector has to know of a venue's market; one file a venue, pure. */
export interface Venue {
  readonly exchange: Exchange;
  readonly market: Market;
  /** Binance's contracts only: two venues of one market. */
  readonly settle: 'linear' | 'inverse' | null;
  /** The streams that it offers, each with its description; read the names with `streamsOf`. */
  readonly sources: StreamSources;
  readonly limits: VenueLimits;
  readonly endpoints: { readonly websocket: string; readonly rest: string };
  /** Path of the endpoint that a stream is subscribed at; streams with different paths need different connections. */
  socketPath(stream: ChannelStream): string;
  /** True where a channel `top` has the ids of the book. */
  readonly hasTops: boolean;
  /** Tickers come in a channel of their own: tops are for that comparison alone. */
  readonly tickersApart?: true;
  /**
   * The channel whose subscription brings this one too, where it has none of its own: another stream of the instrument, or
   * a group of instruments under the group's name. Frames and confirmations of ours name carriers only.
   */
  carrier?(channel: Channel): Channel;
  /**
   * Where a book starts. `stream`: the subscription itself brings the state, another subscription brings another;
   * `rest`: it is asked for.
   */
  readonly bookStart: 'rest' | 'stream';
  /** Sent first on every connection. */
  readonly hello: readonly string[];
  /** Sent when nothing came for `everyMs`; null: the venue itself pings. */
  readonly keepAlive: { readonly everyMs: number; readonly text: string } | null;
  subscribe(channels: readonly Channel[], id: number): string;
  unsubscribe(channels: readonly Channel[], id: number): string;
  /** Every event of a message, in order; never empty. */
  decode(text: string): readonly VenueFrame[];
  /**
   * What `decode` makes of a message, from its bytes and sooner: for the most frequent ones, in the venue's usual spelling.
   * Undefined: it is none of those.
   */
  readonly scan?: (bytes: Buffer) => readonly VenueFrame[] | undefined;
  snapshotRequest(instrument: string, levels: number): RestRequest;
  decodeSnapshot(text: string): BookSnapshot | Malformed;
  /** What it tells by REST only. */
  readonly polls?: readonly Poll[];
  catalogueRequest(): RestRequest;
  /** Where the answer is no list of instruments, but says which lists there are. */
  readonly catalogueLists?: (text: string) => readonly RestRequest[] | Malformed;
  decodeCatalogue(text: string): readonly Instrument[] | Malformed;
  /** Null where the market has no trades. */
  readonly trades: TradeSource | null;
  /** The header in which the venue states the weight that this address has used, if it does. */
  readonly usedWeightHeader: string | null;
}

/** What a message of the socket means; `onFallback` where the venue has a scanner and it is none for it. */
export function framesOf(
  { scan, decode }: Pick<Venue, 'scan' | 'decode'>,
  bytes: Buffer,
  onFallback: () => void,
): readonly VenueFrame[] {
  const frames = scan?.(bytes);
  if (frames !== undefined) return frames;
  if (scan !== undefined) onFallback();
  return decode(bytes.toString());
}

/** For whoever keeps it: without what lasts until the next message only. */
export function detached<T extends VenueFrame>(frame: T): T {
  if (frame.kind === 'depth') return detachedDepth(frame) as T;
  return frame.kind === 'state' ? { ...frame, snapshot: detachedBook(frame.snapshot) } : frame;
}
