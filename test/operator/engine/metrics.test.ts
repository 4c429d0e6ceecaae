import assert from 'node:assert/strict';
import { it } from 'node:test';
import { EngineMetrics, watchEngine, type Watched } from '../../../operator/metrics.ts';
import { createMetrics } from '../../../runtime/metrics.ts';

it('exports what only grows as counters, what comes and goes as gauges, and no wait for the cache as an error', async () => {
  const metrics = createMetrics();
  const measured = new EngineMetrics(metrics.registry);
  watchEngine(metrics, {
    queue: { active: 1, depth: 2, longestRunningMs: 0, counts: { adds: 7, retries: 3, refused: 0 } },
    caches: { reflectors: [], feeds: () => [] },
    statuses: { pending: 0, counters: {} },
    lease: { leading: true, terms: 1 },
    leaseName: 'marketprism',
    maxConcurrent: 4,
    counted: { reports: { counters: { received: 5, refused: 1 } } },
    nowMs: () => 0,
  } as unknown as Watched);
  measured.outcome('stale', 0.01, 0);
  await metrics.scrape();
  const { body } = await metrics.scrape();
  assert.match(
    body,
    /^# TYPE workqueue_adds_total counter\nworkqueue_adds_total\{name="collectorfeed"\} 7$/m,
  );
  assert.match(body, /^workqueue_retries_total\{name="collectorfeed"\} 3$/m);
  assert.match(body, /^# TYPE workqueue_depth gauge\nworkqueue_depth\{name="collectorfeed"\} 2$/m);
  assert.match(
    body,
    /^controller_runtime_reconcile_total\{controller="collectorfeed",result="requeue"\} 1$/m,
  );
  assert.match(body, /^marketprism_operator_events_total\{part="reports",event="refused"\} 1$/m);
});
