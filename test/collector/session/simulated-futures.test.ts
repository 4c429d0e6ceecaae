import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StreamName } from '../../../contract/feed.ts';
import type { OutgoingOther } from '../../../collector/ports.ts';
import { recordFaults } from '../../../contract/schema-faults.ts';
import { schemaOf } from '../../../contract/record.ts';
import { collect, until } from './tiny-venue.ts';
import { follows, simulate, type Json, type Said } from './witnessed.ts';

const US_PER_MS = 1_000;

/** What a message of Binance's futures says, read apart from the collector. */
function binanceSays({ data }: Json): readonly Said[] {
  if (typeof data !== 'object' || data === null) return [];
  const event = data as Readonly<Record<string, string>>;
  const order = (event['o'] ?? event) as unknown as Readonly<Record<string, string>>;
  const { s: instrument = '' } = order;
  const said = (stream: StreamName, time: unknown, fields: Json): Said => ({
    stream,
    instrument,
    timeMs: Number(time),
    fields,
  });
  switch (event['e']) {
    case 'bookTicker': {
      const top = { bid: [event['b'], event['B']], ask: [event['a'], event['A']], bookId: event['u'] };
      return [said('ticker', event['T'], top)];
    }
    case 'markPriceUpdate': {
      const { p, i, P, r, T, E } = event;
      const mark = said('mark-price', E, { markPrice: p, indexPrice: i, settlePrice: P, priceUnit: 'quote' });
      const funding = { rate: r, nextFundingTime: Number(T) * US_PER_MS, rateKind: 'predicted' };
      return [mark, ...(r === '' ? [] : [said('funding-rate', E, funding)])];
    }
    case 'forceOrder': {
      const side = order['S'] === 'SELL' ? 'sell' : 'buy';
      const fields = { side, price: order['p'], size: order['q'], averagePrice: order['ap'], sampled: true };
      return [said('liquidation', order['T'], fields)];
    }
    default:
      return [];
  }
}

const subscribe = (names: readonly string[]): readonly Json[] => [
  { method: 'SUBSCRIBE', params: names, id: 1 },
];
const PUSHED: readonly StreamName[] = ['mark-price', 'funding-rate', 'liquidation'];
/** It rests on the interest rate while the premium is small. */
const atLeast = { 'funding-rate': 1, liquidation: 2 };

follows('Binance USD-M, /market', {
  venue: 'binance-usdm',
  market: 'perpetual',
  settle: 'linear',
  symbols: ['BTC-USDT-PERP'],
  streams: PUSHED,
  path: '/market/stream',
  requests: subscribe(['btcusdt@markPrice@1s', 'btcusdt@forceOrder']),
  says: binanceSays,
  atLeast,
  eventsPerSecond: 200,
});

follows('Binance USD-M, /public', {
  venue: 'binance-usdm',
  market: 'perpetual',
  settle: 'linear',
  symbols: ['BTC-USDT-PERP'],
  streams: ['ticker'],
  path: '/public/stream',
  requests: subscribe(['btcusdt@bookTicker']),
  says: binanceSays,
});

follows('Binance COIN-M', {
  venue: 'binance-coinm',
  market: 'perpetual',
  settle: 'inverse',
  symbols: ['BTC-USD-PERP'],
  streams: ['ticker', ...PUSHED],
  path: '/stream',
  requests: subscribe(['btcusd_perp@bookTicker', 'btcusd_perp@markPrice@1s', 'btcusd_perp@forceOrder']),
  says: binanceSays,
  atLeast,
  eventsPerSecond: 200,
});

test('Binance USD-M: every stream at once, on both paths and by REST, each subscribed once', async (t) => {
  const streams: readonly StreamName[] = [
    'orderbook',
    'trade',
    'ticker',
    'mark-price',
    'funding-rate',
    'open-interest',
    'liquidation',
    'long-short-ratio',
  ];
  const symbols = ['BTC-USDT-PERP'];
  const port = await simulate(t, {
    venue: 'binance-usdm',
    market: 'perpetual',
    symbols,
    streams,
    path: '',
    requests: [],
    says: binanceSays,
    eventsPerSecond: 200,
  });
  const endpoints = { websocket: `ws://127.0.0.1:${port}`, rest: `http://127.0.0.1:${port}` };
  const feed = collect({ port }, symbols, {
    spec: { exchange: 'binance', market: 'perpetual', streams, endpoints },
  });
  t.after(() => feed.session.stop());
  const seen = new Map<string, Json[]>();
  let taken = 0;
  const look = (): void => {
    for (; taken < feed.records.length; taken += 1) {
      const { payload } = feed.records[taken] as OutgoingOther;
      if (payload === undefined) continue;
      const record = JSON.parse(new TextDecoder().decode(payload)) as Json;
      const schema = schemaOf(record);
      assert.ok(schema !== undefined);
      assert.deepEqual(recordFaults(schema, record), []);
      const type = String(record['type']);
      seen.set(type, [...(seen.get(type) ?? []), record]);
    }
  };
  const measures = (): number => new Set(seen.get('long-short-ratio')?.map(({ measure }) => measure)).size;
  await until('a record of every stream', () => seen.size === streams.length && measures() === 3, look);
  const { symbols: states, problems, counters } = feed.session.status();
  assert.deepEqual(problems, []);
  assert.deepEqual(
    states.map(({ state }) => state),
    ['inSync'],
  );
  assert.ok((counters['polls'] ?? 0) >= 4);
  assert.equal(counters['pollsFailed'], 0);
  assert.equal(seen.get('open-interest')?.[0]?.['polled'], true);
  assert.equal(seen.get('long-short-ratio')?.length, 3, 'the newest point of each measure, no history');
  const state = (await (await fetch(`http://127.0.0.1:${port}/admin/state`)).json()) as {
    readonly connections: readonly { readonly streams: readonly string[] }[];
  };
  assert.deepEqual(
    state.connections
      .map((connection) => connection.streams.toSorted())
      .toSorted((x, y) => x.length - y.length),
    [
      ['btcusdt@forceOrder', 'btcusdt@markPrice@1s'],
      ['btcusdt@bookTicker', 'btcusdt@depth@100ms', 'btcusdt@trade'],
    ],
    'a connection a path; mark price and funding are one subscription, ticker and the check of the book another',
  );
});
