// Each venue's wire, as much of it as seeing a fault takes; written from the venues' documentation.
import type { VenueName } from '../../simulator/options.ts';
import type { VenueClient } from './client.ts';

type Json = Readonly<Record<string, unknown>>;

/** One depth frame; `prev` is null in a snapshot. */
export interface SeenDepth {
  readonly instrument: string;
  readonly prev: number | null;
  readonly last: number;
  readonly bestBid: string | undefined;
  readonly checksum: number | undefined;
}

export interface Dialect {
  readonly venue: VenueName;
  /** The venue's spellings of its two default instruments. */
  readonly instruments: readonly [string, string];
  readonly path: string;
  subscribe(instruments: readonly string[], id: number): Json;
  /** Undefined: not a depth frame. */
  depth(frame: Json): SeenDepth | undefined;
  /** The REST book of an instrument. */
  readonly book: (instrument: string) => string;
  readonly bookId: (body: Json) => number;
  /** What the venue says before it closes; undefined: nothing. */
  readonly farewell: RegExp | undefined;
  /** The book's first state comes over REST, not with the subscription. */
  readonly restStart: boolean;
}

type Level = readonly unknown[];

function binance(venue: VenueName, instruments: readonly [string, string], rest: string): Dialect {
  const path = ['binance-usdm', 'binance-options'].includes(venue) ? '/public/stream' : '/stream';
  return {
    venue,
    instruments,
    path,
    subscribe: (wanted, id) => ({
      method: 'SUBSCRIBE',
      params: wanted.map((instrument) => `${instrument.toLowerCase()}@depth@100ms`),
      id,
    }),
    depth({ data }) {
      const event = (data ?? {}) as Json;
      if (event['e'] !== 'depthUpdate') return undefined;
      const prev = venue === 'binance-spot' ? Number(event['U']) - 1 : Number(event['pu']);
      const bids = event['b'] as readonly Level[];
      const [bestBid] = bids[0] ?? [];
      return {
        instrument: String(event['s']),
        prev,
        last: Number(event['u']),
        bestBid: bestBid as string | undefined,
        checksum: undefined,
      };
    },
    book: (instrument) => `${rest}/depth?symbol=${instrument}&limit=1000`,
    bookId: (body) => Number(body['lastUpdateId']),
    farewell: /"e":"serverShutdown"/,
    restStart: true,
  };
}

const okx: Dialect = {
  venue: 'okx',
  instruments: ['BTC-USDT', 'BTC-USDT-SWAP'],
  path: '/ws/v5/public',
  subscribe: (wanted, id) => ({
    id: String(id),
    op: 'subscribe',
    args: wanted.map((instId) => ({ channel: 'books', instId })),
  }),
  depth({ arg, data, action }) {
    const { channel, instId } = (arg ?? {}) as Json;
    const [book] = (data ?? []) as readonly Json[];
    if (channel !== 'books' || book === undefined) return undefined;
    const bids = book['bids'] as readonly Level[];
    return {
      instrument: String(instId),
      prev: action === 'snapshot' ? null : Number(book['prevSeqId']),
      last: Number(book['seqId']),
      bestBid: levelText(bids[0]),
      checksum: Number(book['checksum']),
    };
  },
  book: (instrument) => `/api/v5/market/books?instId=${instrument}&sz=400`,
  bookId: (body) => Number((body['data'] as readonly Json[])[0]?.['seqId']),
  farewell: /"code":"64008"/,
  restStart: false,
};

const deribit: Dialect = {
  venue: 'deribit',
  instruments: ['BTC-PERPETUAL', 'ETH-PERPETUAL'],
  path: '/ws/api/v2',
  subscribe: (wanted, id) => ({
    jsonrpc: '2.0',
    id,
    method: 'public/subscribe',
    params: { channels: wanted.map((instrument) => `book.${instrument}.100ms`) },
  }),
  depth({ params }) {
    const { channel, data } = (params ?? {}) as Json;
    if (typeof channel !== 'string' || !channel.startsWith('book.')) return undefined;
    const book = data as Json;
    const [, ...best] = (book['bids'] as readonly Level[])[0] ?? [];
    return {
      instrument: String(book['instrument_name']),
      prev: book['type'] === 'snapshot' ? null : Number(book['prev_change_id']),
      last: Number(book['change_id']),
      bestBid: levelText(best),
      checksum: undefined,
    };
  },
  book: (instrument) => `/api/v2/public/get_order_book?instrument_name=${instrument}&depth=1000`,
  bookId: (body) => Number((body['result'] as Json)['change_id']),
  farewell: undefined,
  restStart: false,
};

export const DIALECTS: readonly Dialect[] = [
  binance('binance-spot', ['BTCUSDT', 'ETHUSDT'], '/api/v3'),
  binance('binance-usdm', ['BTCUSDT', 'ETHUSDT'], '/fapi/v1'),
  binance('binance-coinm', ['BTCUSD_PERP', 'ETHUSD_PERP'], '/dapi/v1'),
  okx,
  deribit,
  binance('binance-options', ['BTC-270625-60000-C', 'ETH-270625-4000-P'], '/eapi/v1'),
];

/** Depth frames of one instrument in the order of arrival, those that are no JSON left out. */
export function depthsOf(
  client: Pick<VenueClient, 'frames'>,
  dialect: Dialect,
  instrument: string,
): readonly SeenDepth[] {
  return client.frames.flatMap((text) => {
    const frame = parsed(text);
    const seen = frame === undefined ? undefined : dialect.depth(frame);
    return seen?.instrument === instrument ? [seen] : [];
  });
}

/** How often a frame does not follow the one before it. */
export function breaksOf(depths: readonly SeenDepth[]): number {
  return depths.filter(({ prev }, index) => {
    const before = depths[index - 1];
    return before !== undefined && prev !== null && prev !== before.last;
  }).length;
}

export function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** `price size`, as numbers are written alike everywhere then. */
export function levelText(level: Level | undefined): string | undefined {
  return level === undefined || level.length < 2 ? undefined : `${Number(level[0])} ${Number(level[1])}`;
}
