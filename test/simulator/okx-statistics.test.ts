import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Simulator } from '../../simulator/main.ts';
import type { SimulatorOptions } from '../../simulator/options.ts';
import { VenueClient, getJson, withSimulator } from './client.ts';

type Entry = Readonly<Record<string, string>>;
type Argument = Readonly<Record<string, string>>;

interface Frame {
  readonly arg: Argument;
  readonly action?: string;
  readonly data: readonly Entry[];
}

const SWAP = 'BTC-USDT-SWAP';
const INVERSE = 'BTC-USD-SWAP';
const OPTION = 'BTC-USD-270625-60000-C';
const PUT = 'BTC-USD-270625-60000-P';
const SYMBOLS = ['BTC-USDT-PERP', 'BTC-USD-PERP', 'BTC-USD-20270625-60000-C', 'BTC-USD-20270625-60000-P'];
const OPTIONS = { venue: 'okx', symbols: SYMBOLS, eventsPerSecond: 200, speed: 10 } as const;

function statisticsTest(
  name: string,
  body: (simulator: Simulator) => Promise<void>,
  options: Partial<SimulatorOptions> = {},
): void {
  test(
    name,
    async () => await withSimulator({ ...OPTIONS, ...options }, body, { limits: { connectsPerWindow: 99 } }),
  );
}

async function subscribed(
  { webSocketUrl }: Simulator,
  args: readonly Argument[],
  path = 'public',
): Promise<VenueClient> {
  const client = await VenueClient.open(`${webSocketUrl}/ws/v5/${path}`);
  client.request({ op: 'subscribe', args });
  return client;
}

function framesOf(client: VenueClient, channel: string): readonly Frame[] {
  return client.frames
    .filter((text) => text.startsWith('{"arg"'))
    .map((text) => JSON.parse(text) as Frame)
    .filter(({ arg }) => arg['channel'] === channel);
}

const entriesOf = (client: VenueClient, channel: string, instId?: string): readonly Entry[] =>
  framesOf(client, channel)
    .flatMap(({ data }) => data)
    .filter((entry) => instId === undefined || entry['instId'] === instId);

const number = (entry: Entry | undefined, name: string): number => Number(entry?.[name]);

function near(left: number, right: number): void {
  assert.ok(Math.abs(left - right) <= Math.abs(right) * 1e-6, `${left} is not ${right}`);
}

statisticsTest('a ticker has the best of the book that `books` tells at the same time', async (simulator) => {
  const client = await subscribed(simulator, [
    { channel: 'tickers', instId: SWAP },
    { channel: 'books', instId: SWAP },
  ]);
  await client.until(() => framesOf(client, 'tickers').length > 20 && framesOf(client, 'books').length > 20);
  client.close();
  const sides = { bids: new Map<string, string>(), asks: new Map<string, string>() };
  const tops = new Map<string, readonly (string | undefined)[]>();
  for (const { data } of framesOf(client, 'books')) {
    const [update] = data as unknown as readonly Readonly<Record<string, readonly string[][]>>[];
    for (const side of ['bids', 'asks'] as const) {
      for (const [price = '', size = ''] of update?.[side] ?? []) {
        if (size === '0') sides[side].delete(price);
        else sides[side].set(price, size);
      }
    }
    const bid = String(Math.max(...[...sides.bids.keys()].map(Number)));
    const ask = String(Math.min(...[...sides.asks.keys()].map(Number)));
    tops.set(String(update?.['ts']), [bid, sides.bids.get(bid), ask, sides.asks.get(ask)]);
  }
  const both = entriesOf(client, 'tickers').filter(({ ts }) => tops.has(ts ?? ''));
  assert.ok(both.length > 5);
  for (const { ts = '', bidPx, bidSz, askPx, askSz } of both) {
    assert.deepEqual([bidPx, bidSz, askPx, askSz], tops.get(ts));
  }
});

statisticsTest(
  'open interest is told in contracts, coins and dollars that agree with the contract and the mark price',
  async (simulator) => {
    const args = [SWAP, INVERSE].flatMap((instId) =>
      ['open-interest', 'mark-price', 'funding-rate'].map((channel) => ({ channel, instId })),
    );
    const client = await subscribed(simulator, args);
    await client.until(() =>
      [SWAP, INVERSE].every(
        (instId) =>
          entriesOf(client, 'open-interest', instId).length > 2 &&
          entriesOf(client, 'funding-rate', instId).length > 0 &&
          entriesOf(client, 'mark-price', instId).length > 2,
      ),
    );
    client.close();
    for (const entry of entriesOf(client, 'open-interest')) {
      const [oi, coins, dollars] = ['oi', 'oiCcy', 'oiUsd'].map((name) => number(entry, name));
      if (entry['instId'] === SWAP) near(coins ?? 0, (oi ?? 0) * 0.01);
      else near(dollars ?? 0, (oi ?? 0) * 100);
      assert.ok((dollars ?? 0) / (coins ?? 0) > 60_000 && (dollars ?? 0) / (coins ?? 0) < 70_000);
    }
    const stepsMs = entriesOf(client, 'open-interest', SWAP)
      .slice(1)
      .map(
        (entry, index) => number(entry, 'ts') - number(entriesOf(client, 'open-interest', SWAP)[index], 'ts'),
      );
    // The first is what stood when it was asked for.
    assert.ok(stepsMs.slice(1).every((ms) => ms >= 3_000));
    const [funding] = entriesOf(client, 'funding-rate', SWAP);
    const [now, next] = ['fundingTime', 'nextFundingTime'].map((name) => number(funding, name));
    assert.equal((next ?? 0) - (now ?? 0), 8 * 3_600_000);
    assert.ok((now ?? 0) > number(funding, 'ts'));
    assert.match(funding?.['fundingRate'] ?? '', /^-?0\.\d{16}$/);
  },
);

statisticsTest(
  'liquidations come for a whole type of instrument, at most one a contract and second, each a real trade',
  async (simulator) => {
    const business = await subscribed(
      simulator,
      [SWAP, INVERSE].map((instId) => ({ channel: 'trades-all', instId })),
      'business',
    );
    await business.until(() => entriesOf(business, 'trades-all').length > 0);
    const client = await subscribed(simulator, [{ channel: 'liquidation-orders', instType: 'SWAP' }]);
    interface Liquidation {
      readonly instId: string;
      readonly details: readonly [Entry];
    }
    const told = (): readonly Liquidation[] =>
      framesOf(client, 'liquidation-orders').flatMap(({ data }) => data as unknown as readonly Liquidation[]);
    const of = (instId: string): readonly Entry[] =>
      told()
        .filter((one) => one.instId === instId)
        .flatMap(({ details }) => details);
    await client.until(() => [SWAP, INVERSE].every((instId) => of(instId).length > 3));
    client.close();
    for (const instId of [SWAP, INVERSE]) {
      const timesMs = of(instId).map((detail) => number(detail, 'ts'));
      assert.ok(timesMs.slice(1).every((ms, index) => ms - (timesMs[index] ?? 0) >= 1_000));
      for (const { side, posSide, bkPx, ts } of of(instId)) {
        assert.equal(posSide, side === 'sell' ? 'long' : 'short', 'a sell closes a long');
        const isTrade = (): boolean =>
          entriesOf(business, 'trades-all', instId).some(
            (trade) => trade['ts'] === ts && trade['px'] === bkPx && trade['side'] === side,
          );
        await business.until(isTrade);
      }
    }
    business.close();
  },
);

statisticsTest(
  'the summary tells all options of a family at once, with greeks that fit',
  async (simulator) => {
    const client = await subscribed(simulator, [
      { channel: 'opt-summary', instFamily: 'BTC-USD' },
      { channel: 'index-tickers', instId: 'BTC-USD' },
    ]);
    await client.until(
      () => framesOf(client, 'opt-summary').length > 3 && framesOf(client, 'index-tickers').length > 3,
    );
    client.close();
    const data = framesOf(client, 'opt-summary').at(-1)?.data ?? [];
    const [call, put] = [OPTION, PUT].map((instId) => data.find((entry) => entry['instId'] === instId));
    assert.equal(data.length, 2);
    assert.ok(number(call, 'deltaBS') > 0 && number(call, 'deltaBS') < 1);
    assert.ok(number(put, 'deltaBS') < 0 && number(put, 'deltaBS') > -1);
    assert.ok([call, put].every((entry) => number(entry, 'gammaBS') > 0 && number(entry, 'thetaBS') < 0));
    assert.ok(
      number(call, 'bidVol') < number(call, 'markVol') && number(call, 'markVol') < number(call, 'askVol'),
    );
  },
);

statisticsTest(
  'a channel has its own path and argument, else it is refused by name',
  async (simulator) => {
    const refused = async (argument: Argument, path?: string): Promise<string> => {
      const client = await subscribed(simulator, [argument], path);
      await client.until(() => client.frames.length > 0);
      client.close();
      const { event, code, msg } = JSON.parse(client.frames[0] ?? '') as Entry;
      return event === 'error' ? `${code} ${msg}` : String(event);
    };
    assert.match(
      await refused({ channel: 'liquidation-orders', instId: SWAP }),
      /^60018 .*liquidation-orders/,
    );
    assert.match(await refused({ channel: 'opt-summary', instFamily: 'DOGE-USD' }), /^60018 .*DOGE-USD/);
    assert.match(await refused({ channel: 'tickers', instId: SWAP }, 'business'), /^60018 /);
    assert.equal(await refused({ channel: 'public-block-trades', instId: SWAP }, 'business'), 'subscribe');
    assert.equal(await refused({ channel: 'liquidation-orders', instType: 'FUTURES' }), 'subscribe');
  },
  { start: 'manual' },
);

statisticsTest(
  'long over short accounts: one value a period whenever it is asked for, newest first, five requests in two seconds',
  async ({ restUrl }) => {
    const path = `${restUrl}/api/v5/rubik/stat/contracts/long-short-account-ratio-contract`;
    interface Answer {
      readonly code: string;
      readonly data: readonly (readonly [string, string])[];
    }
    const get = async (query: string): Promise<Answer> => await getJson(`${path}?${query}`);
    const first = await get(`instId=${SWAP}&period=5m&limit=3`);
    assert.equal(first.data.length, 3);
    const [newest, before] = first.data.map(([ts]) => Number(ts));
    assert.equal((newest ?? 0) - (before ?? 0), 300_000);
    assert.equal((newest ?? 1) % 300_000, 0);
    assert.ok(first.data.every(([, ratio]) => /^\d\.\d{4}$/.test(ratio)));
    const ofTop = await getJson<Answer>(`${path}-top-trader?instId=${SWAP}&limit=3`);
    assert.notDeepEqual(
      ofTop.data.map(([, ratio]) => ratio),
      first.data.map(([, ratio]) => ratio),
      'another measure, other values',
    );
    const again = await get(`instId=${SWAP}&limit=3`);
    const known = new Map(first.data);
    assert.ok(again.data.every(([ts, ratio]) => (known.get(ts) ?? ratio) === ratio));
    assert.equal((await get(`instId=${OPTION}`)).code, '51000');
    assert.equal((await get(`instId=${SWAP}&limit=101`)).code, '51000');
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => await fetch(`${path}?instId=${INVERSE}`)),
    );
    assert.deepEqual(
      answers.map(({ status }) => status).sort((left, right) => left - right),
      [200, 200, 200, 200, 200, 429, 429, 429],
    );
  },
  { start: 'manual' },
);

statisticsTest(
  'options are listed by family, priced in coin, so many hundredths of one a contract',
  async ({ restUrl }) => {
    const list = async (query: string): Promise<{ code: string; data: readonly Entry[] }> =>
      await getJson(`${restUrl}/api/v5/public/instruments?instType=OPTION${query}`);
    assert.equal((await list('')).code, '50015');
    const { data } = await list('&instFamily=BTC-USD');
    const [call] = data;
    assert.deepEqual(
      data.map(({ instId }) => instId),
      [OPTION, PUT],
    );
    assert.deepEqual(
      ['ctVal', 'ctMult', 'ctValCcy', 'settleCcy', 'optType', 'stk', 'tickSz', 'expTime'].map(
        (name) => call?.[name],
      ),
      ['1', '0.01', 'BTC', 'BTC', 'C', '60000', '0.0005', String(Date.UTC(2027, 5, 25, 8))],
    );
    assert.deepEqual((await list('&instFamily=ETH-USD')).data, []);
  },
  { start: 'manual' },
);
