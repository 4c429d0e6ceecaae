import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FastClock } from '../../support/fast-clock.ts';
import { CASES, openCase } from './simulated-cases.ts';
import { until } from './tiny-venue.ts';

/** Half a minute of the collector's in three seconds; sockets and the simulator keep real time. */
const SPEED = 10;

for (const one of CASES) {
  test(`${one.name}: a half-open connection, and one that confirms and sends nothing, are found and left`, async (t) => {
    const { feed, isTrue, counter, fault } = await openCase(t, one, { clock: new FastClock(SPEED) });
    const ended = (): number =>
      ['silent', 'noData', 'noAck'].reduce((sum, cause) => sum + counter(`disconnected:${cause}`), 0);
    const interruptions = (): number => feed.of('interrupted', one.symbol).length;
    await isTrue();
    await until('its pace is known', () => feed.of('delta', one.symbol).length > 30);
    const before = ended();
    await fault({ kind: 'halfOpen' });
    await until('found', () => ended() > before && interruptions() > 0);
    await until('in sync again', () => feed.state(one.symbol) === 'inSync' && feed.session.status().flowing);
    await isTrue();

    const unheard = counter('silent:reconnected') + counter('silent:resubscribed');
    // Whatever subscribes next is confirmed, and silent.
    await fault({ kind: 'ackSilent', count: one.links });
    await fault({ kind: 'disconnect' });
    await until(
      'the silence is seen',
      () => counter('silent:reconnected') + counter('silent:resubscribed') > unheard,
    );
    await until(
      'in sync at last',
      () => feed.state(one.symbol) === 'inSync' && feed.session.status().flowing,
    );
    await isTrue();
  });
}

test('OKX: a connection without data lives by our pings', async (t) => {
  const okx = CASES.find(({ name }) => name === 'OKX');
  assert.ok(okx !== undefined);
  const still = { ...okx, simulator: { ...okx.simulator, start: 'manual' as const } };
  const clock = new FastClock(SPEED);
  const { restUrl, counter } = await openCase(t, still, { clock, simulated: { silenceMs: 5_000 } });
  let sent = 0;
  const looking = setInterval(() => {
    void fetch(`${restUrl}/admin/state`)
      .then((answer) => answer.json())
      .then((state: unknown) => {
        sent =
          (state as { readonly counters: Readonly<Record<string, number>> }).counters['requests.ping'] ?? 0;
      });
  }, 100);
  t.after(() => clearInterval(looking));
  await until('four pings of each connection: more than it lives without', () => sent >= 4 * still.links);
  assert.equal(counter('disconnected:closed') + counter('disconnected:silent'), 0);
});
