import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StreamName } from '../../../contract/feed.ts';
import { effectiveFeed } from '../../../contract/effective.ts';
import { Pipeline } from '../../../collector/pipeline/pipeline.ts';
import type { Outgoing, OutgoingOther } from '../../../collector/ports.ts';
import { binanceLinearPerpetual } from '../../../collector/venues/binance-futures.ts';
import type { StreamSource } from '../../../collector/venues/source.ts';
import type { ValueFrame } from '../../../collector/venues/value-frame.ts';
import type { DepthFrame, TopFrame, Venue } from '../../../collector/venues/venue.ts';

const INSTRUMENT = 'BTCUSDT';
const RECEIVED_US = 1_700_000_000_500_000;
const TIME_US = 1_700_000_000_000_000;
const pushed: StreamSource = {
  channel: '',
  pace: { kind: 'pushed', every: '' },
  checks: [],
  units: '',
  login: null,
};
const polled: StreamSource = { ...pushed, pace: { kind: 'polled', everyMs: 1 } };
const SOURCES = { orderbook: pushed, ticker: pushed, 'open-interest': polled };

function rig(
  streams: readonly StreamName[],
  venue: Venue = binanceLinearPerpetual,
): { pipeline: Pipeline; out: Outgoing[] } {
  const out: Outgoing[] = [];
  const spec = { exchange: 'binance', market: 'perpetual', streams, symbols: [] } as const;
  const pipeline = new Pipeline({
    venue: { ...venue, sources: SOURCES },
    feed: effectiveFeed({ spec }, {}),
    epoch: 'writer',
    emit: (record) => out.push(record),
    command: () => undefined,
  });
  pipeline.add({ instrument: INSTRUMENT, symbol: 'BTC-USDT-PERP', sizeUnit: 'base' }, 0);
  return { pipeline, out };
}

const markPrice = (price: string, more: Partial<ValueFrame> = {}): ValueFrame =>
  ({
    kind: 'value',
    stream: 'mark-price',
    instrument: INSTRUMENT,
    exchangeTimeUs: TIME_US,
    fields: { markPrice: price, priceUnit: 'quote' },
    ...more,
  }) as ValueFrame;

const textOf = (record: Outgoing | undefined): unknown =>
  JSON.parse(new TextDecoder().decode((record as OutgoingOther).payload));

test('a value is a record with the head of all records, and its id says nothing of our clock', () => {
  const { pipeline, out } = rig(['mark-price']);
  pipeline.frame(markPrice('83003.10'), RECEIVED_US, 0);
  pipeline.frame(markPrice('83003.10'), RECEIVED_US + 1, 0);
  pipeline.frame(markPrice('83003.1'), RECEIVED_US, 0);
  pipeline.frame(markPrice('83003.10', { exchangeTimeUs: TIME_US + 1 }), RECEIVED_US, 0);
  pipeline.frame(markPrice('83003.10', { ordinal: 1 }), RECEIVED_US, 0);
  pipeline.frame(markPrice('83003.10', { exchangeTimeUs: null }), RECEIVED_US, 0);
  assert.deepEqual(textOf(out[0]), {
    v: 1,
    type: 'mark-price',
    exchange: 'binance',
    market: 'perpetual',
    symbol: 'BTC-USDT-PERP',
    instrument: INSTRUMENT,
    exchangeTime: TIME_US,
    receiveTime: RECEIVED_US,
    markPrice: '83003.10',
    priceUnit: 'quote',
  });
  const [first, again, ...others] = out.map((record) => (record as OutgoingOther).msgId);
  assert.match(first ?? '', /^mark-price\.binance\.BTC-USDT-PERP\|1700000000000000-[0-9a-f]{16}-0$/);
  assert.equal(again, first, 'received later, and the same record');
  assert.equal(new Set([first, ...others]).size, 5, 'digits, time and ordinal tell records apart');
  assert.match(others[3] ?? '', /\|null-[0-9a-f]{16}-0$/);
  assert.equal(pipeline.counters['mark-price'], 6);
});

test('sizes carry the unit of the instrument', () => {
  const { pipeline, out } = rig(['liquidation']);
  const fields = { side: 'sell', price: '9910', priceKind: 'order', size: '0.014', sampled: true } as const;
  pipeline.frame(
    { kind: 'value', stream: 'liquidation', instrument: INSTRUMENT, exchangeTimeUs: TIME_US, fields },
    RECEIVED_US,
    0,
  );
  assert.partialDeepStrictEqual(textOf(out[0]), { ...fields, sizeUnit: 'base' });
});

test('what nobody asked for is counted and not published', () => {
  const { pipeline, out } = rig(['mark-price']);
  const fields = { rate: '0.0001', rateKind: 'predicted', nextFundingTime: null } as const;
  const frame = { kind: 'value', stream: 'funding-rate', instrument: INSTRUMENT, exchangeTimeUs: 1, fields };
  pipeline.frame(frame as ValueFrame, RECEIVED_US, 0);
  pipeline.frame(markPrice('1', { instrument: 'ETHUSDT' }), RECEIVED_US, 0);
  assert.deepEqual([out.length, pipeline.counters['unassigned']], [0, 2]);
});

test('what came along in a message of other news is a record when it says something new, or again after a minute', () => {
  const { pipeline, out } = rig(['mark-price']);
  const alongside = (price: string, exchangeTimeUs: number): ValueFrame => ({
    ...markPrice(price),
    exchangeTimeUs,
    onChange: true,
  });
  for (const [price, timeUs] of [
    ['1', 1],
    ['1', 2],
    ['2', 3],
    ['1', 4],
    ['1', 60_000_003],
    ['1', 60_000_004],
  ] as const) {
    pipeline.frame(alongside(price, timeUs), RECEIVED_US, 0);
  }
  assert.deepEqual(
    out.map((record) => (record as OutgoingOther).exchangeTimeUs),
    [1, 3, 4, 60_000_004],
  );
  const { counters } = pipeline;
  assert.deepEqual([counters['mark-price'], counters['unchanged:mark-price']], [4, 2]);
});

const TOP: TopFrame = {
  kind: 'top',
  instrument: INSTRUMENT,
  lastId: 41,
  exchangeTimeUs: null,
  bid: ['1.10', '2'],
  ask: null,
};

test('a best bid and ask is a ticker where one is wanted, and counted in any case', () => {
  const wanted = rig(['ticker']);
  wanted.pipeline.frame(TOP, RECEIVED_US, 0);
  assert.partialDeepStrictEqual(textOf(wanted.out[0]), {
    type: 'ticker',
    exchangeTime: null,
    bid: ['1.10', '2'],
    ask: null,
    bookId: 41,
    sizeUnit: 'base',
  });
  const other = rig(['orderbook']);
  other.pipeline.frame(TOP, RECEIVED_US, 0);
  assert.equal(other.out.length, 0);
  const checked = rig(['orderbook', 'ticker'], { ...binanceLinearPerpetual, tickersApart: true });
  checked.pipeline.frame(TOP, RECEIVED_US, 0);
  assert.equal(checked.out.length, 0, 'a venue whose ticker comes in a channel of its own');
  assert.deepEqual([wanted.pipeline.counters['top'], other.pipeline.counters['top']], [1, 1]);
});

const DEPTH: DepthFrame = {
  kind: 'depth',
  instrument: INSTRUMENT,
  lastId: 12,
  prevId: 10,
  exchangeTimeUs: TIME_US,
  bids: [['1', '2']],
  asks: [],
};

test('a lost subscription is its own stream’s alone: the book goes on when the ticker’s connection ends', () => {
  const { pipeline } = rig(['orderbook', 'ticker', 'open-interest']);
  const book = { instrument: INSTRUMENT, stream: 'orderbook' } as const;
  const ticker = { instrument: INSTRUMENT, stream: 'ticker' } as const;
  pipeline.opened(book, 0);
  pipeline.frame(DEPTH, RECEIVED_US, 0);
  const snapshot = { kind: 'snapshot', lastId: 12, exchangeTimeUs: null, bids: [], asks: [] } as const;
  const generation = 1;
  pipeline.snapshot({ instrument: INSTRUMENT, generation }, snapshot, RECEIVED_US, 0);
  assert.equal(pipeline.book(INSTRUMENT)?.status.state, 'inSync');
  assert.deepEqual(
    pipeline.statusOf(INSTRUMENT),
    { state: 'subscribing', sinceMs: 0, reason: 'waiting for the venue to confirm ticker' },
    'a symbol is in sync when all of its streams are',
  );
  pipeline.opened(ticker, 5);
  assert.equal(pipeline.statusOf(INSTRUMENT)?.state, 'inSync');
  pipeline.disconnected([ticker], RECEIVED_US, 9);
  assert.equal(pipeline.book(INSTRUMENT)?.status.state, 'inSync');
  assert.deepEqual(pipeline.statusOf(INSTRUMENT)?.sinceMs, 9);
  pipeline.disconnected([book], RECEIVED_US, 10);
  assert.notEqual(pipeline.book(INSTRUMENT)?.status.state, 'inSync');
});
