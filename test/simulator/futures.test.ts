import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VenueClient, getJson, post, withSimulator } from './client.ts';
import type { Book, DepthUpdate, Level } from './client.ts';

type FuturesUpdate = DepthUpdate & { readonly pu: number };

/** Binance's futures procedure: drop `u < L`, the first has `U <= L <= u`, then each `pu` is the last `u`. */
function applied(snapshot: Book, updates: readonly FuturesUpdate[]): Book {
  const bids = new Map(snapshot.bids);
  const asks = new Map(snapshot.asks);
  const left = updates.filter(({ u }) => u >= snapshot.lastUpdateId);
  let last: number | undefined;
  for (const { U, u, pu, b, a } of left) {
    if (last === undefined)
      assert.ok(U <= snapshot.lastUpdateId || pu === snapshot.lastUpdateId, 'the first spans');
    else if (pu !== last) throw new Error(`gap: ${last} then ${pu}`);
    last = u;
    for (const [side, levels] of [[bids, b] as const, [asks, a] as const]) {
      for (const [price, size] of levels) {
        if (Number(size) === 0) side.delete(price);
        else side.set(price, size);
      }
    }
  }
  const list = (side: ReadonlyMap<string, string>, order: 1 | -1): Level[] =>
    [...side].sort(([left], [right]) => order * (Number(left) - Number(right)));
  return { lastUpdateId: last ?? snapshot.lastUpdateId, bids: list(bids, -1), asks: list(asks, 1) };
}

const MARKETS = [
  { venue: 'binance-usdm', path: '/public/stream', rest: '/fapi/v1', symbol: 'BTCUSDT' },
  { venue: 'binance-coinm', path: '/stream', rest: '/dapi/v1', symbol: 'BTCUSD_PERP' },
] as const;

for (const { venue, path, rest, symbol } of MARKETS) {
  const stream = (channel: string): string => `${symbol.toLowerCase()}@${channel}`;
  const depth = stream('depth@100ms');

  test(`${venue}: the published procedure gives the true book, linked by pu alone`, async () => {
    await withSimulator({ venue, eventsPerSecond: 300 }, async ({ restUrl, webSocketUrl }) => {
      const client = await VenueClient.open(
        `${webSocketUrl}${path}?streams=${depth}/${stream('bookTicker')}`,
      );
      const updates = (): readonly FuturesUpdate[] => client.depths(depth) as readonly FuturesUpdate[];
      await client.until(() => updates().length >= 3);
      const snapshot = await getJson<Book & { E: number; pair?: string }>(
        `${restUrl}${rest}/depth?symbol=${symbol}&limit=1000`,
      );
      assert.equal(snapshot.pair, venue === 'binance-coinm' ? 'BTCUSD' : undefined);
      await client.until(() => updates().length >= 12);
      await post(`${restUrl}/admin/pause`);
      const truth = async (): Promise<Book> => await getJson<Book>(`${restUrl}/admin/book?symbol=${symbol}`);
      let book = await truth();
      while (updates().at(-1)?.u !== book.lastUpdateId) book = await truth();
      assert.deepEqual(applied(snapshot, updates()), book);
      assert.ok(
        updates()
          .slice(1)
          .some(({ U }, index) => U !== (updates()[index]?.u ?? 0) + 1),
        'U does not follow u',
      );
      const top = client.dataOf(stream('bookTicker')).at(-1) ?? {};
      assert.deepEqual(
        [top['b'], top['B'], top['a'], top['A']],
        [...(book.bids[0] ?? []), ...(book.asks[0] ?? [])],
      );
      client.close();
    });
  });

  test(`${venue}: a lost frame breaks the chain of pu`, async () => {
    await withSimulator({ venue, eventsPerSecond: 300 }, async ({ restUrl, webSocketUrl }) => {
      const client = await VenueClient.open(`${webSocketUrl}${path}?streams=${depth}`);
      const updates = (): readonly FuturesUpdate[] => client.depths(depth) as readonly FuturesUpdate[];
      await client.until(() => updates().length >= 2);
      const snapshot = await getJson<Book>(`${restUrl}${rest}/depth?symbol=${symbol}&limit=1000`);
      // The frame that spans the snapshot has come: what is dropped lies behind it.
      await client.until(() => updates().some(({ u }) => u > snapshot.lastUpdateId));
      assert.equal((await post(`${restUrl}/admin/fault`, { kind: 'drop', symbol })).status, 200);
      const length = updates().length;
      await client.until(() => updates().length >= length + 6);
      // The lost one may be the one that spans the snapshot.
      assert.throws(() => applied(snapshot, updates()), /gap|spans/);
      client.close();
    });
  });

  test(`${venue}: trades name their order's kind and follow each other`, async () => {
    await withSimulator({ venue, eventsPerSecond: 500 }, async ({ webSocketUrl }) => {
      const client = await VenueClient.open(`${webSocketUrl}${path}?streams=${stream('trade')}`);
      await client.until(() => client.frames.length > 20);
      const trades = client.dataOf(stream('trade'));
      assert.deepEqual(Object.keys(trades[0] ?? {}), ['e', 'E', 'T', 's', 't', 'p', 'q', 'X', 'm']);
      trades.forEach(({ t, X }, index) =>
        assert.deepEqual([t, X], [Number(trades[0]?.['t']) + index, 'MARKET']),
      );
      client.close();
    });
  });
}

test('USD-M has a path for each class of streams; on the wrong one and on the retired root they are acknowledged and silent', async () => {
  await withSimulator({ venue: 'binance-usdm', eventsPerSecond: 500 }, async ({ webSocketUrl }) => {
    const open = async (path: string): Promise<VenueClient> => {
      const client = await VenueClient.open(`${webSocketUrl}${path}`);
      client.request({ method: 'SUBSCRIBE', params: ['btcusdt@trade', 'btcusdt@aggTrade'], id: 1 });
      assert.deepEqual(await client.answer(1), { result: null, id: 1 }, path);
      return client;
    };
    const [onPublic, onMarket, onRoot] = await Promise.all([
      open('/public/stream'),
      open('/market/stream'),
      open('/stream'),
    ]);
    await onPublic.until(() => onPublic.dataOf('btcusdt@trade').length > 20);
    await onMarket.until(() => onMarket.dataOf('btcusdt@aggTrade').length > 20);
    await onRoot.until(() => onRoot.dataOf('btcusdt@trade').length > 20);
    assert.deepEqual(onPublic.dataOf('btcusdt@aggTrade'), []);
    assert.deepEqual(onMarket.dataOf('btcusdt@trade'), []);
    assert.deepEqual(onRoot.dataOf('btcusdt@aggTrade'), []);
    for (const client of [onPublic, onMarket, onRoot]) client.close();
  });
});

test('exchangeInfo tells perpetual from dated contracts', async () => {
  const symbols = ['BTC-USD-PERP', 'BTC-USD-20261225', 'BTC-USD-20270326'];
  await withSimulator({ venue: 'binance-coinm', symbols, start: 'manual' }, async ({ restUrl }) => {
    const info = await getJson<{ symbols: Record<string, unknown>[] }>(`${restUrl}/dapi/v1/exchangeInfo`);
    assert.deepEqual(
      info.symbols.map(({ symbol, pair, contractType, contractStatus, deliveryDate }) => [
        symbol,
        pair,
        contractType,
        contractStatus,
        new Date(Number(deliveryDate)).toISOString().slice(0, 10),
      ]),
      [
        ['BTCUSD_PERP', 'BTCUSD', 'PERPETUAL', 'TRADING', '2100-12-25'],
        ['BTCUSD_261225', 'BTCUSD', 'CURRENT_QUARTER', 'TRADING', '2026-12-25'],
        ['BTCUSD_270326', 'BTCUSD', 'NEXT_QUARTER', 'TRADING', '2027-03-26'],
      ],
    );
    assert.equal((await fetch(`${restUrl}/api/v3/ping`)).status, 404);
  });
});

for (const [venue, symbol] of [
  ['binance-usdm', 'BTC-USD-PERP'],
  ['binance-usdm', 'BTC-USDT'],
  ['binance-coinm', 'BTC-USDT-PERP'],
  ['binance-spot', 'BTC-USDT-PERP'],
] as const) {
  test(`${venue} has no ${symbol}`, async () => {
    await assert.rejects(
      withSimulator({ venue, symbols: [symbol] }, async () => {}),
      /--symbols: "BTC-/,
    );
  });
}
