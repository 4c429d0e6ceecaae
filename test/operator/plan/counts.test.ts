import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FeedSpec, FeedStatus } from '../../../contract/feed.ts';
import type { ShardLedger } from '../../../contract/ledger.ts';
import { plan } from '../../../operator/plan/plan.ts';
import { status } from '../../../operator/plan/status.ts';
import type { KubeObject, Observed } from '../../../operator/plan/types.ts';
import {
  entryOf,
  feedOf,
  ledgerOf,
  NOW_MS,
  observedOf,
  podOf,
  reportOf,
  settingsOf,
  STREAM,
} from './observed.ts';

const settings = settingsOf();
const LATER_MS = NOW_MS + 60_000;
type Report = ReturnType<typeof reportOf>;

/** The status of a feed whose assignments were written a minute before, at `NOW_MS`. */
function statusOf(parts: Partial<Observed>, spec: Partial<FeedSpec> = {}): FeedStatus {
  const feed = feedOf(spec);
  const { assignments } = plan(observedOf({ feed }), settings);
  const objects: readonly KubeObject[] = assignments.map(({ configMap }) => configMap);
  const observed = observedOf({ feed, objects, nowMs: LATER_MS, ...parts });
  return status(observed, plan(observed, settings), { kind: 'applied' });
}
const report = (parts: Partial<Report>): Report =>
  reportOf({ receivedMs: LATER_MS, sentMs: LATER_MS, ...parts });
const exact = ({ conditions }: FeedStatus): readonly (string | undefined)[] => {
  const condition = conditions?.find(({ type }) => type === 'CountsExact');
  return [condition?.status, condition?.reason];
};
const two = { sharding: { collectors: 2 } };

test('the total is the sum over the writers of all shards, each once however many pods report them', () => {
  const a = ledgerOf({
    'a.1': entryOf({ stored: 70, sequence: 90 }),
    'b.1': entryOf({ stored: 30, sequence: 80 }),
  });
  const b = ledgerOf({
    'a.1': entryOf({ stored: 60, sequence: 70 }),
    'b.1': entryOf({ stored: 35, sequence: 95 }),
  });
  const other = ledgerOf({ 'c.1': entryOf({ stored: 11, sequence: 200 }) }, { base: 0 });
  const result = statusOf(
    {
      pods: [podOf({ name: 'a' }), podOf({ name: 'b', replica: 'b' }), podOf({ name: 'c', shard: 1 })],
      reports: [
        report({ pod: 'a', writer: 'a.1', ledger: a }),
        report({ pod: 'b', writer: 'b.1', replica: 'b', ledger: b }),
        report({ pod: 'c', writer: 'c.1', shard: 1, ledger: other }),
      ],
    },
    two,
  );
  assert.equal(result.messages?.total, 70 + 35 + 11);
  assert.equal(result.messages?.throughSequence, 90, 'the lowest checkpoint of an open writer');
  assert.deepEqual(exact(result), ['True', 'Exact']);
});

test('a closed writer that another ledger has folded away is not counted twice', () => {
  const old = ledgerOf({
    'x.1': entryOf({ stored: 50, closed: true }),
    'a.1': entryOf({ stored: 1, sequence: 60 }),
  });
  const folded: ShardLedger = {
    ...ledgerOf({ 'b.1': entryOf({ stored: 2, sequence: 70 }) }),
    folded: { stored: 50, byStream: {}, duplicates: 0 },
  };
  const result = statusOf({
    pods: [podOf({ name: 'a' }), podOf({ name: 'b' })],
    reports: [
      report({ pod: 'a', writer: 'a.1', ledger: old }),
      report({ pod: 'b', writer: 'b.1', ledger: folded }),
    ],
  });
  assert.equal(result.messages?.total, 53);
});

test('the total never falls and the sequence never goes back, whatever comes', () => {
  const previous: FeedStatus = {
    messages: {
      total: 500,
      throughSequence: 900,
      byStream: { trade: 90 },
      duplicates: 7,
      stream: { ...STREAM, base: 0 },
    },
  };
  const fewer = statusOf({ previous, pods: [podOf()], reports: [report({})] });
  assert.equal(fewer.messages?.total, 500);
  assert.equal(fewer.messages?.throughSequence, 900);
  assert.equal(fewer.messages?.duplicates, 7);
  assert.deepEqual(exact(fewer), ['False', 'LedgerReset']);
  const silent = statusOf({ previous });
  assert.equal(silent.messages?.total, 500);
  assert.deepEqual(exact(silent), ['Unknown', 'NoReport']);
});

test('a pod that may be writing and has not reported holds the sequence back', () => {
  const reports = [report({})];
  const through = (pods: Observed['pods']): number | undefined =>
    statusOf({ pods, reports }).messages?.throughSequence;
  const young = podOf({ name: 'young', startedMs: LATER_MS });
  assert.equal(through([podOf()]), 120);
  assert.equal(through([podOf(), young]), undefined);
  assert.equal(
    through([podOf(), { ...young, phase: 'Pending', waitingReason: 'ImagePullBackOff' }]),
    120,
    'a pod that cannot start does not',
  );
});

test('a writer that ended without closing leaves the count Unknown until it is settled', () => {
  const ledger = (closed: boolean): ShardLedger =>
    ledgerOf({
      'gone.1': entryOf({ stored: 5, sequence: 5, closed }),
      'binance-majors-0-a-1.1': entryOf({ stored: 9, sequence: 20 }),
    });
  const of = (closed: boolean): FeedStatus =>
    statusOf({ pods: [podOf()], reports: [report({ ledger: ledger(closed) })] });
  assert.deepEqual(exact(of(false)), ['Unknown', 'WriterUnsettled']);
  assert.deepEqual(exact(of(true)), ['True', 'Exact']);
});

test('lost ranges make the count inexact, with its bounds', () => {
  const lost = [{ writer: 'gone.1', fromSequence: 11, toSequence: 20 }];
  const ledger = ledgerOf({ 'binance-majors-0-a-1.1': entryOf({ stored: 9, sequence: 20 }) }, { lost });
  const result = statusOf({ pods: [podOf()], reports: [report({ ledger })] });
  assert.deepEqual(exact(result), ['False', 'RangeLost']);
  const message = result.conditions?.find(({ type }) => type === 'CountsExact')?.message ?? '';
  assert.match(message, /between 9 and 19/);
});

test('a new stream begins its sequence anew: what was counted before is its base', () => {
  const previous: FeedStatus = {
    messages: { total: 100, throughSequence: 5_000, stream: { ...STREAM, base: 0 } },
  };
  const stream = { name: 'MARKET_DATA', created: '2026-11-23T10:00:00.75Z' };
  const ledger = ledgerOf(
    { 'binance-majors-0-a-1.1': entryOf({ stored: 4, sequence: 6 }) },
    { stream, base: 100 },
  );
  const result = statusOf({ previous, pods: [podOf()], reports: [report({ ledger })] });
  assert.equal(result.messages?.total, 104);
  assert.deepEqual(result.messages?.stream, { ...stream, base: 100 });
  assert.equal(result.messages?.throughSequence, 6);
});

test('while one shard still counts in the old stream no sequence is claimed for the new one', () => {
  const stream = { ...STREAM, created: '2026-11-24T10:00:00Z' };
  const result = statusOf(
    {
      pods: [podOf({ name: 'a' }), podOf({ name: 'b', shard: 1 })],
      reports: [
        report({
          pod: 'a',
          writer: 'a.1',
          ledger: ledgerOf({ 'a.1': entryOf({ stored: 3, sequence: 9 }) }, { stream, base: 10 }),
        }),
        report({
          pod: 'b',
          writer: 'b.1',
          shard: 1,
          ledger: ledgerOf({ 'b.1': entryOf({ stored: 20, sequence: 80 }) }),
        }),
      ],
    },
    two,
  );
  assert.equal(result.messages?.total, 33);
  assert.deepEqual(result.messages?.stream, { ...stream, base: 30 });
  assert.equal(result.messages?.throughSequence, undefined);
});

test('ledgers of shards that are no more are counted once: from shard 0 once it obeys, never beside their own pods', () => {
  const orphan = ledgerOf({ 'old.1': entryOf({ stored: 40, sequence: 50, closed: true }) });
  const own = ledgerOf({ 'binance-majors-0-a-1.1': entryOf({ stored: 2, sequence: 60 }) });
  const of = (epoch: number): number | undefined =>
    statusOf({ pods: [podOf()], reports: [report({ epoch, ledger: own, orphans: [orphan] })] }).messages
      ?.total;
  assert.equal(of(NOW_MS), 42);
  assert.equal(of(NOW_MS - 1), 2, 'it may name a shard that is back');
});

test('a paused feed is counted from its ledgers in the bucket', () => {
  const ledger = ledgerOf({ 'gone.1': entryOf({ stored: 8, sequence: 10, closed: true }) });
  const result = statusOf({ ledgers: [{ shard: 0, ledger }] }, { paused: true });
  assert.equal(result.messages?.total, 8);
  assert.deepEqual(exact(result), ['True', 'Exact']);
});
