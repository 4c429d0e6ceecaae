import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { plainNumber, shortText } from '../../simulator/deribit/numbers.ts';
import { VenueClient, getJson } from './client.ts';
import { PERPETUAL, followed, withDeribit } from './deribit-client.ts';

const OPTION = 'book.BTC-25JUN27-20000-C.100ms';

interface Trade {
  readonly trade_seq: number;
  readonly trade_id: string;
  readonly amount: number;
  readonly direction: string;
  readonly instrument_name: string;
}

interface Value {
  readonly timestamp: number;
  readonly volatility: number;
}

interface Instrument {
  readonly instrument_name: string;
  readonly kind: string;
  readonly contract_size: number;
}

test('the book that follows a snapshot and its changes equals the true one, for a perpetual and for an option', async () => {
  await withDeribit({ start: 'first-subscribe', waitStreams: 2 }, async (deribit) => {
    await deribit.subscribe(PERPETUAL, OPTION);
    await deribit.client.until(
      () => deribit.books(PERPETUAL).length > 12 && deribit.books(OPTION).length > 12,
    );
    await deribit.pause();
    for (const channel of [PERPETUAL, OPTION]) {
      const truth = await deribit.truth(channel.split('.')[1] ?? '');
      await deribit.client.until(() => deribit.books(channel).at(-1)?.change_id === truth.lastUpdateId);
      assert.deepEqual(followed(deribit.books(channel)), truth);
      assert.ok(truth.bids.length > 100 && truth.asks.length > 100);
    }
    const amounts = deribit
      .books(PERPETUAL)
      .flatMap(({ bids, asks }) => [...bids, ...asks].map(([, , amount]) => amount));
    assert.deepEqual(
      amounts.filter((amount) => amount % 10 !== 0),
      [],
    );
    const jumps = deribit.books(PERPETUAL).slice(1);
    assert.ok(jumps.some(({ change_id, prev_change_id = 0 }) => change_id > prev_change_id + 1));
  });
});

test('changes are written with and without exponents, snapshots always without', async () => {
  await withDeribit({}, async (deribit) => {
    await deribit.subscribe(PERPETUAL);
    const frames = (type: string): string =>
      deribit.client.frames.filter((frame) => frame.includes(`"type":"${type}"`)).join('\n');
    await deribit.client.until(
      () => /,\d\.\d+e\d\]/.test(frames('change')) && /,\d+\.0\]/.test(frames('change')),
    );
    assert.match(frames('snapshot'), /,\d+\.0\]/);
    assert.doesNotMatch(frames('snapshot'), /\de\d/);
  });
});

test('a subscription is answered with the channels accepted, and unknown ones are missing without a word', async () => {
  await withDeribit({}, async (deribit) => {
    const answer = await deribit.subscribe(
      'book.NOPE.100ms',
      PERPETUAL,
      'book.BTC-PERPETUAL.7ms',
      'nonsense',
    );
    assert.deepEqual(answer.result, [PERPETUAL]);
    assert.equal(answer.error, undefined);
    await deribit.client.until(() => deribit.books(PERPETUAL).length > 1);
    const types = deribit.client.frames.slice(0, 2).map((frame) => /"(result|snapshot)"/.exec(frame)?.[1]);
    assert.deepEqual(types, ['result', 'snapshot'], 'the answer comes first, then the snapshot');
    assert.deepEqual((await deribit.subscribe('nonsense')).result, []);
  });
});

test('leaving and coming back brings a new snapshot that the next change follows, asking twice does not', async () => {
  await withDeribit({ eventsPerSecond: 500, speed: 0.25 }, async (deribit) => {
    await deribit.subscribe(PERPETUAL);
    await deribit.subscribe(PERPETUAL);
    await deribit.client.until(() => deribit.books(PERPETUAL).length > 1);
    const snapshots = (): number => deribit.books(PERPETUAL).filter(({ type }) => type === 'snapshot').length;
    assert.equal(snapshots(), 1);
    const left = await deribit.call('public/unsubscribe', { channels: [PERPETUAL] });
    assert.deepEqual(left.result, [PERPETUAL]);
    const before = deribit.books(PERPETUAL).length;
    // Between two frames, when the true book is ahead of what was published.
    for (let slotMs = 0; slotMs < 30 || slotMs > 60;) {
      slotMs =
        (await getJson<{ readonly marketMs: number }>(`${deribit.restUrl}/admin/state`)).marketMs % 100;
    }
    await deribit.subscribe(PERPETUAL);
    await deribit.client.until(() => snapshots() === 2 && deribit.books(PERPETUAL).length > before + 2);
    assert.equal(deribit.books(PERPETUAL)[before]?.type, 'snapshot', 'nothing came in between');
    assert.ok(followed(deribit.books(PERPETUAL).slice(before)).bids.length > 100);
  });
});

test('one raw channel fails the whole request with 13778, the valid channels too', async () => {
  await withDeribit({}, async (deribit) => {
    const answer = await deribit.subscribe(PERPETUAL, 'book.ETH-PERPETUAL.raw');
    assert.equal(answer.error?.code, 13_778);
    assert.equal(answer.error.message, 'raw_subscriptions_not_available_for_unauthorized');
    assert.equal(answer.result, undefined);
    const { streamsSubscribed } = await getJson<{ streamsSubscribed: number }>(
      `${deribit.restUrl}/admin/state`,
    );
    assert.equal(streamsSubscribed, 0);
  });
});

test('trades come in batches with consecutive numbers and ids beyond 2^53, tickers with the best of the book', async () => {
  await withDeribit({ eventsPerSecond: 500 }, async (deribit) => {
    const [trades, ticker] = ['trades.BTC-PERPETUAL.100ms', 'ticker.BTC-PERPETUAL.100ms'];
    await deribit.subscribe(trades, ticker, PERPETUAL);
    const told = (): readonly Trade[] => (deribit.dataOf(trades) as readonly (readonly Trade[])[]).flat();
    await deribit.client.until(() => told().length > 30 && deribit.dataOf(ticker).length > 5);
    await deribit.pause();
    const first = told()[0]?.trade_seq ?? 0;
    assert.deepEqual(
      told().map(({ trade_seq }) => trade_seq),
      told().map((_, index) => first + index),
    );
    assert.equal(new Set(told().map(({ trade_id }) => trade_id)).size, told().length);
    assert.deepEqual([...new Set(told().map(({ direction }) => direction))].sort(), ['buy', 'sell']);
    assert.ok(told().every(({ amount }) => amount % 10 === 0));
    const match = /"starbase_match_id":(\d+)/.exec(
      deribit.client.frames.find((frame) => frame.includes('starbase')) ?? '',
    );
    assert.ok(BigInt(match?.[1] ?? 0) > BigInt(Number.MAX_SAFE_INTEGER));
    const { bids, asks } = await deribit.truth('BTC-PERPETUAL');
    const last = (deribit.dataOf(ticker) as readonly Readonly<Record<string, number>>[]).at(-1);
    assert.deepEqual([String(last?.['best_bid_price']), String(last?.['best_bid_amount'])], bids[0]);
    assert.deepEqual([String(last?.['best_ask_price']), String(last?.['best_ask_amount'])], asks[0]);
  });
});

test('each volatility index comes about once a second', async () => {
  await withDeribit({ speed: 20 }, async (deribit) => {
    const channels = ['btc_usd', 'eth_usd'].map((name) => `deribit_volatility_index.${name}`);
    await deribit.subscribe(...channels);
    for (const channel of channels) {
      const told = (): readonly Value[] => deribit.dataOf(channel) as readonly Value[];
      await deribit.client.until(() => told().length > 5);
      const stepsMs = told()
        .slice(1)
        .map(({ timestamp }, index) => timestamp - (told()[index]?.timestamp ?? 0));
      assert.deepEqual([...new Set(stepsMs)], [1_000]);
      assert.ok(
        told().every(({ volatility }) => volatility > 5 && /^\d+(\.\d{1,2})?$/.test(String(volatility))),
      );
    }
  });
});

test('the catalogue names what is simulated, by currency and kind, and refuses without a currency', async () => {
  await withDeribit({ start: 'manual' }, async ({ restUrl }) => {
    const get = async (
      query: string,
    ): Promise<{ readonly result?: readonly Instrument[]; readonly error?: unknown }> =>
      await getJson(`${restUrl}/api/v2/public/get_instruments?${query}`);
    const names = async (query: string): Promise<readonly string[] | undefined> =>
      (await get(query)).result?.map(({ instrument_name }) => instrument_name);
    assert.deepEqual(await names('currency=BTC&expired=false'), [
      'BTC-PERPETUAL',
      'BTC-25JUN27',
      'BTC-25JUN27-20000-C',
    ]);
    assert.deepEqual(await names('currency=any&kind=option'), ['BTC-25JUN27-20000-C', 'ETH-25JUN27-6000-P']);
    assert.deepEqual(await names('currency=ETH&kind=future'), ['ETH-PERPETUAL']);
    assert.deepEqual(await names('currency=ETH&expired=true'), []);
    const error = {
      code: -32_602,
      message: 'Invalid params',
      data: { reason: 'is required', param: 'currency' },
    };
    assert.deepEqual((await get('kind=option')).error, error);
    const indices = await getJson<{ readonly result: unknown }>(
      `${restUrl}/api/v2/public/get_index_price_names`,
    );
    assert.deepEqual(
      (indices.result as readonly string[]).filter((name) => /^[a-z]+_usd$/.test(name)),
      ['btc_usd', 'eth_usd'],
    );
  });
});

test('the order book over HTTP is the published one, cut to the depth asked for', async () => {
  await withDeribit({}, async (deribit) => {
    await deribit.subscribe(PERPETUAL);
    await deribit.client.until(() => deribit.books(PERPETUAL).length > 3);
    await deribit.pause();
    const get = async (query: string): Promise<Readonly<Record<string, unknown>>> =>
      await getJson(`${deribit.restUrl}/api/v2/public/get_order_book?${query}`);
    const { result } = await get('instrument_name=BTC-PERPETUAL&depth=5');
    const { bids, asks, lastUpdateId } = await deribit.truth('BTC-PERPETUAL');
    const book = result as Readonly<Record<string, readonly (readonly number[])[]>>;
    assert.equal(book['change_id'], lastUpdateId);
    assert.deepEqual(
      [book['bids'], book['asks']].map((side) => side?.map((level) => level.map(String))),
      [bids.slice(0, 5), asks.slice(0, 5)],
    );
    assert.deepEqual((await get('instrument_name=NOPE'))['error'], {
      code: -32_602,
      message: 'Invalid params',
      data: { reason: 'wrong format', param: 'instrument_name' },
    });
  });
});

test('connections beyond the limit of an address are refused with 429', async () => {
  await withDeribit(
    { start: 'manual' },
    async ({ socket }) => {
      const second = new VenueClient(socket.url);
      await second.until(() => second.errors.length > 0);
      assert.match(second.errors.join(), /429/);
    },
    { limits: { connections: 1 } },
  );
});

test('numbers take the shorter form as the venue was seen to, and keep their value', () => {
  const seen = {
    1000200: '1.0002e6',
    1000: '1.0e3',
    35130: '35130.0',
    85500: '8.55e4',
    40: '40.0',
    0: '0.0',
  };
  for (const [plain, text] of Object.entries(seen)) assert.equal(shortText(plain), text);
  assert.equal(shortText('0.00028'), '2.8e-4');
  assert.equal(shortText('0.0005'), '0.0005');
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 50 }), (units) => {
      const plain = plainNumber(units);
      assert.equal(Number(shortText(plain)), Number(plain));
      assert.equal(Math.round(Number(plain) * 1e8), units);
      assert.ok(shortText(plain).length <= plain.length + 2);
    }),
  );
});
