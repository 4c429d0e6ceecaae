import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect, ManualClock, TinyVenue, until } from './tiny-venue.ts';

const BTC = { symbol: 'BTCUSDT', status: 'TRADING', baseAsset: 'BTC', quoteAsset: 'USDT' };
const ETH = { symbol: 'ETHUSDT', status: 'TRADING', baseAsset: 'ETH', quoteAsset: 'USDT' };
const FIVE_MINUTES = 300_000;

/** Half a second in which the venue's connections show that they live. */
const alive = (venue: TinyVenue, clock: ManualClock) => (): void => {
  clock.advance(500);
  venue.ping();
  for (const { symbol } of venue.listed) venue.change(symbol);
};

test('listings and delistings are followed while running: who is gone is named, who is new starts, who stays sees nothing', async (t) => {
  const venue = await TinyVenue.start();
  venue.listed = [BTC];
  const clock = new ManualClock();
  const feed = collect(venue, ['BTC-USDT', 'ETH-USDT'], { clock, catalogueEveryMs: 20_000 });
  t.after(async () => {
    await feed.session.stop();
    await venue.stop();
  });
  const move = alive(venue, clock);
  await until('BTC in sync', () => feed.state('BTC-USDT') === 'inSync', move);
  assert.deepEqual(feed.session.status().unknown, [
    { symbol: 'ETH-USDT', reason: 'binance does not list it' },
  ]);

  venue.listed = [BTC, ETH];
  await until('ETH starts by itself', () => feed.state('ETH-USDT') === 'inSync', move);
  assert.deepEqual(feed.session.status().unknown, []);

  venue.listed = [{ ...BTC, status: 'BREAK' }, ETH];
  await until('BTC is named', () => feed.session.status().unknown.length > 0, move);
  assert.deepEqual(feed.session.status().unknown, [
    { symbol: 'BTC-USDT', reason: 'binance lists it as BREAK' },
  ]);
  assert.deepEqual(
    feed.session.status().symbols.map(({ symbol }) => symbol),
    ['ETH-USDT'],
  );
  venue.listed = [ETH];
  await until('BTC is gone', () => /no more/.test(feed.session.status().unknown[0]?.reason ?? ''), move);
  await until('unsubscribed', () => venue.streams.every((name) => name.startsWith('ethusdt')), move);
  assert.equal(feed.of('interrupted', 'ETH-USDT').length, 0);
  assert.equal(feed.of('snapshot', 'ETH-USDT').filter(({ role }) => role === 'start').length, 1);
});

test('a list that is empty, or fails, takes nobody away', async (t) => {
  const venue = await TinyVenue.start();
  venue.listed = [BTC];
  const clock = new ManualClock();
  const feed = collect(venue, ['BTC-USDT'], { clock, catalogueEveryMs: 20_000 });
  t.after(async () => {
    await feed.session.stop();
    await venue.stop();
  });
  const move = alive(venue, clock);
  await until('in sync', () => feed.state('BTC-USDT') === 'inSync', move);
  venue.listed = [];
  const failures = (): number => feed.session.status().counters['catalogueFailures'] ?? 0;
  await until('the empty list is refused', () => failures() > 0, move);
  assert.match(feed.session.status().problems[0]?.message ?? '', /list of instruments is empty/);
  assert.equal(feed.state('BTC-USDT'), 'inSync');
  venue.listed = [BTC];
  await until('it is over', () => feed.session.status().problems.length === 0, move);
});

test('without anything unknown the list is read every five minutes, not sooner', async (t) => {
  const venue = await TinyVenue.start();
  venue.listed = [BTC];
  const clock = new ManualClock();
  const feed = collect(venue, ['BTC-USDT'], { clock });
  t.after(async () => {
    await feed.session.stop();
    await venue.stop();
  });
  await until('read', () => feed.session.status().symbols.length === 1);
  clock.advance(FIVE_MINUTES - 1);
  assert.equal(venue.lists, 1);
  clock.advance(1);
  await until('read again', () => venue.lists === 2);
});

test('without an operator the session resolves the selector itself, and follows it', async (t) => {
  const venue = await TinyVenue.start();
  venue.listed = [BTC, { ...ETH, quoteAsset: 'BTC', symbol: 'ETHBTC' }];
  const clock = new ManualClock();
  const spec = { symbolSelector: { quote: 'USDT', match: '?TC-*' } };
  const feed = collect(venue, [], { clock, spec, selects: true, catalogueEveryMs: 20_000 });
  t.after(async () => {
    await feed.session.stop();
    await venue.stop();
  });
  const move = alive(venue, clock);
  const symbols = (): string =>
    feed.session
      .status()
      .symbols.map(({ symbol }) => symbol)
      .join();
  assert.equal(feed.session.status().selection, 'pending');
  await until('BTC in sync', () => feed.state('BTC-USDT') === 'inSync', move);
  assert.deepEqual([symbols(), feed.session.status().selection], ['BTC-USDT', 'made']);
  venue.listed = [BTC, ETH, { ...BTC, baseAsset: 'LTC', symbol: 'LTCUSDT' }];
  await until('a listing', () => symbols() === 'BTC-USDT,LTC-USDT', move);
  venue.listed = [ETH, { ...BTC, baseAsset: 'LTC', symbol: 'LTCUSDT' }];
  await until('a delisting', () => symbols() === 'LTC-USDT', move);
  assert.deepEqual(feed.session.status().unknown, [], 'a selector names nothing that is not there');
});

test('an expiry is looked at when it comes, whatever the pace, and named with its time', async (t) => {
  const venue = await TinyVenue.start();
  const clock = new ManualClock();
  const contract = { ...BTC, contractType: 'CURRENT_QUARTER' };
  const expiring = { ...contract, symbol: 'BTCUSDT_231114', deliveryDate: clock.nowMs() + 600_000 };
  const later = { ...contract, symbol: 'BTCUSDT_240329', deliveryDate: clock.nowMs() + 9_000_000_000 };
  venue.listed = [expiring, later];
  const symbols = ['BTC-USDT-20231114', 'BTC-USDT-20240329'];
  const spec = { market: 'future', settle: 'linear', streams: ['trade'] } as const;
  const feed = collect(venue, symbols, { clock, spec, catalogueEveryMs: 86_400_000 });
  t.after(async () => {
    await feed.session.stop();
    await venue.stop();
  });
  await until('both are open', () => symbols.every((symbol) => feed.state(symbol) === 'inSync'));
  clock.advance(599_000);
  assert.equal(venue.lists, 1);
  venue.listed = [later];
  await until(
    'it is named',
    () => feed.session.status().unknown.length > 0,
    () => clock.advance(1_000),
  );
  assert.deepEqual(feed.session.status().unknown, [
    { symbol: 'BTC-USDT-20231114', reason: 'it expired at 2023-11-14T22:23:20.000Z' },
  ]);
});
