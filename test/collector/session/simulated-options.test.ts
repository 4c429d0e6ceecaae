import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OutgoingOther, OutgoingTrade } from '../../../collector/ports.ts';
import type { StreamName } from '../../../contract/feed.ts';
import { schemaOf } from '../../../contract/record.ts';
import { recordFaults } from '../../../contract/schema-faults.ts';
import { startSimulator } from '../../../simulator/main.ts';
import { CASES, openCase } from './simulated-cases.ts';
import { collect, until } from './tiny-venue.ts';
import { follows, simulate, type Json, type Said } from './witnessed.ts';

/** What a message of Binance's options says, read apart from the collector. */
function binanceSays({ data }: Json): readonly Said[] {
  const events = (Array.isArray(data) ? data : [data ?? {}]) as readonly Readonly<Record<string, string>>[];
  return events.flatMap((event) => {
    const { e, s: instrument = '', E, T } = event;
    const said = (stream: StreamName, time: unknown, fields: Json): Said => ({
      stream,
      instrument,
      timeMs: Number(time),
      fields,
    });
    if (e === 'bookTicker') {
      const top = { bid: [event['b'], event['B']], ask: [event['a'], event['A']], bookId: event['u'] };
      return [said('ticker', T, top)];
    }
    if (e !== 'markPrice') return [];
    const { mp, i, vo, b, a, d, g, v, t, rf } = event;
    const worth = { markPrice: mp, priceUnit: 'quote', indexPrice: i };
    const greeks = { delta: d, gamma: g, vega: v, theta: t };
    const volatility = { volatilityUnit: 'fraction', markVolatility: vo, bidVolatility: b, askVolatility: a };
    return [
      said('mark-price', E, worth),
      said('option-summary', E, { ...worth, ...volatility, greeks, interestRate: rf }),
    ];
  });
}

const SYMBOLS = ['BTC-USDT-20270625-60000-C', 'BTC-USDT-20270625-60000-P'];
const OPTIONS = { venue: 'binance-options', market: 'option', symbols: SYMBOLS, says: binanceSays } as const;
const subscribe = (...params: readonly string[]): readonly Json[] => [{ method: 'SUBSCRIBE', params, id: 1 }];

follows('Binance options, /market', {
  ...OPTIONS,
  // The third is in every message as well, and nobody asked for it.
  simulated: [...SYMBOLS, 'BTC-USDT-20270625-90000-C'],
  streams: ['mark-price', 'option-summary'],
  path: '/market/stream',
  requests: subscribe('btcusdt@optionMarkPrice'),
});

follows('Binance options, /public', {
  ...OPTIONS,
  streams: ['ticker'],
  path: '/public/stream',
  requests: subscribe('btc-270625-60000-c@bookTicker', 'btc-270625-60000-p@bookTicker'),
});

test('Binance options: the book is the venue’s own after holes and a cut, and every trade comes once', async (t) => {
  const one = CASES.find(({ name }) => name === 'Binance options') ?? assert.fail('is a case');
  const { feed, isTrue, fault, counter, restUrl } = await openCase(t, one);
  await isTrue();
  await fault({ kind: 'drop', symbol: one.instrument, count: 2 });
  await until('the hole is seen', () => counter('depthGap') > 0);
  await until('in sync again', () => feed.state(one.symbol) === 'inSync');
  await isTrue();
  await fault({ kind: 'disconnect' });
  await until('the cut is seen', () => counter('disconnected:closed') > 0);
  await until('in sync again', () => feed.state(one.symbol) === 'inSync');
  await isTrue();
  const answer = await fetch(`${restUrl}/eapi/v1/trades?symbol=${one.instrument}&limit=500`);
  const listed = (await answer.json()) as readonly { readonly tradeId: number }[];
  const last = listed.at(-1)?.tradeId ?? assert.fail('trades were made');
  const trades = (): readonly OutgoingTrade[] =>
    feed.records.filter((record): record is OutgoingTrade => record.kind === 'trade');
  await until('the last trade', () => trades().some(({ id }) => id === String(last)));
  const ids = trades().map(({ id }) => Number(id));
  const jumps = ids.filter((id, index) => index > 0 && id !== (ids[index - 1] ?? 0) + 1);
  assert.ok(ids.length > 10);
  assert.ok(
    jumps.length <= 1 && ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? 0)),
    'the cut',
  );
});

test('Binance options: open interest is what the venue’s list says of that minute', async (t) => {
  const of = { ...OPTIONS, symbols: [...SYMBOLS, 'BTC-USDT-20270924-90000-C'] };
  const port = await simulate(t, { ...of, streams: [], path: '', requests: [], speed: 1 });
  const rest = `http://127.0.0.1:${port}`;
  const said = new Map<string, Json>();
  const ask = async (): Promise<void> => {
    for (const day of ['270625', '270924']) {
      const answer = await fetch(`${rest}/eapi/v1/openInterest?underlyingAsset=BTC&expiration=${day}`);
      for (const entry of (await answer.json()) as readonly Json[])
        said.set(`${String(entry['symbol'])} ${String(entry['timestamp'])}`, entry);
    }
  };
  const asking = setInterval(() => void ask().catch(() => undefined), 200);
  t.after(() => clearInterval(asking));
  await until('each has something to say', () => said.size >= 3);
  const endpoints = { websocket: `ws://127.0.0.1:${port}`, rest };
  const feed = collect({ port }, of.symbols, {
    spec: { exchange: 'binance', market: 'option', streams: ['open-interest'], endpoints },
  });
  t.after(() => feed.session.stop());
  const records = (): readonly Json[] =>
    (feed.records as readonly OutgoingOther[]).map(
      ({ payload }) => JSON.parse(new TextDecoder().decode(payload)) as Json,
    );
  const listed = ({ instrument, exchangeTime }: Json): Json | undefined =>
    said.get(`${String(instrument)} ${Number(exchangeTime) / 1_000}`);
  await until('a record of each, listed', () => records().length >= 3 && records().every(listed));
  for (const record of records()) {
    const schema = schemaOf(record) ?? assert.fail('known');
    assert.deepEqual(recordFaults(schema, record), []);
    const { openInterest, openInterestUsd, polled, sizeUnit } = record;
    const { sumOpenInterest, sumOpenInterestUsd } = listed(record) ?? {};
    assert.deepEqual(
      [openInterest, openInterestUsd, polled, sizeUnit],
      [sumOpenInterest, sumOpenInterestUsd, true, 'contract'],
    );
  }
  const refused = await fetch(`${rest}/eapi/v1/openInterest?underlyingAsset=BTC`);
  assert.equal(((await refused.json()) as Json)['code'], -1_102);
});

test('Binance options: a recording to play back is refused, with the mend', async () => {
  const started = startSimulator({ venue: 'binance-options', port: 0, recordings: ['none.jsonl'] });
  await assert.rejects(started, /--recordings: none of Binance options can be played back; leave it out/);
});
