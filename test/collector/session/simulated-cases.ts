import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Outgoing } from '../../../collector/ports.ts';
import { venueOf } from '../../../collector/venues/registry.ts';
import type { VenueLimits } from '../../../collector/venues/venue.ts';
import type { FeedSpec } from '../../../contract/feed.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { VenueLimits as SimulatedLimits } from '../../../simulator/limits.ts';
import { startSimulator } from '../../../simulator/main.ts';
import type { SimulatorOptions } from '../../../simulator/options.ts';
import { booksText, Consumer, type Book } from './book-consumer.ts';
import { collect, until, type Collected } from './tiny-venue.ts';

export interface Case {
  readonly name: string;
  readonly simulator: Partial<SimulatorOptions>;
  readonly spec: Pick<FeedSpec, 'exchange' | 'market'> & Partial<FeedSpec>;
  readonly symbol: string;
  readonly instrument: string;
  /** Connections that the feed's channels need. */
  readonly links: number;
  /** The venue says so before it closes a connection. */
  readonly announces: boolean;
}

export const CASES: readonly Case[] = [
  {
    name: 'Binance spot',
    simulator: { venue: 'binance-spot' },
    spec: { exchange: 'binance', market: 'spot' },
    symbol: 'BTC-USDT',
    instrument: 'BTCUSDT',
    links: 1,
    announces: true,
  },
  {
    name: 'Binance USD-M',
    simulator: { venue: 'binance-usdm' },
    spec: { exchange: 'binance', market: 'perpetual', settle: 'linear' },
    symbol: 'BTC-USDT-PERP',
    instrument: 'BTCUSDT',
    links: 1,
    announces: true,
  },
  {
    name: 'Binance options',
    simulator: { venue: 'binance-options' },
    spec: { exchange: 'binance', market: 'option' },
    symbol: 'BTC-USDT-20270625-60000-C',
    instrument: 'BTC-270625-60000-C',
    links: 1,
    announces: true,
  },
  {
    name: 'OKX',
    simulator: { venue: 'okx' },
    spec: { exchange: 'okx', market: 'perpetual' },
    symbol: 'BTC-USDT-PERP',
    instrument: 'BTC-USDT-SWAP',
    links: 2,
    announces: true,
  },
  {
    name: 'Deribit',
    simulator: { venue: 'deribit' },
    spec: { exchange: 'deribit', market: 'perpetual' },
    symbol: 'BTC-USD-PERP',
    instrument: 'BTC-PERPETUAL',
    links: 1,
    announces: false,
  },
];

export interface Opened {
  readonly feed: Collected;
  readonly restUrl: string;
  readonly fault: (body: object) => Promise<void>;
  /** The published book is the venue's own at the same id. */
  readonly isTrue: () => Promise<void>;
  readonly counter: (name: string) => number;
}

export interface CaseOptions {
  /** In place of the venue's own: what the collector believes, and what the venue does. */
  readonly limits?: Partial<VenueLimits>;
  readonly simulated?: Partial<SimulatedLimits>;
  readonly clock?: Clock;
}

/** A collector's venue side and the simulator in one process, over real sockets. */
export async function openCase(t: TestContext, one: Case, options: CaseOptions = {}): Promise<Opened> {
  const simulator = await startSimulator(
    { ...one.simulator, port: 0, symbols: [one.symbol], eventsPerSecond: 200 },
    { limits: options.simulated ?? {} },
  );
  t.after(() => simulator.close());
  const { spec } = one;
  const venue = venueOf({ settle: null, ...spec });
  assert.ok(venue !== undefined);
  const feed = collect({ port: simulator.port }, [one.symbol], {
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    venue: { ...venue, limits: { ...venue.limits, ...options.limits } },
    spec: {
      ...spec,
      streams: ['orderbook', 'trade'],
      orderbook: { restDepth: 5_000 },
      endpoints: { websocket: simulator.webSocketUrl, rest: simulator.restUrl },
    },
  });
  t.after(() => feed.session.stop());
  const consumer = new Consumer(one.symbol);
  let taken = 0;
  const look = (): void => {
    for (; taken < feed.records.length; taken += 1) consumer.take(feed.records[taken] as Outgoing);
  };
  const isTrue = async (): Promise<void> => {
    const answer = await fetch(`${simulator.restUrl}/admin/book?symbol=${one.instrument}`);
    const book = (await answer.json()) as Book;
    await until(`at id ${book.lastUpdateId} or past it`, () => consumer.id >= book.lastUpdateId, look);
    const ours = consumer.at.get(book.lastUpdateId);
    // Changes are grouped, so not every id of the venue is an id of ours: then look again.
    if (ours === undefined) return isTrue();
    assert.equal(ours, booksText(book.bids, book.asks));
  };
  await until('in sync', () => feed.state(one.symbol) === 'inSync');
  return {
    feed,
    isTrue,
    restUrl: simulator.restUrl,
    counter: (name) => feed.session.status().counters[name] ?? 0,
    fault: async (body) => {
      const url = `${simulator.restUrl}/admin/fault`;
      const answer = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
      assert.equal(answer.status, 200, await answer.text());
    },
  };
}
