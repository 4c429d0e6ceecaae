import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAssignment, type Assignment } from '../../../contract/assignment.ts';
import type { FeedSpec } from '../../../contract/feed.ts';
import { liveAssignments } from '../../../operator/plan/live-assignments.ts';
import { plan } from '../../../operator/plan/plan.ts';
import { status } from '../../../operator/plan/status.ts';
import type { KubeObject, Observed, Plan } from '../../../operator/plan/types.ts';
import { feedOf, NOW_MS, observedOf, podOf, reportOf, settingsOf } from './observed.ts';

const settings = settingsOf();
const planned = (observed: Observed): Plan => plan(observed, settings);

/** The cluster after a plan was applied: every write gets a resourceVersion, Deployments are rolled out. */
function applied(before: readonly KubeObject[], { assignments, apply, prune }: Plan): readonly KubeObject[] {
  const key = ({ kind, metadata }: KubeObject): string => `${kind}/${metadata.name}`;
  const objects = new Map(before.map((object) => [key(object), object]));
  for (const { configMap } of assignments) objects.set(key(configMap), configMap);
  for (const object of apply) objects.set(key(object), object);
  for (const object of prune) objects.delete(key(object));
  return [...objects.values()].map((object) => ({
    ...object,
    metadata: { ...object.metadata, resourceVersion: '7', uid: key(object), generation: 1 },
    ...(object.kind === 'Deployment'
      ? { status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 } }
      : {}),
  }));
}

const cluster = (spec: Partial<FeedSpec> = {}): readonly KubeObject[] =>
  applied([], planned(observedOf({ feed: feedOf(spec) })));
const deployments = ({ apply }: Plan): readonly KubeObject[] =>
  apply.filter(({ kind }) => kind === 'Deployment');
const template = (object: KubeObject | undefined): unknown => object?.spec?.['template'];
const symbolsOf = (objects: readonly KubeObject[]): Readonly<Record<number, readonly string[]>> =>
  Object.fromEntries(
    liveAssignments(objects).map(({ shard, assignment }) => [shard, assignment?.symbols ?? []]),
  );

test('a change of symbols changes the assignment and nothing of the pod', () => {
  const objects = cluster();
  const before = deployments(planned(observedOf()))[0];
  const next = planned(
    observedOf({ objects, feed: feedOf({ symbols: ['BTC-USDT', 'SOL-USDT'] }), nowMs: NOW_MS + 5 }),
  );
  assert.deepEqual(template(deployments(next)[0]), template(before));
  assert.equal(next.assignments[0]?.changed, true);
  assert.deepEqual(next.assignments[0]?.assignment.symbols, ['BTC-USDT', 'SOL-USDT']);
  assert.equal(next.assignments[0]?.configMap.metadata.resourceVersion, '7');
  assert.deepEqual(next.held, []);
});

test('a changed image, resource or setting that is read once changes the pod', () => {
  const before = template(deployments(planned(observedOf()))[0]);
  const changes: readonly Partial<FeedSpec>[] = [
    { template: { image: 'other:1' } },
    { template: { resources: { limits: { memory: '1Gi' } } } },
    { nats: { subjects: { trade: 'trade.x.{symbol}' } } },
    { buffer: { disk: '1Gi' } },
    { streams: ['trade'] },
  ];
  for (const spec of changes)
    assert.notDeepEqual(template(deployments(planned(observedOf({ feed: feedOf(spec) })))[0]), before);
});

test('planning what is applied already changes no assignment and repeats the same objects', () => {
  const objects = cluster({ redundancy: 2 });
  const feed = feedOf({ redundancy: 2 });
  const again = planned(observedOf({ objects, feed, nowMs: NOW_MS + 60_000 }));
  assert.ok(again.assignments.every(({ changed }) => !changed));
  assert.deepEqual(again.apply, planned(observedOf({ feed })).apply);
  assert.deepEqual(again.prune, []);
});

test('an epoch grows with every change, also when the clock went back or the ConfigMap was deleted', () => {
  const objects = cluster();
  const epoch = (observed: Partial<Observed>): number =>
    planned(observedOf({ feed: feedOf({ symbols: ['SOL-USDT'] }), ...observed })).assignments[0]?.assignment
      .epoch ?? 0;
  assert.equal(epoch({ objects, nowMs: NOW_MS + 10 }), NOW_MS + 10);
  assert.equal(epoch({ objects, nowMs: NOW_MS - 10_000 }), NOW_MS + 1);
  assert.equal(epoch({ reports: [reportOf({ epoch: NOW_MS + 500 })] }), NOW_MS + 501);
  assert.equal(epoch({ acknowledged: { 0: NOW_MS + 900 } }), NOW_MS + 901);
});

test('an assignment that somebody overwrote is written again', () => {
  const objects = cluster().map((object) =>
    object.kind === 'ConfigMap' ? { ...object, data: { 'assignment.json': 'hello' } } : object,
  );
  assert.equal(planned(observedOf({ objects })).assignments[0]?.changed, true);
});

test('paused: no replica and no symbols, everything else is kept', () => {
  const next = planned(observedOf({ objects: cluster(), feed: feedOf({ paused: true }) }));
  assert.equal(deployments(next)[0]?.spec?.['replicas'], 0);
  assert.deepEqual(next.assignments[0]?.assignment.symbols, []);
  assert.deepEqual(next.prune, []);
});

test('a spec that cannot be had leaves what runs alone', () => {
  const next = planned(
    observedOf({ objects: cluster(), feed: feedOf({ nats: { subjects: { trade: 'no-symbol' } } }) }),
  );
  assert.deepEqual([next.apply, next.prune, next.assignments], [[], [], []]);
  assert.equal(next.faults[0]?.reason, 'SubjectTemplateInvalid');
});

test('hands off: nothing is applied or pruned', () => {
  const feed = feedOf({ paused: true }, { annotations: { 'marketprism.io/reconcile': 'disabled' } });
  const next = planned(observedOf({ objects: cluster(), feed }));
  assert.deepEqual([next.apply, next.prune, next.assignments, next.handsOff], [[], [], [], true]);
});

const WIDE = Array.from({ length: 12 }, (_, index) => `S${index}-USDT`);

test('a symbol moves only once its new shard has it: added there, seen there, then removed', () => {
  const spec = { symbols: WIDE, sharding: { collectors: 1 } };
  const wider = feedOf({ symbols: WIDE, sharding: { collectors: 2 } });
  let objects = cluster(spec);
  const first = planned(observedOf({ objects, feed: wider }));
  objects = applied(objects, first);
  assert.deepEqual(symbolsOf(objects)[0]?.length, 12, 'the old shard keeps what moves');
  assert.deepEqual(symbolsOf(objects)[1]?.length, 6);

  const syncing = reportOf({
    shard: 1,
    pod: 'p1',
    epoch: epochOf(objects, 1),
    symbols: { assigned: 6, inSync: 5, resyncing: 0, unknown: [], duplicates: [], worst: [] },
  });
  objects = applied(objects, planned(observedOf({ objects, feed: wider, reports: [syncing] })));
  assert.equal(symbolsOf(objects)[0]?.length, 12, 'not yet seen');

  const seen = reportOf({ ...syncing, symbols: { ...syncing.symbols, inSync: 6 } });
  objects = applied(objects, planned(observedOf({ objects, feed: wider, reports: [seen] })));
  const { 0: left = [], 1: right = [] } = symbolsOf(objects);
  assert.equal(left.length, 6);
  assert.deepEqual([...left, ...right].sort(), [...WIDE].sort());
});

test('a surplus shard hands over, is told that it has no symbols, and only then goes', () => {
  const wide = { symbols: WIDE, sharding: { collectors: 2 } };
  const feed = feedOf({ symbols: WIDE, sharding: { collectors: 1 } });
  const pods = [podOf(), podOf({ name: 'p1', shard: 1 })];
  let objects = cluster(wide);
  const step = (parts: Partial<Observed>): Plan => {
    const next = planned(observedOf({ objects, feed, pods, ...parts }));
    objects = applied(objects, next);
    return next;
  };
  assert.deepEqual(step({}).prune, []);
  assert.equal(symbolsOf(objects)[1]?.length, 6, 'kept until shard 0 has them');
  const seen = reportOf({
    epoch: epochOf(objects, 0),
    symbols: { assigned: 12, inSync: 12, resyncing: 0, unknown: [], duplicates: [], worst: [] },
  });
  const told = step({ reports: [seen] });
  assert.deepEqual([told.prune, symbolsOf(objects)[1]], [[], []]);
  assert.ok(told.requeueAfterMs !== undefined);
  assert.deepEqual(step({ reports: [seen] }).prune, [], 'not acknowledged yet');
  const last = step({ reports: [seen], acknowledged: { 1: epochOf(objects, 1) } });
  assert.deepEqual(last.prune.map(({ kind, metadata }) => `${kind}/${metadata.name}`).sort(), [
    'ConfigMap/binance-majors-1',
    'Deployment/binance-majors-1-a',
  ]);
  assert.deepEqual(step({ reports: [seen] }).prune, []);
});

test('the second replica goes when redundancy does', () => {
  const next = planned(observedOf({ objects: cluster({ redundancy: 2 }) }));
  assert.deepEqual(
    next.prune.map(({ metadata }) => metadata.name),
    ['binance-majors-0-b'],
  );
});

test('one Deployment is rolled at a time, and never one whose spill is not empty', () => {
  const spec = { redundancy: 2 as const, sharding: { collectors: 2 } };
  const feed = feedOf({ ...spec, template: { image: 'next:1' } });
  let objects = cluster(spec);
  const names = (next: Plan): readonly string[] => deployments(next).map(({ metadata }) => metadata.name);
  const first = planned(observedOf({ objects, feed }));
  assert.deepEqual(names(first), ['binance-majors-0-a']);
  assert.equal(first.held.length, 3);
  assert.ok(first.requeueAfterMs !== undefined);

  const spill = { ...reportOf().publish, spilledBytes: 1 };
  const spilled = planned(observedOf({ objects, feed, reports: [reportOf({ publish: spill })] }));
  assert.deepEqual(names(spilled), ['binance-majors-1-a']);
  assert.deepEqual(
    spilled.held.map(({ reason }) => reason),
    ['SpillNotEmpty', 'SpillNotEmpty', 'OtherRollFirst'],
  );

  objects = applied(objects, first).map((object) =>
    object.metadata.name === 'binance-majors-0-a' && object.kind === 'Deployment'
      ? { ...object, status: { observedGeneration: 1, replicas: 2, updatedReplicas: 1 } }
      : object,
  );
  assert.deepEqual(names(planned(observedOf({ objects, feed }))), ['binance-majors-0-a'], 'it is rolling');
  const better = feedOf({ ...spec, template: { image: 'better:1' } });
  assert.deepEqual(
    names(planned(observedOf({ objects, feed: better }))),
    ['binance-majors-0-a'],
    'a stuck roll may be replaced',
  );
});

test('the shares of the venue budget never add up to more than 80 %', () => {
  for (const collectors of [1, 3, 7]) {
    const feed = feedOf({ symbols: WIDE, redundancy: 2, sharding: { collectors } });
    const { assignments } = planned(observedOf({ feed }));
    const sum = assignments.reduce((total, { assignment }) => total + assignment.budget.weightPerMinute, 0);
    assert.ok(sum * 2 <= 6_000 * 0.8);
  }
});

test('what is planned parses as the contract says', () => {
  for (const { configMap } of planned(observedOf()).assignments) {
    const parsed = parseAssignment(configMap.data?.['assignment.json'] ?? '');
    assert.ok(!('reason' in parsed));
  }
});

test('a writer is dead when its pod is gone or runs another process, never while it may be cut off', () => {
  const old = 'binance-majors-0-a-0.1';
  const ledger = (updatedMs: number): Partial<ReturnType<typeof reportOf>> => ({
    ledger: {
      ...(reportOf().ledger ?? assert.fail()),
      writers: {
        [old]: { stored: 5, sequence: 5, byStream: {}, duplicates: 0, closed: false, updatedMs },
      },
    },
  });
  const dead = (parts: Partial<Observed>): readonly string[] =>
    planned(observedOf({ objects: cluster(), ...parts })).deadWriters.map(({ writer }) => writer);
  const alone = [podOf()];
  assert.deepEqual(dead({ pods: alone, reports: [reportOf(ledger(NOW_MS - 60_000))] }), [old]);
  assert.deepEqual(
    dead({ pods: alone, reports: [reportOf(ledger(NOW_MS - 1_000))] }),
    [],
    'too young to say',
  );
  const silent = [...alone, podOf({ name: 'binance-majors-0-a-0' })];
  assert.deepEqual(dead({ pods: silent, reports: [reportOf(ledger(0))] }), [], 'its pod is there, silent');
  const restarted = [
    reportOf(ledger(0)),
    reportOf({ pod: 'binance-majors-0-a-0', writer: 'binance-majors-0-a-0.2' }),
  ];
  assert.deepEqual(dead({ pods: silent, reports: restarted }), [old], 'its pod runs another process');
});

function epochOf(objects: readonly KubeObject[], shard: number): number {
  const found = liveAssignments(objects).find((entry) => entry.shard === shard);
  return (found?.assignment satisfies Assignment | undefined)?.epoch ?? 0;
}

test('a symbol that an older feed publishes is not collected, and named with that feed', () => {
  const taken = [{ symbol: 'ETH-USDT', by: 'market-data/older', stream: 'trade' }];
  const observed = observedOf({
    neighbours: { collectors: 1, taken, rolling: 0, stuck: [] },
    reports: [reportOf({ symbols: { ...reportOf().symbols, assigned: 1, inSync: 1 } })],
  });
  const next = planned(observed);
  assert.deepEqual(next.assignments[0]?.assignment.symbols, ['BTC-USDT']);
  const { symbols, conditions = [] } = status(observed, next, { kind: 'applied' });
  assert.equal(symbols?.summary, '1/2');
  const resolved = conditions.find(({ type }) => type === 'SymbolsResolved');
  assert.deepEqual([resolved?.status, resolved?.reason], ['False', 'SubjectTaken']);
  assert.match(resolved?.message ?? '', /ETH-USDT \(trade\) by market-data\/older/);
  assert.equal(conditions.find(({ type }) => type === 'Ready')?.status, 'True');
});

test('a feed of which older ones have every symbol collects nothing, is not ready and says why', () => {
  const taken = ['BTC-USDT', 'ETH-USDT'].map((symbol) => ({ symbol, by: 'a/older', stream: 'trade' }));
  const observed = observedOf({
    neighbours: { collectors: 1, taken, rolling: 0, stuck: [] },
    reports: [reportOf({ symbols: { ...reportOf().symbols, assigned: 0, inSync: 0 } })],
  });
  const next = planned(observed);
  assert.deepEqual(next.assignments[0]?.assignment.symbols, []);
  const { conditions = [] } = status(observed, next, { kind: 'applied' });
  const ready = conditions.find(({ type }) => type === 'Ready');
  assert.deepEqual([ready?.status, ready?.reason], ['False', 'SubjectTaken']);
});

test('collectors of other feeds behind the address make the share smaller, and seldom write it anew', () => {
  const share = (observed: Observed): unknown => planned(observed).assignments[0]?.assignment.budget;
  const others = (collectors: number): Pick<Observed, 'neighbours'> => ({
    neighbours: { collectors, taken: [], rolling: 0, stuck: [] },
  });
  assert.deepEqual(share(observedOf()), { weightPerMinute: 4_800, connections: 240 });
  assert.deepEqual(share(observedOf(others(4))), { weightPerMinute: 600, connections: 30 });
  const objects = applied([], planned(observedOf(others(4))));
  for (const still of [3, 5, 7]) {
    const next = planned(observedOf({ ...others(still), objects }));
    assert.equal(next.assignments[0]?.changed, false, `${still} others`);
  }
  assert.deepEqual(share(observedOf({ ...others(8), objects })), { weightPerMinute: 300, connections: 15 });
  assert.deepEqual(share(observedOf({ ...others(1), objects })), {
    weightPerMinute: 2_400,
    connections: 120,
  });
});

test('more collectors than the venue has shares for one address are named', () => {
  const feed = feedOf({ exchange: 'deribit', market: 'perpetual', symbols: ['BTC-USD-PERP'] });
  const reasons = (collectors: number): readonly string[] =>
    planned(observedOf({ feed, neighbours: { collectors, taken: [], rolling: 0, stuck: [] } })).faults.map(
      ({ reason }) => reason,
    );
  assert.deepEqual(reasons(24), []);
  assert.deepEqual(reasons(25), ['BudgetExhausted']);
});
