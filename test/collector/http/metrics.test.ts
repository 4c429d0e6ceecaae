import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectorMetrics } from '../../../collector/http/collector-metrics.ts';
import { Statistics } from '../../../collector/delivery/statistics.ts';
import type { CollectorState } from '../../../collector/report.ts';
import { DELIVERY_STATUS } from '../control/fakes.ts';

const scrape = async (delivery: CollectorState['delivery']): Promise<string> => {
  const state = { session: undefined, assignment: undefined, writer: 'w', problems: [], delivery, nowMs: 0 };
  const metrics = collectorMetrics({
    state: () => state as unknown as CollectorState,
    control: () => ({}),
    version: '0',
  });
  return (await metrics.scrape()).body;
};

test('a stored record counts in each stage of its way, in buckets that Prometheus adds up', async () => {
  const statistics = new Statistics();
  const at = (receivedMs: number, publishedMs: number, ackedMs: number, exchangeMs: number | null): void =>
    statistics.passed(
      {
        exchangeTimeUs: exchangeMs === null ? null : exchangeMs * 1_000,
        receiveTimeUs: receivedMs * 1_000,
        publishedMs,
      },
      ackedMs,
    );
  at(1_010, 1_012, 1_015, 1_000);
  at(2_010, 2_012, 2_112, 2_000);
  at(3_010, 3_012, 4_000_000, null);
  const body = await scrape({ ...DELIVERY_STATUS, stages: statistics.stages() });
  const value = (line: string): number =>
    Number(new RegExp(`^marketprism_record_seconds_${line} (.+)$`, 'm').exec(body)?.[1]);
  assert.match(body, /^# TYPE marketprism_record_seconds histogram$/m);
  assert.equal(value('bucket{stage="publishToAck",le="0.0025"}'), 0);
  assert.equal(value('bucket{stage="publishToAck",le="0.005"}'), 1);
  assert.equal(value('bucket{stage="publishToAck",le="0.1"}'), 2);
  assert.equal(value('bucket{stage="publishToAck",le="1800"}'), 2);
  assert.equal(value('bucket{stage="publishToAck",le="\\+Inf"}'), 3);
  assert.equal(value('count{stage="publishToAck"}'), 3);
  assert.equal(value('count{stage="venueToReceive"}'), 2, 'the venue gave no time of the third');
  assert.equal(value('count{stage="venueToAck"}'), 2);
  assert.ok(Math.abs(value('sum{stage="venueToAck"}') - 0.127) < 1e-9);
  assert.ok(Math.abs(value('sum{stage="receiveToPublish"}') - 0.006) < 1e-9);
});

test("a venue's clock ahead of ours makes no time below nothing", async () => {
  const statistics = new Statistics();
  statistics.passed({ exchangeTimeUs: 2_000_000, receiveTimeUs: 1_000_000, publishedMs: 1_001 }, 1_002);
  const body = await scrape({ ...DELIVERY_STATUS, stages: statistics.stages() });
  assert.match(body, /^marketprism_record_seconds_sum\{stage="venueToReceive"\} 0$/m);
});

test('what delivery counts is there by its own name', async () => {
  const body = await scrape({
    ...DELIVERY_STATUS,
    publish: { ...DELIVERY_STATUS.publish, inFlight: 3, spilledBytes: 9, dropped: 2, retries: 4 },
    counters: { publishes: 20, acknowledged: 15 },
    gauges: { ...DELIVERY_STATUS.gauges, spillAgeMs: 1_500 },
  });
  for (const line of [
    'publishes_total 20',
    'publishes_acknowledged_total 15',
    'publish_retries_total 4',
    'publish_in_flight 3',
    'spilled_bytes 9',
    'spill_age_seconds 1.5',
    'messages_dropped_total 2',
    'messages_duplicate_total 0',
  ])
    assert.match(body, new RegExp(`^marketprism_${line}$`, 'm'));
});
