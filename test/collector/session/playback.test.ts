import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { OutgoingTrade, Outgoing } from '../../../collector/ports.ts';
import type { FeedSpec, StreamName } from '../../../contract/feed.ts';
import { startSimulator, type Simulator } from '../../../simulator/main.ts';
import type { VenueName } from '../../../simulator/options.ts';
import { FollowedBook, type BookRecord } from '../../support/followed-book.ts';
import { applyRecording, recordingPath, type AppliedRecording } from '../../support/recording.ts';
import { collect, ManualClock, until, type Collected } from './tiny-venue.ts';

/**
 * The collector's session against a playback: the book it ends with is the one that an independent application of the same
 * recording gives, and every trade comes once. The simulator's clock is moved by hand, so that a loaded machine cannot
 * let a snapshot come later than it was recorded.
 */
interface Case {
  readonly recording: string;
  readonly venue: VenueName;
  readonly spec: Pick<FeedSpec, 'exchange' | 'market'> & Partial<FeedSpec>;
  /** Canonical: the venue's spelling. */
  readonly symbols: Readonly<Record<string, string>>;
  readonly streams: readonly StreamName[];
  /** Of a symbol, at the venue: also the top by which its book is checked. */
  readonly subscriptions: number;
  /** The recording has checksums; made snapshots have them too. */
  readonly checksums?: true;
  /** All that are recorded of these symbols. */
  readonly trades: number;
}

const usdM = {
  venue: 'binance-usdm',
  spec: { exchange: 'binance', market: 'perpetual', settle: 'linear' },
} as const;
const coinM = {
  venue: 'binance-coinm',
  spec: { exchange: 'binance', market: 'perpetual', settle: 'inverse' },
} as const;

const CASES: readonly Case[] = [
  {
    ...usdM,
    recording: 'binance-usdm/hft-20240808-btc-eth-all-15s',
    symbols: { 'BTC-USDT-PERP': 'BTCUSDT', 'ETH-USDT-PERP': 'ETHUSDT' },
    streams: ['orderbook', 'trade'],
    subscriptions: 3,
    trades: 1_053,
  },
  {
    ...usdM,
    recording: 'binance-usdm/cf-20210722-all',
    symbols: { 'SUSHI-USDT-PERP': 'SUSHIUSDT', 'CTK-USDT-PERP': 'CTKUSDT' },
    streams: ['orderbook'],
    subscriptions: 2,
    trades: 0,
  },
  {
    ...coinM,
    recording: 'binance-coinm/hft-20240808-btc-eth-perp-all-30s',
    symbols: { 'BTC-USD-PERP': 'BTCUSD_PERP', 'ETH-USD-PERP': 'ETHUSD_PERP' },
    streams: ['orderbook', 'trade'],
    subscriptions: 3,
    trades: 225,
  },
  {
    venue: 'okx',
    spec: { exchange: 'okx', market: 'perpetual' },
    recording: 'okx/fm-20260926-books-seqid-checksum0',
    symbols: { 'BTC-USDT-PERP': 'BTC-USDT-SWAP' },
    streams: ['orderbook', 'trade'],
    subscriptions: 3,
    trades: 26,
  },
  {
    venue: 'okx',
    spec: { exchange: 'okx', market: 'spot' },
    recording: 'okx/cf-20220513-books-checksum',
    symbols: { 'BTC-USDT': 'BTC-USDT' },
    streams: ['orderbook', 'trade'],
    subscriptions: 3,
    trades: 69,
    checksums: true,
  },
  {
    venue: 'okx',
    spec: { exchange: 'okx', market: 'perpetual' },
    recording: 'okx/cf-20210722-books-l2-tbt',
    symbols: { 'XMR-USDT-PERP': 'XMR-USDT-SWAP' },
    streams: ['orderbook', 'trade'],
    subscriptions: 3,
    trades: 6,
    checksums: true,
  },
  {
    venue: 'deribit',
    spec: { exchange: 'deribit', market: 'option' },
    recording: 'deribit/cf-20210405-options-119s',
    symbols: {
      'ETH-USD-20210409-1950-C': 'ETH-9APR21-1950-C',
      'ETH-USD-20210430-2240-P': 'ETH-30APR21-2240-P',
    },
    streams: ['orderbook', 'trade'],
    subscriptions: 3,
    trades: 0,
  },
  {
    venue: 'deribit',
    spec: { exchange: 'deribit', market: 'option' },
    recording: 'deribit/cf-20210722-options-instruments',
    symbols: { 'BTC-USD-20210924-8000-P': 'BTC-24SEP21-8000-P' },
    streams: ['orderbook'],
    subscriptions: 2,
    trades: 0,
  },
];

/** Market time of one move of the clock. */
const MOVE_MS = 200;

for (const one of CASES) {
  const path = recordingPath(one.recording);
  const skip = path === undefined && 'no recordings';
  test(`${one.recording} played back: its books and trades`, { skip }, async (t) => {
    const expected = applyRecording(path ?? '');
    const playing = await play(t, one, { path: path ?? '', loops: 1 });
    const { feed, books, look } = await follow(t, one, playing);
    playing.simulator.play();
    const inSync = (): boolean => Object.keys(one.symbols).every((symbol) => feed.state(symbol) === 'inSync');
    await until(
      'the end',
      () => playing.state()?.state === 'finished' && atEnd(one, books, expected),
      () => {
        // The collector asks for a snapshot at a symbol's first frame; until it has it, time goes slowly.
        playing.clock.advance(inSync() ? MOVE_MS : 1);
        look();
      },
    );
    assertEnd(one, { books, feed, expected });
  });
}

for (const one of CASES.filter(({ venue }) => !venue.startsWith('binance'))) {
  const path = recordingPath(one.recording);
  const skip = path === undefined && 'no recordings';
  test(
    `${one.recording}: who subscribes in a later loop gets the book of that moment`,
    { skip },
    async (t) => {
      const expected = applyRecording(path ?? '');
      const playing = await play(t, one, { path: path ?? '', loops: 2 });
      playing.simulator.play();
      const track = (): Track | undefined => playing.state()?.details.tracks[0];
      const moveMs = (): number => (track()?.periodMs ?? 0) / 300;
      await until(
        'the middle of the second loop',
        () => (track()?.framesPlayed ?? 0) > 1.5 * (track()?.frames ?? Infinity),
        () => {
          if ((track()?.framesPlayed ?? 0) <= 1.5 * (track()?.frames ?? 0)) playing.clock.advance(moveMs());
        },
      );
      const { feed, books, look } = await follow(t, one, playing);
      const isThere = (): boolean =>
        Object.entries(one.symbols).every(([symbol, instrument]) =>
          isDeepStrictEqual(sides(books.get(symbol)), sides(expected.books.get(instrument))),
        );
      await until(
        'the end',
        () => playing.state()?.state === 'finished' && isThere(),
        () => {
          playing.clock.advance(moveMs());
          look();
        },
      );
      for (const [symbol, book] of books) {
        assert.deepEqual(book.gaps, [], symbol);
        assert.equal(book.snapshots, 1, `${symbol}: the first one held`);
        assert.ok(book.deltas > 0);
      }
      const { counters, problems } = feed.session.status();
      assert.deepEqual(problems, []);
      assert.equal(counters['checksumMismatch'] ?? 0, 0);
      assert.equal((counters['checksumEqual'] ?? 0) > 0, one.checksums ?? false);
    },
  );
}

interface Playing {
  readonly simulator: Simulator;
  readonly clock: ManualClock;
  /** What `/admin/state` said last. */
  readonly state: () => PlayState | undefined;
}

interface Followed {
  readonly feed: Collected;
  readonly books: ReadonlyMap<string, FollowedBook>;
  /** Takes what has come. */
  readonly look: () => void;
}

/** The collector's session, everything subscribed. */
async function follow(t: TestContext, one: Case, { simulator, state }: Playing): Promise<Followed> {
  const symbols = Object.keys(one.symbols);
  const feed = collect({ port: simulator.port }, symbols, {
    spec: {
      ...one.spec,
      streams: one.streams,
      orderbook: { restDepth: 5_000 },
      endpoints: { websocket: simulator.webSocketUrl, rest: simulator.restUrl },
    },
  });
  t.after(() => feed.session.stop());
  const subscriptions = symbols.length * one.subscriptions;
  await until('everything is subscribed', () => (state()?.streamsSubscribed ?? 0) >= subscriptions);
  const books = new Map(symbols.map((symbol) => [symbol, new FollowedBook()]));
  let taken = 0;
  const look = (): void => {
    for (; taken < feed.records.length; taken += 1) take(books, feed.records[taken] as Outgoing, taken);
  };
  return { feed, books, look };
}

async function play(
  t: TestContext,
  { venue }: Case,
  { path, loops }: { readonly path: string; readonly loops: number },
): Promise<Playing> {
  const clock = new ManualClock();
  const simulator = await startSimulator(
    { port: 0, venue, recordings: [path], loops, start: 'manual' },
    { clock },
  );
  t.after(() => simulator.close());
  return { simulator, clock, state: watched(t, simulator.restUrl) };
}

interface Track {
  readonly framesPlayed: number;
  readonly frames: number;
  readonly periodMs: number;
}

interface PlayState {
  readonly details: { readonly tracks: readonly Track[] };
  readonly state: string;
  readonly streamsSubscribed: number;
}

/** What `/admin/state` said last. */
function watched(t: TestContext, restUrl: string): () => PlayState | undefined {
  let last: PlayState | undefined;
  let isAsking = false;
  const ask = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    last = (await (await fetch(`${restUrl}/admin/state`)).json()) as PlayState;
    isAsking = false;
  };
  const asking = setInterval(() => void ask().catch(() => undefined), 20);
  t.after(() => clearInterval(asking));
  return () => last;
}

function take(books: ReadonlyMap<string, FollowedBook>, record: Outgoing, index: number): void {
  if (record.kind !== 'delta' && record.kind !== 'snapshot') return;
  if (record.kind === 'delta' && record.joinOnly) return;
  const fields = JSON.parse(new TextDecoder().decode(record.payload)) as BookRecord;
  books.get(record.symbol)?.apply({ ...fields, action: record.kind }, index);
}

function atEnd(
  { symbols }: Case,
  books: ReadonlyMap<string, FollowedBook>,
  expected: AppliedRecording,
): boolean {
  return Object.entries(symbols).every(
    ([symbol, instrument]) => books.get(symbol)?.id === expected.books.get(instrument)?.lastId,
  );
}

function assertEnd(
  { symbols, trades, streams }: Case,
  {
    books,
    feed,
    expected,
  }: {
    readonly books: ReadonlyMap<string, FollowedBook>;
    readonly feed: Collected;
    readonly expected: AppliedRecording;
  },
): void {
  let count = 0;
  for (const [symbol, instrument] of Object.entries(symbols)) {
    const [book, wanted] = [books.get(symbol), expected.books.get(instrument)];
    assert.ok(book !== undefined && wanted !== undefined);
    assert.deepEqual(book.gaps, [], `${symbol}: no hole in the chain`);
    assert.deepEqual(sides(book), sides(wanted), symbol);
    assert.ok(book.bids.size > 0 || book.asks.size > 0);
    if (!streams.includes('trade')) continue;
    const seen = feed.of('trade', symbol);
    count += seen.length;
    assert.deepEqual(
      seen.map(({ id }: OutgoingTrade) => id),
      (expected.trades.get(instrument) ?? []).map(({ id }) => id),
      `${symbol}: every trade once, in order`,
    );
  }
  assert.equal(count, trades);
  const { counters, problems } = feed.session.status();
  assert.deepEqual(problems, []);
  assert.deepEqual(
    Object.keys(counters).filter((name) => /^(unknown|undecodable)/.test(name)),
    [],
  );
}

interface Sides {
  readonly bids: ReadonlyMap<string, string>;
  readonly asks: ReadonlyMap<string, string>;
}

function sides(book: Sides | undefined): unknown {
  return book === undefined ? undefined : { bids: sorted(book.bids), asks: sorted(book.asks) };
}

/** By value, digits without the zeros at their end. */
function sorted(side: ReadonlyMap<string, string>): [price: string, size: string][] {
  const plain = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
  return [...side]
    .map(([price, size]): [string, string] => [plain(price), plain(size)])
    .toSorted(([a], [b]) => Number(a) - Number(b));
}
