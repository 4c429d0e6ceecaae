import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { applyPlan, type Applied } from '../../../operator/apply.ts';
import { DriftCheck, stamped } from '../../../operator/kube/drift.ts';
import { failure, success } from '../../../operator/kube/fault.ts';
import { plan } from '../../../operator/plan/plan.ts';
import type { KubeObject, Observed, Plan } from '../../../operator/plan/types.ts';
import { observedOf, settingsOf } from '../plan/observed.ts';
import { recordingClient, type RecordingClient } from './recording-client.ts';

const NAME = 'binance-majors';

describe('applying a plan', () => {
  let client: RecordingClient;
  let pushed: string[];
  let leading: boolean;
  const drift = new DriftCheck();
  const planned = (observed: Observed): Plan => plan(observed, settingsOf());
  const run = (
    observed: Observed,
    of: Plan = planned(observed),
    signal = new AbortController().signal,
  ): Promise<Applied> =>
    applyPlan(of, observed, {
      client,
      drift,
      signal,
      mayWrite: () => leading,
      push: ({ shard }) => pushed.push(`push ${shard} after ${client.calls.length}`),
    });
  const liveOf = (object: KubeObject, resourceVersion = '5'): KubeObject => ({
    ...stamped(object),
    metadata: { ...stamped(object).metadata, uid: `uid-${object.metadata.name}`, resourceVersion },
  });

  beforeEach(() => {
    client = recordingClient();
    pushed = [];
    leading = true;
  });

  it('writes the assignment, then pushes it, then applies the rest', async () => {
    assert.equal((await run(observedOf())).kind, 'applied');
    assert.equal(client.calls[0], `create ${NAME}-0`);
    assert.deepEqual(pushed, ['push 0 after 1']);
    assert.ok(client.calls.indexOf(`apply ${NAME}-0-a`) > 0);
  });

  it('pushes nothing that was not written', async () => {
    client.answers.set(`create ${NAME}-0`, failure('unreachable', 'away'));
    const applied = await run(observedOf());
    assert.deepEqual(applied.kind === 'failed' && applied.shared, true);
    assert.deepEqual(pushed, []);
    assert.equal(client.calls.length, 1);
  });

  it('writes nothing when everything is as it should be, and names the state that it replaces when not', async () => {
    const first = planned(observedOf());
    const objects = [
      ...first.apply.map((object) => liveOf(object)),
      liveOf(first.assignments[0]?.configMap as KubeObject),
    ];
    const observed = observedOf({ objects });
    assert.deepEqual(await run(observed), { kind: 'applied', writes: 0 });
    assert.deepEqual(client.calls, []);
    const scaled = objects.map((object) =>
      object.kind === 'Deployment' ? { ...object, spec: { ...object.spec, replicas: 7 } } : object,
    );
    await run(observedOf({ objects: scaled }));
    assert.deepEqual(client.calls, [`apply ${NAME}-0-a`]);
    assert.equal(client.sent[0]?.metadata.resourceVersion, '5');
  });

  it('prunes only after everything was applied, by UID and state', async () => {
    const observed = observedOf();
    const [surplus] = planned(observed).apply.map((object) => liveOf(object));
    const of = { ...planned(observed), prune: [surplus as KubeObject] };
    await run(observed, of);
    assert.equal(client.calls.at(-1), `delete ${surplus?.metadata.name} ${surplus?.metadata.uid}@5`);
    client = recordingClient();
    client.answers.set(`apply ${NAME}-0-a`, failure('invalid', 'no'));
    assert.equal((await run(observed, of)).kind, 'refused');
    assert.ok(!client.calls.some((call) => call.startsWith('delete')));
  });

  it('throws at a plan that prunes what the feed does not own', async () => {
    const observed = observedOf();
    const [object] = planned(observed).apply;
    const foreign = {
      ...liveOf(object as KubeObject),
      metadata: { ...liveOf(object as KubeObject).metadata, ownerReferences: [] },
    };
    await assert.rejects(run(observed, { ...planned(observed), prune: [foreign] }), /does not own/);
  });

  it('takes over an orphan of its own kind, and leaves a stranger’s object alone', async () => {
    const [, deployment] = planned(observedOf()).apply;
    assert.ok(deployment !== undefined);
    const { ownerReferences: _, ...metadata } = liveOf(deployment).metadata;
    client.answers.set(`get ${NAME}-0-a`, success({ ...deployment, metadata }));
    assert.equal((await run(observedOf())).kind, 'applied');
    assert.equal(client.sent.find(({ kind }) => kind === 'Deployment')?.metadata.resourceVersion, '5');
    client = recordingClient();
    client.answers.set(`get ${NAME}-0-a`, success({ ...deployment, metadata: { ...metadata, labels: {} } }));
    const applied = await run(observedOf());
    assert.equal(applied.kind, 'refused');
    assert.ok(!client.calls.includes(`apply ${NAME}-0-a`));
  });

  it('waits for the objects of a deleted feed of the same name to go', async () => {
    const [, deployment] = planned(observedOf()).apply;
    assert.ok(deployment !== undefined);
    const old = {
      ...liveOf(deployment).metadata,
      ownerReferences: [{ kind: 'CollectorFeed', name: NAME, uid: 'old', controller: true }],
    };
    client.answers.set(`get ${NAME}-0-a`, success({ ...deployment, metadata: old }));
    assert.equal((await run(observedOf())).kind, 'stale');
  });

  it('looks again when somebody was quicker', async () => {
    client.answers.set(`create ${NAME}-0`, failure('conflict', 'exists'));
    client.answers.set(`get ${NAME}-0`, success(ownConfigMap()));
    assert.equal((await run(observedOf())).kind, 'stale');
  });

  it('sends nothing once it may no longer lead', async () => {
    leading = false;
    assert.equal((await run(observedOf())).kind, 'failed');
    leading = true;
    assert.equal((await run(observedOf(), planned(observedOf()), AbortSignal.abort())).kind, 'failed');
    assert.deepEqual(client.calls, []);
  });

  function ownConfigMap(): KubeObject {
    const configMap = planned(observedOf()).assignments[0]?.configMap;
    assert.ok(configMap !== undefined);
    return configMap;
  }
});
