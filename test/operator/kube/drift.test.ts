import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { APPLIED_ANNOTATION, DriftCheck, stamped } from '../../../operator/kube/drift.ts';
import type { KubeObject } from '../../../operator/plan/types.ts';

const deployment = (spec: Readonly<Record<string, unknown>>): KubeObject =>
  stamped({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd', namespace: 'n', labels: { a: 'b' } },
    spec,
  });

/** As the server gives it back: with its own additions. */
const live = (desired: KubeObject, spec: Readonly<Record<string, unknown>>): KubeObject => ({
  ...desired,
  metadata: {
    ...desired.metadata,
    uid: 'u',
    resourceVersion: '7',
    labels: { ...desired.metadata.labels, theirs: 'x' },
  },
  spec,
});

const CONTAINER = {
  name: 'collector',
  image: 'i:1',
  env: [
    { name: 'A', value: '1' },
    { name: 'B', value: '' },
  ],
};
const DESIRED = deployment({ replicas: 1, paused: false, args: ['x', 'y'], containers: [CONTAINER] });

describe('the drift check', () => {
  it('tolerates what the server and others added, and empty values that it left out', () => {
    const container = {
      ...CONTAINER,
      pullPolicy: 'Always',
      env: [{ name: 'THEIRS' }, { name: 'B' }, { name: 'A', value: '1' }],
    };
    const spec = {
      replicas: 1,
      args: ['x', 'y'],
      strategy: {},
      containers: [{ name: 'sidecar' }, container],
    };
    assert.equal(new DriftCheck().inSync(DESIRED, live(DESIRED, spec)), true);
  });

  for (const [what, spec] of [
    ['a changed number', { replicas: 3 }],
    ['a longer list without keys', { args: ['x', 'y', 'z'] }],
    ['another order of such a list', { args: ['y', 'x'] }],
    ['a changed value in a list with keys', { containers: [{ ...CONTAINER, image: 'i:2' }] }],
    ['a missing item of it', { containers: [] }],
    ['a false that became true', { paused: true }],
  ] as const) {
    it(`sees ${what}`, () => {
      assert.equal(new DriftCheck().inSync(DESIRED, live(DESIRED, { ...DESIRED.spec, ...spec })), false);
    });
  }

  it('sees that a field is no longer declared', () => {
    const fewer = deployment({ replicas: 1, args: ['x', 'y'], containers: [CONTAINER] });
    assert.equal(new DriftCheck().inSync(fewer, live(DESIRED, DESIRED.spec ?? {})), false);
  });

  it('matches volume mounts by their path, because one volume may be mounted twice', () => {
    const mounts = [
      { name: 'v', mountPath: '/a' },
      { name: 'v', mountPath: '/b' },
    ];
    const desired = deployment({ mounts });
    assert.equal(new DriftCheck().inSync(desired, live(desired, { mounts })), true);
    assert.equal(new DriftCheck().inSync(desired, live(desired, { mounts: [mounts[0]] })), false);
  });

  it('remembers the spelling that the server gave a value, and still sees a change of it', () => {
    const desired = deployment({ cpu: '1000m', replicas: 1 });
    const answered = live(desired, { cpu: '1', replicas: 1 });
    const check = new DriftCheck();
    assert.equal(check.inSync(desired, answered), false);
    check.accept(desired, answered);
    assert.equal(check.inSync(desired, answered), true);
    assert.equal(check.inSync(desired, live(desired, { cpu: '2', replicas: 1 })), false);
    assert.equal(check.inSync(deployment({ cpu: '500m', replicas: 1 }), answered), false);
  });

  it('stamps the same object alike, whichever version of the live one it names', () => {
    const { metadata } = DESIRED;
    const again = stamped({ ...DESIRED, metadata: { ...metadata, resourceVersion: '9' } });
    const first = stamped(DESIRED);
    assert.equal(
      again.metadata.annotations?.[APPLIED_ANNOTATION],
      first.metadata.annotations?.[APPLIED_ANNOTATION],
    );
  });
});
