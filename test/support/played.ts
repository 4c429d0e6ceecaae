// Recordings that are played into collectors, and what has to come of them: judged from the stream alone.
import assert from 'node:assert/strict';
import type { FollowedBook } from './followed-book.ts';
import type { ReadStream } from './reader.ts';
import type { AppliedRecording } from './recording.ts';

export interface Played {
  readonly recording: string;
  /** The simulator's name of the venue. */
  readonly venue: string;
  readonly exchange: string;
  /** Of the feed, in its words. */
  readonly market: string;
  /** Canonical: the venue's spelling. */
  readonly symbols: Readonly<Record<string, string>>;
  readonly streams: readonly ('orderbook' | 'trade')[];
  /** Different streams that the collector subscribes at the venue, also the tops by which books are checked. */
  readonly subscriptions: number;
  /** All that are recorded of these symbols. */
  readonly trades: number;
}

export const BINANCE_PLAYED: readonly Played[] = [
  {
    recording: 'binance-spot/hft-20240808-btc-eth-all-30s',
    venue: 'binance-spot',
    exchange: 'binance',
    market: 'spot',
    symbols: { 'BTC-USDT': 'BTCUSDT', 'ETH-USDT': 'ETHUSDT' },
    streams: ['orderbook', 'trade'],
    subscriptions: 6,
    trades: 1_069,
  },
  {
    recording: 'binance-spot/cf-20210404-btc-eth-dot',
    venue: 'binance-spot',
    exchange: 'binance',
    market: 'spot',
    symbols: { 'BTC-USDT': 'BTCUSDT', 'ETH-USDT': 'ETHUSDT', 'DOT-USDT': 'DOTUSDT' },
    streams: ['orderbook'],
    subscriptions: 6,
    trades: 0,
  },
];

/** Books that begin with the state of their subscription: it cannot come late. */
export const STATEFUL_PLAYED: readonly Played[] = [
  {
    recording: 'okx/fm-20260926-books-seqid-checksum0',
    venue: 'okx',
    exchange: 'okx',
    market: 'perpetual',
    symbols: { 'BTC-USDT-PERP': 'BTC-USDT-SWAP' },
    streams: ['orderbook', 'trade'],
    subscriptions: 3,
    trades: 26,
  },
  {
    recording: 'okx/cf-20220513-books-checksum',
    venue: 'okx',
    exchange: 'okx',
    market: 'spot',
    symbols: { 'BTC-USDT': 'BTC-USDT' },
    streams: ['orderbook', 'trade'],
    subscriptions: 3,
    trades: 69,
  },
  {
    // From before 2023: without ids, chained by time.
    recording: 'okx/cf-20210722-books-l2-tbt',
    venue: 'okx',
    exchange: 'okx',
    market: 'perpetual',
    symbols: { 'XMR-USDT-PERP': 'XMR-USDT-SWAP' },
    streams: ['orderbook', 'trade'],
    subscriptions: 3,
    trades: 6,
  },
  {
    recording: 'deribit/cf-20210405-options-119s',
    venue: 'deribit',
    exchange: 'deribit',
    market: 'option',
    symbols: {
      'ETH-USD-20210409-1950-C': 'ETH-9APR21-1950-C',
      'ETH-USD-20210430-2240-P': 'ETH-30APR21-2240-P',
    },
    streams: ['orderbook', 'trade'],
    subscriptions: 6,
    trades: 0,
  },
];

/** The subject of a symbol's stream. */
export type SubjectOf = (stream: 'orderbook' | 'trade', symbol: string) => string;

/** Each book is at the recording's last id, and every trade is there. */
export function hasEnded(
  { symbols, trades }: Played,
  expected: AppliedRecording,
  { reading, subjectOf }: { readonly reading: ReadStream; readonly subjectOf: SubjectOf },
): boolean {
  const atEnd = Object.entries(symbols).every(
    ([symbol, instrument]) =>
      reading.books.get(subjectOf('orderbook', symbol))?.id === expected.books.get(instrument)?.lastId,
  );
  return atEnd && countOf(reading) >= trades;
}

/** Books without a hole and equal to the recording applied by somebody else; every trade once, in order. */
export function assertWhole(
  { symbols, streams, trades }: Played,
  expected: AppliedRecording,
  { reading, subjectOf }: { readonly reading: ReadStream; readonly subjectOf: SubjectOf },
): void {
  for (const [symbol, instrument] of Object.entries(symbols)) {
    const book = reading.books.get(subjectOf('orderbook', symbol));
    const wanted = expected.books.get(instrument);
    assert.ok(book !== undefined && wanted !== undefined, `${symbol} has a book on both sides`);
    assert.deepEqual(book.gaps, [], `${symbol}: no hole in the chain`);
    assert.deepEqual(book.jumps, [], `${symbol}: no snapshot goes over a hole`);
    assert.ok(book.deltas > 0, `${symbol}: changes came`);
    assert.deepEqual(sorted(book.bids), sorted(wanted.bids), `${symbol}: bids`);
    assert.deepEqual(sorted(book.asks), sorted(wanted.asks), `${symbol}: asks`);
    if (!streams.includes('trade')) continue;
    assert.deepEqual(
      (reading.trades.get(subjectOf('trade', symbol)) ?? []).map(({ id, price, size }) => ({
        id,
        price,
        size,
      })),
      expected.trades.get(instrument) ?? [],
      `${symbol}: every trade once, in order`,
    );
  }
  assert.equal(countOf(reading), trades);
  assert.deepEqual(reading.doubled, []);
}

const countOf = ({ trades }: ReadStream): number =>
  [...trades.values()].reduce((sum, list) => sum + list.length, 0);

export const deltasOf = ({ books }: { readonly books: ReadonlyMap<string, FollowedBook> }): number =>
  [...books.values()].reduce((sum, { deltas }) => sum + deltas, 0);

/** By value: Deribit's numbers come without the zeros at their end. */
function sorted(side: ReadonlyMap<string, string>): [price: string, size: string][] {
  const plain = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
  return [...side]
    .map(([price, size]): [string, string] => [plain(price), plain(size)])
    .toSorted(([a], [b]) => Number(a) - Number(b));
}
