import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { startNats } from '../../support/nats.ts';

test('a killed server comes back on its port with what it had acknowledged', async () => {
  const server = await startNats();
  try {
    const connection = await server.connect();
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: 'S', subjects: ['s.>'] });
    await jetstream(connection).publish('s.a', 'one');
    await server.kill('SIGKILL');
    await server.start();
    const again = await server.connect();
    const info = await (await jetstreamManager(again)).streams.info('S');
    assert.equal(info.state.messages, 1);
  } finally {
    await server.stop();
  }
});
