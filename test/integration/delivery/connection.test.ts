import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openNatsLink } from '../../../runtime/nats-connection.ts';
import { createLogger } from '../../../runtime/log.ts';
import { startNats } from '../../support/nats.ts';
import { clock, until } from './rig.ts';

const base = {
  name: 'test',
  clock,
  log: createLogger('test', 'silent'),
  random: () => 0,
  reconnectTimeWaitMs: 50,
};

test('a server that comes late is connected to, and the reason for waiting is told', async () => {
  const server = await startNats({ started: false });
  const link = openNatsLink({ ...base, servers: [server.url] });
  try {
    await until('the refusal is known', () => link.problem()?.reason === 'NatsUnreachable');
    await server.start();
    const connection = await link.first;
    assert.equal(link.problem(), undefined);
    await server.kill();
    await until('the loss is told', () => link.problem()?.reason === 'NatsUnreachable');
    await server.start();
    await until('it is back', () => link.problem() === undefined);
    assert.equal(connection.isClosed(), false);
  } finally {
    await link.close();
    await server.stop();
  }
});

test('a server that is not there is said once, however often it is tried', async () => {
  const server = await startNats({ started: false });
  const said: unknown[] = [];
  let retries = 0;
  const log = createLogger('test', 'silent');
  log.warn = (...words: unknown[]) => void said.push(words);
  const counting: typeof clock = {
    ...clock,
    after(delayMs, run) {
      retries += 1;
      return clock.after(delayMs, run);
    },
  };
  const link = openNatsLink({ ...base, clock: counting, log, servers: [server.url] });
  try {
    await until('it was tried again', () => retries >= 3);
    assert.equal(said.length, 1);
    assert.match(JSON.stringify(said), /cannot be reached .*correct the address, or start NATS/);
  } finally {
    await link.close();
    await server.stop();
  }
});

test('a missing credential, then a wrong one, then the right one: each is told, the last connects', async () => {
  const server = await startNats({ config: 'authorization { token: "right" }' });
  const folder = await mkdtemp(join(tmpdir(), 'marketprism-credential-'));
  const link = openNatsLink({ ...base, servers: [server.url], credentialsFolder: folder });
  try {
    await until('the missing Secret is told', () => link.problem()?.reason === 'CredentialsMissing');
    await writeFile(join(folder, 'token'), 'wrong');
    await until('the refusal is told', () => link.problem()?.reason === 'NatsAuthorization');
    await writeFile(join(folder, 'token'), 'right\n');
    await link.first;
    assert.equal(link.problem(), undefined);
  } finally {
    await link.close();
    await server.stop();
    await rm(folder, { recursive: true });
  }
});
