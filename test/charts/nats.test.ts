import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort, natsBinary } from '../support/nats.ts';
import { at, only, render, type Rendered, type Values } from './helm.ts';

const START_TIMEOUT_MS = 15_000;
const POLL_MS = 20;

const container = (objects: readonly Rendered[]): unknown =>
  at(only(objects, 'StatefulSet', 'marketprism-nats'), 'spec.template.spec.containers.0');
const confOf = (objects: readonly Rendered[]): string =>
  (only(objects, 'ConfigMap', 'marketprism-nats')['data'] as Record<string, string>)['nats.conf'] ?? '';

async function runsOn(conf: string, probes: readonly string[]): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'marketprism-chart-nats-'));
  const [port, monitor] = [await freePort(), await freePort()];
  const path = join(folder, 'nats.conf');
  await writeFile(
    path,
    conf
      .replace('port: 4222', `listen: "127.0.0.1:${port}"`)
      .replace('http_port: 8222', `http: "127.0.0.1:${monitor}"`)
      .replace('store_dir: /data', `store_dir: "${folder}/data"`),
  );
  const server = spawn(await natsBinary(), ['-c', path], {
    env: { POD_NAME: 'marketprism-nats-0' },
    stdio: 'ignore',
  });
  try {
    const deadline = Date.now() + START_TIMEOUT_MS;
    for (const probe of probes) {
      while (!(await answers(`http://127.0.0.1:${monitor}${probe}`))) {
        assert.equal(server.exitCode, null, 'nats-server refuses the configuration');
        assert.ok(Date.now() < deadline, `${probe} is not answered with 200`);
        await delay(POLL_MS);
      }
    }
    return await (await fetch(`http://127.0.0.1:${monitor}/varz`)).json();
  } finally {
    const ended = server.exitCode === null ? once(server, 'exit') : undefined;
    server.kill();
    await ended;
    await rm(folder, { recursive: true });
  }
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.status === 200,
    () => false,
  );
}

describe('the NATS of the chart', () => {
  it('runs with its configuration and passes its probes', async () => {
    const values: Values = { nats: { jetstream: { fileStore: { size: '2Gi' }, syncInterval: 'always' } } };
    const objects = await render(values);
    const probes = ['startupProbe', 'livenessProbe', 'readinessProbe'].map((probe) =>
      String(at(container(objects), `${probe}.httpGet.path`)),
    );
    const varz = await runsOn(confOf(objects), probes);
    assert.equal(at(varz, 'server_name'), 'marketprism-nats-0');
    assert.equal(at(varz, 'jetstream.config.max_storage'), Math.floor(2 * 2 ** 30 * 0.85));
    assert.equal(at(varz, 'jetstream.config.max_memory'), 64 * 2 ** 20);
    assert.equal(at(varz, 'jetstream.config.sync_always'), true);
  });

  it('keeps its data on a volume of the asked size and class', async () => {
    const objects = await render({
      nats: { jetstream: { fileStore: { size: '1.5Gi', storageClassName: 'fast' } } },
    });
    const claim = at(only(objects, 'StatefulSet', 'marketprism-nats'), 'spec.volumeClaimTemplates.0');
    assert.equal(at(claim, 'spec.resources.requests.storage'), '1.5Gi');
    assert.equal(at(claim, 'spec.storageClassName'), 'fast');
    assert.match(confOf(objects), new RegExp(`max_file_store: ${Math.floor(1.5 * 2 ** 30 * 0.85)}\\n`));
  });

  it('takes the cluster default where no class is named', async () => {
    const claim = at(only(await render(), 'StatefulSet', 'marketprism-nats'), 'spec.volumeClaimTemplates.0');
    assert.equal(Object.hasOwn(at(claim, 'spec') as object, 'storageClassName'), false);
  });

  it('collects garbage before the kernel ends it', async () => {
    const env = at(container(await render()), 'env') as readonly { name: string; value?: string }[];
    assert.equal(env.find(({ name }) => name === 'GOMEMLIMIT')?.value, String(Math.floor(2 ** 30 * 0.9)));
  });

  it('is not restarted by an upgrade that changes only the version of the chart', async () => {
    const labels = at(
      only(await render(), 'StatefulSet', 'marketprism-nats'),
      'spec.template.metadata.labels',
    );
    assert.deepEqual(Object.keys(labels as object), [
      'app.kubernetes.io/name',
      'app.kubernetes.io/instance',
      'app.kubernetes.io/component',
    ]);
  });

  it('is absent with nats.enabled: false', async () => {
    const objects = await render({ nats: { enabled: false, servers: ['nats://elsewhere:4222'] } });
    assert.ok(objects.every(({ metadata }) => !metadata.name.includes('-nats')));
  });
});

describe('its NetworkPolicy', () => {
  const operator = {
    'app.kubernetes.io/name': 'marketprism',
    'app.kubernetes.io/instance': 'marketprism',
    'app.kubernetes.io/component': 'operator',
  };
  const inNamespaces = (...values: readonly string[]): unknown => ({
    matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values }],
  });

  it('admits operator, collectors and labelled consumers to 4222, the operator alone to 8222', async () => {
    const objects = await render({
      watch: { namespaces: ['feeds'] },
      nats: { networkPolicy: { consumerNamespaces: ['research'] } },
    });
    const policy = only(objects, 'NetworkPolicy', 'marketprism-nats');
    assert.deepEqual(at(policy, 'spec.policyTypes'), ['Ingress']);
    assert.deepEqual(at(policy, 'spec.ingress'), [
      {
        ports: [{ port: 'client', protocol: 'TCP' }],
        from: [
          { podSelector: { matchLabels: operator } },
          {
            podSelector: { matchLabels: { 'app.kubernetes.io/name': 'marketprism-collector' } },
            namespaceSelector: inNamespaces('feeds'),
          },
          {
            podSelector: { matchLabels: { 'marketprism.io/consumer': 'true' } },
            namespaceSelector: inNamespaces('feeds', 'market-data', 'research'),
          },
        ],
      },
      {
        ports: [{ port: 'monitor', protocol: 'TCP' }],
        from: [{ podSelector: { matchLabels: operator } }],
      },
    ]);
  });

  it('selects the NATS pods and the operator by the labels that they have', async () => {
    const objects = await render();
    const labels = (kind: string, name: string): unknown =>
      at(only(objects, kind, name), 'spec.template.metadata.labels');
    const policy = only(objects, 'NetworkPolicy', 'marketprism-nats');
    assert.deepEqual(at(policy, 'spec.podSelector.matchLabels'), labels('StatefulSet', 'marketprism-nats'));
    assert.deepEqual(labels('Deployment', 'marketprism'), operator);
  });

  it('admits the collectors of every namespace with watch.cluster', async () => {
    const policy = only(await render({ watch: { cluster: true } }), 'NetworkPolicy', 'marketprism-nats');
    assert.deepEqual(at(policy, 'spec.ingress.0.from.1.namespaceSelector'), {});
  });
});
