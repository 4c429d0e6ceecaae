import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { it } from 'node:test';
import { exitCodeOf, watchShutdown } from '../../runtime/shutdown.ts';

it('the first signal asks, the second insists, and nothing listens after dispose', async () => {
  const source = new EventEmitter();
  const shutdown = watchShutdown(source);
  let insisted = false;
  void shutdown.insisted.then(() => {
    insisted = true;
  });
  source.emit('SIGTERM');
  assert.equal(await shutdown.requested, 'SIGTERM');
  assert.equal(insisted, false);
  source.emit('SIGINT');
  assert.equal(await shutdown.insisted, 'SIGINT');
  shutdown.dispose();
  assert.equal(source.listenerCount('SIGTERM') + source.listenerCount('SIGINT'), 0);
});

it('takes the echo of a signal for the same one, a quarter of a second later for a second one', async () => {
  const source = new EventEmitter();
  let nowMs = 1_000;
  const shutdown = watchShutdown(source, () => nowMs);
  let insisted: string | undefined;
  void shutdown.insisted.then((signal) => {
    insisted = signal;
  });
  source.emit('SIGINT');
  nowMs += 249;
  source.emit('SIGINT');
  await shutdown.requested;
  assert.equal(insisted, undefined);
  nowMs += 1;
  source.emit('SIGINT');
  assert.equal(await shutdown.insisted, 'SIGINT');
});

it('exit codes are those of a shell', () => {
  assert.deepEqual([exitCodeOf('SIGINT'), exitCodeOf('SIGTERM')], [130, 143]);
});
