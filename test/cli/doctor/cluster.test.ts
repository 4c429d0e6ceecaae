import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkCluster, type Cluster, type FeedSeen, type OperatorSeen } from '../../../cli/doctor/cluster.ts';
import type { Condition } from '../../../contract/feed.ts';

const operator: OperatorSeen = {
  namespace: 'system',
  name: 'marketprism',
  serviceAccount: 'marketprism',
  version: '0.1.0',
  wanted: 2,
  available: 2,
};
const seen = (name: string, conditions: readonly Condition[] | null): FeedSeen => ({
  metadata: { namespace: 'a', name, uid: 'u', generation: 1 },
  ...(conditions === null ? {} : { status: { conditions } }),
});
const condition = (type: 'Ready' | 'Paused', status: 'True' | 'False', reason = 'R'): Condition => ({
  type,
  status,
  reason,
  message: 'why',
  observedGeneration: 1,
  lastTransitionTime: '2026-01-01T00:00:00Z',
});
const cluster: Cluster = {
  version: async () => 'v1.37.0',
  schemaDigest: async () => 'same',
  operators: async () => [operator],
  feeds: async () => [seen('ready', [condition('Ready', 'True')])],
  may: async () => true,
};
const EXPECTED = { schemaDigest: 'same', version: '0.1.0', namespace: 'market-data' };
const examined = async (changed: Partial<Cluster>): Promise<readonly string[]> =>
  (await checkCluster({ ...cluster, ...changed }, EXPECTED)).map(
    ({ kind, check, said }) => `${kind} ${check}: ${said}`,
  );

test('an installation in order is all right', async () => {
  assert.deepEqual(await examined({}), [
    'ok cluster: Kubernetes v1.37.0',
    'ok resource: CollectorFeed, as this version has it',
    'ok your rights: may create CollectorFeeds in market-data',
    'ok operator: system/marketprism: 2 of 2 available, version 0.1.0',
    'ok rights of operator: system/marketprism',
    'ok feeds: 1, of which 1 are Ready or paused',
  ]);
});

const FAULTS: readonly (readonly [Partial<Cluster>, string])[] = [
  [{ version: async () => 'v1.31.2' }, 'wrong cluster: Kubernetes v1.31.2: the oldest supported is 1.32'],
  [{ schemaDigest: async () => undefined }, 'wrong resource: CollectorFeed is not installed'],
  [
    { schemaDigest: async () => 'other' },
    'warning resource: CollectorFeed differs from that of this version',
  ],
  [{ schemaDigest: async () => null }, 'skipped resource: this user may not read CustomResourceDefinitions'],
  [
    { may: async (account) => account !== null },
    'warning your rights: may not create CollectorFeeds in market-data',
  ],
  [{ operators: async () => [] }, 'wrong operator: none is installed'],
  [{ operators: async () => null }, 'skipped operator: this user may not list Deployments'],
  [
    { operators: async () => [{ ...operator, available: 0 }] },
    'wrong operator: system/marketprism: 0 of 2 available',
  ],
  [
    { operators: async () => [{ ...operator, available: 1 }] },
    'warning operator: system/marketprism: 1 of 2 available',
  ],
  [
    { operators: async () => [{ ...operator, version: '0.0.9' }] },
    'warning operator: system/marketprism: 2 of 2 available, version 0.0.9, this is 0.1.0',
  ],
  [
    {
      may: async (account, { resource, verb }) =>
        account === null || `${verb} ${resource}` !== 'patch deployments',
    },
    'wrong rights of operator: system/marketprism may not patch deployments.apps in its namespace',
  ],
  [
    { may: async (account) => (account === null ? true : null) },
    'skipped rights of operator: this user may not ask what system/marketprism may',
  ],
  [
    { feeds: async () => [seen('b', [condition('Ready', 'False', 'NatsUnreachable')])] },
    'wrong feed: a/b: NatsUnreachable: why',
  ],
  [
    { feeds: async () => [seen('b', null)] },
    'wrong feed: a/b has no status: no operator watches its namespace, or it is new',
  ],
];
for (const [changed, expected] of FAULTS) {
  test(expected, async () => {
    const lines = await examined(changed);
    assert.ok(lines.includes(expected), lines.join('\n'));
  });
}

test('a paused feed is in order', async () => {
  const paused = seen('b', [condition('Ready', 'False', 'Paused'), condition('Paused', 'True')]);
  const lines = await examined({ feeds: async () => [paused] });
  assert.equal(lines.at(-1), 'ok feeds: 1, of which 1 are Ready or paused');
});

test('of many feeds in trouble the first ten are named and the rest counted', async () => {
  const feeds = Array.from({ length: 13 }, (_, n) => seen(`f${n}`, null));
  const lines = await examined({ feeds: async () => feeds });
  assert.equal(lines.filter((line) => line.startsWith('wrong feed:')).length, 10);
  assert.equal(lines.at(-1), 'skipped feeds: 3 more that are not Ready are not shown');
});
