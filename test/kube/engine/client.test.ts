import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ApiObject } from '../../../operator/kube/api.ts';
import { Reflector } from '../../../operator/kube/reflector.ts';
import { Store } from '../../../operator/kube/store.ts';
import { stripObject } from '../../../operator/kube/strip.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { waitFor } from '../../support/cluster.ts';
import {
  clusterClient,
  clusterConfig,
  cuttableWay,
  freshNamespace,
  reasonOf,
  valueOf,
  type ClusterClient,
} from './cluster-client.ts';

type ConfigMap = ApiObject & { readonly data?: Readonly<Record<string, string>> };

describe('the client on a real API server', () => {
  let cluster: ClusterClient;
  let namespace: Awaited<ReturnType<typeof freshNamespace>>;

  const configMap = (name: string, data: Record<string, string>, metadata: object = {}): ConfigMap => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: namespace.name, labels: { engine: 'test' }, ...metadata },
    data,
  });
  const ref = (name: string) => ({ kind: 'ConfigMap', namespace: namespace.name, name }) as const;
  const dataOf = async (name: string): Promise<unknown> =>
    (valueOf(await cluster.client.get(ref(name))) as ConfigMap).data;

  before(async () => {
    cluster = clusterClient();
    namespace = await freshNamespace('engine-client');
  });
  after(async () => {
    await cluster.close();
    await namespace.remove();
  });

  it('removes a field that is no longer applied and leaves what another wrote', async () => {
    valueOf(await cluster.client.apply(configMap('fields', { a: '1', b: '2' })));
    const other = { ...configMap('fields', { a: '1', b: '2', c: '3' }) };
    const live = valueOf(await cluster.client.get(ref('fields')));
    valueOf(
      await cluster.client.update({
        ...other,
        metadata: { ...other.metadata, resourceVersion: live.metadata.resourceVersion ?? '' },
      }),
    );
    valueOf(await cluster.client.apply(configMap('fields', { a: '1' })));
    assert.deepEqual(await dataOf('fields'), { a: '1', c: '3' });
  });

  it('refuses to apply over another state than the one that was seen: an old leader writes nothing', async () => {
    const seen = valueOf(await cluster.client.apply(configMap('fenced', { epoch: '1' })));
    const { resourceVersion } = seen.metadata;
    valueOf(await cluster.client.apply(configMap('fenced', { epoch: '2' }, { resourceVersion })));
    const late = await cluster.client.apply(configMap('fenced', { epoch: 'old' }, { resourceVersion }));
    assert.equal(reasonOf(late), 'conflict');
    assert.deepEqual(await dataOf('fenced'), { epoch: '2' });
  });

  it('refuses to apply with the UID of an object that was replaced by another', async () => {
    const first = valueOf(await cluster.client.apply(configMap('replaced', {})));
    const { uid = '' } = first.metadata;
    valueOf(await cluster.client.remove(ref('replaced'), { uid }));
    valueOf(await cluster.client.apply(configMap('replaced', { new: 'yes' })));
    assert.equal(
      reasonOf(await cluster.client.apply(configMap('replaced', { new: 'no' }, { uid }))),
      'invalid',
    );
    assert.equal(reasonOf(await cluster.client.remove(ref('replaced'), { uid })), 'conflict');
    assert.deepEqual(await dataOf('replaced'), { new: 'yes' });
  });

  it('refuses to delete another state than the one that was judged', async () => {
    const { metadata } = valueOf(await cluster.client.apply(configMap('judged', { a: '1' })));
    const { uid = '', resourceVersion = '' } = metadata;
    valueOf(await cluster.client.apply(configMap('judged', { a: '2' })));
    assert.equal(reasonOf(await cluster.client.remove(ref('judged'), { uid, resourceVersion })), 'conflict');
    assert.equal(reasonOf(await cluster.client.remove(ref('judged'), { uid })), 'ok');
  });

  it('creates only what is not there', async () => {
    assert.equal(reasonOf(await cluster.client.create(configMap('created', {}))), 'ok');
    assert.equal(reasonOf(await cluster.client.create(configMap('created', {}))), 'conflict');
  });

  it('names what is wrong: not found, unknown field, wrong value', async () => {
    assert.equal(reasonOf(await cluster.client.get(ref('nobody'))), 'notFound');
    const unknown = await cluster.client.apply({ ...configMap('typo', {}), dada: {} } as ApiObject);
    assert.equal(reasonOf(unknown), 'invalid');
    assert.match(unknown.ok ? '' : unknown.fault.message, /dada/);
    assert.equal(reasonOf(await cluster.client.create(configMap('Not_A_Name', {}))), 'invalid');
  });

  it('gives up a call when its signal ends', async () => {
    const ended = AbortSignal.abort(new Error('no longer leader'));
    assert.equal(reasonOf(await cluster.client.apply(configMap('late', {}), { signal: ended })), 'aborted');
    assert.equal(reasonOf(await cluster.client.get(ref('late'))), 'notFound');
  });

  it('misses nothing over watches that are cut, and lists only once', async () => {
    const way = await cuttableWay(clusterConfig());
    const behind = clusterClient(way.config);
    const store = new Store<ApiObject>(() => undefined);
    const seen: string[] = [];
    const reflector = new Reflector<ApiObject>({
      client: behind.client,
      query: { kind: 'ConfigMap', namespace: namespace.name, labelSelector: 'cut=yes' },
      store,
      strip: stripObject,
      onEvent: (event) => seen.push(`${event.kind} ${event.object.metadata.name}`),
      clock: systemClock(),
      random: Math.random,
    });
    const stop = new AbortController();
    const running = reflector.run(stop.signal);
    await waitFor('the first list', 10_000, async () => reflector.hasSynced || undefined);
    for (let round = 0; round < 4; round += 1) {
      const before = way.connections();
      way.cut();
      valueOf(await cluster.client.apply(configMap(`cut-${round}`, {}, { labels: { cut: 'yes' } })));
      await waitFor(`cut-${round}`, 10_000, async () => seen.includes(`added cut-${round}`) || undefined);
      assert.ok(way.connections() > before);
    }
    const { uid = '' } = valueOf(await cluster.client.get(ref('cut-0'))).metadata;
    way.cut();
    valueOf(await cluster.client.remove(ref('cut-0'), { uid }));
    await waitFor('the deletion', 10_000, async () => seen.includes('deleted cut-0') || undefined);
    stop.abort();
    await running;
    await behind.close();
    way.close();
    assert.deepEqual(seen, ['added cut-0', 'added cut-1', 'added cut-2', 'added cut-3', 'deleted cut-0']);
    assert.equal(reflector.counts.lists, 1);
  });
});
