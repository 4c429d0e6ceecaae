import assert from 'node:assert/strict';
import { test } from 'node:test';
import { binanceSpot } from '../../simulator/binance/spot.ts';
import { spotInstrument } from '../../simulator/market/instrument.ts';
import { SyntheticMarket } from '../../simulator/market/synthetic.ts';
import type { MarketFrame } from '../../simulator/ports.ts';

function frames(options: {
  seed?: number;
  symbols?: string[];
  steps?: readonly number[];
  firstId?: number;
}): MarketFrame[] {
  const {
    seed = 7,
    symbols = ['BTC-USDT', 'DOGE-USDT'],
    steps = [5_000],
    firstId = 1_700_000_000_000,
  } = options;
  const instruments = symbols
    .map((name) => spotInstrument(name, seed))
    .filter((known) => known !== undefined);
  const market = new SyntheticMarket({
    protocol: binanceSpot(),
    instruments,
    seed,
    eventsPerSecond: 200,
    firstId,
  });
  market.setOrigin(1_700_000_000_000);
  const seen: MarketFrame[] = [];
  for (const toMs of steps)
    market.advance(toMs, 1e9, { wants: () => true, push: (frame) => void seen.push(frame) });
  return seen;
}

function payloads(all: readonly MarketFrame[], stream: string): Record<string, never>[] {
  return all
    .filter((frame) => frame.stream === stream)
    .map(({ data }) => JSON.parse(data) as Record<string, never>);
}

test('the same seed and start give the same bytes, however often the market is moved on', () => {
  const whole = frames({});
  assert.ok(whole.length > 2_000, `${whole.length} frames`);
  const steps = Array.from({ length: 500 }, (_, index) => 10 * (index + 1));
  assert.deepEqual(frames({ steps }), whole);
});

test('another seed gives another market', () => {
  assert.notDeepEqual(frames({ seed: 8 }), frames({}));
});

test('a symbol does not depend on which others run', () => {
  const alone = frames({ symbols: ['BTC-USDT'] });
  assert.deepEqual(
    frames({}).filter(({ symbol }) => symbol === 'BTCUSDT'),
    alone,
  );
});

for (const stream of ['btcusdt@depth@100ms', 'btcusdt@depth']) {
  test(`${stream} is a chain without holes whose first id follows the start`, () => {
    const updates = payloads(frames({}), stream) as unknown as { U: number; u: number }[];
    assert.ok(updates.length >= 5);
    let last = 1_700_000_000_000;
    for (const { U, u } of updates) {
      assert.equal(U, last + 1);
      assert.ok(u >= U);
      last = u;
    }
  });
}

test('trade ids follow each other, and each aggregate covers the trades between its two ids', () => {
  const all = frames({});
  const trades = payloads(all, 'btcusdt@trade') as unknown as { t: number; q: string; p: string }[];
  assert.ok(trades.length > 50);
  trades.forEach(({ t }, index) => assert.equal(t, 1_700_000_000_001 + index));
  const aggregates = payloads(all, 'btcusdt@aggTrade') as unknown as {
    f: number;
    l: number;
    q: string;
    p: string;
  }[];
  assert.equal(aggregates.at(-1)?.l, trades.at(-1)?.t);
  for (const { f, l, q, p } of aggregates) {
    const parts = trades.filter(({ t }) => t >= f && t <= l);
    assert.equal(parts.length, l - f + 1);
    assert.ok(parts.every((part) => part.p === p));
    assert.equal(
      parts.reduce((sum, part) => sum + Math.round(Number(part.q) * 1e8), 0),
      Math.round(Number(q) * 1e8),
    );
  }
});

test('prices and sizes are text with eight decimals, times are whole milliseconds', () => {
  for (const { data, stream } of frames({})) {
    for (const [, text] of data.matchAll(/"([\d.]+)"/g)) assert.match(text ?? '', /^\d+\.\d{8}$/, stream);
    for (const [, time] of data.matchAll(/"[ET]":([\d.]+)/g)) assert.match(time ?? '', /^17\d{11}$/, stream);
  }
});

test('the book never crosses and holds between 250 and 1000 levels a side', () => {
  const instrument = spotInstrument('BTC-USDT', 3);
  assert.ok(instrument !== undefined);
  const market = new SyntheticMarket({
    protocol: binanceSpot(),
    instruments: [instrument],
    seed: 3,
    eventsPerSecond: 500,
    firstId: 1,
  });
  for (let toMs = 100; toMs <= 120_000; toMs += 100) {
    market.advance(toMs, 1e9, { wants: () => false, push: () => assert.fail('not wanted') });
    const book = market.book('BTCUSDT');
    assert.ok(book !== undefined);
    assert.ok(Number(book.bids[0]?.[0]) < Number(book.asks[0]?.[0]), `crossed at ${toMs}`);
    for (const side of [book.bids, book.asks])
      assert.ok(side.length >= 250 && side.length <= 1_000, `${side.length}`);
  }
});

test('the book ticker is the top of the book whenever it changed, at a rising update id', () => {
  const instrument = spotInstrument('ETH-USDT', 5);
  assert.ok(instrument !== undefined);
  const market = new SyntheticMarket({
    protocol: binanceSpot(),
    instruments: [instrument],
    seed: 5,
    eventsPerSecond: 100,
    firstId: 1,
  });
  const tickers: MarketFrame[] = [];
  const sink = {
    wants: (stream: string) => stream.endsWith('@bookTicker'),
    push: (frame: MarketFrame) => void tickers.push(frame),
  };
  for (let toMs = 1_000; toMs <= 60_000; toMs += 10) {
    market.advance(toMs, 1e9, sink);
    const book = market.book('ETHUSDT');
    const last = JSON.parse(tickers.at(-1)?.data ?? '{}') as Record<'u' | 'b' | 'B' | 'a' | 'A', string>;
    assert.deepEqual([last.b, last.B, last.a, last.A], [...(book?.bids[0] ?? []), ...(book?.asks[0] ?? [])]);
    assert.ok(Number(last.u) <= (book?.lastUpdateId ?? 0));
  }
  const ids = tickers.map(({ data }) => (JSON.parse(data) as { u: number }).u);
  assert.ok(ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? 0)));
});
