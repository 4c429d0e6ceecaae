// Every golden object and status of the plan, judged by a real API server.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parse, stringify } from 'yaml';
import type { KubeObject } from '../../operator/plan/types.ts';
import { golden, goldenCases, render } from '../operator/plan/golden-case.ts';
import { kubectl, requireCluster, tryRun } from '../support/cluster.ts';

const NAMESPACE = `golden-${process.pid}`;
const FEED = 'judged';

before(async () => {
  requireCluster();
  await kubectl(['apply', '--server-side', '--force-conflicts', '-f', 'crds']);
  await kubectl(['create', 'namespace', NAMESPACE]);
  await kubectl(['label', 'namespace', NAMESPACE, 'pod-security.kubernetes.io/enforce=restricted']);
  await kubectl(['create', 'serviceaccount', 'collectors', '-n', NAMESPACE]);
  await kubectl(
    ['create', '-n', NAMESPACE, '-f', '-'],
    stringify({
      apiVersion: 'marketprism.io/v1alpha1',
      kind: 'CollectorFeed',
      metadata: { name: FEED, annotations: { 'marketprism.io/reconcile': 'disabled' } },
      spec: { exchange: 'binance', market: 'spot', symbols: ['BTC-USDT'], streams: ['trade'] },
    }),
  );
});
after(() => tryRun('kubectl', ['delete', 'namespace', NAMESPACE, '--wait=false']));

const here = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, namespace: NAMESPACE },
});

async function accepted(what: string, args: readonly string[], object: unknown): Promise<void> {
  const ran = await tryRun(
    'kubectl',
    [...args, '-n', NAMESPACE, '--dry-run=server', '-f', '-'],
    stringify(object),
  );
  assert.ok(ran.ok, `${what}: ${ran.stderr}`);
  assert.ok(!ran.stderr.includes('Warning'), `${what}: ${ran.stderr}`);
}

for (const name of goldenCases()) {
  test(`${name}: every object is accepted by server-side apply, without a warning`, async () => {
    for (const object of render(name).objects)
      await accepted(
        `${object.kind} ${object.metadata.name}`,
        ['apply', '--server-side', '--validate=strict', '--field-manager=marketprism-operator'],
        here(object),
      );
  });

  test(`${name}: every pod is admitted where Pod Security restricted is enforced`, async () => {
    for (const { kind, spec, metadata } of render(name).objects) {
      if (kind !== 'Deployment') continue;
      const template = spec?.['template'] as { metadata: object; spec: object };
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { ...template.metadata, name: metadata.name },
        spec: template.spec,
      };
      await accepted(metadata.name, ['create', '--validate=strict'], pod);
    }
  });

  test(`${name}: the status fits the schema to the last field`, async () => {
    const status: unknown = parse(golden(name, 'status.yaml'));
    const patch = `collectorfeed ${FEED} -n ${NAMESPACE} --subresource=status --type=merge`;
    const judge = [...`patch ${patch} --dry-run=server -o json -p`.split(' '), JSON.stringify({ status })];
    const ran = await tryRun('kubectl', judge);
    assert.ok(ran.ok, ran.stderr);
    assert.deepEqual((JSON.parse(ran.stdout) as { status: unknown }).status, status, 'a field was pruned');
  });
}
