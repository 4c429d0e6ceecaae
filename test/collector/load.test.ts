import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Load } from '../../collector/load.ts';
import { ManualClock } from '../support/manual-clock.ts';

interface Loop {
  readonly load: Load;
  /** So much of every second it was busy. */
  readonly run: (seconds: number, busy: number) => Promise<void>;
}

function loop(): Loop {
  const clock = new ManualClock();
  const times = { active: 500, idle: 9_000 };
  const load = new Load({ clock, read: () => ({ ...times }) });
  return {
    load,
    async run(seconds, busy) {
      for (let second = 0; second < seconds; second += 1) {
        times.active += 1_000 * busy;
        times.idle += 1_000 * (1 - busy);
        await clock.advance(1_000);
      }
    },
  };
}

test('what came before it was begun does not count, and a loop that rests has none', async () => {
  const { load, run } = loop();
  assert.equal(load.value, 0);
  await run(10, 0);
  assert.equal(load.value, 0);
});

test('a loop that is busy all the time is known as such after a minute, and one that rests again too', async () => {
  const { load, run } = loop();
  await run(90, 1);
  assert.equal(load.value, 0.95);
  await run(90, 0.3);
  assert.ok(Math.abs(load.value - 0.35) < 0.051, String(load.value));
});

test('a start that takes five seconds is no load', async () => {
  const { load, run } = loop();
  await run(5, 1);
  assert.ok(load.value < 0.2, String(load.value));
});

test('a loop that looks once in ten seconds counts all of them', async () => {
  const clock = new ManualClock();
  let active = 0;
  const load = new Load({ clock, read: () => ({ active, idle: 0 }) });
  for (let look = 0; look < 9; look += 1) {
    active += 10_000;
    await clock.advance(1_000);
  }
  assert.equal(load.value, 0.95);
  load.close();
});
