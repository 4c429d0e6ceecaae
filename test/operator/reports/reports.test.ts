import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../../runtime/clock.ts';
import { ReportBook, type ReportBookOptions } from '../../../operator/reports.ts';
import type { ReceivedReport } from '../../../operator/plan/types.ts';
import { NOW_MS, reportOf } from '../plan/observed.ts';

const UID = reportOf().feedUid;

function book(limits: ReportBookOptions['limits'] = {}) {
  let nowMs = NOW_MS;
  const changes: string[] = [];
  const clock: Clock = {
    nowMs: () => nowMs,
    nowUs: () => nowMs * 1_000,
    after: () => () => undefined,
    every: () => () => undefined,
  };
  const reports = new ReportBook({
    clock,
    limits,
    onChange: (uid, change) => changes.push(uid === UID ? change : `${uid} ${change}`),
  });
  return {
    reports,
    changes,
    pass: (ms: number) => {
      nowMs += ms;
    },
    receive: (parts: Partial<ReceivedReport> = {}) => {
      const { receivedMs: _at, ...report } = reportOf({ sentMs: nowMs, ...parts });
      reports.receive(JSON.stringify(report));
    },
  };
}

test('the first word of a pod is a transition, more of the same only counts', () => {
  const { changes, receive } = book();
  receive();
  receive({ perSecond: 99, lastMessageMs: 5 });
  receive({ gaps: 1 });
  assert.deepEqual(changes, ['transition', 'counts', 'counts']);
});

test('what a condition is judged by is a transition', () => {
  const { symbols, flow, publish } = reportOf();
  const differences: readonly Partial<ReceivedReport>[] = [
    { epoch: 5 },
    { terminating: true },
    { writer: 'binance-majors-0-a-1.2' },
    { symbols: { ...symbols, inSync: 1 } },
    { symbols: { ...symbols, unknown: [{ symbol: 'X', reason: 'r' }] } },
    { flow: { ...flow, flowing: false } },
    { publish: { ...publish, connected: false } },
    { publish: { ...publish, lastConfirmedMs: NOW_MS - 31_000 } },
    { publish: { ...publish, spilledBytes: 9 } },
    { problems: [{ reason: 'RateLimited', message: 'm', sinceMs: 0 }] },
    { ledger: null },
  ];
  for (const difference of differences) {
    const { changes, receive } = book();
    receive();
    receive(difference);
    assert.deepEqual(changes, ['transition', 'transition'], JSON.stringify(difference));
  }
});

test('a report that goes stale is told once, the last word of a pod stays two minutes', () => {
  const { reports, changes, receive, pass } = book();
  reports.adopt(UID, undefined);
  receive();
  pass(15_001);
  reports.sweep();
  reports.sweep();
  assert.deepEqual(changes, ['transition', 'transition']);
  assert.equal(reports.of(UID).length, 1);
  pass(105_000);
  reports.sweep();
  assert.deepEqual([reports.of(UID).length, reports.size], [0, 0]);
});

test('an older process of a pod does not replace the newer', () => {
  const { reports, receive } = book();
  receive({ startedMs: NOW_MS, writer: 'w.2' });
  receive({ startedMs: NOW_MS - 5, writer: 'w.1' });
  assert.deepEqual(
    reports.of(UID).map(({ writer }) => writer),
    ['w.2'],
  );
});

test('feeds that nobody told of go after a minute and are bounded', () => {
  const { reports, receive, pass } = book({ unknownFeeds: 2 });
  for (const feedUid of ['x', 'y', 'z']) receive({ feedUid });
  assert.deepEqual([reports.size, reports.counters.refused], [2, 1]);
  pass(60_001);
  reports.sweep();
  assert.equal(reports.size, 0);
});

test('a feed that reported before it was known keeps its reports', () => {
  const { reports, receive, pass } = book();
  receive();
  reports.adopt(UID, undefined);
  pass(60_001);
  reports.sweep();
  assert.equal(reports.of(UID).length, 1);
});

test('the book is bounded: the stalest of a feed makes room, a fresh one is never evicted', () => {
  const { reports, receive, pass } = book({ perFeed: 2, total: 3 });
  receive({ pod: 'a' });
  pass(20_000);
  receive({ pod: 'b' });
  reports.sweep();
  receive({ pod: 'c' });
  assert.deepEqual(
    reports
      .of(UID)
      .map(({ pod }) => pod)
      .sort(),
    ['b', 'c'],
  );
  receive({ pod: 'd' });
  assert.deepEqual([reports.of(UID).length, reports.counters.refused, reports.counters.evicted], [2, 1, 1]);
  receive({ feedUid: 'other', pod: 'a' });
  receive({ feedUid: 'other', pod: 'b' });
  assert.deepEqual([reports.size, reports.counters.refused], [3, 2]);
});

test('what is no report is counted and changes nothing', () => {
  const { reports, changes } = book();
  const { receivedMs: _, ...whole } = reportOf();
  const without = Object.keys(whole)
    .filter((name) => !['terminating', 'lastGap', 'latencyMs'].includes(name))
    .map((name) => ({ ...whole, [name]: undefined }));
  const wrong = [
    { ...whole, symbols: null },
    { ...whole, ledger: {} },
    { ...whole, problems: [null] },
  ];
  const texts = [
    '',
    'null',
    '{}',
    '{"v":2}',
    ...[...without, ...wrong].map((value) => JSON.stringify(value)),
  ];
  for (const text of texts) reports.receive(text);
  assert.deepEqual([reports.counters.malformed, reports.size, changes], [texts.length, 0, []]);
  reports.receive(JSON.stringify(whole));
  assert.equal(reports.size, 1);
});

test('a report of a process that was replaced changes nothing and is counted', () => {
  const { reports, receive } = book();
  receive({ pod: 'a', startedMs: 20, gaps: 1 });
  receive({ pod: 'a', startedMs: 10, gaps: 9 });
  assert.deepEqual([reports.of(UID)[0]?.gaps, reports.counters.outdated], [1, 1]);
});

test('gaps add up over the processes of a feed', () => {
  const { reports, receive } = book();
  reports.adopt(UID, undefined);
  receive({ writer: 'p.1', gaps: 3, resyncs: 1 });
  receive({ writer: 'p.1', gaps: 4, resyncs: 1 });
  receive({ writer: 'p.2', gaps: 2, resyncs: 0, startedMs: NOW_MS });
  assert.deepEqual(reports.integrity(UID), { gaps: 6, resyncs: 1 });
});

test('after a restart of the operator gaps go on from the status, in whichever order it learns of them', () => {
  const previous = { observedTime: '2026-11-18T11:06:40Z', integrity: { gaps: 10, resyncs: 5 } };
  const run = (adoptFirst: boolean): unknown => {
    const { reports, receive } = book();
    if (adoptFirst) reports.adopt(UID, previous);
    receive({ pod: 'old', writer: 'old.1', startedMs: NOW_MS - 60_000, gaps: 4, resyncs: 0 });
    receive({ pod: 'new', writer: 'new.1', startedMs: NOW_MS + 60_000, gaps: 2, resyncs: 0 });
    if (!adoptFirst) reports.adopt(UID, previous);
    receive({ pod: 'old', writer: 'old.1', startedMs: NOW_MS - 60_000, gaps: 5, resyncs: 0 });
    return reports.integrity(UID);
  };
  assert.deepEqual(run(true), { gaps: 13, resyncs: 5 });
  assert.deepEqual(run(false), { gaps: 13, resyncs: 5 });
});
