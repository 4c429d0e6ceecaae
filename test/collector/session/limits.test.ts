import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { binanceSpot } from '../../../collector/venues/binance.ts';
import type { VenueLimits } from '../../../collector/venues/venue.ts';
import { collect, ManualClock, TinyVenue, until, type Collected } from './tiny-venue.ts';

const BTC = 'BTC-USDT';
const ETH = 'ETH-USDT';

interface Limited extends Collected {
  readonly venue: TinyVenue;
  readonly clock: ManualClock;
  reason(symbol: string): string;
}

async function limited(
  t: TestContext,
  limits: Partial<VenueLimits>,
  options: { readonly connections?: number } = {},
): Promise<Limited> {
  const venue = await TinyVenue.start();
  const clock = new ManualClock();
  const feed = collect(venue, [BTC, ETH], {
    ...options,
    clock,
    venue: { ...binanceSpot, hasTops: false, limits: { ...binanceSpot.limits, ...limits } },
    spec: { streams: ['orderbook'] },
  });
  t.after(async () => {
    await feed.session.stop();
    await venue.stop();
  });
  const reason = (symbol: string): string =>
    feed.session.status().symbols.find((one) => one.symbol === symbol)?.reason ?? '';
  return { ...feed, venue, clock, reason };
}

test('a symbol without room in the budget of connections waits by name, and is placed where there is room', async (t) => {
  const feed = await limited(t, { streamsPerConnection: 1, connectionsAtOnce: 1 });
  const soon = (): void => feed.clock.advance(20);
  await until('the first in sync', () => feed.state(BTC) === 'inSync', soon);
  assert.equal(feed.state(ETH), 'waiting');
  assert.match(feed.reason(ETH), /waits for a connection: 1 at once are this collector's share/);
  assert.equal(feed.session.status().gauges.subscriptionsWaiting, 1);
  feed.session.setSymbols([ETH]);
  await until('the other in sync', () => feed.state(ETH) === 'inSync', soon);
  assert.equal(feed.venue.open, 1);
  assert.equal(feed.session.status().gauges.subscriptionsWaiting, 0);
});

test('a renewal does not go beyond the budget of connections', async (t) => {
  const feed = await limited(t, { connectionsAtOnce: 1 });
  const soon = (): void => feed.clock.advance(50);
  await until('in sync', () => feed.state(BTC) === 'inSync', soon);
  feed.venue.send({ stream: '!serverShutdown', data: { e: 'serverShutdown', E: 1 } });
  for (let round = 0; round < 30; round += 1) {
    feed.clock.advance(300);
    const id = feed.venue.change('BTCUSDT');
    await until('read on', () => feed.of('delta', BTC).at(-1)?.lastId === id);
  }
  assert.equal(feed.venue.connects, 1);
  feed.venue.cut();
  await until('in sync again', () => feed.of('snapshot', BTC).length === 2, soon);
  assert.equal(feed.venue.mostAtOnce, 1);
  assert.equal(feed.session.status().counters['disconnected:closed'], 1);
});

test("the share of the address's connects is kept, and who waits for it is named", async (t) => {
  const connects = { kind: 'window', count: 300, windowMs: 300_000 } as const;
  const feed = await limited(t, { connects }, { connections: 2 });
  const soon = (): void => feed.clock.advance(20);
  await until('in sync', () => feed.state(BTC) === 'inSync', soon);
  const beganMs = feed.clock.nowMs();
  feed.venue.cut();
  await until('in sync again', () => feed.of('snapshot', BTC).length === 2, soon);
  feed.venue.cut();
  await until('cut again', () => !feed.session.status().connected, soon);
  feed.clock.advance(60_000);
  assert.equal(feed.venue.connects, 2);
  assert.match(feed.reason(BTC), /waits for a connection: the venue's limit of connects/);
  assert.equal(feed.session.status().gauges.connectsWaiting, 1);
  await until(
    'the third',
    () => feed.venue.connects === 3,
    () => feed.clock.advance(1_000),
  );
  assert.ok(feed.clock.nowMs() - beganMs >= 290_000, `after ${feed.clock.nowMs() - beganMs} ms`);
});

test('subscriptions wait for the limit of requests by name, as few frames as possible', async (t) => {
  const sends = [{ kind: 'window', count: 2, windowMs: 60_000 }] as const;
  const feed = await limited(t, { channelsPerFrame: 1, sends });
  const soon = (): void => feed.clock.advance(20);
  await until('the first in sync', () => feed.state(BTC) === 'inSync', soon);
  assert.equal(feed.venue.requests.length, 1, 'a ping and a frame are two');
  assert.equal(feed.state(ETH), 'waiting');
  assert.match(feed.reason(ETH), /waits to be subscribed: the venue's limit of requests/);
  await until(
    'the other in sync',
    () => feed.state(ETH) === 'inSync',
    () => {
      feed.venue.ping();
      feed.clock.advance(500);
    },
  );
});

test('a book waits for the REST budget by name', async (t) => {
  const venue = await TinyVenue.start();
  const clock = new ManualClock();
  const feed = collect(venue, [BTC, ETH], { clock, weightPerMinute: 75, spec: { streams: ['orderbook'] } });
  t.after(async () => {
    await feed.session.stop();
    await venue.stop();
  });
  await until(
    'one in sync',
    () => [BTC, ETH].some((symbol) => feed.state(symbol) === 'inSync'),
    () => clock.advance(20),
  );
  const waiting = feed.session.status().symbols.find(({ state }) => state !== 'inSync');
  assert.match(waiting?.reason ?? '', /waits for a snapshot: the venue's limit of requests, for \d+ s/);
  await until(
    'both in sync',
    () => [BTC, ETH].every((symbol) => feed.state(symbol) === 'inSync'),
    () => {
      venue.ping();
      clock.advance(500);
    },
  );
});
