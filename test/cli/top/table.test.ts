import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rowOfCollector, rowOfFeed, rowOfSilence, type Row } from '../../../cli/top/row.ts';
import { tableText } from '../../../cli/top/table.ts';
import type { CollectorFeed, FeedStatus } from '../../../contract/feed.ts';

const NOW_MS = Date.parse('2026-01-31T12:00:00Z');
const feed = (name: string, status?: FeedStatus): CollectorFeed => ({
  apiVersion: 'marketprism.io/v1alpha1',
  kind: 'CollectorFeed',
  metadata: { namespace: 'market-data', name, uid: 'u', generation: 1 },
  spec: { exchange: 'okx', market: 'spot', streams: ['orderbook'] },
  ...(status === undefined ? {} : { status }),
});
const condition = (type: 'Ready' | 'Paused', status: 'True' | 'False', reason: string, message: string) => ({
  type,
  status,
  reason,
  message,
  observedGeneration: 1,
  lastTransitionTime: '2026-01-31T11:00:00Z',
});
const running: FeedStatus = {
  conditions: [condition('Ready', 'True', 'AllInSync', 'all is well')],
  symbols: { desired: 2, active: 2, summary: '2/2' },
  messages: { total: 12_345, perSecond: 87, lastTime: '2026-01-31T11:59:58Z' },
  integrity: { gaps: 1, resyncs: 2 },
  latency: { p50: 3, p99: 21 },
  worst: [{ symbol: 'BTC-USDT', state: 'inSync', reason: '' }],
};

test('a line a feed, and below it what is wrong', () => {
  const troubled: FeedStatus = {
    ...running,
    conditions: [condition('Ready', 'False', 'SymbolsOutOfSync', '1 of 2 symbols are not in sync')],
    symbols: { desired: 2, active: 1, summary: '1/2' },
    worst: [{ symbol: 'ETH-USDT', state: 'resyncing', reason: 'waits for a snapshot' }],
  };
  const rows = [
    rowOfFeed(feed('majors', running)),
    rowOfFeed(feed('alts', troubled)),
    rowOfFeed(feed('new')),
  ];
  assert.equal(
    tableText(rows, NOW_MS, 120),
    `FEED                MARKET    READY  SYMBOLS  MSG/S  MESSAGES  GAPS  P99 MS  LAST
market-data/majors  okx spot  Yes        2/2     87     12345     1      21    2s
market-data/alts    okx spot  No         1/2     87     12345     1      21    2s
    SymbolsOutOfSync: 1 of 2 symbols are not in sync
    ETH-USDT resyncing: waits for a snapshot
market-data/new     okx spot  ?                   -         -     -       -     -
`,
  );
});

test('a paused feed is paused, not in trouble', () => {
  const conditions = [
    condition('Ready', 'False', 'Paused', 'paused'),
    condition('Paused', 'True', 'Paused', ''),
  ];
  const row = rowOfFeed(feed('night', { conditions }));
  assert.deepEqual([row.ready, row.says], ['Paused', []]);
});

test('no line is wider than the terminal', () => {
  const text = tableText([rowOfFeed(feed('majors', running))], NOW_MS, 30);
  assert.deepEqual(
    text.split('\n').map((line) => line.length <= 30),
    [true, true, true],
  );
  assert.match(text, /…\n/);
});

test('without feeds it says so', () => {
  assert.equal(tableText([], NOW_MS, 80), 'no feeds\n');
});

const AGES: readonly (readonly [number | null, string])[] = [
  [null, '-'],
  [-5_000, '0s'],
  [119_000, '119s'],
  [120_000, '2m'],
  [7_200_000, '2h'],
];
for (const [agoMs, shown] of AGES) {
  test(`the last message ${agoMs === null ? 'that never came' : `${agoMs} ms ago`} is shown as ${shown}`, () => {
    const row: Row = { ...rowOfFeed(feed('a', running)), lastTimeMs: agoMs === null ? null : NOW_MS - agoMs };
    assert.match(tableText([row], NOW_MS, 120), new RegExp(` ${shown}\\n$`));
  });
}

test('a collector is asked itself: its shard, counts and problems', () => {
  const body = {
    message: 'NATS is away',
    data: {
      service: 'marketprism-collector',
      ready: false,
      feed: { namespace: 'market-data', name: 'majors' },
      shard: 0,
      collection_stats: {
        shard_total: 99,
        messages_per_second: 12.6,
        gaps: 0,
        latency_ms: null,
        last_collection_time: null,
        problems: [{ reason: 'NatsUnreachable', message: 'nats://x does not answer' }],
        symbols: { assigned: 2, inSync: 1, worst: [{ symbol: 'A', state: 'starting', reason: '' }] },
      },
    },
  };
  assert.equal(
    tableText([rowOfCollector('http://localhost:8084', body) ?? rowOfSilence('', '')], NOW_MS, 120),
    `FEED                MARKET                     READY  SYMBOLS  MSG/S  MESSAGES  GAPS  P99 MS  LAST
market-data/majors  shard 0 at localhost:8084  No         1/2     13        99     0       -     -
    NATS is away
    nats://x does not answer
    A starting
`,
  );
});

test('the answer of another program is none', () => {
  for (const body of [null, [], 'x', {}, { data: null }, { data: { service: 'grafana' } }])
    assert.equal(rowOfCollector('http://localhost:8084', body), undefined, JSON.stringify(body));
});
