import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  apply,
  install,
  isTrue,
  kubectl,
  waitFor,
  waitForFeed,
  type Installation,
} from '../support/cluster.ts';

const namespace = 'e2e-repair';
const name = 'majors';
const PROMPTLY_MS = 5_000;

function feed(symbols: string, extra = ''): string {
  return `apiVersion: marketprism.io/v1alpha1
kind: CollectorFeed
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  exchange: binance
  market: spot
  symbols: [${symbols}]
  streams: [orderbook, trade]
  endpoints: { websocket: "ws://marketprism-simulator:8090", rest: "http://marketprism-simulator:8090" }
${extra}`;
}

const inNamespace = (...args: string[]): Promise<string> => kubectl(['--namespace', namespace, ...args]);
const PODS = ['get', 'pods', '-l', 'app.kubernetes.io/name=marketprism-collector'] as const;

async function pods(): Promise<{ name: string; uid: string; generation: string }[]> {
  const list = JSON.parse(await inNamespace(...PODS, '-o', 'json')) as {
    items: {
      metadata: { name: string; uid: string; deletionTimestamp?: string; labels: Record<string, string> };
    }[];
  };
  return list.items
    .filter((pod) => pod.metadata.deletionTimestamp === undefined)
    .map((pod) => ({
      name: pod.metadata.name,
      uid: pod.metadata.uid,
      generation: pod.metadata.labels['pod-template-hash'] ?? '',
    }));
}

describe('whatever is changed by hand is put right without waiting', () => {
  let installation: Installation;
  before(async () => {
    installation = await install(namespace);
    await apply(feed('BTC-USDT'));
    await waitForFeed({ namespace, name }, 'Ready', (one) => isTrue(one, 'Ready'));
  });
  after(async () => {
    await installation.uninstall();
  });

  it('a deleted Deployment comes back', async () => {
    const uid = await inNamespace('get', 'deployment', `${name}-0-a`, '-o', 'jsonpath={.metadata.uid}');
    await inNamespace('delete', 'deployment', `${name}-0-a`, '--cascade=orphan');
    await waitFor('another Deployment of the same name', PROMPTLY_MS, async () => {
      const seen = await inNamespace('get', 'deployment', '-o', 'jsonpath={.items[*].metadata.uid}');
      return seen !== '' && !seen.includes(uid) ? seen : undefined;
    });
  });

  it('drift made by hand in a Deployment is undone', async () => {
    await inNamespace('scale', 'deployment', `${name}-0-a`, '--replicas=0');
    await waitFor('replicas: 1', PROMPTLY_MS, async () => {
      const replicas = await inNamespace(
        'get',
        'deployment',
        `${name}-0-a`,
        '-o',
        'jsonpath={.spec.replicas}',
      );
      return replicas === '1' ? true : undefined;
    });
    await waitForFeed({ namespace, name }, 'Ready again', (one) => isTrue(one, 'Ready'));
  });

  it('a deleted assignment comes back', async () => {
    await inNamespace('delete', 'configmap', `${name}-0`);
    await waitFor('the ConfigMap', PROMPTLY_MS, async () => {
      const seen = await inNamespace('get', 'configmap', `${name}-0`, '--ignore-not-found', '-o', 'name');
      return seen === '' ? undefined : seen;
    });
  });

  it('an added symbol is live without a restart of the pod', async () => {
    await waitForFeed({ namespace, name }, 'Ready', (one) => isTrue(one, 'Ready'));
    const before = await waitFor('one pod', 60_000, async () => {
      const seen = await pods();
      return seen.length === 1 ? seen[0] : undefined;
    });
    await apply(feed('BTC-USDT, ETH-USDT'));
    const seen = await waitForFeed(
      { namespace, name, timeoutMs: 60_000 },
      'both symbols',
      (one) =>
        one.status?.symbols?.summary === '2/2' && one.status.observedGeneration === one.metadata.generation,
    );
    assert.equal(seen.status?.symbols?.summary, '2/2');
    assert.deepEqual(
      (await pods()).map((pod) => pod.uid),
      [before.uid],
    );
  });

  it('a paused feed stops its pods and says Paused; it goes on when told so', async () => {
    await apply(feed('BTC-USDT, ETH-USDT', '  paused: true\n'));
    const paused = await waitForFeed({ namespace, name }, 'Paused=True', (one) => isTrue(one, 'Paused'));
    assert.ok(!isTrue(paused, 'Ready'));
    assert.ok(!isTrue(paused, 'Reconciling'));
    assert.ok(!isTrue(paused, 'Stalled'));
    await waitFor('no collector pod', 30_000, async () =>
      (await inNamespace(...PODS, '-o', 'name')) === '' ? true : undefined,
    );
    await apply(feed('BTC-USDT, ETH-USDT', '  paused: false\n'));
    await waitForFeed({ namespace, name }, 'Ready again', (one) => isTrue(one, 'Ready'));
  });

  it('the operator wrote nothing of the feed but its status', async () => {
    const owned = JSON.parse(
      await inNamespace('get', 'collectorfeed', name, '-o', 'json', '--show-managed-fields'),
    ) as { metadata: { managedFields: { manager: string; subresource?: string }[]; finalizers?: string[] } };
    for (const entry of owned.metadata.managedFields) {
      if (entry.manager.startsWith('marketprism')) assert.equal(entry.subresource, 'status');
    }
    assert.equal(owned.metadata.finalizers, undefined);
  });

  it('a deleted feed leaves no pod, Deployment or ConfigMap', async () => {
    await inNamespace('delete', 'collectorfeed', name);
    await waitFor('nothing of the feed', 30_000, async () => {
      const kinds = 'deployments,configmaps,pods,networkpolicies';
      const left = await inNamespace('get', kinds, '-l', `marketprism.io/feed=${name}`, '-o', 'name');
      return left === '' ? true : undefined;
    });
  });
});
