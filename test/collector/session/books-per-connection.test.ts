import assert from 'node:assert/strict';
import { test } from 'node:test';
import { binanceSpot } from '../../../collector/venues/binance.ts';
import { collect, TinyVenue, until } from './tiny-venue.ts';

test('a venue that wants few books on a connection gets another for the next book, not for a lighter stream', async (t) => {
  const venue = await TinyVenue.start();
  const limits = { ...binanceSpot.limits, streamsPerConnection: 10, booksPerConnection: 1 };
  const feed = collect(venue, ['BTC-USDT', 'ETH-USDT'], {
    venue: { ...binanceSpot, hasTops: false, limits },
    spec: { streams: ['orderbook', 'trade'] },
  });
  t.after(async () => {
    await feed.session.stop();
    await venue.stop();
  });
  const inSync = (): boolean => ['BTC-USDT', 'ETH-USDT'].every((symbol) => feed.state(symbol) === 'inSync');
  await until('both in sync', inSync);
  assert.equal(venue.mostAtOnce, 2);
  const books = venue.requests.map(({ params }) => params.filter((name) => name.includes('@depth')).length);
  assert.ok(
    books.every((count) => count <= 1),
    String(books),
  );
  assert.deepEqual(venue.streams, [
    'btcusdt@depth@100ms',
    'btcusdt@trade',
    'ethusdt@depth@100ms',
    'ethusdt@trade',
  ]);
  feed.session.setSymbols(['ETH-USDT']);
  await until('the other alone', () => venue.streams.length === 2);
  feed.session.setSymbols(['ETH-USDT', 'BTC-USDT']);
  await until('both again', () => venue.streams.length === 4 && inSync());
  assert.equal(venue.mostAtOnce, 2);
});
