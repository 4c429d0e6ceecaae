import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { clusterOf } from '../../../cli/doctor/cluster-api.ts';
import { checkCluster } from '../../../cli/doctor/cluster.ts';
import { feedSchema } from '../../../cli/crd.ts';
import { contentHash } from '../../../operator/plan/canonical.ts';
import { kubectl, tryRun } from '../../support/cluster.ts';
import { clusterConfig, freshNamespace } from '../engine/cluster-client.ts';

const LABELS = 'app.kubernetes.io/part-of=marketprism,app.kubernetes.io/component=operator';

describe('doctor and top, on a real API server', () => {
  let namespace: Awaited<ReturnType<typeof freshNamespace>>;
  before(async () => {
    namespace = await freshNamespace('doctor');
  });
  after(() => namespace.remove());

  const examined = async (): Promise<readonly string[]> => {
    const cluster = clusterOf(clusterConfig(), namespace.name);
    const schemaDigest = contentHash(feedSchema());
    const findings = await checkCluster(cluster, {
      schemaDigest,
      version: '0.1.0',
      namespace: namespace.name,
    });
    return findings.map(({ kind, check, said }) => `${kind} ${check}: ${said}`);
  };

  it('reads version, resource, rights and feeds, and names an operator that cannot run', async () => {
    await kubectl(['create', 'deployment', 'nobody', '--image=none.invalid/none', '-n', namespace.name]);
    await kubectl(['label', 'deployment', 'nobody', '-n', namespace.name, ...LABELS.split(',')]);
    await kubectl(
      ['apply', '-n', namespace.name, '-f', '-'],
      `apiVersion: marketprism.io/v1alpha1
kind: CollectorFeed
metadata: { name: lonely }
spec: { exchange: binance, market: spot, symbols: [BTC-USDT], streams: [trade] }
`,
    );
    const lines = await examined();
    const has = (line: string): void => {
      assert.ok(lines.includes(line), `${line}\nnot in\n${lines.join('\n')}`);
    };
    assert.match(lines[0] ?? '', /^ok cluster: Kubernetes v1\.\d+/);
    has('ok resource: CollectorFeed, as this version has it');
    has(`ok your rights: may create CollectorFeeds in ${namespace.name}`);
    has(`wrong operator: ${namespace.name}/nobody: 0 of 1 available`);
    has(
      `wrong rights of operator: ${namespace.name}/default may not watch collectorfeeds.marketprism.io, patch collectorfeeds.marketprism.io/status, patch deployments.apps, patch configmaps, watch pods, patch networkpolicies.networking.k8s.io in its namespace`,
    );
    has(
      `wrong feed: ${namespace.name}/lonely has no status: no operator watches its namespace, or it is new`,
    );
    const top = await tryRun(process.execPath, ['cli/main.ts', 'top', '--once', '-n', namespace.name]);
    assert.equal(top.ok, false, 'a feed without a status is not ready');
    assert.match(top.stdout, new RegExp(`^${namespace.name}/lonely +binance spot +\\? `, 'm'));
  });
});
