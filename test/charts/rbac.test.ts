import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { only, render, type Rendered } from './helm.ts';
import { MATRIX } from './matrix.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

const rulesOf = (object: Rendered): readonly Rule[] => (object['rules'] ?? []) as readonly Rule[];
const roles = (objects: readonly Rendered[]): readonly Rendered[] =>
  objects.filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole');

/** All that the operator may do with what it watches; a verb more is a decision, not a detail. */
const WATCH_RULES: readonly Rule[] = [
  { apiGroups: ['marketprism.io'], resources: ['collectorfeeds'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: ['marketprism.io'], resources: ['collectorfeeds/status'], verbs: ['get', 'patch'] },
  ...(
    [
      ['apps', 'deployments'],
      ['', 'configmaps'],
      ['networking.k8s.io', 'networkpolicies'],
    ] as const
  ).map(([group, resource]) => ({
    apiGroups: [group],
    resources: [resource],
    verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'],
  })),
  { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
];

describe("the operator's rights", () => {
  it('are these and no more, in the release namespace', async () => {
    const objects = await render();
    const role = only(objects, 'Role', 'marketprism');
    assert.equal(role.metadata.namespace, 'market-data');
    assert.deepEqual(rulesOf(role), WATCH_RULES);
    assert.deepEqual(rulesOf(only(objects, 'Role', 'marketprism-leader')), [
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
      {
        apiGroups: ['coordination.k8s.io'],
        resources: ['leases'],
        resourceNames: ['marketprism'],
        verbs: ['get', 'patch', 'update'],
      },
    ]);
    assert.ok(objects.every(({ kind }) => kind !== 'ClusterRoleBinding'));
  });

  it('are a Role in each watched namespace, the lease in that of the release', async () => {
    const objects = roles(await render({ watch: { namespaces: ['a', 'b'] }, rbac: { aggregate: false } }));
    assert.deepEqual(
      objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`),
      ['Role a/marketprism', 'Role b/marketprism', 'Role market-data/marketprism-leader'],
    );
    for (const role of objects.slice(0, 2)) assert.deepEqual(rulesOf(role), WATCH_RULES);
  });

  it('are the same rules in a ClusterRole with watch.cluster, under a name of the namespace', async () => {
    const objects = await render({ watch: { cluster: true } });
    assert.deepEqual(rulesOf(only(objects, 'ClusterRole', 'market-data-marketprism')), WATCH_RULES);
    assert.deepEqual(only(objects, 'ClusterRoleBinding', 'market-data-marketprism')['subjects'], [
      { kind: 'ServiceAccount', name: 'marketprism', namespace: 'market-data' },
    ]);
  });

  it('are bound to the operator and to nobody else', async () => {
    const objects = await render({
      watch: { namespaces: ['a'] },
      operator: { serviceAccount: { name: 'mine' } },
    });
    for (const binding of objects.filter(({ kind }) => kind === 'RoleBinding')) {
      assert.deepEqual(binding['subjects'], [
        { kind: 'ServiceAccount', name: 'mine', namespace: 'market-data' },
      ]);
    }
  });

  for (const { what, values, release } of MATRIX) {
    it(`hold no Secret, no wildcard, no exec, no finalizer and no escalation, with ${what}`, async () => {
      for (const role of roles(await render(values, release))) {
        for (const { apiGroups, resources, verbs } of rulesOf(role)) {
          for (const word of [...apiGroups, ...resources, ...verbs]) {
            assert.doesNotMatch(
              word,
              /\*|secret|exec|finalizers|impersonate|escalate|bind/,
              role.metadata.name,
            );
          }
        }
      }
    });
  }

  it('are left to somebody else with rbac.create: false', async () => {
    const objects = await render({ rbac: { create: false, aggregate: false } });
    assert.ok(objects.every(({ apiVersion }) => !apiVersion.startsWith('rbac')));
  });
});

describe("the users' rights", () => {
  it('are added to view, edit and admin', async () => {
    const objects = await render();
    const view = only(objects, 'ClusterRole', 'marketprism-view');
    assert.equal(view.metadata.labels?.['rbac.authorization.k8s.io/aggregate-to-view'], 'true');
    const edit = only(objects, 'ClusterRole', 'marketprism-edit');
    assert.equal(edit.metadata.labels?.['rbac.authorization.k8s.io/aggregate-to-edit'], 'true');
    assert.equal(edit.metadata.labels?.['rbac.authorization.k8s.io/aggregate-to-view'], undefined);
    const written = rulesOf(edit).flatMap(({ resources }) => resources);
    assert.deepEqual(written, ['collectorfeeds', 'collectorfeeds/scale']);
  });
});
