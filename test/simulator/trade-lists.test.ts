import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VenueClient, getJson, withSimulator } from './client.ts';
import { withDeribit } from './deribit-client.ts';

type Fields = Readonly<Record<string, unknown>>;

test('OKX lists its trades newest first, by pages that lead to older ones', async () => {
  await withSimulator({ venue: 'okx', eventsPerSecond: 500 }, async ({ restUrl, webSocketUrl }) => {
    const client = await VenueClient.open(`${webSocketUrl}/ws/v5/business`);
    client.request({ op: 'subscribe', args: [{ channel: 'trades-all', instId: 'BTC-USDT' }] });
    const told = (): readonly Fields[] =>
      client.frames
        .map((frame) => JSON.parse(frame) as { data?: readonly Fields[] })
        .flatMap(({ data = [] }) => data);
    await client.until(() => told().length > 40);
    const trades = told().slice(0, 40);
    const [first, last] = [trades[0], trades.at(-1)];
    const get = async (query: string): Promise<readonly Fields[]> => {
      const url = `${restUrl}/api/v5/market/history-trades?instId=BTC-USDT&${query}`;
      const { code, data } = await getJson<{ code: string; data: readonly Fields[] }>(url);
      assert.equal(code, '0');
      return data;
    };
    const page = await get(`type=1&after=${Number(last?.['tradeId']) + 1}&limit=15`);
    assert.deepEqual(page, trades.slice(25).toReversed());
    const older = await get(`after=${String(page.at(-1)?.['tradeId'])}&limit=100`);
    assert.deepEqual(older.slice(0, 25), trades.slice(0, 25).toReversed());
    const newer = await get(`after=${String(last?.['tradeId'])}&before=${String(first?.['tradeId'])}`);
    assert.deepEqual(newer, trades.slice(1, -1).toReversed());
    const refused = await getJson<Fields>(`${restUrl}/api/v5/market/history-trades?instId=NOPE`);
    assert.equal(refused['code'], '51001');
    client.close();
  });
});

test('Deribit lists its trades from one count to another', async () => {
  await withDeribit({ eventsPerSecond: 500 }, async (deribit) => {
    const channel = 'trades.BTC-PERPETUAL.100ms';
    await deribit.subscribe(channel);
    const told = (): readonly Fields[] => deribit.dataOf(channel).flat() as readonly Fields[];
    await deribit.client.until(() => told().length > 40);
    const trades = told().slice(0, 40);
    const get = async (query: string): Promise<{ trades: readonly Fields[]; has_more: boolean }> => {
      const url = `${deribit.restUrl}/api/v2/public/get_last_trades_by_instrument?instrument_name=BTC-PERPETUAL&${query}`;
      return (await getJson<{ result: { trades: readonly Fields[]; has_more: boolean } }>(url)).result;
    };
    const names = ['trade_seq', 'trade_id', 'timestamp', 'price', 'amount', 'direction', 'liquidation'];
    const short = (list: readonly Fields[]): unknown => list.map((trade) => names.map((name) => trade[name]));
    const [from, to] = [trades[5]?.['trade_seq'], trades[30]?.['trade_seq']];
    const whole = await get(`start_seq=${String(from)}&end_seq=${String(to)}&count=1000&sorting=asc`);
    assert.deepEqual(short(whole.trades), short(trades.slice(5, 31)));
    assert.equal(whole.has_more, false);
    const cut = await get(`start_seq=${String(from)}&end_seq=${String(to)}&count=3`);
    assert.deepEqual(short(cut.trades), short(trades.slice(5, 8)));
    assert.equal(cut.has_more, true);
    const newest = await get(`end_seq=${String(to)}&count=2`);
    assert.deepEqual(short(newest.trades), short(trades.slice(29, 31).toReversed()));
  });
});

test('Binance futures list their newest trades; older ones need a key, which nobody has here', async () => {
  await withSimulator({ venue: 'binance-usdm', start: 'manual' }, async ({ restUrl }) => {
    const newest = await fetch(`${restUrl}/fapi/v1/trades?symbol=BTCUSDT&limit=1000`);
    assert.deepEqual([newest.status, newest.headers.get('x-mbx-used-weight-1m')], [200, '5']);
    const old = await fetch(`${restUrl}/fapi/v1/historicalTrades?symbol=BTCUSDT&fromId=1`);
    assert.equal(old.status, 401);
    assert.equal(((await old.json()) as Fields)['code'], -2_014);
  });
});
