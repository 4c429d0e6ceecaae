import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { ASSIGNMENT_KEY, type Assignment } from '../../../contract/assignment.ts';
import { assignSubject } from '../../../contract/control.ts';
import type { CollectorFeed } from '../../../contract/feed.ts';
import { AssignmentPusher } from '../../../operator/assignments.ts';
import { DriftCheck } from '../../../operator/kube/drift.ts';
import { Neighbours } from '../../../operator/neighbours.ts';
import { RollBook } from '../../../operator/roll-book.ts';
import { failure } from '../../../operator/kube/fault.ts';
import type { Outcome } from '../../../operator/kube/queue.ts';
import type {
  CatalogueObservation,
  KubeObject,
  PodSummary,
  StreamObservation,
} from '../../../operator/plan/types.ts';
import { Reconciler, type ReconcilerDeps } from '../../../operator/reconcile.ts';
import { WriterSettler } from '../../../operator/settle.ts';
import { StatusWriter } from '../../../operator/status-writer.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { feedOf, podOf, settingsOf } from '../plan/observed.ts';
import { recordingClient, type RecordingClient } from './recording-client.ts';

const KEY = 'market-data/binance-majors';
const DEPLOYMENT = 'apply binance-majors-0-a';

describe('reconciling a feed', () => {
  let client: RecordingClient;
  let clock: ManualClock;
  let feed: CollectorFeed | undefined;
  let owned: readonly KubeObject[];
  let pods: readonly PodSummary[];
  let stream: StreamObservation;
  let catalogue: CatalogueObservation;
  let messages: { readonly subject: string; readonly assignment: Assignment }[];
  let forgotten: string[];
  let statuses: StatusWriter;
  let reconciler: Reconciler;

  beforeEach(() => {
    client = recordingClient();
    clock = new ManualClock();
    feed = feedOf();
    owned = [];
    pods = [];
    stream = { kind: 'ready', name: 'MARKET_DATA', created: '2026-01-01T00:00:00Z', foreignOwner: null };
    catalogue = { kind: 'unneeded' };
    messages = [];
    forgotten = [];
    const requests = {
      gather: async (subject: string, payload: string): Promise<number> => {
        messages.push({ subject, assignment: JSON.parse(payload) as Assignment });
        return 0;
      },
    };
    statuses = new StatusWriter({
      client,
      clock,
      random: () => 0,
      current: () => feed,
      mayWrite: () => true,
      onFault: () => undefined,
    });
    const caches = {
      feed: () => feed,
      owned: (uid: string) => owned.filter(({ metadata }) => metadata.ownerReferences?.[0]?.uid === uid),
      pods: () => pods,
      leftoverUids: () => [
        ...new Set(owned.flatMap(({ metadata }) => metadata.ownerReferences?.[0]?.uid ?? [])),
      ],
    } as unknown as ReconcilerDeps['caches'];
    const rolls = new RollBook({ onRoom: () => undefined });
    reconciler = new Reconciler({
      rolls,
      settings: settingsOf(),
      client,
      caches,
      drift: new DriftCheck(),
      pusher: new AssignmentPusher({ requests, clock, onChange: () => undefined }),
      settler: new WriterSettler({ requests, clock }),
      statuses,
      observing: {
        reports: { of: () => [], integrity: () => ({ gaps: 0, resyncs: 0 }), adopt: () => undefined },
        streams: { observe: () => stream },
        ledgers: { of: () => [] },
        catalogues: { observe: () => catalogue },
        neighbours: new Neighbours({ onChange: () => undefined }),
        rolls,
        nowMs: () => clock.nowMs(),
      },
      forget: (uid) => forgotten.push(uid),
      mayWrite: () => true,
      random: () => 0,
    });
  });

  const run = async (): Promise<Outcome> => {
    const outcome = await reconciler.run(KEY, new AbortController().signal);
    await clock.advance(0);
    return outcome;
  };
  const writtenConfigMap = (): KubeObject => {
    const configMap = client.sent.find(({ kind }) => kind === 'ConfigMap');
    assert.ok(configMap !== undefined);
    return {
      ...configMap,
      metadata: { ...configMap.metadata, uid: 'cm', resourceVersion: '5' },
    } as KubeObject;
  };

  it('applies, writes the status, and looks again in some minutes', async () => {
    const outcome = await run();
    assert.equal(outcome.kind, 'again');
    assert.ok(client.calls.includes(DEPLOYMENT));
    assert.equal(client.calls.at(-1), 'status binance-majors');
  });

  it('writes the status also when applying failed, and says what failed', async () => {
    client.answers.set(DEPLOYMENT, failure('forbidden', 'exceeded quota: pods'));
    assert.equal((await run()).kind, 'retry');
    assert.match(JSON.stringify(client.sent.at(-1)), /exceeded quota: pods/);
    assert.equal(client.calls.at(-1), 'status binance-majors');
  });

  it('does not send again what was refused on its merits, until the spec changes or five minutes have passed', async () => {
    client.answers.set(DEPLOYMENT, failure('invalid', 'spec.template: no'));
    assert.equal((await run()).kind, 'invalid');
    const count = (): number => client.calls.filter((call) => call === DEPLOYMENT).length;
    assert.equal((await run()).kind, 'invalid');
    assert.equal(count(), 1);
    feed = feedOf({ template: { priorityClassName: 'high' } }, { generation: 2 });
    await run();
    assert.equal(count(), 2);
    await clock.advance(300_000);
    await run();
    assert.equal(count(), 3);
  });

  it('follows the catalogue of a feed with a selector: each change reaches the assignment and no pod', async () => {
    const { symbols: _symbols, ...spec } = feedOf().spec;
    feed = { ...feedOf(), spec: { ...spec, symbolSelector: { quote: 'USDT' } } };
    catalogue = { kind: 'unread' };
    pods = [podOf({ name: 'p' })];
    await run();
    assert.deepEqual(messages.at(-1)?.assignment.symbols, []);
    const known = (...names: readonly string[]): CatalogueObservation => ({
      kind: 'known',
      revision: names.length,
      instruments: names.map((symbol) => ({
        symbol,
        base: null,
        quote: 'USDT',
        expiry: null,
        trading: true,
      })),
    });
    for (const names of [['A-USDT'], ['A-USDT', 'B-USDT'], ['B-USDT']]) {
      const newest = client.sent.findLast(({ kind }) => kind === 'ConfigMap') as KubeObject;
      owned = [{ ...newest, metadata: { ...newest.metadata, uid: 'cm', resourceVersion: '5' } }];
      catalogue = known(...names);
      await clock.advance(1_000);
      await run();
      assert.deepEqual(messages.at(-1)?.assignment.symbols, names);
    }
    const templates = client.sent
      .filter(({ kind }) => kind === 'Deployment')
      .map((object) => JSON.stringify((object as KubeObject).spec));
    assert.equal(new Set(templates).size, 1);
  });

  it('takes a cache that is behind for no failure', async () => {
    client.answers.set('create binance-majors-0', failure('conflict', 'exists'));
    const outcome = await run();
    assert.equal(outcome.kind, 'stale');
    assert.doesNotMatch(JSON.stringify(client.sent.at(-1)), /exists/);
  });

  it('pushes the written bytes to running pods', async () => {
    pods = [podOf({ name: 'p' })];
    await run();
    assert.equal(messages[0]?.subject, assignSubject(feed?.metadata.uid ?? '', 0));
    assert.equal(JSON.stringify(messages[0]?.assignment), writtenConfigMap().data?.[ASSIGNMENT_KEY]);
  });

  it('tells the pods of a deleted feed that nobody takes over, once, and forgets it', async () => {
    pods = [podOf({ name: 'p' })];
    await run();
    const uid = feed?.metadata.uid ?? '';
    const last = messages.at(-1)?.assignment;
    messages = [];
    feed = undefined;
    assert.equal((await run()).kind, 'done');
    await run();
    assert.equal(messages.length, 1);
    assert.deepEqual(messages[0]?.assignment.symbols, []);
    assert.deepEqual(messages[0]?.assignment.effective.symbols, []);
    assert.ok((messages[0]?.assignment.epoch ?? 0) > (last?.epoch ?? 0));
    assert.deepEqual(forgotten, [uid]);
  });

  it('tells them also when the feed was deleted while no operator ran', async () => {
    await run();
    const configMap = writtenConfigMap();
    const fresh = feed;
    feed = undefined;
    await run();
    messages = [];
    owned = [configMap];
    await run();
    assert.equal(messages.length, 1);
    assert.equal(messages[0]?.subject, assignSubject(fresh?.metadata.uid ?? '', 0));
    assert.deepEqual(messages[0]?.assignment.symbols, []);
  });

  it('takes a feed that was deleted and made again for two feeds', async () => {
    pods = [podOf({ name: 'p' })];
    await run();
    const before = feed?.metadata.uid ?? '';
    feed = feedOf({}, { uid: 'another' });
    messages = [];
    await run();
    assert.deepEqual(forgotten, [before]);
    assert.deepEqual(messages[0]?.assignment.symbols, []);
    assert.equal(messages[0]?.assignment.feed.uid, before);
    assert.equal(messages[1]?.assignment.feed.uid, 'another');
  });

  it('applies nothing for a feed that is being deleted, tells its pods once, and forgets it when it is gone', async () => {
    pods = [podOf({ name: 'p' })];
    await run();
    const { uid } = feed?.metadata ?? { uid: '' };
    owned = [writtenConfigMap()];
    feed = feedOf({}, { deletionTimestamp: '2026-01-01T00:00:00Z' });
    const calls = client.calls.length;
    assert.equal((await run()).kind, 'done');
    assert.equal(client.calls.length, calls);
    await run();
    assert.deepEqual(forgotten, []);
    feed = undefined;
    await run();
    assert.deepEqual(forgotten, [uid]);
    assert.equal(messages.filter(({ assignment }) => assignment.symbols.length === 0).length, 1);
  });

  it('does not show the moment after a takeover as a change of the stream', async () => {
    await run();
    const writes = client.calls.filter((call) => call.startsWith('status')).length;
    stream = { kind: 'pending' };
    await run();
    assert.equal(client.calls.filter((call) => call.startsWith('status')).length, writes);
  });
});
