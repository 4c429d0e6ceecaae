import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Soak } from '../../drill/rig/soak-run.ts';
import { slopeOf } from '../../drill/rig/slope.ts';
import { startNats } from '../../support/nats.ts';

test('two minutes of all venues with faults every second or so: books true, holes stated', async (t) => {
  const nats = await startNats();
  t.after(() => nats.stop());
  const soak = await Soak.start(nats, {
    minutes: 2,
    speed: 4,
    seed: 3,
    eventsPerSecond: 20,
    faultEveryMs: 1_000,
  });
  t.after(() => soak.stop());
  const { figures, failures } = await soak.run(() => undefined);
  assert.deepEqual(failures, [], JSON.stringify(figures, null, 1));
  assert.match(figures['books compared within the flow'] ?? '', /^[1-9]\d*, 0 different$/);
  assert.match(figures['resyncs'] ?? '', /^[1-9]/);
});

test('the slope is that of the line, and its interval holds it', () => {
  const noise = [0.4, -0.3, 0.1, -0.2, 0.3, -0.4, 0.2, -0.1];
  const points = Array.from({ length: 600 }, (_, index) => ({
    hours: index / 600,
    value: 100 + (2 * index) / 600 + (noise[index % noise.length] ?? 0),
  }));
  const { perHour, plusMinus } = slopeOf(points);
  assert.ok(Math.abs(perHour - 2) < Math.max(plusMinus, 0.02), `${perHour} ± ${plusMinus}`);
  assert.ok(plusMinus < 0.1, `${plusMinus}`);
});
