import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { runOperator } from '../../../operator/main.ts';
import { parseSettings, type Settings } from '../../../operator/settings.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { createLogger } from '../../../runtime/log.ts';
import { apply, kubectl, tryRun, waitFor } from '../../support/cluster.ts';
import { clusterConfig, freshNamespace } from './cluster-client.ts';

interface Running {
  /** As SIGTERM does. */
  stop(): Promise<void>;
}

/** NATS is not there in these tests: nothing of the engine may need it. */
const settingsText = (namespace: string): string => `
installation: ${namespace}/marketprism
watch: { namespaces: [${namespace}] }
collector: { image: marketprism.invalid/none:0, imagePullPolicy: Never }
control: { servers: ["nats://127.0.0.1:9"] }
`;

function settingsOf(namespace: string): Settings {
  const result = parseSettings(settingsText(namespace), namespace);
  if (result.kind === 'invalid') throw new Error(result.faults.join('\n'));
  // Port 0, any free one, is for tests only.
  return { ...result.settings, http: { port: 0 } };
}

function startOperator(namespace: string, pod: string): Running {
  const requested = Promise.withResolvers<'SIGTERM'>();
  const ended = runOperator({
    settings: settingsOf(namespace),
    config: clusterConfig(),
    self: { pod, namespace },
    clock: systemClock(),
    random: Math.random,
    log: createLogger('operator', 'fatal'),
    shutdown: {
      requested: requested.promise,
      insisted: new Promise(() => undefined),
      dispose: () => undefined,
    },
  });
  return {
    async stop() {
      requested.resolve('SIGTERM');
      await ended;
    },
  };
}

describe('the operator on a real API server, without NATS', () => {
  let namespace: Awaited<ReturnType<typeof freshNamespace>>;
  let operator: Running;

  const here = (...args: readonly string[]): Promise<string> =>
    kubectl(['--namespace', namespace.name, ...args]);
  const exists = async (what: string): Promise<true | undefined> =>
    (await tryRun('kubectl', ['--namespace', namespace.name, 'get', what])).ok || undefined;
  const isGone = async (what: string): Promise<true | undefined> => ((await exists(what)) ? undefined : true);
  const value = async (what: string, path: string): Promise<string> =>
    here('get', what, '-o', `jsonpath=${path}`);
  const becomes = (what: string, path: string, wanted: string): Promise<true> =>
    waitFor(
      `${what} ${path} = ${wanted}`,
      15_000,
      async () =>
        (await tryRun('kubectl', ['--namespace', namespace.name, 'get', what, '-o', `jsonpath=${path}`]))
          .stdout === wanted || undefined,
      () => value(what, path),
    );
  const feed = (name: string, spec = ''): Promise<string> =>
    apply(`
apiVersion: marketprism.io/v1alpha1
kind: CollectorFeed
metadata: { name: ${name}, namespace: ${namespace.name} }
spec: { exchange: binance, market: spot, symbols: [BTC-USDT, ETH-USDT], streams: [orderbook, trade]${spec} }
`);
  const condition = (type: string, of: 'status' | 'reason' | 'message'): string =>
    `{.status.conditions[?(@.type=="${type}")].${of}}`;

  before(async () => {
    namespace = await freshNamespace('engine-operator');
    operator = startOperator(namespace.name, 'first');
  });
  after(async () => {
    await operator.stop();
    await namespace.remove();
  });

  it('makes deployment, assignment and network policy, owned by the feed, and writes the status', async () => {
    await feed('majors');
    await becomes('collectorfeed/majors', '{.status.observedGeneration}', '1');
    const uid = await value('collectorfeed/majors', '{.metadata.uid}');
    for (const object of ['deployment/majors-0-a', 'configmap/majors-0', 'networkpolicy/majors']) {
      await waitFor(object, 10_000, () => exists(object));
      assert.equal(await value(object, '{.metadata.ownerReferences[0].uid}'), uid);
      assert.equal(await value(object, '{.metadata.ownerReferences[0].controller}'), 'true');
    }
    const assignment = JSON.parse(await value('configmap/majors-0', '{.data.assignment\\.json}')) as {
      symbols: string[];
    };
    assert.deepEqual(assignment.symbols, ['BTC-USDT', 'ETH-USDT']);
    await becomes('collectorfeed/majors', condition('StreamReady', 'status'), 'Unknown');
    assert.equal(await value('collectorfeed/majors', condition('Ready', 'status')), 'Unknown');
  });

  it('writes nothing but /status of the feed', async () => {
    const managers = JSON.parse(
      await here('get', 'collectorfeed', 'majors', '-o', 'json', '--show-managed-fields'),
    ) as { metadata: { managedFields: { manager: string; subresource?: string }[]; finalizers?: string[] } };
    const ours = managers.metadata.managedFields.filter(({ manager }) => manager.startsWith('marketprism'));
    assert.deepEqual(
      ours.map(({ manager, subresource }) => [manager, subresource]),
      [['marketprism-status', 'status']],
    );
    assert.equal(managers.metadata.finalizers, undefined);
  });

  it('repairs what is changed and makes again what is deleted by hand', async () => {
    await here('scale', 'deployment/majors-0-a', '--replicas=3');
    await here('set', 'image', 'deployment/majors-0-a', 'collector=other:1');
    await here('patch', 'configmap/majors-0', '-p', '{"data":{"assignment.json":"{}"}}');
    await here('delete', 'networkpolicy/majors');
    await becomes('deployment/majors-0-a', '{.spec.replicas}', '1');
    await becomes(
      'deployment/majors-0-a',
      '{.spec.template.spec.containers[0].image}',
      'marketprism.invalid/none:0',
    );
    await waitFor('the policy', 10_000, () => exists('networkpolicy/majors'));
    await waitFor(
      'the assignment',
      10_000,
      async () =>
        (await value('configmap/majors-0', '{.data.assignment\\.json}')).includes('BTC-USDT') || undefined,
    );
  });

  it('carries a change of the symbols to the assignment without a roll', async () => {
    const generation = await value('deployment/majors-0-a', '{.metadata.generation}');
    const epoch = async (): Promise<number> =>
      (JSON.parse(await value('configmap/majors-0', '{.data.assignment\\.json}')) as { epoch: number }).epoch;
    const before = await epoch();
    await here(
      'patch',
      'collectorfeed/majors',
      '--type=merge',
      '-p',
      '{"spec":{"symbols":["BTC-USDT","SOL-USDT"]}}',
    );
    await waitFor('the new epoch', 5_000, async () => (await epoch()) > before || undefined);
    await becomes('collectorfeed/majors', '{.status.observedGeneration}', '2');
    assert.equal(await value('deployment/majors-0-a', '{.metadata.generation}'), generation);
  });

  it('removes a field of the pod template that is no longer in the spec', async () => {
    const selector = '{.spec.template.spec.nodeSelector}';
    await here(
      'patch',
      'collectorfeed/majors',
      '--type=merge',
      '-p',
      '{"spec":{"template":{"nodeSelector":{"disk":"fast"}}}}',
    );
    await becomes('deployment/majors-0-a', selector, '{"disk":"fast"}');
    await here('patch', 'collectorfeed/majors', '--type=merge', '-p', '{"spec":{"template":null}}');
    await becomes('deployment/majors-0-a', selector, '');
  });

  it('deletes what the spec no longer asks for, and nothing else', async () => {
    await feed('twice', ', redundancy: 2');
    await waitFor('replica b', 10_000, () => exists('deployment/twice-0-b'));
    await here('create', 'configmap', 'twice-mine', '--from-literal=a=b');
    await here(
      'label',
      'configmap',
      'twice-mine',
      'app.kubernetes.io/managed-by=marketprism-operator',
      'marketprism.io/feed=twice',
    );
    await here('patch', 'collectorfeed/twice', '--type=merge', '-p', '{"spec":{"redundancy":1}}');
    await waitFor('replica b gone', 10_000, () => isGone('deployment/twice-0-b'));
    assert.equal(await exists('deployment/twice-0-a'), true);
    assert.equal(await exists('configmap/twice-mine'), true);
  });

  it('leaves another’s object of the same name alone and names it', async () => {
    await here('create', 'deployment', 'taken-0-a', '--image=mine:1', '--replicas=0');
    await feed('taken');
    await waitFor(
      'the condition',
      10_000,
      async () =>
        (await value('collectorfeed/taken', '{.status.conditions[*].message}')).includes('taken-0-a') ||
        undefined,
    );
    assert.equal(await value('deployment/taken-0-a', '{.spec.template.spec.containers[0].image}'), 'mine:1');
    await here('delete', 'collectorfeed/taken', 'deployment/taken-0-a');
  });

  it('keeps its hands off where the annotation says so, and still tells the status', async () => {
    await feed('manual');
    await waitFor('the deployment', 10_000, () => exists('deployment/manual-0-a'));
    await here('annotate', 'collectorfeed/manual', 'marketprism.io/reconcile=disabled');
    await here('patch', 'collectorfeed/manual', '--type=merge', '-p', '{"spec":{"symbols":["BTC-USDT"]}}');
    await becomes('collectorfeed/manual', '{.status.observedGeneration}', '2');
    await here('delete', 'networkpolicy/manual');
    // The next change of another feed is done: so the deletion was seen as well.
    await here('patch', 'collectorfeed/twice', '--type=merge', '-p', '{"spec":{"paused":true}}');
    await becomes('deployment/twice-0-a', '{.spec.replicas}', '0');
    assert.equal(await isGone('networkpolicy/manual'), true);
    await here('annotate', 'collectorfeed/manual', 'marketprism.io/reconcile-');
    await waitFor('the policy', 10_000, () => exists('networkpolicy/manual'));
  });

  it('hands over to a standby within 3 s, which finds nothing to repair', async () => {
    const versions = (): Promise<string> =>
      here(
        'get',
        'deployments,configmaps,networkpolicies',
        '-l',
        'app.kubernetes.io/managed-by=marketprism-operator',
        '-o',
        'jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.generation} {.metadata.annotations} {.data}{"\\n"}{end}',
      );
    const before = await versions();
    const standby = startOperator(namespace.name, 'second');
    // A standby lists, then polls the lease: it has seen the leader once it is there.
    await waitFor('a settled cluster', 20_000, async () => (await versions()) === before || undefined);
    const holder = (): Promise<string> => value('lease/marketprism-operator', '{.spec.holderIdentity}');
    assert.match(await holder(), /^first_/);
    await operator.stop();
    operator = standby;
    await waitFor('the new leader', 3_000, async () => (await holder()).startsWith('second_') || undefined);
    await here('patch', 'collectorfeed/majors', '--type=merge', '-p', '{"spec":{"symbols":["BTC-USDT"]}}');
    await becomes('collectorfeed/majors', '{.status.symbols.desired}', '1');
    const after = await versions();
    const deployments = (text: string): string[] =>
      text.split('\n').filter((row) => row.startsWith('Deployment'));
    assert.deepEqual(deployments(after), deployments(before));
  });

  it('reconciles a changed CR in under two seconds while its watches are healthy', async () => {
    const startedMs = Date.now();
    await here(
      'patch',
      'collectorfeed/majors',
      '--type=merge',
      '-p',
      '{"spec":{"symbols":["BTC-USDT","XRP-USDT"]}}',
    );
    await waitFor(
      'the assignment',
      5_000,
      async () =>
        (await value('configmap/majors-0', '{.data.assignment\\.json}')).includes('XRP-USDT') || undefined,
    );
    assert.ok(Date.now() - startedMs < 2_000);
  });

  it('writes nothing while nothing changes', async () => {
    const path = 'jsonpath={range .items[*]}{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}';
    const versions = (): Promise<string> =>
      here('get', 'collectorfeeds,networkpolicies,configmaps', '-o', path);
    await waitFor('two renewals of the lease without another write', 30_000, async () => {
      const before = await versions();
      await waitFor('the renewals', 10_000, renewedTwice());
      return (await versions()) === before || undefined;
    });
  });

  /** Time passes by the operator's own clock: it renews its lease every 2 s. */
  function renewedTwice(): () => Promise<true | undefined> {
    const seen = new Set<string>();
    return async () => {
      seen.add(await value('lease/marketprism-operator', '{.spec.renewTime}'));
      return seen.size > 2 || undefined;
    };
  }
});
