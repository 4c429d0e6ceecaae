import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FeedSpec } from '../../../contract/feed.ts';
import { plan } from '../../../operator/plan/plan.ts';
import { rollState } from '../../../operator/plan/rolls.ts';
import { status } from '../../../operator/plan/status.ts';
import type { KubeObject, Neighbourhood, Observed, Plan } from '../../../operator/plan/types.ts';
import { feedOf, observedOf, podOf, READY_STREAM, reportOf, settingsOf } from './observed.ts';

const settings = settingsOf();
const NEXT: Partial<FeedSpec> = { template: { image: 'next:1' } };
const ALONE: Neighbourhood = { collectors: 0, taken: [], rolling: 0, stuck: [] };

/** What runs already, of the installation's image. */
const LIVE = plan(observedOf(), settings).apply.filter(({ kind }) => kind === 'Deployment');
const planned = (parts: Partial<Observed>): Plan =>
  plan(observedOf({ feed: feedOf(NEXT), objects: LIVE, ...parts }), settings);
const begins = ({ apply }: Plan): boolean => apply.some(({ kind }) => kind === 'Deployment');

/** As the API server shows it when a new pod does not become ready in time. */
function stuck(objects: readonly KubeObject[]): readonly KubeObject[] {
  const conditions = [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }];
  const of = { observedGeneration: 1, replicas: 2, updatedReplicas: 1, conditions };
  return objects.map((object) =>
    object.kind === 'Deployment'
      ? { ...object, metadata: { ...object.metadata, generation: 1 }, status: of }
      : object,
  );
}

const WAVES: readonly (readonly [collectors: number, rolling: number, begins: boolean])[] = [
  [0, 0, true],
  [3, 0, true],
  [3, 1, false],
  [6, 1, false],
  [7, 1, true],
  [7, 2, false],
  [99, 24, true],
  [99, 25, false],
];
for (const [collectors, rolling, expected] of WAVES)
  test(`one collector and ${collectors} of other feeds behind the same address, ${rolling} being rolled: ${expected ? 'it begins' : 'it waits'}`, () => {
    const result = planned({ neighbours: { ...ALONE, collectors, rolling } });
    assert.equal(begins(result), expected);
    assert.deepEqual(
      result.held.map(({ reason }) => reason),
      expected ? [] : ['VenueBusy'],
    );
    assert.equal(result.requeueAfterMs !== undefined, !expected, 'it looks again');
  });

test('no roll begins to an image that does not come into sync elsewhere; to another one it does', () => {
  const bad = { feed: 'market-data/first', image: 'next:1' };
  const stopped = planned({ neighbours: { ...ALONE, collectors: 99, stuck: [bad] } });
  assert.equal(begins(stopped), false);
  assert.deepEqual(
    stopped.held.map(({ reason, because }) => [reason, because]),
    [['UpgradeStopped', 'market-data/first']],
  );
  const other = planned({ neighbours: { ...ALONE, collectors: 99, stuck: [{ ...bad, image: 'typo:1' }] } });
  assert.equal(begins(other), true);
});

test('a roll that waits for others, or is stopped by one, says which', () => {
  const said = (neighbours: Neighbourhood): string => {
    const observed = observedOf({ feed: feedOf(NEXT), objects: LIVE, neighbours });
    const found = status(observed, plan(observed, settings), { kind: 'applied' }).conditions?.find(
      ({ type }) => type === 'Reconciling',
    );
    return `${found?.reason}: ${found?.message}`;
  };
  assert.match(
    said({ ...ALONE, stuck: [{ feed: 'market-data/first', image: 'next:1' }] }),
    /^RollHeld: Deployment binance-majors-0-a waits because .* feed market-data\/first; see its condition Stalled$/,
  );
  assert.match(
    said({ ...ALONE, rolling: 1 }),
    /^RollHeld: .* waits for rolls of other feeds: the venue's budget/,
  );
});

test('a stuck roll stalls the feed, which is Ready all the same, and says how to go back', () => {
  const objects = stuck(plan(observedOf({ feed: feedOf(NEXT) }), settings).apply);
  const said = (spec: Partial<FeedSpec>): readonly string[] => {
    const feed = feedOf(spec);
    const healthy = { pods: [podOf()], reports: [reportOf()], stream: READY_STREAM };
    const observed = observedOf({ feed, objects, ...healthy });
    const { conditions } = status(observed, plan(observed, settings), { kind: 'applied' });
    return ['Stalled', 'Ready', 'Reconciling'].map((wanted) => {
      const found = conditions?.find(({ type }) => type === wanted);
      return `${found?.status}/${found?.reason}: ${found?.message}`;
    });
  };
  const [own, ready, reconciling] = said(NEXT);
  assert.match(
    own ?? '',
    /^True\/RollStuck: Deployment binance-majors-0-a: its new pod \(next:1\) was not in sync within 600 s; the one before collects on. set spec.template back/,
  );
  assert.match(ready ?? '', /^True\/Collecting/);
  assert.match(reconciling ?? '', /^False\/AwaitingSpecChange/);
  assert.match(said({})[0] ?? '', /helm rollback, or set spec.template.image/);
});

test('a stuck roll may be replaced at once, however many others are rolling', () => {
  const objects = stuck(plan(observedOf({ feed: feedOf(NEXT) }), settings).apply);
  const back = planned({ feed: feedOf(), objects, neighbours: { ...ALONE, rolling: 9 } });
  assert.equal(begins(back), true);
});

test('a feed rolls from the plan that lets it begin until no pod of the old template is left', () => {
  const wanted = plan(observedOf({ feed: feedOf(NEXT) }), settings).apply;
  const moving = wanted.map((object) => ({
    ...object,
    status: { observedGeneration: 1, replicas: 2, updatedReplicas: 1 },
  }));
  assert.deepEqual(rollState(LIVE, []), { kind: 'rest' });
  assert.deepEqual(rollState(LIVE, wanted), { kind: 'rolling' });
  assert.deepEqual(rollState(moving, []), { kind: 'rolling' });
  assert.deepEqual(rollState(stuck(wanted), []), { kind: 'stuck', image: 'next:1' });
  assert.deepEqual(rollState(stuck(wanted), LIVE), { kind: 'rolling' }, 'it is being replaced');
  const setBack = stuck(LIVE).map((object) => ({
    ...object,
    metadata: { ...object.metadata, generation: 2 },
  }));
  assert.deepEqual(rollState(setBack, []), { kind: 'rolling' }, 'what is said of the one before is old');
});
