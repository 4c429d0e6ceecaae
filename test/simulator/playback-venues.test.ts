import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { PlaybackMarket } from '../../simulator/playback/playback-market.ts';
import { parseRecording } from '../../simulator/playback/recording.ts';
import { COIN_M_PLAYBACK, SPOT_PLAYBACK, USD_M_PLAYBACK } from '../../simulator/playback/binance.ts';
import { OkxPlayback } from '../../simulator/playback/okx.ts';
import { DERIBIT_PLAYBACK } from '../../simulator/playback/deribit.ts';
import type { PlaybackDialect } from '../../simulator/playback/dialect.ts';
import type { MarketFrame } from '../../simulator/ports.ts';
import { recordingPath } from '../support/recording.ts';
import { post, withSimulator } from './client.ts';

/** What a depth frame says of the chain; undefined: it is none. */
interface Link {
  readonly prevId: number;
  readonly lastId: number;
  readonly timeMs: number;
}

interface Case {
  readonly recording: string;
  readonly dialect: PlaybackDialect;
  /** The stream's end, behind the symbol. */
  readonly depth: string;
  readonly link: (data: string) => Link;
}

function futuresLink(data: string): Link {
  const { pu, u, E } = JSON.parse(data) as { readonly pu: number; readonly u: number; readonly E: number };
  return { prevId: pu, lastId: u, timeMs: E };
}

interface OkxBooks {
  readonly data: readonly [{ readonly seqId?: number; readonly prevSeqId?: number; readonly ts: string }];
}

interface DeribitBook {
  readonly params: {
    readonly data: {
      readonly change_id: number;
      readonly prev_change_id: number;
      readonly timestamp: number;
    };
  };
}

const CASES: readonly Case[] = [
  {
    recording: 'binance-usdm/hft-20240808-btc-eth-all-15s',
    dialect: USD_M_PLAYBACK,
    depth: '@depth@100ms',
    link: futuresLink,
  },
  {
    recording: 'binance-usdm/cf-20210722-all',
    dialect: USD_M_PLAYBACK,
    depth: '@depth@100ms',
    link: futuresLink,
  },
  {
    recording: 'binance-coinm/cf-20210721-perp-and-quarterly-12s',
    dialect: COIN_M_PLAYBACK,
    depth: '@depth@100ms',
    link: futuresLink,
  },
  {
    recording: 'okx/fm-20260926-books-seqid-checksum0',
    dialect: new OkxPlayback(),
    depth: '@books',
    link(data) {
      const [entry] = (JSON.parse(data) as OkxBooks).data;
      return { prevId: entry.prevSeqId ?? NaN, lastId: entry.seqId ?? NaN, timeMs: Number(entry.ts) };
    },
  },
  {
    recording: 'deribit/cf-20210405-options-119s',
    dialect: DERIBIT_PLAYBACK,
    depth: '@depth',
    link(data) {
      const {
        change_id: lastId,
        prev_change_id: prevId,
        timestamp,
      } = (JSON.parse(data) as DeribitBook).params.data;
      return { prevId, lastId, timeMs: timestamp };
    },
  },
];
const LOOPS = 3;

for (const { recording, dialect, depth, link } of CASES) {
  const path = recordingPath(recording);
  const skip = path === undefined && 'no recordings';
  test(
    `${recording}: over three loops chains hold, times rise, books never cross and end alike`,
    { skip },
    () => {
      const parsed = parseRecording(recording, readFileSync(path ?? '', 'utf8'), dialect);
      const market = new PlaybackMarket([parsed], LOOPS);
      const last = new Map<string, Link>();
      const ends: string[] = [];
      let links = 0;
      const push = ({ stream, symbol, data }: MarketFrame): void => {
        if (!stream.endsWith(depth)) return;
        const now = link(data);
        const before = last.get(symbol);
        assert.equal(now.prevId, before?.lastId ?? now.prevId, data.slice(0, 200));
        assert.ok(now.timeMs >= (before?.timeMs ?? 0), `${symbol} at ${now.timeMs}`);
        last.set(symbol, now);
        links += 1;
        // Sorting two sides takes its time.
        if (links % 5 > 0) return;
        const book = market.book(symbol);
        const [bid, ask] = [book?.bids[0]?.[0], book?.asks[0]?.[0]];
        assert.ok(
          bid === undefined || ask === undefined || Number(bid) < Number(ask),
          `${symbol}: ${bid} ${ask}`,
        );
      };
      for (let loop = 0; loop < LOOPS; loop += 1) {
        // A loop's last frame is before half its pause, its seams are at it.
        const { periodMs } = (market.state()['tracks'] as { readonly periodMs: number }[])[0] ?? {
          periodMs: 0,
        };
        market.advance((loop + 1) * periodMs - 101, Infinity, { wants: () => true, push });
        ends.push(JSON.stringify(market.symbols.map(({ symbol }) => sides(market, symbol))));
      }
      assert.ok(market.finished);
      assert.equal(ends[2], ends[1]);
      assert.ok(links > LOOPS * last.size);
      for (const [symbol, { lastId }] of last) assert.equal(market.book(symbol)?.lastUpdateId, lastId);
    },
  );
}

function sides(market: PlaybackMarket, symbol: string): unknown {
  const { bids, asks } = market.book(symbol) ?? {};
  return [symbol, bids, asks];
}

test('a line of another venue is refused in words that name both', () => {
  const url = 'wss://dstream.binance.com/stream';
  const line = JSON.stringify({ t: 1, dir: 'recv', url, kind: 'ws', msg: '{}' });
  for (const dialect of [SPOT_PLAYBACK, USD_M_PLAYBACK]) {
    const message = `x.jsonl:1: is of Binance COIN-M, and the venue played is ${dialect.title}`;
    assert.throws(() => parseRecording('x.jsonl', line, dialect), { message });
  }
});

const USD_M_LIST = 'binance-usdm/cf-20210722-all';
const listPath = recordingPath(USD_M_LIST);
test(
  'what a recorded list of instruments says stands above what is derived',
  { skip: listPath === undefined && 'no recordings' },
  () => {
    const parsed = parseRecording(USD_M_LIST, readFileSync(listPath ?? '', 'utf8'), USD_M_PLAYBACK);
    const { symbols } = new PlaybackMarket([parsed], 1);
    assert.equal(symbols.length, 4, 'only what has frames is listed');
    for (const { symbol, listing, kind } of symbols) {
      assert.equal(kind, 'perpetual');
      assert.equal(listing?.['contractType'], 'PERPETUAL', symbol);
    }
  },
);

const OKX = 'okx/fm-20260926-books-seqid-checksum0';
const okxPath = recordingPath(OKX);
test(
  'a playback refuses the faults of a wording that it does not make',
  { skip: okxPath === undefined && 'no recordings' },
  async () => {
    const options = { venue: 'okx', recordings: [okxPath ?? ''], start: 'manual' } as const;
    await withSimulator(options, async ({ restUrl }) => {
      const fault = async (kind: string): Promise<number> =>
        (await post(`${restUrl}/admin/fault`, { kind })).status;
      for (const kind of ['secondSnapshot', 'sequenceReset', 'wrongChecksum', 'checksumZero'])
        assert.equal(await fault(kind), 400, kind);
      for (const kind of ['noSnapshot', 'drop']) assert.equal(await fault(kind), 200, kind);
    });
  },
);
