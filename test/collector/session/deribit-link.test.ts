import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { FeedSpec } from '../../../contract/feed.ts';
import { TinyDeribit } from './tiny-deribit.ts';
import { collect, ManualClock, until, type Collected } from './tiny-venue.ts';

const BTC = 'BTC-USD-PERP';
const ETH = 'ETH-USDC-PERP';
const SPEC: Partial<FeedSpec> = {
  exchange: 'deribit',
  market: 'perpetual',
  streams: ['orderbook', 'trade'],
};

interface Opened extends Collected {
  readonly venue: TinyDeribit;
}

async function opened(
  t: TestContext,
  symbols: readonly string[],
  options: { spec?: Partial<FeedSpec>; leftOut?: readonly string[]; clock?: ManualClock } = {},
): Promise<Opened> {
  const { spec = SPEC, leftOut = [], clock } = options;
  const venue = await TinyDeribit.start();
  for (const channel of leftOut) venue.leftOut.add(channel);
  const endpoints = { websocket: `ws://127.0.0.1:${venue.port}`, rest: `http://127.0.0.1:${venue.port}` };
  const collected = collect(venue, symbols, {
    spec: { ...spec, endpoints },
    ...(clock === undefined ? {} : { clock }),
  });
  t.after(async () => {
    await collected.session.stop();
    await venue.stop();
  });
  return { ...collected, venue };
}

const inSync = (feed: Collected, symbol: string) => (): boolean => feed.state(symbol) === 'inSync';

test('Deribit: the subscription brings the book, one frame asks for all, and nothing is asked by REST', async (t) => {
  const feed = await opened(t, [BTC, ETH]);
  await until('both in sync', () => inSync(feed, BTC)() && inSync(feed, ETH)());
  const id = feed.venue.change('BTC-PERPETUAL');
  await until('a delta', () => feed.of('delta', BTC).some(({ lastId }) => lastId === id));
  assert.deepEqual(
    feed.venue.requests.map(({ method }) => method),
    ['public/set_heartbeat', 'public/subscribe'],
  );
  assert.equal(feed.venue.requests[1]?.params.channels?.length, 6, 'book, top and trades of both');
  assert.equal(feed.of('snapshot', BTC)[0]?.role, 'start');
  assert.equal(feed.of('delta', BTC)[0]?.prevId, 1_000);
});

test('Deribit: what the answer leaves out is refused by name, the rest is collected', async (t) => {
  const feed = await opened(t, [BTC, ETH], { leftOut: ['book.BTC-PERPETUAL.100ms'] });
  await until('the other in sync', inSync(feed, ETH));
  const [problem] = feed.session.status().problems;
  assert.equal(problem?.reason, 'SubscriptionRefused');
  assert.match(problem?.message ?? '', /refused BTC-PERPETUAL orderbook: left out of its answer/);
  assert.notEqual(feed.state(BTC), 'inSync');
});

test('Deribit: a change whose predecessor is missing ends that book only, which is subscribed anew', async (t) => {
  const feed = await opened(t, [BTC, ETH]);
  await until('both in sync', () => inSync(feed, BTC)() && inSync(feed, ETH)());
  feed.venue.change('BTC-PERPETUAL', { lose: true });
  feed.venue.change('BTC-PERPETUAL');
  await until('a second start', () => feed.of('snapshot', BTC).length === 2);
  assert.deepEqual(
    feed.of('interrupted', BTC).map(({ cause }) => cause),
    ['venue'],
  );
  assert.deepEqual(feed.venue.methods('public/unsubscribe')[0]?.params.channels, [
    'book.BTC-PERPETUAL.100ms',
  ]);
  assert.equal(feed.of('snapshot', ETH).length, 1);
  const id = feed.venue.change('BTC-PERPETUAL');
  await until('a delta behind it', () => feed.of('delta', BTC).some(({ lastId }) => lastId === id));
  assert.equal(feed.session.status().resyncs, 1);
});

test('Deribit: a test request is answered, and too many requests are a reason to wait and connect again', async (t) => {
  const clock = new ManualClock();
  const feed = await opened(t, [BTC], { clock });
  const soon = (): void => clock.advance(20);
  await until('in sync', inSync(feed, BTC), soon);
  feed.venue.send({ method: 'heartbeat', params: { type: 'heartbeat' } });
  feed.venue.send({ method: 'heartbeat', params: { type: 'test_request' } });
  await until('answered', () => feed.venue.methods('public/test').length === 1);
  feed.venue.send({ id: 99, error: { code: 10_028, message: 'too_many_requests' } });
  await until('ended', () => feed.session.status().counters['disconnected:tooManyRequests'] === 1);
  const endedMs = clock.nowMs();
  await until('connected again', () => feed.venue.connects === 2, soon);
  assert.ok(clock.nowMs() - endedMs >= 10_000, 'its buckets are full again only then');
  await until('in sync again', () => feed.of('snapshot', BTC).length === 2, soon);
  assert.equal(feed.venue.connects, 2);
  assert.equal(feed.venue.methods('public/set_heartbeat').length, 2);
});

test('Deribit: the volatility index is collected by its base, an index without one is named', async (t) => {
  const spec: Partial<FeedSpec> = { exchange: 'deribit', market: 'index', streams: ['volatility-index'] };
  const feed = await opened(t, ['BTC', 'BTC-USDC'], { spec });
  await until('open', inSync(feed, 'BTC'));
  assert.match(feed.session.status().unknown[0]?.reason ?? '', /without volatility index/);
  const data = { volatility: 51.2, timestamp: 1_700_000_000_000, index_name: 'btc_usd' };
  feed.venue.push('deribit_volatility_index.btc_usd', data);
  await until('a value', () => feed.of('other', 'BTC').length === 1);
  const [value] = feed.of('other', 'BTC');
  assert.equal(value?.subject, 'volatility-index.deribit.BTC');
  const {
    type,
    symbol,
    value: text,
  } = JSON.parse(new TextDecoder().decode(value?.payload)) as Record<string, unknown>;
  assert.deepEqual([type, symbol, text], ['volatility-index', 'BTC', '51.2']);
});
