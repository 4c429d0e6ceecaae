import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VenueClient, getJson, post, withSimulator } from './client.ts';

const BTC = 'btcusdt@depth@100ms';
const ETH = 'ethusdt@depth@100ms';

interface State {
  readonly state: string;
  readonly marketMs: number;
}

test('first-subscribe waits for so many streams, and the first frame is the first after the start', async () => {
  const options = { start: 'first-subscribe', waitStreams: 2, eventsPerSecond: 500 } as const;
  await withSimulator(options, async ({ restUrl, webSocketUrl }) => {
    const client = await VenueClient.open(`${webSocketUrl}/stream?streams=${BTC}`);
    const state = async (): Promise<State> => await getJson<State>(`${restUrl}/admin/state`);
    client.request({ method: 'LIST_SUBSCRIPTIONS', id: 1 });
    await client.answer(1);
    assert.deepEqual([(await state()).state, (await state()).marketMs], ['waiting', 0]);
    const before = await getJson<{ lastUpdateId: number }>(`${restUrl}/api/v3/depth?symbol=BTCUSDT`);
    const startedMs = Date.now();
    client.request({ method: 'SUBSCRIBE', params: [ETH], id: 2 });
    await client.until(() => client.depths(BTC).length > 0);
    const [first] = client.depths(BTC);
    assert.equal(first?.U, before.lastUpdateId + 1);
    assert.ok(Math.abs((first?.E ?? 0) - startedMs) < 1_000, 'times are true, however long the wait was');
    assert.equal((await state()).state, 'playing');
    client.close();
  });
});

test('a pause stops where everything is published, and play goes on from there in true time', async () => {
  await withSimulator({ eventsPerSecond: 500 }, async ({ restUrl, webSocketUrl }) => {
    const client = await VenueClient.open(`${webSocketUrl}/stream?streams=${BTC}`);
    const state = async (): Promise<State> => await getJson<State>(`${restUrl}/admin/state`);
    await client.until(() => client.depths(BTC).length > 1);
    await post(`${restUrl}/admin/pause`);
    while ((await state()).state !== 'paused') await state();
    const stopped = await state();
    assert.equal(stopped.marketMs % 100, 0);
    const book = await getJson<{ lastUpdateId: number }>(`${restUrl}/admin/book?symbol=BTCUSDT`);
    await client.until(() => client.depths(BTC).at(-1)?.u === book.lastUpdateId);
    assert.equal((await state()).marketMs, stopped.marketMs);
    await post(`${restUrl}/admin/play`);
    const count = client.depths(BTC).length;
    await client.until(() => client.depths(BTC).length > count + 1);
    assert.equal(client.depths(BTC)[count]?.U, book.lastUpdateId + 1);
    client.close();
  });
});

test('speed scales the market and nothing else', async () => {
  await withSimulator({ speed: 50, start: 'first-subscribe' }, async ({ restUrl, webSocketUrl }) => {
    const begin = performance.now();
    const client = await VenueClient.open(`${webSocketUrl}/stream?streams=${BTC}`);
    await client.until(() => client.depths(BTC).length >= 50);
    const trueMs = performance.now() - begin;
    const { marketMs } = await getJson<State>(`${restUrl}/admin/state`);
    assert.ok(marketMs >= 5_000 && trueMs < 4_000, `${marketMs} market ms in ${trueMs} true ms`);
    client.close();
  });
});

test('scaled time waits for a reader that is behind and closes nobody', async () => {
  const options = {
    speed: 200,
    eventsPerSecond: 300,
    symbols: ['BTC-USDT'],
    start: 'first-subscribe',
  } as const;
  await withSimulator(
    options,
    async ({ restUrl, webSocketUrl }) => {
      const client = await VenueClient.open(
        `${webSocketUrl}/stream?streams=btcusdt@trade/btcusdt@aggTrade/${BTC}`,
      );
      client.socket.pause();
      const marketMs = async (): Promise<number> => (await getJson<State>(`${restUrl}/admin/state`)).marketMs;
      // A fifth of a second without a step, where each tick of 5 ms would be a step of a second.
      for (
        let [before, sinceMs] = [-1, performance.now()];
        before <= 0 || performance.now() - sinceMs < 200;
      ) {
        const now = await marketMs();
        if (now !== before) [before, sinceMs] = [now, performance.now()];
      }
      client.socket.resume();
      const count = client.depths(BTC).length;
      await client.until(() => client.depths(BTC).length > count + 100);
      client.depths(BTC).forEach(({ U }, index, all) => assert.equal(U, (all[index - 1]?.u ?? U - 1) + 1));
      assert.equal(client.closeCode, undefined);
      client.close();
    },
    { limits: { sendBufferBytes: 4_000_000 } },
  );
});

test('timeUnit=MICROSECOND gives times of sixteen digits and leaves ids alone', async () => {
  await withSimulator({ eventsPerSecond: 500 }, async ({ webSocketUrl }) => {
    const streams = 'streams=btcusdt@trade&timeUnit=MICROSECOND';
    const client = await VenueClient.open(`${webSocketUrl}/stream?${streams}`);
    const milliseconds = await VenueClient.open(`${webSocketUrl}/stream?streams=btcusdt@trade`);
    const known = (): Record<string, unknown> | undefined =>
      milliseconds
        .dataOf('btcusdt@trade')
        .find(({ t }) => t === client.dataOf('btcusdt@trade').at(-1)?.['t']);
    await client.until(() => client.dataOf('btcusdt@trade').length > 3);
    await milliseconds.until(() => known() !== undefined);
    const last = client.dataOf('btcusdt@trade').find(({ t }) => t === known()?.['t']);
    assert.deepEqual(last, {
      ...known(),
      E: Number(known()?.['E']) * 1_000,
      T: Number(known()?.['T']) * 1_000,
    });
    client.close();
    milliseconds.close();
  });
});
