import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judgeReadiness } from '../../../collector/http/readiness.ts';
import { collectorRoutes } from '../../../collector/http/routes.ts';
import { collectorMetrics } from '../../../collector/http/collector-metrics.ts';
import type { SymbolStatus } from '../../../collector/ports.ts';
import type { CollectorState } from '../../../collector/report.ts';
import { emptyLedger, withWriter } from '../../../contract/ledger.ts';
import { assignment, DELIVERY_STATUS, SESSION_STATUS } from '../control/fakes.ts';

const NOW_MS = 1_000_000;
const symbol = (name: string, changes: Partial<SymbolStatus> = {}): SymbolStatus => ({
  symbol: name,
  instrument: name,
  state: 'inSync',
  sinceMs: 0,
  reason: '',
  ...changes,
});
const publish = { ...DELIVERY_STATUS.publish, lastConfirmedMs: NOW_MS - 29_999 };
const READY: CollectorState = {
  identity: { pod: 'p', replica: 'a', startedMs: NOW_MS - 61_500 },
  nowMs: NOW_MS,
  terminating: false,
  load: 0.35,
  assignment: assignment({ symbols: ['BTC-USDT', 'ETH-USDT'] }),
  writer: 'p.1',
  session: {
    ...SESSION_STATUS,
    symbols: [symbol('BTC-USDT'), symbol('ETH-USDT')],
    counters: { topEqual: 3, topMismatch: 1 },
    gauges: { snapshotsWaiting: 5, connectsWaiting: 0, subscriptionsWaiting: 0, backfillsWaiting: 0 },
  },
  delivery: { ...DELIVERY_STATUS, publish },
  problems: [],
};
const withSymbols = (...symbols: readonly SymbolStatus[]): Partial<CollectorState> => ({
  session: { ...SESSION_STATUS, symbols },
});

describe('readiness', () => {
  const ready: readonly (readonly [string, Partial<CollectorState>])[] = [
    ['every symbol is in sync and JetStream confirmed something under 30 s ago', {}],
    [
      'a symbol has been resyncing for under 30 s',
      withSymbols(symbol('BTC-USDT'), symbol('ETH-USDT', { state: 'resyncing', sinceMs: NOW_MS - 29_999 })),
    ],
    [
      'the others are named as unknown or a second spelling',
      {
        session: {
          ...SESSION_STATUS,
          unknown: [{ symbol: 'BTC-USDT', reason: 'not listed' }],
          duplicates: [{ symbol: 'ETH-USDT', of: 'ETHUSDT' }],
        },
      },
    ],
    [
      'there is nothing to collect',
      { assignment: assignment({ symbols: [] }), session: undefined, delivery: undefined },
    ],
  ];
  for (const [when, changes] of ready) {
    it(`is given when ${when}`, () =>
      assert.deepEqual(judgeReadiness({ ...READY, ...changes }), { ready: true }));
  }

  const refused: readonly (readonly [string, Partial<CollectorState>, RegExp])[] = [
    ['there is no assignment', { assignment: undefined }, /no assignment/],
    ['the parts are starting', { session: undefined }, /starting/],
    [
      'the parts cannot start',
      { delivery: undefined, problems: [{ reason: 'NatsUnreachable', message: 'because', sinceMs: 0 }] },
      /because/,
    ],
    [
      'a symbol is not in sync',
      withSymbols(symbol('BTC-USDT'), symbol('ETH-USDT', { state: 'syncing', reason: 'waits for budget' })),
      /1 of 2 symbols not in sync: ETH-USDT is syncing \(waits for budget\)/,
    ],
    [
      'a symbol resyncs for 30 s',
      withSymbols(symbol('BTC-USDT'), symbol('ETH-USDT', { state: 'resyncing', sinceMs: NOW_MS - 30_000 })),
      /ETH-USDT is resyncing for over 30 s/,
    ],
    [
      'the venue has not been asked for a symbol',
      withSymbols(symbol('BTC-USDT')),
      /1 of 2 symbols not looked up/,
    ],
    [
      'JetStream has confirmed nothing for 30 s',
      { delivery: { ...DELIVERY_STATUS, publish: { ...publish, lastConfirmedMs: NOW_MS - 30_000 } } },
      /confirmed nothing for 30 s/,
    ],
    ['JetStream never confirmed anything', { delivery: DELIVERY_STATUS }, /confirmed nothing yet/],
  ];
  for (const [when, changes, reason] of refused) {
    it(`is refused with the reason when ${when}`, () => {
      const judged = judgeReadiness({ ...READY, ...changes });
      assert.equal(judged.ready, false);
      assert.match(judged.ready ? '' : judged.reason, reason);
    });
  }
});

describe('the collector answers on HTTP', () => {
  const ledger = withWriter(emptyLedger({ name: 'MARKET_DATA', created: 'now' }), 'p.1', {
    stored: 12,
    sequence: 20,
    byStream: { orderbook: 9, trade: 3 },
    duplicates: 0,
    closed: false,
    updatedMs: 1,
  });
  let state: CollectorState = {
    ...READY,
    delivery: {
      ...DELIVERY_STATUS,
      publish,
      ledger,
      lastMessageMs: NOW_MS,
      gauges: { queuedBytes: 77, spillAgeMs: 0, spillUnwrittenBytes: 0 },
    },
  };
  let applyingSinceMs: number | undefined;
  const metrics = collectorMetrics({
    state: () => state,
    control: () => ({ reports_sent: 4 }),
    version: '1.2.3',
  });
  const routes = collectorRoutes({
    state: () => state,
    metrics,
    version: '1.2.3',
    applyingSinceMs: () => applyingSinceMs,
  });
  const get = async (path: string) => (await routes[path]?.()) ?? { status: 0, body: '' };

  it('/readyz with 200, and with 503 and the reason', async () => {
    assert.equal((await get('/readyz')).status, 200);
    const before = state;
    state = { ...state, assignment: undefined };
    const refused = await get('/readyz');
    state = before;
    assert.equal(refused.status, 503);
    assert.match(refused.body, /no assignment/);
  });

  it('/healthz with 503 only when an assignment is stuck', async () => {
    applyingSinceMs = NOW_MS - 119_999;
    assert.equal((await get('/healthz')).status, 200);
    applyingSinceMs = NOW_MS - 120_000;
    assert.equal((await get('/healthz')).status, 503);
    applyingSinceMs = undefined;
  });

  it('/api/v1/status in the shape that scripts read', async () => {
    const page = JSON.parse((await get('/api/v1/status')).body) as {
      readonly data: { readonly collection_stats: Readonly<Record<string, unknown>> } & Readonly<
        Record<string, unknown>
      >;
    } & Readonly<Record<string, unknown>>;
    assert.deepEqual(Object.keys(page), ['status', 'message', 'data', 'timestamp']);
    assert.equal(page['status'], 'success');
    assert.equal(page['timestamp'], new Date(NOW_MS).toISOString());
    assert.equal(page.data['status'], 'running');
    assert.equal(page.data['uptime_seconds'], 61);
    assert.equal(page.data.collection_stats['total_collections'], 12);
    assert.deepEqual(page.data.collection_stats['data_counts'], { orderbooks: 9, trades: 3 });
  });

  it('/metrics in one family, without a symbol in any label', async () => {
    const { body } = await get('/metrics');
    assert.match(body, /^marketprism_messages_stored_total\{stream="orderbook"\} 9$/m);
    assert.match(body, /^marketprism_symbols\{state="inSync"\} 2$/m);
    assert.match(body, /^marketprism_ready 1$/m);
    assert.match(body, /^marketprism_control_events_total\{event="reports_sent"\} 4$/m);
    assert.match(
      body,
      /^# TYPE marketprism_publish_queued_bytes gauge\nmarketprism_publish_queued_bytes 77$/m,
    );
    assert.match(body, /^marketprism_venue_snapshots_waiting 5$/m);
    assert.match(body, /^marketprism_book_checks_total\{check="top",result="mismatch"\} 1$/m);
    assert.match(body, /^marketprism_book_check_match_ratio\{check="top"\} 0.75$/m);
    assert.doesNotMatch(body, /match_ratio\{check="audit"\}/, 'nothing was compared');
    assert.doesNotMatch(body, /USDT/);
    for (const [, name] of body.matchAll(/^# TYPE (\S+)/gm)) assert.match(name ?? '', /^marketprism_/);
  });
});
