import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { plainText } from '../../simulator/deribit/numbers.ts';
import { DERIBIT_PLAYBACK } from '../../simulator/playback/deribit.ts';
import { PlaybackMarket } from '../../simulator/playback/playback-market.ts';
import { parseRecording } from '../../simulator/playback/recording.ts';
import type { MarketFrame } from '../../simulator/ports.ts';
import { recordingPath } from '../support/recording.ts';

for (const [source, plain] of [
  ['1.0002e6', '1000200'],
  ['8.55e4', '85500'],
  ['3.0e6', '3000000'],
  ['2.8e-4', '0.00028'],
  ['12.34e1', '123.4'],
  ['1e3', '1000'],
  ['40.0', '40'],
  ['0.0795', '0.0795'],
  ['0.0', '0'],
  ['-5.0e-1', '-0.5'],
  ['76917.123456789012345', '76917.123456789012345'],
] as const) {
  test(`the number ${source} is kept as ${plain}`, () => assert.equal(plainText(source), plain));
}

function playbackTest(title: string, recording: string, body: (market: PlaybackMarket) => void): void {
  const path = recordingPath(recording);
  test(title, { skip: path === undefined && 'no recordings' }, () => {
    const parsed = parseRecording(recording, readFileSync(path ?? '', 'utf8'), DERIBIT_PLAYBACK);
    body(new PlaybackMarket([parsed], 3));
  });
}

function framesOf(market: PlaybackMarket, end: string): readonly MarketFrame[] {
  const frames: MarketFrame[] = [];
  const push = (frame: MarketFrame): void => void (frame.stream.endsWith(end) && frames.push(frame));
  market.advance(1e15, 1e9, { wants: () => true, push });
  assert.ok(market.finished);
  return frames;
}

type Action = readonly [action: 'new' | 'change' | 'delete', price: number, amount: number];
interface BookFrame {
  readonly params: {
    readonly channel: string;
    readonly data: {
      readonly instrument_name: string;
      readonly bids: readonly Action[];
      readonly asks: readonly Action[];
    };
  };
}

playbackTest(
  'actions stay strict from loop to loop: nothing is new twice, nothing changed or deleted that is not there',
  'deribit/cf-20210405-options-119s',
  (market) => {
    const held = new Map<string, Set<number>>();
    for (const { symbol } of market.symbols) {
      const { bids = [], asks = [] } = market.book(symbol) ?? {};
      held.set(`${symbol} bids`, new Set(bids.map(([price]) => Number(price))));
      held.set(`${symbol} asks`, new Set(asks.map(([price]) => Number(price))));
    }
    let actions = 0;
    for (const { data: text } of framesOf(market, '@depth')) {
      const { channel, data } = (JSON.parse(text) as BookFrame).params;
      assert.equal(channel, `book.${data.instrument_name}.100ms`);
      for (const side of ['bids', 'asks'] as const) {
        const prices = held.get(`${data.instrument_name} ${side}`) ?? new Set<number>();
        for (const [action, price] of data[side]) {
          assert.equal(prices.has(price), action !== 'new', `${action} ${price} in ${text}`);
          if (action === 'delete') prices.delete(price);
          else prices.add(price);
          actions += 1;
        }
      }
    }
    assert.ok(actions > 500);
  },
);

playbackTest(
  'trades count on from loop to loop, ids beyond 2^53 digit for digit',
  'deribit/fm-202609-shapes',
  (market) => {
    const loops = framesOf(market, '@trade').map(({ data }) => ({
      seqs: [...data.matchAll(/"trade_seq":(\d+)/g)].map(([, digits]) => Number(digits)),
      ids: [...data.matchAll(/"trade_id":"(\d+)"/g)].map(([, digits]) => Number(digits)),
      matches: [...data.matchAll(/"starbase_match_id":(\d+)/g)].map(([, digits = '']) => BigInt(digits)),
    }));
    assert.equal(loops.length, 3);
    const [first, second] = loops;
    assert.ok(first !== undefined && second !== undefined);
    const seqs = loops.flatMap((loop) => loop.seqs);
    assert.deepEqual(
      seqs,
      seqs.map((_, index) => (seqs[0] ?? 0) + index),
      'without a hole',
    );
    const ids = loops.flatMap((loop) => loop.ids);
    assert.equal(new Set(ids).size, seqs.length);
    const by = BigInt((second.ids[0] ?? 0) - (first.ids[0] ?? 0));
    assert.deepEqual(
      second.matches,
      first.matches.map((match) => match + by),
    );
    const listed = market.trades('BTC-PERPETUAL', undefined, Infinity);
    assert.deepEqual(
      listed.map(({ recorded }) => Number(recorded?.tradeId)),
      ids,
      'by REST under the same ids',
    );
  },
);
