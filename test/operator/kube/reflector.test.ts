import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { ApiObject } from '../../../operator/kube/api.ts';
import { createKubeClient } from '../../../operator/kube/client.ts';
import { Reflector } from '../../../operator/kube/reflector.ts';
import { Store, type StoreEvent } from '../../../operator/kube/store.ts';
import { stripObject } from '../../../operator/kube/strip.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import {
  failed,
  reply,
  scriptedApiServer,
  until,
  type Asked,
  type ScriptedApiServer,
} from './scripted-api-server.ts';

const object = (name: string, version: number, uid = `uid-${name}`): ApiObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'n', uid, resourceVersion: String(version) },
});
const listOf = (version: number, items: readonly ApiObject[], more?: string): unknown => ({
  metadata: { resourceVersion: String(version), ...(more === undefined ? {} : { continue: more }) },
  items,
});
const line = (type: string, of: unknown): string => `${JSON.stringify({ type, object: of })}\n`;
const bookmark = (version: number): string =>
  line('BOOKMARK', { kind: 'ConfigMap', metadata: { resourceVersion: String(version) } });
const openStream = ({ response }: Asked): void => response.writeHead(200).flushHeaders();

describe('the reflector', () => {
  let server: ScriptedApiServer;
  let clock: ManualClock;
  let store: Store<ApiObject>;
  let seen: string[];
  let stop: AbortController;
  let ended: Promise<unknown>;
  let reflector: Reflector<ApiObject>;
  let onEvent: (event: StoreEvent<ApiObject>) => void;

  beforeEach(async () => {
    server = await scriptedApiServer();
    clock = new ManualClock();
    store = new Store<ApiObject>(({ metadata }) => metadata.uid);
    seen = [];
    stop = new AbortController();
    onEvent = (event) =>
      seen.push(`${event.kind} ${event.object.metadata.name}@${event.object.metadata.resourceVersion}`);
    reflector = new Reflector<ApiObject>({
      client: createKubeClient({ connection: server.connection, clock }),
      query: { kind: 'ConfigMap', namespace: 'n', labelSelector: 'a=b' },
      store,
      strip: stripObject,
      onEvent: (event) => onEvent(event),
      clock,
      random: () => 1,
    });
    ended = reflector.run(stop.signal).catch((error: unknown) => error);
  });
  afterEach(async () => {
    stop.abort();
    await ended;
    await server.close();
  });

  const list = async (index: number, version: number, items: readonly ApiObject[]): Promise<Asked> => {
    const asked = await server.request(index);
    assert.equal(asked.query.get('watch'), null);
    reply(asked.response, 200, listOf(version, items));
    return server.request(index + 1);
  };

  it('lists in pages, then watches from there, with bookmarks and the label selector', async () => {
    const first = await server.request(0);
    assert.equal(first.path, '/api/v1/namespaces/n/configmaps');
    assert.equal(first.query.get('limit'), '500');
    assert.equal(reflector.hasSynced, false);
    reply(first.response, 200, listOf(10, [object('a', 1)], 'page-2'));
    const second = await server.request(1);
    assert.equal(second.query.get('continue'), 'page-2');
    assert.equal(reflector.hasSynced, false);
    reply(second.response, 200, listOf(10, [object('b', 2)]));
    const watch = await server.request(2);
    assert.equal(reflector.hasSynced, true);
    assert.deepEqual(seen, ['added a@1', 'added b@2']);
    assert.deepEqual(
      ['watch', 'allowWatchBookmarks', 'resourceVersion', 'labelSelector'].map((name) =>
        watch.query.get(name),
      ),
      ['true', 'true', '10', 'a=b'],
    );
    const timeoutSeconds = Number(watch.query.get('timeoutSeconds'));
    assert.ok(timeoutSeconds >= 290 && timeoutSeconds <= 580);
  });

  it('resumes from the last event when the connection is cut in the middle of a line', async () => {
    const watch = await list(0, 10, [object('a', 1)]);
    openStream(watch);
    watch.response.write(line('MODIFIED', object('a', 11)));
    watch.response.write(line('ADDED', object('b', 12)).slice(0, 40));
    await until(() => seen.length === 2, 'the whole line');
    watch.response.destroy();
    await until(() => reflector.counts.failures === 1, 'the cut');
    await clock.advance(1_000);
    const resumed = await server.request(2);
    assert.equal(resumed.query.get('resourceVersion'), '11');
    openStream(resumed);
    resumed.response.write(line('ADDED', object('b', 12)));
    await until(() => seen.length === 3, 'the event again');
    assert.deepEqual(seen, ['added a@1', 'changed a@11', 'added b@12']);
    assert.equal(reflector.counts.lists, 1);
  });

  it('puts lines together that come in pieces, also within a character', async () => {
    const watch = await list(0, 10, []);
    openStream(watch);
    const bytes = Buffer.from(line('ADDED', { ...object('a', 11), data: { name: 'Zürich' } }));
    const middle = bytes.indexOf('ü') + 1;
    watch.response.write(bytes.subarray(0, middle));
    watch.response.write(bytes.subarray(middle));
    await until(() => seen.length === 1, 'the event');
    assert.deepEqual((store.get('n', 'a') as unknown as { data: unknown }).data, { name: 'Zürich' });
  });

  it('resumes from a bookmark, and at once when the server ended the watch in good order', async () => {
    const watch = await list(0, 10, []);
    openStream(watch);
    watch.response.end(bookmark(500));
    const resumed = await server.request(2);
    assert.equal(resumed.query.get('resourceVersion'), '500');
    assert.equal(reflector.counts.failures, 0);
  });

  it('lists again after 410, and tells of what came, changed and went meanwhile', async () => {
    const watch = await list(0, 10, [object('a', 1), object('b', 2), object('c', 3)]);
    openStream(watch);
    watch.response.write(line('ERROR', failed(410, 'too old resource version')));
    await until(() => reflector.counts.failures === 1, 'the fault');
    await clock.advance(1_000);
    seen.length = 0;
    await list(2, 20, [object('a', 1), object('b', 15), object('d', 16)]);
    assert.deepEqual(seen, ['deleted c@3', 'changed b@15', 'added d@16']);
  });

  it('lists again when the server refuses the watch with 410', async () => {
    const watch = await list(0, 10, []);
    reply(watch.response, 410, failed(410));
    await until(() => reflector.counts.failures === 1, 'the fault');
    await clock.advance(1_000);
    assert.equal((await server.request(2)).query.get('watch'), null);
  });

  it('lists soon when the server comes back from an outage and has forgotten our place', async () => {
    const watch = await list(0, 10, []);
    openStream(watch);
    watch.response.destroy();
    for (let index = 2; index < 9; index += 1) {
      const failures = index - 1;
      await until(() => reflector.counts.failures === failures, 'a failure');
      while (reflector.counts.watches === failures) await clock.advance(100);
      reply((await server.request(index)).response, index === 8 ? 410 : 503, failed(410));
    }
    await until(() => reflector.counts.failures === 8, 'the 410');
    await clock.advance(500);
    assert.equal((await server.request(9)).query.get('watch'), null);
  });

  it('lists ever more rarely when the server forgets our place each time', async () => {
    let waitedMs = 0;
    for (let round = 0; round < 6; round += 1) {
      reply((await server.request(round * 2)).response, 200, listOf(10, []));
      reply((await server.request(round * 2 + 1)).response, 410, failed(410));
      await until(() => reflector.counts.failures === round + 1, 'the 410');
      for (waitedMs = 0; reflector.counts.lists === round + 1; waitedMs += 100) await clock.advance(100);
    }
    assert.ok(waitedMs > 7_000, `the last wait was ${waitedMs} ms`);
  });

  it('tells of an object that was deleted and made again unseen as of two objects', async () => {
    const watch = await list(0, 10, [object('a', 1, 'first')]);
    openStream(watch);
    watch.response.write(line('MODIFIED', object('a', 12, 'second')));
    await until(() => seen.length === 3, 'both');
    assert.deepEqual(seen, ['added a@1', 'deleted a@1', 'added a@12']);
    assert.deepEqual(store.indexed('first'), []);
    assert.equal(store.indexed('second').length, 1);
  });

  it('waits as long as a 429 asks', async () => {
    reply((await server.request(0)).response, 429, failed(429), { 'retry-after': '7' });
    await until(() => reflector.counts.failures === 1, 'the fault');
    await clock.advance(6_900);
    assert.equal(server.asked.length, 1);
    await clock.advance(100);
    await server.request(1);
  });

  it('tries for ever, at least every 15 s, and is quick again after a success', async () => {
    for (let index = 0; index < 12; index += 1) {
      reply((await server.request(index)).response, 500, failed(500));
      await until(() => reflector.counts.failures === index + 1, 'the fault');
      let waitedMs = 0;
      for (; reflector.counts.lists === index + 1; waitedMs += 100) await clock.advance(100);
      assert.ok(waitedMs <= 15_000);
      if (index > 8) assert.ok(waitedMs > 7_000);
    }
    const watch = await list(12, 10, []);
    watch.response.destroy();
    await until(() => reflector.counts.failures === 13, 'the cut');
    await clock.advance(500);
    await server.request(14);
  });

  it('does not spin on watches that end without a word', async () => {
    const watch = await list(0, 10, []);
    openStream(watch);
    watch.response.end();
    await until(() => reflector.counts.failures === 1, 'the short watch');
    assert.equal(server.asked.length, 2);
    await clock.advance(500);
    await server.request(2);
  });

  it('gives up a half-open watch after 150 s of silence and resumes', async () => {
    const watch = await list(0, 10, []);
    openStream(watch);
    watch.response.write(bookmark(30));
    await until(() => reflector.counts.lastHeardMs === clock.nowMs(), 'the bookmark');
    await clock.advance(149_000);
    assert.equal(reflector.counts.failures, 0);
    await clock.advance(1_000);
    await until(() => reflector.counts.failures === 1, 'giving up');
    await until(() => watch.gone(), 'the old connection to be closed');
    await clock.advance(1_000);
    assert.equal((await server.request(2)).query.get('resourceVersion'), '30');
  });

  it('goes on from where it is on another connection when told so, at once and without a fault', async () => {
    const watch = await list(0, 10, []);
    openStream(watch);
    await clock.advance(1_000);
    watch.response.write(bookmark(30));
    await until(() => reflector.counts.lastHeardMs === clock.nowMs(), 'the bookmark');
    reflector.reopen();
    assert.equal((await server.request(2)).query.get('resourceVersion'), '30');
    await until(() => watch.gone(), 'the old connection to be closed');
    assert.deepEqual([reflector.counts.failures, reflector.counts.lists], [0, 1]);
  });

  it('keeps a watch on which only bookmarks come', async () => {
    const watch = await list(0, 10, []);
    openStream(watch);
    for (let minute = 0; minute < 5; minute += 1) {
      await clock.advance(60_000);
      watch.response.write(bookmark(100 + minute));
      await until(() => reflector.counts.lastHeardMs === clock.nowMs(), 'the bookmark');
    }
    assert.equal(reflector.counts.watches, 1);
    assert.equal(watch.gone(), false);
  });

  it('gives up a list that hangs', async () => {
    await server.request(0);
    await clock.advance(15_000);
    await until(() => reflector.counts.failures === 1, 'giving up');
  });

  it('takes a line that is no event for a fault and resumes', async () => {
    const watch = await list(0, 10, []);
    openStream(watch);
    watch.response.write('<html>\n');
    await until(() => reflector.counts.failures === 1, 'the fault');
    await clock.advance(1_000);
    assert.equal((await server.request(2)).query.get('resourceVersion'), '10');
  });

  it('hands on what its consumer throws: that is a bug, not a broken watch', async () => {
    const watch = await list(0, 10, []);
    openStream(watch);
    onEvent = () => {
      throw new Error('bug in the consumer');
    };
    watch.response.write(line('ADDED', object('a', 11)));
    assert.match(String(await ended), /bug in the consumer/);
  });

  it('keeps neither managedFields nor the last applied configuration', async () => {
    const item = object('a', 1);
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}', kept: 'yes' };
    await list(0, 10, [
      { ...item, metadata: { ...item.metadata, annotations, managedFields: [] } as ApiObject['metadata'] },
    ]);
    const { metadata } = store.get('n', 'a') as ApiObject;
    assert.deepEqual(metadata.annotations, { kept: 'yes' });
    assert.equal('managedFields' in metadata, false);
  });
});
