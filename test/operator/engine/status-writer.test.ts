import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { CollectorFeed, FeedStatus } from '../../../contract/feed.ts';
import { failure } from '../../../operator/kube/fault.ts';
import { StatusWriter } from '../../../operator/status-writer.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { feedOf } from '../plan/observed.ts';
import { recordingClient, type RecordingClient } from './recording-client.ts';

const condition = (status: 'True' | 'False'): NonNullable<FeedStatus['conditions']> => [
  { type: 'Ready', status, reason: 'AsExpected', message: '', observedGeneration: 1, lastTransitionTime: '' },
];
const statusOf = (total: number, ready: 'True' | 'False' = 'True', observedTime = 'now'): FeedStatus => ({
  observedGeneration: 1,
  observedTime,
  conditions: condition(ready),
  messages: { total },
});
const named = (name: string, status?: FeedStatus): CollectorFeed => ({
  ...feedOf({}, { name, uid: `uid-${name}`, resourceVersion: '10' }),
  ...(status === undefined ? {} : { status }),
});

describe('the status writer', () => {
  let client: RecordingClient;
  let clock: ManualClock;
  let feeds: Map<string, CollectorFeed>;
  let writer: StatusWriter;
  let leading: boolean;

  beforeEach(() => {
    client = recordingClient();
    clock = new ManualClock();
    feeds = new Map();
    leading = true;
    writer = new StatusWriter({
      client,
      clock,
      random: () => 1,
      current: (uid) => feeds.get(uid),
      mayWrite: () => leading,
      onFault: () => undefined,
    });
  });

  const offer = (name: string, status: FeedStatus, before: FeedStatus | undefined = statusOf(0)): void => {
    const feed = feeds.get(`uid-${name}`) ?? named(name, before);
    feeds.set(feed.metadata.uid, feed);
    writer.offer(feed, status);
  };
  const totals = (): readonly (number | undefined)[] =>
    client.sent.map((sent) => (sent as unknown as { status: FeedStatus }).status.messages?.total);

  it('writes nothing when only the time of observation differs', async () => {
    offer('a', statusOf(0, 'True', 'later'));
    await clock.advance(60_000);
    assert.deepEqual(client.calls, []);
    assert.equal(writer.counters.suppressed, 1);
  });

  it('writes counts at most once in 5 s, and then the newest', async () => {
    offer('a', statusOf(1));
    await clock.advance(0);
    offer('a', statusOf(2));
    await clock.advance(4_000);
    offer('a', statusOf(3));
    await clock.advance(900);
    assert.deepEqual(totals(), [1]);
    await clock.advance(200);
    assert.deepEqual(totals(), [1, 3]);
  });

  it('writes counts of all feeds at most five times a second', async () => {
    for (let index = 0; index < 40; index += 1) offer(`f${index}`, statusOf(1));
    await clock.advance(0);
    assert.equal(client.sent.length, 5);
    await clock.advance(2_000);
    assert.equal(client.sent.length, 15);
    await clock.advance(5_000);
    assert.equal(client.sent.length, 40);
  });

  it('writes a transition at once, before counts that wait', async () => {
    for (let index = 0; index < 20; index += 1) offer(`f${index}`, statusOf(1));
    await clock.advance(0);
    const before = client.sent.length;
    offer('late', statusOf(0, 'False'));
    await clock.advance(0);
    assert.equal(client.sent.length, before + 1);
    assert.equal(client.calls.at(-1), 'status late');
  });

  it('leaves out reasons that pass within five seconds of a write, and writes a condition that changes at once', async () => {
    const saying = (reason: string, status: 'True' | 'False' = 'False'): FeedStatus => ({
      ...statusOf(0),
      conditions: condition(status).map((one) => ({ ...one, reason })),
    });
    const reasons = (): readonly (string | undefined)[] =>
      client.sent.map((sent) => (sent as unknown as { status: FeedStatus }).status.conditions?.[0]?.reason);
    offer('a', saying('PodsStarting'));
    await clock.advance(100);
    offer('a', saying('Applying'));
    await clock.advance(100);
    offer('a', saying('Collecting', 'True'));
    await clock.advance(5_000);
    assert.deepEqual(reasons(), ['PodsStarting', 'Collecting']);
    offer('a', saying('Lagging', 'True'));
    await clock.advance(0);
    offer('a', saying('Silent', 'True'));
    await clock.advance(4_900);
    assert.deepEqual(reasons().slice(2), ['Lagging']);
    await clock.advance(200);
    assert.deepEqual(reasons().slice(2), ['Lagging', 'Silent']);
  });

  it('writes at most fifty transitions a second', async () => {
    for (let index = 0; index < 200; index += 1) offer(`f${index}`, statusOf(0, 'False'));
    await clock.advance(0);
    assert.equal(client.sent.length, 50);
    await clock.advance(1_000);
    assert.equal(client.sent.length, 100);
    await clock.advance(2_000);
    assert.equal(client.sent.length, 200);
  });

  it('names UID and version of the feed, its own newest write included', async () => {
    offer('a', statusOf(0, 'False'));
    await clock.advance(0);
    assert.deepEqual(
      [client.sent[0]?.metadata.uid, client.sent[0]?.metadata.resourceVersion],
      ['uid-a', '10'],
    );
    offer('a', statusOf(0, 'True'));
    await clock.advance(0);
    assert.equal(client.sent[1]?.metadata.resourceVersion, '101');
  });

  it('tries again soon with the state of the cache when it was refused', async () => {
    client.answers.set('status a', failure('conflict', 'changed'));
    offer('a', statusOf(0, 'False'));
    await clock.advance(0);
    client.answers.clear();
    feeds.set('uid-a', { ...named('a'), metadata: { ...named('a').metadata, resourceVersion: '11' } });
    await clock.advance(300);
    assert.equal(client.sent.at(-1)?.metadata.resourceVersion, '11');
    assert.equal(writer.counters.conflicts, 1);
    assert.equal(writer.pending, 0);
  });

  it('pauses all writing with growing delay while the API server is away, and loses nothing', async () => {
    client.answers.set('status a', failure('unreachable', 'away'));
    offer('a', statusOf(0, 'False'));
    await clock.advance(60_000);
    assert.ok(client.sent.length < 12, `${client.sent.length} tries in a minute`);
    client.answers.clear();
    await clock.advance(30_000);
    assert.equal(writer.pending, 0);
  });

  it('writes nothing while it does not lead, nor for a feed that is gone', async () => {
    leading = false;
    offer('a', statusOf(0, 'False'));
    await clock.advance(1_000);
    leading = true;
    feeds.clear();
    offer('b', statusOf(0, 'False'));
    await clock.advance(1_000);
    assert.deepEqual(client.calls, ['status b']);
  });

  it('flushes what waits at the end', async () => {
    for (let index = 0; index < 30; index += 1) offer(`f${index}`, statusOf(1));
    await writer.flush(3_000);
    assert.equal(client.sent.length, 30);
    assert.equal(writer.pending, 0);
  });
});
