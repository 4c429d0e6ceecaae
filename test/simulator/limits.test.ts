import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BINANCE_SPOT_LIMITS } from '../../simulator/binance/limits.ts';
import { RequestWeights } from '../../simulator/binance/weights.ts';
import { VenueClient, getJson, post, withSimulator } from './client.ts';

const QUIET = { start: 'manual' } as const;

test('the sixth message within a second closes the connection with 1008', async () => {
  await withSimulator(QUIET, async ({ webSocketUrl }) => {
    const client = await VenueClient.open(`${webSocketUrl}/ws`);
    for (let id = 1; id <= 5; id += 1) client.request({ method: 'LIST_SUBSCRIPTIONS', id });
    await client.answer(5);
    assert.equal(client.closeCode, undefined);
    client.socket.ping();
    await client.until(() => client.closeCode !== undefined);
    assert.equal(client.closeCode, 1008);
  });
});

test('a connection holds 1024 streams and is refused the next', async () => {
  await withSimulator(QUIET, async ({ webSocketUrl }) => {
    const client = await VenueClient.open(`${webSocketUrl}/stream`);
    const params = Array.from({ length: 1_024 }, (_, index) => `s${index}@trade`);
    client.request({ method: 'SUBSCRIBE', params, id: 1 });
    assert.equal((await client.answer(1))['result'], null);
    client.request({ method: 'SUBSCRIBE', params: ['s1024@trade'], id: 2 });
    assert.deepEqual((await client.answer(2))['error'], { code: 4, msg: 'Too many subscriptions' });
    client.close();
  });
});

test('more than 300 connects in five minutes are refused', async () => {
  const environment = { limits: { connectsPerWindow: 2 } };
  assert.equal(BINANCE_SPOT_LIMITS.connectsPerWindow, 300);
  await withSimulator(
    QUIET,
    async ({ restUrl, webSocketUrl }) => {
      const two = [
        await VenueClient.open(`${webSocketUrl}/ws`),
        await VenueClient.open(`${webSocketUrl}/ws`),
      ];
      const third = new VenueClient(`${webSocketUrl}/ws`);
      await third.until(() => third.closeCode !== undefined);
      assert.deepEqual(third.errors, ['Unexpected server response: 429']);
      const { counters } = await getJson<{ counters: Record<string, number> }>(`${restUrl}/admin/state`);
      assert.equal(counters['connectsRefused'], 1);
      for (const client of two) client.close();
    },
    environment,
  );
});

test('a client that does not answer the closing handshake does not hold up the end of the simulator', async () => {
  let endMs = 0;
  await withSimulator({ start: 'first-subscribe', waitStreams: 2 }, async ({ restUrl, webSocketUrl }) => {
    const client = await VenueClient.open(`${webSocketUrl}/ws`);
    client.socket.pause();
    for (let id = 1; id <= 6; id += 1) client.request({ method: 'LIST_SUBSCRIPTIONS', id });
    const closed = async (): Promise<number> =>
      (await getJson<{ counters: Record<string, number> }>(`${restUrl}/admin/state`)).counters[
        'closed.tooManyMessages'
      ] ?? 0;
    while ((await closed()) === 0) await closed();
    endMs = performance.now();
  });
  assert.ok(performance.now() - endMs < 5_000);
});

const PINGS = { pingEveryMs: 40, pongWithinMs: 120, clientMessagesPerSecond: 1_000 };

test('who copies the payload of the ping stays, who does not answer is closed', async () => {
  await withSimulator(
    QUIET,
    async ({ webSocketUrl }) => {
      const alive = await VenueClient.open(`${webSocketUrl}/ws`);
      const silent = await VenueClient.open(`${webSocketUrl}/ws`, { autoPong: false });
      const wrong = await VenueClient.open(`${webSocketUrl}/ws`, { autoPong: false });
      wrong.socket.on('ping', () => wrong.socket.pong('something else'));
      const payloads: string[] = [];
      alive.socket.on('ping', (payload: Buffer) => payloads.push(payload.toString()));
      await silent.until(() => silent.closeCode !== undefined);
      await wrong.until(() => wrong.closeCode !== undefined);
      assert.deepEqual([silent.closeCode, wrong.closeCode], [1008, 1008]);
      assert.equal(alive.closeCode, undefined);
      assert.ok(payloads.length >= 3);
      for (const payload of payloads) assert.match(payload, /^\d{13}$/);
      alive.close();
    },
    { limits: PINGS },
  );
});

test('a connection ends when its life is over', async () => {
  assert.equal(BINANCE_SPOT_LIMITS.connectionLifeMs, 86_400_000);
  await withSimulator(
    QUIET,
    async ({ webSocketUrl }) => {
      const client = await VenueClient.open(`${webSocketUrl}/ws`);
      await client.until(() => client.closeCode !== undefined);
      assert.equal(client.closeCode, 1001);
    },
    { limits: { connectionLifeMs: 50 } },
  );
});

test('a reader that does not read is closed and counted, the others do not notice', async () => {
  await withSimulator(
    { eventsPerSecond: 20_000, symbols: ['BTC-USDT'] },
    async ({ restUrl, webSocketUrl }) => {
      const url = `${webSocketUrl}/stream?streams=btcusdt@bookTicker/btcusdt@trade/btcusdt@aggTrade`;
      const slow = await VenueClient.open(url);
      slow.socket.pause();
      const reader = await VenueClient.open(`${webSocketUrl}/stream?streams=btcusdt@depth@100ms`);
      const closed = async (): Promise<number> =>
        (await getJson<{ counters: Record<string, number> }>(`${restUrl}/admin/state`)).counters[
          'closed.slowReader'
        ] ?? 0;
      while ((await closed()) === 0) await reader.until(() => reader.frames.length > 0);
      assert.equal(await closed(), 1);
      assert.equal(reader.closeCode, undefined);
      slow.close();
      reader.close();
    },
    { limits: { sendBufferBytes: 100_000 } },
  );
});

test('weights add up to 429 with Retry-After, and to 418 for who goes on', () => {
  const weights = new RequestWeights(BINANCE_SPOT_LIMITS);
  const nowMs = 60_000 * 1_000 + 15_000;
  for (let count = 1; count <= 24; count += 1) {
    assert.deepEqual(weights.spend('a', 250, nowMs), { kind: 'allowed', usedWeight: 250 * count });
  }
  assert.deepEqual(weights.spend('a', 5, nowMs), { kind: 'limited', usedWeight: 6_005, retryAfterS: 45 });
  assert.equal(weights.spend('b', 5, nowMs).kind, 'allowed', 'another address has its own budget');
  for (let ignored = 2; ignored <= 11; ignored += 1)
    assert.equal(weights.spend('a', 5, nowMs).kind, 'limited');
  assert.deepEqual(weights.spend('a', 5, nowMs), {
    kind: 'banned',
    retryAfterS: 120,
    untilMs: nowMs + 120_000,
  });
  assert.equal(weights.spend('a', 5, nowMs + 60_000).kind, 'banned', 'the next minute does not lift a ban');
  assert.deepEqual(weights.spend('a', 5, nowMs + 120_000), { kind: 'allowed', usedWeight: 5 });
});

test('a heeded 429 ends with the minute', () => {
  const weights = new RequestWeights({ ...BINANCE_SPOT_LIMITS, weightPerMinute: 10 });
  assert.equal(weights.spend('a', 10, 119_999).kind, 'allowed');
  assert.equal(weights.spend('a', 1, 119_999).kind, 'limited');
  assert.deepEqual(weights.spend('a', 10, 120_000), { kind: 'allowed', usedWeight: 10 });
});

test('REST states the weight used, by the limit asked for, then answers 429 and 418', async () => {
  await withSimulator(
    QUIET,
    async ({ restUrl }) => {
      const depth = async (limit: number): Promise<Response> =>
        await fetch(`${restUrl}/api/v3/depth?symbol=BTCUSDT&limit=${limit}`);
      const used: (string | null)[] = [];
      for (const limit of [100, 101, 501, 1_001])
        used.push((await depth(limit)).headers.get('x-mbx-used-weight-1m'));
      assert.deepEqual(used, ['5', '30', '80', '330']);
      const refused = [await depth(5_000), await depth(5_000), await depth(5_000)];
      assert.deepEqual(
        refused.map(({ status }) => status),
        [429, 429, 418],
      );
      assert.ok(Number(refused[0]?.headers.get('retry-after')) >= 1);
      assert.match(
        (await refused[2]?.text()) ?? '',
        /^{"code":-1003,"msg":"Way too much request weight used; IP banned until \d{13}/,
      );
      assert.equal((await post(`${restUrl}/admin/play`)).status, 200, 'the admin interface has no limits');
    },
    { limits: { weightPerMinute: 400, ignored429: 1 } },
  );
});
