import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PlaybackMarket } from '../../simulator/playback/playback-market.ts';
import { SPOT_PLAYBACK } from '../../simulator/playback/binance.ts';
import { parseRecording } from '../../simulator/playback/recording.ts';
import type { Recording } from '../../simulator/playback/recording.ts';
import type { MarketFrame } from '../../simulator/ports.ts';
import { VenueClient, applied, getJson, post, withSimulator } from './client.ts';
import type { Book, DepthUpdate } from './client.ts';

const FOLDER = fileURLToPath(new URL('../../../shared/recordings/binance-spot/', import.meta.url));

interface Line {
  readonly kind: string;
  readonly url: string;
  readonly msg: string;
}

function lines(path: string): readonly Line[] {
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

/** Missing recordings are a skipped test on a laptop and a failure in CI. */
function playbackTest(title: string, file: string, body: (path: string) => Promise<void> | void): void {
  const path = `${FOLDER}${file}.jsonl`;
  const missing = !existsSync(path) && process.env['CI'] !== 'true';
  test(`${title} (${file})`, { skip: missing ? `${path} is missing` : false }, () => body(path));
}

const FILES = [
  {
    file: 'hft-20240808-btc-eth-all-30s',
    streams: ['trade', 'bookTicker', 'depth@100ms'],
    symbols: ['BTCUSDT', 'ETHUSDT'],
  },
  {
    file: 'cf-20210404-btc-eth-dot',
    streams: ['depth@100ms', 'aggTrade', 'kline_1m'],
    symbols: ['BTCUSDT', 'DOTUSDT', 'ETHUSDT'],
  },
];

for (const { file, streams, symbols } of FILES) {
  playbackTest(
    'the first loop is the recording byte for byte, and the kept book is what it applies to',
    file,
    async (path) => {
      const names = symbols.flatMap((symbol) => streams.map((stream) => `${symbol.toLowerCase()}@${stream}`));
      const options = {
        recordings: [path],
        loops: 1,
        speed: 200,
        start: 'first-subscribe',
        waitStreams: names.length,
      } as const;
      await withSimulator(options, async ({ restUrl, webSocketUrl }) => {
        const snapshot = async (symbol: string): Promise<Book> =>
          await getJson<Book>(`${restUrl}/api/v3/depth?symbol=${symbol}&limit=5000`);
        const before = await Promise.all(symbols.map(snapshot));
        const client = await VenueClient.open(`${webSocketUrl}/stream`);
        client.request({ method: 'SUBSCRIBE', params: names, id: 1 });
        const recorded = lines(path);
        const frames = recorded.filter(({ kind }) => kind === 'ws').map(({ msg }) => msg);
        await client.until(() => client.frames.length >= frames.length + 1);
        assert.deepEqual(client.frames.slice(1), frames);
        for (const [index, symbol] of symbols.entries()) {
          const first = before[index];
          const answer = recorded.find(
            ({ kind, url }) => kind === 'http' && url.includes(`symbol=${symbol}&`),
          );
          assert.equal(
            JSON.stringify(first),
            answer?.msg,
            'before its moment the recorded answer itself is served',
          );
          assert.ok(first !== undefined);
          const truth = await getJson<Book>(`${restUrl}/admin/book?symbol=${symbol}`);
          assert.deepEqual(applied(first, client.depths(`${symbol.toLowerCase()}@depth@100ms`)), truth);
          assert.deepEqual(await snapshot(symbol), truth);
        }
        const state = async (): Promise<string> =>
          (await getJson<{ state: string }>(`${restUrl}/admin/state`)).state;
        assert.equal(await state(), 'finished');
        assert.equal(client.closeCode, undefined, 'silent, but open');
        client.close();
      });
    },
  );
}

/** Every frame of so many loops, and the state of the market after each frame. */
function play(
  path: string,
  loops: number,
  after: (frame: MarketFrame, market: PlaybackMarket) => void,
): void {
  const market = new PlaybackMarket([parseRecording(path, readFileSync(path, 'utf8'), SPOT_PLAYBACK)], loops);
  const sink = { wants: () => true, push: (frame: MarketFrame) => after(frame, market) };
  for (let toMs = 0; !market.finished; toMs += 60_000) market.advance(toMs, 1e9, sink);
}

for (const file of [
  'hft-20240808-btc-eth-all-30s',
  'cf-20210404-btc-eth-dot',
  'cf-20210814-limit5000',
  'cf-20211011-small',
  'hft-20240809-utc-midnight',
]) {
  playbackTest('over three loops every depth chain is unbroken and no time runs backwards', file, (path) => {
    const lastIds = new Map<string, number>();
    const lastTimes = new Map<string, number>();
    let updates = 0;
    play(path, 3, ({ stream, data }) => {
      if (!stream.endsWith('@depth@100ms')) return;
      const { U, u, E } = JSON.parse(data) as DepthUpdate;
      assert.equal(U, (lastIds.get(stream) ?? U - 1) + 1);
      assert.ok(u >= U);
      assert.ok(E >= (lastTimes.get(stream) ?? 0), `${stream} at ${E}`);
      lastIds.set(stream, u);
      lastTimes.set(stream, E);
      updates += 1;
    });
    const recorded = lines(path).filter(({ msg }) => msg.includes('"depthUpdate"')).length;
    assert.equal(updates, 3 * recorded + 2 * lastIds.size, 'three loops and two seams a symbol');
  });

  playbackTest(
    'over three loops no kept book crosses, and the third loop ends with the book of the second',
    file,
    (path) => {
      const recording = lines(path).filter(({ kind }) => kind === 'ws').length;
      const ends: unknown[] = [];
      let frames = 0;
      play(path, 3, ({ symbol, data }, market) => {
        frames += 1;
        // Behind each loop come the seams, one frame a symbol that has a depth stream.
        const seams = market.symbols.length;
        if (frames === 2 * recording + seams || frames === 3 * recording + 2 * seams) {
          ends.push(market.symbols.map((known) => levels(market, known.symbol)));
        }
        if (!data.includes('"depthUpdate"')) return;
        const book = market.book(symbol);
        const [bid, ask] = [book?.bids[0]?.[0], book?.asks[0]?.[0]];
        const sane = bid === undefined || ask === undefined || Number(bid) < Number(ask);
        assert.ok(sane, `${symbol}: ${bid} ${ask} at ${data.slice(0, 90)}`);
      });
      assert.equal(ends.length, 2);
      assert.deepEqual(ends[1], ends[0]);
    },
  );
}

function levels(market: PlaybackMarket, symbol: string): unknown {
  const book = market.book(symbol);
  return [book?.bids, book?.asks];
}

playbackTest('trade ids go on without a hole from loop to loop', 'hft-20240808-btc-eth-all-30s', (path) => {
  const last = new Map<string, number>();
  let seen = 0;
  play(path, 3, ({ stream, data }) => {
    if (!stream.endsWith('@trade')) return;
    const { t } = JSON.parse(data) as { t: number };
    assert.equal(t, (last.get(stream) ?? t - 1) + 1);
    last.set(stream, t);
    seen += 1;
  });
  assert.equal(seen, 3 * 1_069);
});

playbackTest(
  'aggregates go on without a hole from loop to loop, and cover their trades',
  'cf-20210404-btc-eth-dot',
  (path) => {
    const last = new Map<string, { a: number; l: number }>();
    play(path, 2, ({ stream, data }) => {
      if (!stream.endsWith('@aggTrade')) return;
      const { a, f, l } = JSON.parse(data) as { a: number; f: number; l: number };
      const before = last.get(stream) ?? { a: a - 1, l: f - 1 };
      assert.equal(a, before.a + 1);
      assert.equal(f, before.l + 1);
      last.set(stream, { a, l });
    });
    assert.equal(last.size, 3);
  },
);

playbackTest(
  'a client that comes in a later loop syncs by the published procedure',
  'hft-20240808-btc-eth-all-30s',
  async (path) => {
    await withSimulator({ recordings: [path], loops: 3, speed: 50, start: 'manual' }, async (simulator) => {
      const { restUrl, webSocketUrl } = simulator;
      const depth = 'btcusdt@depth@100ms';
      const recorded = lines(path).filter(({ msg }) => msg.startsWith(`{"stream":"${depth}"`)).length;
      const early = await VenueClient.open(`${webSocketUrl}/stream?streams=${depth}`);
      simulator.play();
      await early.until(() => early.depths(depth).length > 320);
      await post(`${restUrl}/admin/pause`);
      const late = await VenueClient.open(`${webSocketUrl}/stream?streams=${depth}`);
      await post(`${restUrl}/admin/play`);
      await late.until(() => late.depths(depth).length >= 2);
      const snapshot = await getJson<Book>(`${restUrl}/api/v3/depth?symbol=BTCUSDT&limit=5000`);
      const truth = async (): Promise<Book> => await getJson<Book>(`${restUrl}/admin/book?symbol=BTCUSDT`);
      await early.until(() => early.depths(depth).length === 3 * recorded + 2);
      const end = await truth();
      await late.until(() => late.depths(depth).at(-1)?.u === end.lastUpdateId);
      assert.deepEqual(applied(snapshot, late.depths(depth)), end);
      early.close();
      late.close();
    });
  },
);

test('a file that is no recording of spot streams is refused by line', () => {
  assert.throws(
    () => parseRecording('x.jsonl', '{"a":1}\n', SPOT_PLAYBACK),
    /x\.jsonl:1: is not a line of a recording/,
  );
  const futures = { t: 1, dir: 'recv', url: 'wss://fstream.binance.com/stream', kind: 'ws', msg: '{}' };
  assert.throws(
    () => parseRecording('x.jsonl', JSON.stringify(futures), SPOT_PLAYBACK),
    /x\.jsonl:1: is of Binance USD-M, and the venue played is Binance spot/,
  );
});

/** A recording made by hand: depth frames at 100 ms steps, and the snapshot behind the frame of this number. */
function madeRecording(updates: readonly Partial<DepthUpdate>[], snapshot: Book, behind: number): Recording {
  const line = (t: number, kind: string, url: string, msg: unknown): string =>
    JSON.stringify({ t, dir: 'recv', url, kind, msg: JSON.stringify(msg) });
  const frames = updates.map((update, index) => {
    const data = { e: 'depthUpdate', E: 1_000 + 100 * index, s: 'ABCUSDT', b: [], a: [], ...update };
    return line(1_000 + 100 * index, 'ws', 'wss://x/stream', { stream: 'abcusdt@depth@100ms', data });
  });
  const answer = line(
    1_000 + 100 * behind + 50,
    'http',
    'https://x/api/v3/depth?symbol=ABCUSDT&limit=5',
    snapshot,
  );
  frames.splice(behind + 1, 0, answer);
  return parseRecording('made.jsonl', frames.join('\n'), SPOT_PLAYBACK);
}

test('a book that moved before its snapshot was taken does not cross when the loop begins again', () => {
  const recording = madeRecording(
    [
      // At the beginning the best ask is 100; it goes, then bids come up to 101.
      { U: 11, u: 11, a: [['100', '2']] },
      { U: 12, u: 13, a: [['100', '0']], b: [['101', '1']] },
      { U: 14, u: 14, b: [['99', '7']] },
    ],
    {
      lastUpdateId: 13,
      bids: [
        ['101', '1'],
        ['98', '4'],
      ],
      asks: [['102', '5']],
    },
    1,
  );
  const market = new PlaybackMarket([recording], 2);
  const tops: unknown[] = [];
  const push = (): void => void tops.push(market.book('ABCUSDT'));
  market.advance(60_000, 1e9, { wants: () => true, push });
  assert.deepEqual(tops.slice(3), [
    { lastUpdateId: 16, bids: [['98', '4']], asks: [['102', '5']] },
    {
      lastUpdateId: 17,
      bids: [['98', '4']],
      asks: [
        ['100', '2'],
        ['102', '5'],
      ],
    },
    {
      lastUpdateId: 19,
      bids: [
        ['101', '1'],
        ['98', '4'],
      ],
      asks: [['102', '5']],
    },
    {
      lastUpdateId: 20,
      bids: [
        ['101', '1'],
        ['99', '7'],
        ['98', '4'],
      ],
      asks: [['102', '5']],
    },
  ]);
  assert.ok(market.finished);
});

test('until its moment the recorded answer is served, though the stream has passed it; then the book of the present id', () => {
  const recorded = { lastUpdateId: 11, bids: [['98', '4'] as const], asks: [['102', '5'] as const] };
  const recording = madeRecording(
    [
      { U: 12, u: 12, b: [['99', '1']] },
      { U: 13, u: 13, b: [['97', '1']] },
    ],
    recorded,
    1,
  );
  const market = new PlaybackMarket([recording], 1);
  const sink = { wants: () => true, push: () => undefined };
  market.advance(149, 1e9, sink);
  assert.equal(market.book('ABCUSDT')?.lastUpdateId, 13);
  assert.deepEqual(market.snapshot('ABCUSDT'), recorded);
  market.advance(150, 1e9, sink);
  assert.deepEqual(market.snapshot('ABCUSDT'), market.book('ABCUSDT'));
});
