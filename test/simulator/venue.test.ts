import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VenueClient, applied, getJson, post, withSimulator } from './client.ts';
import type { Book } from './client.ts';

const DEPTH = 'btcusdt@depth@100ms';

test('the published sync procedure gives the true book, and its top equals the book ticker of the same id', async () => {
  await withSimulator(
    { eventsPerSecond: 300, start: 'first-subscribe', waitStreams: 2 },
    async ({ restUrl, webSocketUrl }) => {
      const client = await VenueClient.open(`${webSocketUrl}/stream?streams=${DEPTH}/btcusdt@bookTicker`);
      await client.until(() => client.depths(DEPTH).length >= 3);
      const snapshot = await getJson<Book>(`${restUrl}/api/v3/depth?symbol=BTCUSDT&limit=5000`);
      await client.until(() => client.depths(DEPTH).length >= 12);
      await post(`${restUrl}/admin/pause`);
      const truth = async (): Promise<Book> => await getJson<Book>(`${restUrl}/admin/book?symbol=BTCUSDT`);
      let book = await truth();
      while ((client.depths(DEPTH).at(-1)?.u ?? 0) !== book.lastUpdateId) book = await truth();
      assert.deepEqual(applied(snapshot, client.depths(DEPTH)), book);
      const top = client.dataOf('btcusdt@bookTicker').at(-1) ?? {};
      assert.deepEqual(
        [
          [top['b'], top['B']],
          [top['a'], top['A']],
        ],
        [book.bids[0], book.asks[0]],
      );
      client.close();
    },
  );
});

test('subscriptions are acknowledged by id, an unknown stream too, and that one stays silent', async () => {
  await withSimulator({ eventsPerSecond: 500 }, async ({ webSocketUrl }) => {
    const client = await VenueClient.open(`${webSocketUrl}/stream`);
    client.request({ method: 'SUBSCRIBE', params: ['btcusdt@bookTicker', 'nopeusdt@trade'], id: 1 });
    assert.deepEqual(await client.answer(1), { result: null, id: 1 });
    client.request({ method: 'LIST_SUBSCRIPTIONS', id: 2 });
    assert.deepEqual((await client.answer(2))['result'], ['btcusdt@bookTicker', 'nopeusdt@trade']);
    await client.until(() => client.dataOf('btcusdt@bookTicker').length > 20);
    assert.deepEqual(client.dataOf('nopeusdt@trade'), []);
    client.request({ method: 'UNSUBSCRIBE', params: ['btcusdt@bookTicker'], id: 3 });
    await client.answer(3);
    const acknowledged = client.frames.findIndex((frame) => frame.includes('"id":3'));
    client.request({ method: 'LIST_SUBSCRIPTIONS', id: 4 });
    assert.deepEqual((await client.answer(4))['result'], ['nopeusdt@trade']);
    assert.equal(
      client.frames.slice(acknowledged + 1).length,
      1,
      'nothing but the answer after the acknowledgement',
    );
    client.close();
  });
});

test('a stream nobody is subscribed to any more is not made, whether left by request or by closing', async () => {
  await withSimulator({ start: 'manual' }, async ({ restUrl, webSocketUrl }) => {
    const subscribed = async (): Promise<number> =>
      (await getJson<{ streamsSubscribed: number }>(`${restUrl}/admin/state`)).streamsSubscribed;
    const client = await VenueClient.open(`${webSocketUrl}/stream?streams=btcusdt@trade/${DEPTH}`);
    assert.equal(await subscribed(), 2);
    client.request({ method: 'UNSUBSCRIBE', params: [DEPTH], id: 1 });
    await client.answer(1);
    assert.equal(await subscribed(), 1);
    client.close();
    while ((await subscribed()) > 0) await client.until(() => client.closeCode !== undefined);
  });
});

test('frames are bare on /ws and wrapped on /stream', async () => {
  await withSimulator({ eventsPerSecond: 500 }, async ({ webSocketUrl }) => {
    const bare = await VenueClient.open(`${webSocketUrl}/ws/${DEPTH}`);
    const wrapped = await VenueClient.open(`${webSocketUrl}/stream?streams=${DEPTH}`);
    await bare.until(() => bare.frames.length > 2);
    await wrapped.until(() => wrapped.frames.includes(`{"stream":"${DEPTH}","data":${bare.frames[1]}}`));
    assert.ok(bare.frames[1]?.startsWith('{"e":"depthUpdate","E":'));
    bare.close();
    wrapped.close();
  });
});

test('requests that make no sense get the error frames of the venue and leave the connection open', async () => {
  await withSimulator({ start: 'manual' }, async ({ webSocketUrl }) => {
    const client = await VenueClient.open(`${webSocketUrl}/ws`);
    client.socket.send('{nonsense');
    client.request({ method: 'SUBSCRIBE', params: ['not a stream'], id: 2 });
    client.request({ method: 'DANCE', id: 3 });
    client.request({ method: 'SUBSCRIBE', params: ['btcusdt@trade'], id: 4.5 });
    await client.until(() => client.frames.length === 4);
    assert.deepEqual(
      client.frames.map((frame) => (JSON.parse(frame) as { error: { code: number } }).error.code),
      [3, 2, 2, 2],
    );
    assert.match(client.frames[1] ?? '', /"Invalid request: invalid stream"},"id":2}/);
    assert.equal(client.closeCode, undefined);
    client.close();
  });
});

test('REST answers errors in the shape of the venue', async () => {
  await withSimulator({ start: 'manual' }, async ({ restUrl }) => {
    const expect = async (path: string, status: number, code: number): Promise<void> => {
      const response = await fetch(`${restUrl}${path}`);
      assert.equal(response.status, status, path);
      assert.equal(((await response.json()) as { code: number }).code, code, path);
    };
    await expect('/api/v3/depth?symbol=NOPEUSDT', 400, -1121);
    await expect('/api/v3/depth', 400, -1102);
    await expect('/api/v3/depth?symbol=btcusdt', 400, -1100);
    await expect('/api/v3/depth?symbol=BTCUSDT&limit=0', 400, -1130);
    await expect('/api/v3/exchangeInfo?symbol=NOPE', 400, -1121);
  });
});

test('trades are listed from an id on, as fields of the venue', async () => {
  await withSimulator({ eventsPerSecond: 500, symbols: ['BTC-USDT'] }, async ({ restUrl, webSocketUrl }) => {
    const client = await VenueClient.open(`${webSocketUrl}/stream?streams=btcusdt@trade`);
    await client.until(() => client.frames.length > 30);
    const [first, second] = client.dataOf('btcusdt@trade').slice(10);
    const url = `${restUrl}/api/v3/historicalTrades?symbol=BTCUSDT&limit=2&fromId=${String(first?.['t'])}`;
    const listed = await getJson<Record<string, unknown>[]>(url);
    assert.deepEqual(
      listed.map(({ id, price, qty, time, isBuyerMaker }) => [id, price, qty, time, isBuyerMaker]),
      [first, second].map((trade) => ['t', 'p', 'q', 'T', 'm'].map((name) => trade?.[name])),
    );
    client.close();
  });
});

test('exchangeInfo names limits, assets, tick and lot', async () => {
  await withSimulator({ start: 'manual', symbols: ['BTC-USDT', 'ETH-BTC'] }, async ({ restUrl }) => {
    const info = await getJson<{ rateLimits: unknown[]; symbols: Record<string, unknown>[] }>(
      `${restUrl}/api/v3/exchangeInfo`,
    );
    assert.deepEqual(
      info.symbols.map(({ symbol, status, baseAsset, quoteAsset }) => [
        symbol,
        status,
        baseAsset,
        quoteAsset,
      ]),
      [
        ['BTCUSDT', 'TRADING', 'BTC', 'USDT'],
        ['ETHBTC', 'TRADING', 'ETH', 'BTC'],
      ],
    );
    assert.match(
      JSON.stringify(info.symbols[0]),
      /"filterType":"PRICE_FILTER".*"tickSize":"0\.01000000".*"LOT_SIZE".*"stepSize"/,
    );
    assert.match(JSON.stringify(info.rateLimits), /"rateLimitType":"REQUEST_WEIGHT".*"limit":6000/);
  });
});
