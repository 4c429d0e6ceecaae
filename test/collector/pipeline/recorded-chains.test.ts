import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { DEFAULTS } from '../../../contract/effective.ts';
import { DEFAULT_SUBJECTS } from '../../../contract/subjects.ts';
import { Pipeline } from '../../../collector/pipeline/pipeline.ts';
import type { SnapshotCommand } from '../../../collector/pipeline/book-start.ts';
import type { Outgoing } from '../../../collector/ports.ts';
import { binanceSpot } from '../../../collector/venues/binance.ts';
import { recordingPath } from '../../support/recording.ts';

/** Counted independently over the same files, once and by another program. */
interface Expected {
  readonly file: string;
  readonly restDepth: number;
  readonly books: number;
  /** Events whose `u` is not above the snapshot's id. */
  readonly dropped: number;
  readonly applied: number;
  /** `bookTicker` frames with the id of a state of ours, the snapshot's own included; each has to equal our top. */
  readonly tops: number;
}
const FILES: readonly Expected[] = [
  { file: 'cf-20210404-btc-eth-dot', restDepth: 1_000, books: 3, dropped: 32, applied: 2_656, tops: 0 },
  { file: 'cf-20210814-limit5000', restDepth: 5_000, books: 4, dropped: 18, applied: 528, tops: 98 },
  { file: 'cf-20211011-small', restDepth: 1_000, books: 4, dropped: 5, applied: 172, tops: 26 },
  { file: 'hft-20240808-btc-depth-180s', restDepth: 1_000, books: 1, dropped: 2, applied: 1_793, tops: 0 },
  { file: 'hft-20240808-btc-eth-all-30s', restDepth: 1_000, books: 2, dropped: 4, applied: 592, tops: 94 },
];

type Json = Readonly<Record<string, unknown>>;
type Side = Map<string, string>;
interface Held {
  readonly bids: Side;
  readonly asks: Side;
  id: number;
}

/** Follows what is published by the consumer's rule alone, so that what is compared is what a consumer holds. */
class Consumer {
  readonly books = new Map<string, Held>();
  readonly tops = new Map<string, readonly [string | undefined, string | undefined]>();
  interruptions = 0;
  readonly #notesTops: boolean;

  constructor(notesTops: boolean) {
    this.#notesTops = notesTops;
  }

  take(record: Outgoing): void {
    if (record.kind === 'interrupted') this.interruptions += 1;
    if (record.kind !== 'delta' && record.kind !== 'snapshot') return;
    const fields = JSON.parse(new TextDecoder().decode(record.payload)) as {
      readonly instrument: string;
      readonly prevId: number;
      readonly lastId: number;
      readonly bids: readonly [string, string][];
      readonly asks: readonly [string, string][];
    };
    let book = this.books.get(fields.instrument);
    if (record.kind === 'snapshot') {
      book = { bids: new Map(fields.bids), asks: new Map(fields.asks), id: fields.lastId };
      this.books.set(fields.instrument, book);
    } else if (book !== undefined && fields.lastId > book.id) {
      assert.ok(fields.prevId <= book.id, `gap: ${fields.prevId} follows ${book.id}`);
      for (const [side, levels] of [[book.bids, fields.bids] as const, [book.asks, fields.asks] as const]) {
        for (const [price, size] of levels) {
          if (size === '0') side.delete(price);
          else side.set(price, size);
        }
      }
      book.id = fields.lastId;
    }
    if (book !== undefined && this.#notesTops) this.#note(fields.instrument, book);
  }

  #note(instrument: string, { bids, asks, id }: Held): void {
    const best = (side: Side, order: number): string | undefined => {
      const [level] = [...side].sort(([a], [b]) => order * (Number(a) - Number(b)));
      return level?.join(' ');
    };
    this.tops.set(`${instrument} ${id}`, [best(bids, -1), best(asks, 1)]);
  }
}

interface Outcome {
  readonly consumer: Consumer;
  readonly counters: Readonly<Record<string, number>>;
  readonly comparedTops: number;
  readonly states: readonly (string | undefined)[];
}

function play(path: string, { restDepth, tops }: Expected): Outcome {
  const consumer = new Consumer(tops > 0);
  const asked = new Map<string, SnapshotCommand>();
  const answers = new Map<string, string>();
  const venueTops: (readonly [key: string, bid: string, ask: string])[] = [];
  const pipeline = new Pipeline({
    venue: binanceSpot,
    feed: {
      exchange: 'binance',
      market: 'spot',
      streams: ['orderbook', 'trade'],
      orderbook: { mode: 'delta', ...DEFAULTS.orderbook, restDepth },
      nats: { subjects: DEFAULT_SUBJECTS } as never,
    },
    epoch: 'test',
    emit: (record) => consumer.take(record),
    command: (command) => asked.set(command.instrument, command),
  });
  const answer = (instrument: string, nowMs: number): void => {
    const command = asked.get(instrument);
    const body = answers.get(instrument);
    if (command === undefined || body === undefined) return;
    asked.delete(instrument);
    answers.delete(instrument);
    const snapshot = binanceSpot.decodeSnapshot(body);
    assert.ok(snapshot.kind === 'snapshot');
    pipeline.snapshot(command, snapshot, nowMs * 1_000, nowMs);
  };
  let nowMs = 0;
  for (const text of readFileSync(path, 'utf8').split('\n')) {
    if (text === '') continue;
    const line = JSON.parse(text) as { t: number; kind: string; url: string; msg: string };
    nowMs = line.t;
    if (line.kind === 'http') {
      const instrument = new URL(line.url).searchParams.get('symbol') ?? '';
      answers.set(instrument, line.msg);
      answer(instrument, nowMs);
      continue;
    }
    const { data } = JSON.parse(line.msg) as { data: Json };
    const instrument = data['s'] as string;
    pipeline.add({ instrument, symbol: instrument, sizeUnit: 'base' }, nowMs);
    for (const event of binanceSpot.decode(line.msg)) pipeline.frame(event, nowMs * 1_000, nowMs);
    if (data['e'] === undefined) {
      const level = (price: string, size: string): string =>
        `${data[price] as string} ${data[size] as string}`;
      venueTops.push([`${instrument} ${data['u'] as number}`, level('b', 'B'), level('a', 'A')]);
    }
    answer(instrument, nowMs);
  }
  let comparedTops = 0;
  for (const [key, bid, ask] of venueTops) {
    const ours = consumer.tops.get(key);
    if (ours === undefined) continue;
    comparedTops += 1;
    assert.deepEqual(ours, [bid, ask], key);
  }
  const states = pipeline.instruments.map((instrument) => pipeline.book(instrument)?.status.state);
  return { consumer, counters: pipeline.counters, comparedTops, states };
}

describe('books of recorded Binance spot frames', () => {
  for (const expected of FILES) {
    const { file, books, dropped, applied, tops } = expected;
    const path = recordingPath(`binance-spot/${file}`);
    const skip = path === undefined ? 'no recordings here' : false;
    test(
      `${file}: every chain bridges, none breaks, what a consumer holds is what the venue says`,
      { skip },
      () => {
        const outcome = play(path ?? '', expected);
        const { counters, consumer } = outcome;
        assert.equal(consumer.books.size, books);
        assert.ok(outcome.states.every((state) => state === 'inSync'));
        assert.equal(counters['depthApplied'], applied);
        assert.equal((counters['depth'] ?? 0) - (counters['depthApplied'] ?? 0), dropped);
        assert.equal(counters['depthGap'] ?? 0, 0);
        assert.equal(counters['tradeHole'] ?? 0, 0);
        assert.equal(consumer.interruptions, 0);
        assert.equal(outcome.comparedTops, tops);
      },
    );
  }
});
