import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VenueClient, getJson, withSimulator } from './client.ts';

type Json = Readonly<Record<string, unknown>>;

const FUNDING_MS = 8 * 3_600_000;
const MARKETS = [
  {
    venue: 'binance-usdm',
    path: '/market/stream',
    rest: '/fapi/v1',
    symbols: ['BTC-USDT-PERP', 'BTC-USDT-20261225'],
    perpetual: 'BTCUSDT',
    dated: 'BTCUSDT_261225',
    by: 'symbol=BTCUSDT',
  },
  {
    venue: 'binance-coinm',
    path: '/stream',
    rest: '/dapi/v1',
    symbols: ['BTC-USD-PERP', 'BTC-USD-20261225'],
    perpetual: 'BTCUSD_PERP',
    dated: 'BTCUSD_261225',
    by: 'pair=BTCUSD',
  },
] as const;

for (const { venue, path, rest, symbols, perpetual, dated, by } of MARKETS) {
  const stream = (symbol: string, channel: string): string => `${symbol.toLowerCase()}@${channel}`;
  const isInverse = venue === 'binance-coinm';

  test(`${venue}: mark price and funding once a second, liquidations are trades that happened`, async () => {
    await withSimulator({ venue, symbols, eventsPerSecond: 300, speed: 10 }, async ({ webSocketUrl }) => {
      const marks = stream(perpetual, 'markPrice@1s');
      const forced = stream(perpetual, 'forceOrder');
      const sums = stream(perpetual, 'aggTrade');
      const datedMarks = stream(dated, 'markPrice@1s');
      const names = [marks, forced, sums, datedMarks, stream(perpetual, 'markPrice')].join('/');
      const client = await VenueClient.open(`${webSocketUrl}${path}?streams=${names}`);
      await client.until(() => client.dataOf(marks).length >= 7 && client.dataOf(forced).length >= 2);
      await client.until(() => client.dataOf(datedMarks).length >= 1);
      const seen = client.dataOf(marks);
      for (const [index, { E, s, p, i, P, r, T, e }] of seen.entries()) {
        assert.deepEqual([e, s], ['markPriceUpdate', perpetual]);
        for (const price of [p, i, P]) assert.match(String(price), /^\d+\.\d{8}$/);
        assert.ok(Math.abs(Number(p) / Number(i) - 1) < 0.01, 'mark and index belong together');
        assert.match(String(r), /^-?0\.\d{8}$/);
        assert.equal(Number(T) % FUNDING_MS, 0);
        assert.ok(Number(T) > Number(E) - 1_000 && Number(T) - Number(E) <= FUNDING_MS);
        const before = seen[index - 1];
        if (before !== undefined)
          assert.ok(Math.floor(Number(E) / 1_000) > Math.floor(Number(before['E']) / 1_000));
      }
      assert.equal('ap' in (seen[0] ?? {}), !isInverse);
      const slow = client.dataOf(stream(perpetual, 'markPrice')).length;
      assert.ok(slow >= 1 && slow < seen.length, 'every 3 s');
      const [future] = client.dataOf(datedMarks);
      assert.deepEqual([future?.['r'], future?.['T']], ['', 0], 'dated contracts have no funding');
      const lastTradeMs = Number(client.dataOf(sums).at(-1)?.['T']);
      let beforeMs = -Infinity;
      for (const { o } of client.dataOf(forced)) {
        const { s, S, p, q, z, T, ps } = o as Json;
        assert.equal(s, perpetual);
        assert.equal(ps, isInverse ? 'BTCUSD' : undefined);
        assert.equal(z, q);
        assert.ok(Number(T) - beforeMs >= 1_000, 'at most one a second');
        beforeMs = Number(T);
        if (Number(T) > lastTradeMs) continue;
        const trade = client.dataOf(sums).find((one) => one['T'] === T && one['p'] === p && one['q'] === q);
        assert.equal(trade?.['m'], S === 'SELL', 'the taker is who is liquidated');
      }
    });
  });

  test(`${venue}: open interest and ratios are asked for by REST`, async () => {
    await withSimulator({ venue, symbols, eventsPerSecond: 300 }, async ({ restUrl, webSocketUrl }) => {
      const client = await VenueClient.open(
        `${webSocketUrl}${path}?streams=${stream(perpetual, 'markPrice@1s')}`,
      );
      await client.until(() => client.dataOf(stream(perpetual, 'markPrice@1s')).length >= 1);
      const interest = await getJson<Json>(`${restUrl}${rest}/openInterest?symbol=${perpetual}`);
      assert.equal(interest['symbol'], perpetual);
      assert.match(String(interest['openInterest']), isInverse ? /^\d+$/ : /^\d+\.\d{3}$/);
      assert.ok(Number.isSafeInteger(interest['time']));
      assert.equal(interest['contractType'], isInverse ? 'PERPETUAL' : undefined);
      const unknown = await getJson<Json>(`${restUrl}${rest}/openInterest?symbol=NOPE`);
      assert.equal(unknown['code'], -1121);

      for (const name of [
        'globalLongShortAccountRatio',
        'topLongShortAccountRatio',
        'topLongShortPositionRatio',
      ]) {
        const url = `${restUrl}/futures/data/${name}?${by}&period=5m&limit=3`;
        const points = await getJson<readonly Json[]>(url);
        const of = isInverse && name.includes('Position') ? 'Position' : 'Account';
        for (const [index, point] of points.entries()) {
          const [long, short] = [Number(point[`long${of}`]), Number(point[`short${of}`])];
          assert.ok(Math.abs(long + short - 1) < 0.000_11);
          assert.ok(Math.abs(Number(point['longShortRatio']) - long / short) < 0.001);
          assert.equal(Number(point['timestamp']) % 300_000, 0);
          const before = points[index - 1];
          if (before !== undefined)
            assert.equal(Number(point['timestamp']) - Number(before['timestamp']), 300_000);
        }
        assert.equal(points.length, 3);
        const again = await getJson<readonly Json[]>(url);
        assert.deepEqual(
          again.at(-2)?.['timestamp'] === points.at(-1)?.['timestamp'] ? again.at(-2) : again.at(-1),
          points.at(-1),
        );
      }
      const base = `${restUrl}/futures/data/globalLongShortAccountRatio`;
      assert.equal((await getJson<Json>(`${base}?period=5m`))['code'], -1102);
      assert.equal((await getJson<Json>(`${base}?${by}&period=7m`))['code'], -1100);
    });
  });
}

test('USD-M: the public path acknowledges mark prices and sends none', async () => {
  await withSimulator(
    { venue: 'binance-usdm', eventsPerSecond: 300, speed: 10 },
    async ({ webSocketUrl }) => {
      const names = 'btcusdt@markPrice@1s/btcusdt@bookTicker';
      const client = await VenueClient.open(`${webSocketUrl}/public/stream?streams=${names}`);
      const market = await VenueClient.open(`${webSocketUrl}/market/stream?streams=btcusdt@markPrice@1s`);
      await market.until(() => market.dataOf('btcusdt@markPrice@1s').length >= 3);
      await client.until(() => client.dataOf('btcusdt@bookTicker').length >= 1);
      assert.equal(client.dataOf('btcusdt@markPrice@1s').length, 0);
    },
  );
});
