import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Condition, ConditionType, FeedStatus } from '../../../contract/feed.ts';
import { EventRecorder } from '../../../operator/events.ts';
import { transitionEvents } from '../../../operator/plan/events.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { feedOf, NOW_MS } from '../plan/observed.ts';

const at = { nowMs: NOW_MS, instance: 'operator-1' };
const status = (type: ConditionType, is: Condition['status'], reason: string): FeedStatus => ({
  conditions: [
    { type, status: is, reason, message: `about ${reason}`, observedGeneration: 1, lastTransitionTime: '' },
  ],
});
const told = (before: FeedStatus | undefined, after: FeedStatus): readonly string[] =>
  transitionEvents(feedOf(), before, after, at).map(({ type, reason }) => `${type} ${reason}`);

test('a condition that turns bad, gets another reason or turns good again is an event', () => {
  const good = status('Publishing', 'True', 'Publishing');
  const bad = status('Publishing', 'False', 'NatsUnreachable');
  const worse = status('Publishing', 'False', 'NatsAuthorization');
  assert.deepEqual(told(good, bad), ['Warning NatsUnreachable']);
  assert.deepEqual(told(bad, worse), ['Warning NatsAuthorization']);
  assert.deepEqual(told(worse, good), ['Normal Publishing']);
});

test('nothing new, nothing known, or good from the start is none', () => {
  const bad = status('Publishing', 'False', 'NatsUnreachable');
  assert.deepEqual(told(bad, bad), []);
  assert.deepEqual(told(bad, status('Publishing', 'Unknown', 'NoReport')), []);
  assert.deepEqual(told(undefined, status('Publishing', 'True', 'Publishing')), []);
  assert.deepEqual(told(undefined, status('RedundancyReduced', 'False', 'RedundancyNotRequested')), []);
  assert.deepEqual(told(undefined, status('Ready', 'True', 'Collecting')), ['Normal Collecting']);
});

test('an event names the feed and the condition, and is bounded', () => {
  const long = status('StreamReady', 'False', 'StreamRefused');
  const message = 'x'.repeat(5_000);
  const [event] = transitionEvents(
    feedOf(),
    undefined,
    { conditions: (long.conditions ?? []).map((condition) => ({ ...condition, message })) },
    at,
  );
  assert.equal(event?.regarding['name'], 'binance-majors');
  assert.equal(event.action, 'StreamReadyChanged');
  assert.match(event.note, /^StreamReady is False: x/);
  assert.ok(event.note.length <= 1_024);
});

test('a flapping feed runs out of events, gets one more a minute, and a failure is only counted', async () => {
  let nowMs = NOW_MS;
  const clock: Clock = {
    nowMs: () => nowMs,
    nowUs: () => 0,
    after: () => () => undefined,
    every: () => () => undefined,
  };
  let refuse = false;
  const recorder = new EventRecorder({
    clock,
    instance: 'operator-1',
    create: () => (refuse ? Promise.reject(new Error('no')) : Promise.resolve()),
  });
  const good = status('Publishing', 'True', 'Publishing');
  const bad = status('Publishing', 'False', 'NatsUnreachable');
  for (let index = 0; index < 30; index += 1) await recorder.record(feedOf(), good, bad);
  assert.deepEqual([recorder.counters.sent, recorder.counters.withheld], [25, 5]);
  nowMs += 60_000;
  refuse = true;
  await recorder.record(feedOf(), good, bad);
  assert.deepEqual(recorder.counters, { sent: 25, failed: 1, withheld: 5 });
});
