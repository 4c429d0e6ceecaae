import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { definition } from '../kube/crd/definition.ts';
import { at, CHART, helm, only, render, template, type Rendered, type Values } from './helm.ts';
import { MATRIX } from './matrix.ts';

const run = promisify(execFile);
const root = new URL('../..', import.meta.url).pathname;

const podTemplates = (objects: readonly Rendered[]): readonly unknown[] =>
  objects
    .filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
    .map((o) => at(o, 'spec.template'));

const settingsText = (objects: readonly Rendered[]): string =>
  (only(objects, 'ConfigMap', 'marketprism-operator')['data'] as Record<string, string>)['settings.yaml'] ??
  '';

describe('the chart renders', () => {
  for (const { what, values, release } of MATRIX) {
    it(`with ${what}: lint is content, names fit, labels are standard, pods are restricted`, async () => {
      const linted = await helm(['lint', '--strict', CHART], values);
      assert.equal(linted.kind, 'done', JSON.stringify(linted));
      const objects = await render(values, release);
      const keys = objects.map((o) => `${o.kind}/${o.metadata.namespace ?? ''}/${o.metadata.name}`);
      assert.equal(new Set(keys).size, keys.length, 'two objects of one name');
      for (const { kind, metadata } of objects) {
        assert.ok(metadata.name.length <= 63, `${kind} ${metadata.name}`);
        assert.equal(
          metadata.labels?.['app.kubernetes.io/part-of'],
          'marketprism',
          `${kind} ${metadata.name}`,
        );
        assert.equal(metadata.labels?.['app.kubernetes.io/managed-by'], 'Helm');
        assert.equal(metadata.labels?.['helm.sh/chart'], 'marketprism-0.1.0');
      }
      for (const pod of podTemplates(objects)) assertRestricted(pod);
    });
  }

  function assertRestricted(pod: unknown): void {
    assert.equal(at(pod, 'spec.securityContext.runAsNonRoot'), true);
    assert.equal(at(pod, 'spec.securityContext.runAsUser'), 65_532);
    assert.deepEqual(at(pod, 'spec.securityContext.seccompProfile'), { type: 'RuntimeDefault' });
    for (const container of at(pod, 'spec.containers') as unknown[]) {
      assert.deepEqual(at(container, 'securityContext'), {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      assert.ok(at(container, 'resources.requests.memory') !== undefined);
      assert.ok(at(container, 'resources.limits.memory') !== undefined);
    }
  }

  it('the same twice', async () => {
    assert.deepEqual(await template({}), await template({}));
  });

  it('names of its own with fullnameOverride, the release name without a repetition', async () => {
    only(await render({ fullnameOverride: 'mp' }), 'StatefulSet', 'mp-nats');
    only(await render({}, { name: 'marketprism-eu' }), 'Deployment', 'marketprism-eu');
    only(await render({}, { name: 'eu' }), 'Deployment', 'eu-marketprism');
  });
});

describe('the CRD in the chart', () => {
  it('is the one of crds/', async () => {
    await run('charts/marketprism/sync-crds.sh', ['--check'], { cwd: root });
    const crd = only(await render(), 'CustomResourceDefinition', 'collectorfeeds.marketprism.io');
    assert.deepEqual(crd['spec'], (definition as unknown as Rendered)['spec']);
  });

  it('is kept at an uninstallation unless crds.keep is false', async () => {
    const name = 'collectorfeeds.marketprism.io';
    const kept = only(await render(), 'CustomResourceDefinition', name);
    assert.equal(kept.metadata.annotations?.['helm.sh/resource-policy'], 'keep');
    const loose = only(await render({ crds: { keep: false } }), 'CustomResourceDefinition', name);
    assert.equal(loose.metadata.annotations, undefined);
  });

  it('is left out with crds.enabled: false', async () => {
    const objects = await render({ crds: { enabled: false } });
    assert.ok(objects.every(({ kind }) => kind !== 'CustomResourceDefinition'));
  });
});

describe('the operator of the chart', () => {
  it('is started as the command line wants it, probed, and told who and where it is', async () => {
    const deployment = only(await render({ operator: { logLevel: 'debug' } }), 'Deployment', 'marketprism');
    const container = at(deployment, 'spec.template.spec.containers.0');
    assert.deepEqual(at(container, 'args'), [
      'operator',
      '--settings',
      '/etc/marketprism/operator/settings.yaml',
    ]);
    assert.deepEqual(at(container, 'env'), [
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
      { name: 'LOG_LEVEL', value: 'debug' },
    ]);
    assert.deepEqual(at(container, 'ports'), [{ name: 'http', containerPort: 8080, protocol: 'TCP' }]);
    assert.deepEqual(at(container, 'livenessProbe.httpGet'), { path: '/livez', port: 'http' });
    assert.deepEqual(at(container, 'readinessProbe.httpGet'), { path: '/readyz', port: 'http' });
  });

  it('is rolled by a change of its settings and by nothing of NATS', async () => {
    const hash = async (values: Values): Promise<readonly unknown[]> => {
      const objects = await render(values);
      return [only(objects, 'Deployment', 'marketprism'), only(objects, 'StatefulSet', 'marketprism-nats')]
        .map((object) => at(object, 'spec.template.metadata.annotations') as Record<string, unknown>)
        .map((annotations) => annotations['marketprism.io/settings']);
    };
    const [operator, nats] = await hash({});
    const [changed, same] = await hash({ defaults: { orderbook: { snapshotEvery: '1m' } } });
    assert.notEqual(operator, changed);
    assert.equal(nats, same);
  });

  it('mounts the control credential where the settings say, as an optional Secret', async () => {
    const objects = await render({ control: { credentialsSecret: 'mp-nats' } });
    const deployment = only(objects, 'Deployment', 'marketprism');
    assert.deepEqual(at(deployment, 'spec.template.spec.volumes.1'), {
      name: 'control',
      secret: { secretName: 'mp-nats', optional: true },
    });
    assert.match(settingsText(objects), /credentialsDir: \/etc\/marketprism\/control\n/);
  });
});

describe('the collectors of the chart', () => {
  it('have a ServiceAccount without a token in every watched namespace', async () => {
    const objects = await render({ watch: { namespaces: ['a', 'b'] } });
    const accounts = objects.filter(
      ({ kind, metadata }) => kind === 'ServiceAccount' && metadata.name === 'marketprism-collector',
    );
    assert.deepEqual(
      accounts.map((account) => [account.metadata.namespace, account['automountServiceAccountToken']]),
      [
        ['a', false],
        ['b', false],
      ],
    );
  });
});

describe('the simulator of the chart', () => {
  it('is absent unless asked for', async () => {
    assert.ok((await render()).every(({ metadata }) => !metadata.name.endsWith('-simulator')));
  });

  it('gets seed, symbols, rate and further arguments, and has a Service on 8090', async () => {
    const objects = await render({
      simulator: {
        enabled: true,
        seed: 7,
        symbols: ['BTC-USDT', 'ETH-USDT'],
        rate: 0.5,
        extraArgs: ['--speed=2'],
      },
    });
    const container = at(
      only(objects, 'Deployment', 'marketprism-simulator'),
      'spec.template.spec.containers.0',
    );
    assert.deepEqual(at(container, 'args'), [
      'simulate',
      '--host=0.0.0.0',
      '--port=8090',
      '--seed=7',
      '--symbols=BTC-USDT,ETH-USDT',
      '--rate=0.5',
      '--speed=2',
    ]);
    assert.equal(at(only(objects, 'Service', 'marketprism-simulator'), 'spec.ports.0.port'), 8090);
  });
});

describe('the command line', () => {
  it('knows every argument that the chart gives to operator and simulator', async () => {
    const symbols = ['BTC-USDT'];
    const objects = await render({ simulator: { enabled: true, symbols, rate: 5 } });
    for (const name of ['marketprism', 'marketprism-simulator']) {
      const args = at(only(objects, 'Deployment', name), 'spec.template.spec.containers.0.args') as string[];
      // An unknown option is refused before --help is answered.
      await run(process.execPath, ['bin/marketprism.js', ...args, '--help'], { cwd: root });
    }
  });
});
