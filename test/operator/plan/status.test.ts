import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { PROBLEM_REASONS } from '../../../contract/control.ts';
import { CONDITIONS, type Condition, type ConditionType, type FeedStatus } from '../../../contract/feed.ts';
import { plan } from '../../../operator/plan/plan.ts';
import { REASONS, type Reason } from '../../../operator/plan/reasons.ts';
import { status } from '../../../operator/plan/status.ts';
import type { Observed, Outcome, PodSummary, StreamObservation } from '../../../operator/plan/types.ts';
import { feedOf, NOW_MS, observedOf, podOf, READY_STREAM, reportOf, settingsOf } from './observed.ts';

const settings = settingsOf();
const APPLIED: Outcome = { kind: 'applied' };

function statusOf(parts: Partial<Observed>, outcome: Outcome = APPLIED): FeedStatus {
  const observed = observedOf(parts);
  return status(observed, plan(observed, settings), outcome);
}
function condition(from: FeedStatus, type: ConditionType): Condition {
  return from.conditions?.find((entry) => entry.type === type) ?? assert.fail(`no ${type}`);
}
const said = (from: FeedStatus, type: ConditionType): string => {
  const { status: is, reason } = condition(from, type);
  return `${is}/${reason}`;
};
const healthy: Partial<Observed> = { pods: [podOf()], reports: [reportOf()], stream: READY_STREAM };

test('a feed whose collector has all in sync and confirms is Ready', () => {
  const good = statusOf(healthy);
  assert.equal(said(good, 'Ready'), 'True/Collecting');
  assert.equal(good.symbols?.summary, '2/2');
  assert.equal(good.collectors?.summary, '1/1');
});

test('a symbol that moves, in sync on two shards meanwhile, is one symbol', () => {
  const symbols = { assigned: 2, inSync: 2, resyncing: 0, unknown: [], duplicates: [], worst: [] };
  const moving = statusOf({
    ...healthy,
    feed: feedOf({ sharding: { collectors: 2 } }),
    reports: [reportOf(), reportOf({ shard: 1, pod: 'b', symbols })],
  });
  assert.equal(moving.symbols?.summary, '2/2');
  assert.match(condition(moving, 'Ready').message, /^2 of 2 symbols/);
});

test('no report, or one that is older than 15 s, is Unknown and never False', () => {
  const silent: readonly Partial<Observed>[] = [
    {},
    { pods: [podOf()] },
    { ...healthy, nowMs: NOW_MS + 15_001 },
  ];
  for (const observed of silent)
    for (const type of ['Ready', 'DataFlowing', 'Publishing', 'SymbolsResolved', 'CountsExact'] as const)
      assert.equal(condition(statusOf(observed), type).status, 'Unknown');
  assert.equal(said(statusOf({ ...healthy, nowMs: NOW_MS + 15_000 }), 'Ready'), 'True/Collecting');
});

test('a confirmation is judged by the clock of its pod, which may be hours off', () => {
  const off = -7_200_000;
  const { publish } = reportOf();
  const at = (ageMs: number): string =>
    said(
      statusOf({
        ...healthy,
        reports: [
          reportOf({
            sentMs: NOW_MS + off,
            publish: { ...publish, lastConfirmedMs: NOW_MS + off - ageMs },
          }),
        ],
      }),
      'Publishing',
    );
  assert.equal(at(30_000), 'True/Publishing');
  assert.equal(at(30_001), 'False/PublishTimeout');
});

test('a symbol that is unknown to the venue or spelled twice does not keep the feed from being Ready', () => {
  const symbols = {
    assigned: 2,
    inSync: 0,
    resyncing: 0,
    unknown: [{ symbol: 'NOPE-USDT', reason: 'not listed' }],
    duplicates: [{ symbol: 'BTCUSDT', of: 'BTC-USDT' }],
    worst: [],
  };
  const result = statusOf({ ...healthy, reports: [reportOf({ symbols })] });
  assert.equal(said(result, 'Ready'), 'True/Collecting');
  assert.equal(said(result, 'SymbolsResolved'), 'False/UnknownSymbols');
  assert.match(condition(result, 'SymbolsResolved').message, /NOPE-USDT \(not listed\)/);
});

test('a symbol that is not in sync is named', () => {
  const symbols = {
    assigned: 2,
    inSync: 1,
    resyncing: 0,
    unknown: [],
    duplicates: [],
    worst: [
      { symbol: 'ETH-USDT', state: 'syncing' as const, sinceMs: NOW_MS - 40_000, reason: 'waits for weight' },
    ],
  };
  const result = statusOf({ ...healthy, reports: [reportOf({ symbols })] });
  assert.equal(said(result, 'Ready'), 'False/SymbolsSyncing');
  assert.match(condition(result, 'Ready').message, /1 of 2 .*ETH-USDT is syncing: waits for weight/);
  assert.deepEqual(result.worst, [{ symbol: 'ETH-USDT', state: 'syncing', reason: 'waits for weight' }]);
});

test('while a pod hands over, what it still collects counts', () => {
  const reports = [
    reportOf({ terminating: true }),
    reportOf({
      pod: 'new',
      writer: 'new.1',
      symbols: { assigned: 2, inSync: 0, resyncing: 0, unknown: [], duplicates: [], worst: [] },
      flow: { lastFrameMs: 0, connected: false, flowing: false },
    }),
  ];
  const result = statusOf({ ...healthy, reports });
  assert.deepEqual(
    [said(result, 'Ready'), said(result, 'DataFlowing')],
    ['True/Collecting', 'True/Collecting'],
  );
});

test('a problem of the venue or of NATS is the reason, with what the collector says', () => {
  const flow = { lastFrameMs: 0, connected: false, flowing: false };
  const { publish } = reportOf();
  const venue = statusOf({
    ...healthy,
    reports: [
      reportOf({ flow, problems: [{ reason: 'RegionRefused', message: 'HTTP 451', sinceMs: NOW_MS }] }),
    ],
  });
  assert.equal(said(venue, 'DataFlowing'), 'False/RegionRefused');
  assert.match(condition(venue, 'DataFlowing').message, /HTTP 451/);
  const nats = statusOf({
    ...healthy,
    reports: [
      reportOf({
        publish: { ...publish, connected: false },
        problems: [{ reason: 'CredentialsMissing', message: 'spec.nats.credentialsSecret x', sinceMs: 0 }],
      }),
    ],
  });
  assert.equal(said(nats, 'Publishing'), 'False/CredentialsMissing');
  assert.equal(said(nats, 'Ready'), 'False/CredentialsMissing');
});

test('a login that NATS refuses is said while the connection made with the one before still stands', () => {
  const message = 'Secret x (nats.creds): NATS refuses it';
  const rotated = statusOf({
    ...healthy,
    reports: [reportOf({ problems: [{ reason: 'NatsAuthorization', message, sinceMs: 0 }] })],
  });
  assert.equal(said(rotated, 'Publishing'), 'True/LoginRefused');
  assert.ok(condition(rotated, 'Publishing').message.includes(message));
  assert.equal(said(rotated, 'Ready'), 'True/Collecting');
});

const TROUBLES: readonly (readonly [string, Reason])[] = [
  ['ImagePullBackOff', 'ImagePullFailed'],
  ['CrashLoopBackOff', 'CrashLooping'],
  ['Unschedulable', 'Unschedulable'],
  ['CreateContainerConfigError', 'ContainerConfigError'],
];
for (const [waitingReason, reason] of TROUBLES)
  test(`a pod in ${waitingReason} is named in Ready with its mend, and the feed is still reconciling`, () => {
    const pod = podOf({ ready: false, waitingReason, message: 'as the kubelet says' });
    const result = statusOf({ pods: [pod] });
    assert.equal(said(result, 'Ready'), `Unknown/${reason}`);
    assert.match(condition(result, 'Ready').message, /as the kubelet says.*; /);
    assert.equal(said(result, 'Reconciling'), `True/${reason}`);
    const surge = statusOf({ ...healthy, pods: [podOf(), { ...pod, name: 'surge' }] });
    assert.equal(said(surge, 'Ready'), 'True/Collecting', 'its predecessor collects on');
    assert.equal(said(surge, 'Reconciling'), `True/${reason}`);
  });

test('a pod that the API server refuses is named', () => {
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'binance-majors-0-a', namespace: 'market-data' },
    status: { conditions: [{ type: 'ReplicaFailure', status: 'True', message: 'exceeded quota' }] },
  };
  const result = statusOf({ objects: [deployment] });
  assert.equal(said(result, 'Reconciling'), 'True/PodRefused');
  assert.match(condition(result, 'Ready').message, /exceeded quota/);
});

test('a refused write shows in Reconciling while the collectors run on', () => {
  const failed: Outcome = { kind: 'failed', object: 'Deployment x', message: 'quota' };
  const result = statusOf(healthy, failed);
  assert.deepEqual(
    [said(result, 'Reconciling'), said(result, 'Ready')],
    ['True/ApplyFailed', 'True/Collecting'],
  );
});

test('a pod that has not acknowledged the newest assignment keeps the feed reconciling', () => {
  const objects = plan(observedOf(), settings).assignments.map(({ configMap }) => configMap);
  const live = { ...healthy, objects };
  const behind = [reportOf({ epoch: NOW_MS - 1 })];
  assert.equal(said(statusOf({ ...live, reports: behind }), 'Reconciling'), 'True/AwaitingAcknowledgement');
  const acknowledged = { 0: NOW_MS };
  assert.equal(said(statusOf({ ...live, reports: behind, acknowledged }), 'Reconciling'), 'False/AsPlanned');
  const leaving = reportOf({ pod: 'old', writer: 'old.1', epoch: 1, terminating: true });
  const both = statusOf({ ...live, reports: [reportOf(), leaving] });
  assert.equal(said(both, 'Reconciling'), 'False/AsPlanned', 'who terminates is not waited for');
});

test('paused is neither ready, reconciling nor stalled, whatever else is wrong', () => {
  const feed = feedOf({ paused: true, nats: { subjects: { trade: 'x' } } });
  const result = statusOf({ ...healthy, feed });
  assert.deepEqual(
    (['Ready', 'Reconciling', 'Stalled', 'Paused'] as const).map((type) => said(result, type)),
    ['False/Paused', 'False/Paused', 'False/NothingStalled', 'True/Paused'],
  );
});

test('a time changes only when the status of its condition flips', () => {
  const first = statusOf(healthy);
  const later = statusOf({ ...healthy, previous: first, nowMs: NOW_MS + 5_000 });
  for (const { type, lastTransitionTime } of later.conditions ?? [])
    assert.equal(lastTransitionTime, condition(first, type).lastTransitionTime);
  const silent = statusOf({ ...healthy, previous: later, nowMs: NOW_MS + 60_000 });
  assert.notEqual(
    condition(silent, 'Ready').lastTransitionTime,
    condition(later, 'Ready').lastTransitionTime,
  );
  assert.equal(condition(silent, 'Paused').lastTransitionTime, condition(later, 'Paused').lastTransitionTime);
});

test('a replica without a node of its own is named, with the mend', () => {
  const feed = feedOf({ redundancy: 2 });
  const a = podOf();
  const b = podOf({ name: 'b', replica: 'b', ready: false, waitingReason: 'Unschedulable', message: '0/1' });
  const reduced = statusOf({ ...healthy, feed, pods: [a, b] });
  assert.equal(said(reduced, 'RedundancyReduced'), 'True/Unschedulable');
  assert.equal(said(reduced, 'Ready'), 'True/Collecting');
  const whole = statusOf({ ...healthy, feed, pods: [a, { ...b, ready: true, waitingReason: null }] });
  assert.equal(said(whole, 'RedundancyReduced'), 'False/BothReplicasReady');
});

const busy = (shard: number, load: number, assigned = 2) => {
  const pod = `binance-majors-${shard}-a-1`;
  const symbols = { assigned, inSync: assigned, resyncing: 0, unknown: [], duplicates: [], worst: [] };
  return reportOf({ shard, pod, load, symbols });
};
const four = ['BTC-USDT', 'ETH-USDT', 'LTC-USDT', 'XRP-USDT'];
const HOT_CASES: readonly {
  readonly name: string;
  readonly loads: readonly (readonly [load: number, assigned: number])[];
  readonly symbols?: readonly string[];
  readonly was?: boolean;
  readonly said: string;
  readonly message: RegExp;
}[] = [
  { name: 'below', loads: [[0.75, 4]], said: 'False/WithinOneCore', message: /no collector is busy/ },
  {
    name: 'one of two',
    loads: [
      [0.3, 2],
      [0.8, 2],
    ],
    said: 'True/ShardHot',
    message:
      /^shard 1 of 2 .*collectors: 4 \(kubectl -n market-data scale collectorfeed binance-majors --replicas=4\)/,
  },
  {
    name: 'it was, a little less',
    loads: [[0.6, 4]],
    was: true,
    said: 'True/ShardHot',
    message: /collectors: 2/,
  },
  { name: 'it was, and is not', loads: [[0.55, 4]], was: true, said: 'False/WithinOneCore', message: /./ },
  {
    name: 'more than the symbols are no shards',
    loads: [
      [0.9, 2],
      [0.9, 1],
    ],
    symbols: four.slice(0, 3),
    said: 'True/ShardHot',
    message: /^shard 0 of 2 .*collectors: 3 /,
  },
  {
    name: 'one symbol alone',
    loads: [[1, 1]],
    symbols: four.slice(0, 1),
    said: 'True/SymbolHot',
    message: /shard 0 busy \(BTC-USDT\): raise spec.template.resources.limits.cpu/,
  },
];
for (const { name, loads, symbols = four, was = false, said: expected, message } of HOT_CASES)
  test(`a shard whose collector has no time left is named with the mend: ${name}`, () => {
    const feed = feedOf({ symbols, sharding: { collectors: loads.length } });
    const before: Condition = {
      type: 'Overloaded',
      status: 'True',
      reason: 'ShardHot',
      message: '',
      observedGeneration: 1,
      lastTransitionTime: '2026-11-23T10:00:00Z',
    };
    const result = statusOf({
      ...healthy,
      feed,
      reports: loads.map(([load, assigned], shard) => busy(shard, load, assigned)),
      ...(was ? { previous: { conditions: [before] } } : {}),
    });
    assert.equal(said(result, 'Overloaded'), expected);
    assert.match(condition(result, 'Overloaded').message, message);
  });

test('a busy collector that is on its way out heats no shard; without a report nothing is known', () => {
  const leaving = { ...busy(0, 1), terminating: true };
  const result = statusOf({ ...healthy, reports: [leaving, { ...busy(0, 0.1), pod: 'next' }] });
  assert.equal(said(result, 'Overloaded'), 'False/WithinOneCore');
  assert.equal(said(statusOf({ pods: [podOf()] }), 'Overloaded'), 'Unknown/NoReport');
});

test('gaps and resyncs never fall', () => {
  const previous: FeedStatus = { integrity: { gaps: 9, resyncs: 4 } };
  const result = statusOf({ ...healthy, previous, integrity: { gaps: 3, resyncs: 6 } });
  assert.deepEqual([result.integrity?.gaps, result.integrity?.resyncs], [9, 6]);
});

const streams: fc.Arbitrary<StreamObservation> = fc.constantFrom<StreamObservation>(
  READY_STREAM,
  { kind: 'pending' },
  { kind: 'delegated' },
  { kind: 'unreachable', sinceMs: 1, message: 'away' },
  { kind: 'refused', reason: 'StreamOverlap', message: 'overlap' },
);
const pods: fc.Arbitrary<PodSummary> = fc
  .record({
    name: fc.constantFrom('p1', 'p2', 'p3'),
    shard: fc.nat(2),
    replica: fc.constantFrom('a' as const, 'b' as const),
    ready: fc.boolean(),
    terminating: fc.boolean(),
    waitingReason: fc.option(fc.constantFrom('ImagePullBackOff', 'CrashLoopBackOff', 'Unschedulable', 'Odd')),
  })
  .map(podOf);
const reports = fc
  .record({
    pod: fc.constantFrom('p1', 'p2', 'p3'),
    shard: fc.nat(2),
    epoch: fc.constantFrom(0, NOW_MS, NOW_MS + 1),
    terminating: fc.boolean(),
    ageMs: fc.constantFrom(0, 14_000, 40_000),
    inSync: fc.nat(2),
    flowing: fc.boolean(),
    connected: fc.boolean(),
    confirmedAgoMs: fc.constantFrom(0, 29_000, 31_000),
    ledger: fc.boolean(),
    problem: fc.option(fc.constantFrom(...PROBLEM_REASONS)),
  })
  .map(({ ageMs, inSync, flowing, connected, confirmedAgoMs, ledger, problem, ...rest }) => {
    const base = reportOf(rest);
    return reportOf({
      ...rest,
      receivedMs: NOW_MS - ageMs,
      symbols: { ...base.symbols, inSync },
      flow: { ...base.flow, flowing },
      publish: { ...base.publish, connected, lastConfirmedMs: NOW_MS - confirmedAgoMs },
      ledger: ledger ? base.ledger : null,
      problems: problem === null ? [] : [{ reason: problem, message: 'm', sinceMs: 0 }],
    });
  });
const feeds = fc
  .record({
    paused: fc.boolean(),
    redundancy: fc.constantFrom(1 as const, 2 as const),
    collectors: fc.integer({ min: 1, max: 3 }),
    bad: fc.boolean(),
    handsOff: fc.boolean(),
    deleting: fc.boolean(),
  })
  .map(({ bad, collectors, handsOff, deleting, ...spec }) =>
    feedOf(
      { ...spec, sharding: { collectors }, ...(bad ? { nats: { subjects: { trade: 'bad' } } } : {}) },
      {
        generation: 5,
        ...(handsOff ? { annotations: { 'marketprism.io/reconcile': 'disabled' } } : {}),
        ...(deleting ? { deletionTimestamp: '2026-11-18T00:00:00Z' } : {}),
      },
    ),
  );
const outcomes = fc.constantFrom<Outcome>(
  APPLIED,
  { kind: 'pending' },
  { kind: 'failed', object: 'o', message: 'm' },
);

test('whatever is observed, the conditions are complete, agree with each other and use the closed list', () => {
  fc.assert(
    fc.property(
      fc.record({
        feed: feeds,
        pods: fc.array(pods, { maxLength: 6 }),
        reports: fc.array(reports, { maxLength: 6 }),
        stream: streams,
        outcome: outcomes,
      }),
      ({ outcome, ...observed }) => {
        const first = statusOf(observed, outcome);
        const is = (type: ConditionType): string => condition(first, type).status;
        assert.deepEqual(first.conditions?.map(({ type }) => type).sort(), [...CONDITIONS].sort());
        for (const { type, reason, observedGeneration, message } of first.conditions ?? []) {
          assert.equal(observedGeneration, 5);
          assert.ok(message !== '' && message.length <= 1_024);
          const entry = REASONS[reason as Reason];
          assert.ok(entry !== undefined, `${reason} is not in the closed list`);
          assert.ok(
            (entry.conditions as readonly string[]).includes(type),
            `${reason} is not documented for ${type}`,
          );
        }
        if (is('Ready') === 'True') {
          assert.equal(is('Publishing'), 'True');
          assert.equal(is('Paused'), 'False');
          assert.equal(is('Stalled'), 'False');
        }
        if (is('Paused') === 'True') assert.equal(is('Stalled'), 'False');
        assert.ok(!(is('Stalled') === 'True' && is('Reconciling') === 'True'));
        assert.equal(first.observedGeneration, 5);
        const again = statusOf({ ...observed, previous: first, nowMs: NOW_MS + 1_000 }, outcome);
        assert.ok((again.messages?.total ?? 0) >= (first.messages?.total ?? 0));
        assert.ok((again.messages?.throughSequence ?? 0) >= (first.messages?.throughSequence ?? 0));
      },
    ),
    { numRuns: 400 },
  );
});
