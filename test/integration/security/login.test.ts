import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { nkeys } from '@nats-io/nats-core';
import { createLogger } from '../../../runtime/log.ts';
import { openNatsLink } from '../../../runtime/nats-connection.ts';
import { probeLogin, type NatsLogin } from '../../../runtime/nats-login.ts';
import { makeJwtIssuer } from '../../support/jwt.ts';
import { startNats, type NatsServer } from '../../support/nats.ts';
import { clock, until } from '../delivery/rig.ts';

type Files = Readonly<Record<string, string>>;

const seedOf = (pair: ReturnType<typeof nkeys.createUser>): string =>
  new TextDecoder().decode(pair.getSeed());
const [known, stranger] = [nkeys.createUser(), nkeys.createUser()];
const [issuer, foreign] = [makeJwtIssuer(), makeJwtIssuer()];

/** What a server demands, the Secret that it takes, and Secrets that it refuses. */
const KINDS: readonly {
  readonly what: string;
  readonly config: string;
  readonly right: Files;
  readonly wrong: Readonly<Record<string, Files>>;
}[] = [
  {
    what: 'a token',
    config: 'authorization { token: right }',
    right: { token: 'right\n' },
    wrong: {
      'another token': { token: 'wrong' },
      'a user': { username: 'app', password: 'right' },
      'an nkey': { nkey: seedOf(known) },
    },
  },
  {
    what: 'a user with a password',
    config: 'authorization { users: [{ user: app, password: right }] }',
    right: { username: 'app', password: 'right\n' },
    wrong: {
      'another password': { username: 'app', password: 'wrong' },
      'another user': { username: 'who', password: 'right' },
      'a token': { token: 'right' },
    },
  },
  {
    what: 'an nkey',
    config: `authorization { users: [{ nkey: ${known.getPublicKey()} }] }`,
    right: { nkey: `${seedOf(known)}\n` },
    wrong: { 'another nkey': { nkey: seedOf(stranger) }, 'a token': { token: 'right' } },
  },
  {
    what: 'a JWT',
    config: issuer.config,
    right: { 'nats.creds': issuer.user('collector') },
    wrong: {
      "another operator's": { 'nats.creds': foreign.user('collector') },
      'a token': { token: 'right' },
    },
  },
];

for (const { what, config, right, wrong } of KINDS) {
  describe(`a server that demands ${what}`, () => {
    let server: NatsServer;
    let root: string;
    before(async () => {
      [server, root] = await Promise.all([startNats({ config }), mkdtemp(join(tmpdir(), 'login-'))]);
    });
    after(async () => {
      await server.stop();
      await rm(root, { recursive: true });
    });
    const mounted = async (files: Files): Promise<NatsLogin> => {
      const folder = await mkdtemp(join(root, 'secret-'));
      for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
      return { servers: [server.url], credentialsFolder: folder };
    };

    it('takes it from the mounted Secret', async () => {
      assert.equal(await probeLogin(await mounted(right), 'test'), undefined);
    });

    for (const [which, files] of Object.entries(wrong))
      it(`refuses ${which}, and the field, what was said and the mend are told`, async () => {
        const refusal = await probeLogin(await mounted(files), 'test');
        assert.equal(refusal?.[0], 'NatsAuthorization');
        assert.match(
          refusal?.[1] ?? '',
          /^nats\.credentialsSecret: nats:\/\/127\.0\.0\.1:\d+ refuses the credential \(.*Authorization.*\): correct/,
        );
      });

    it('refuses who has no Secret', async () => {
      const refusal = await probeLogin({ servers: [server.url] }, 'test');
      assert.equal(refusal?.[0], 'NatsAuthorization');
      assert.match(refusal?.[1] ?? '', /nats\.credentialsSecret: .*or set one/);
    });
  });
}

describe('a mounted Secret that is of no use', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'login-'));
  });
  after(() => rm(folder, { recursive: true }));
  const UNUSABLE: readonly (readonly [string, Files, RegExp])[] = [
    ['nothing', {}, /holds no NATS credential: the Secret needs nats\.creds, nkey, token, or username/],
    ['a user without a password', { username: 'app' }, /holds no NATS credential/],
    ['an empty token', { token: '\n' }, /token is not usable \(it is empty\)/],
    [
      'a public nkey instead of the seed',
      { nkey: known.getPublicKey() },
      /nkey is not usable \(.*\): the Secret needs/,
    ],
    ['a creds file without its seed', { 'nats.creds': 'x' }, /nats\.creds is not usable \(unable to parse/],
    ['a certificate without its key', { token: 'x', 'tls.crt': 'x' }, /without the other: put both/],
  ];
  for (const [what, files, says] of UNUSABLE)
    it(`${what} is named before anything is sent`, async () => {
      const secret = await mkdtemp(join(folder, 'secret-'));
      for (const [name, text] of Object.entries(files)) await writeFile(join(secret, name), text);
      const login = {
        servers: ['nats://127.0.0.1:1'],
        credentialsFolder: secret,
        fields: { servers: 's', credentials: 'nats.credentialsSecret majors', tls: 't' },
      };
      const refusal = await probeLogin(login, 'test');
      assert.equal(refusal?.[0], 'CredentialsMissing');
      assert.match(refusal?.[1] ?? '', /^nats\.credentialsSecret majors: /);
      assert.match(refusal?.[1] ?? '', says);
    });
});

it('a right that is missing is named with its subject, and forgotten once nothing is refused any more', async () => {
  const server = await startNats({
    config: 'authorization { users: [{ user: app, password: one, permissions: { publish: ["trade.>"] } }] }',
  });
  const folder = await mkdtemp(join(tmpdir(), 'login-'));
  await writeFile(join(folder, 'username'), 'app');
  await writeFile(join(folder, 'password'), 'one');
  let aheadMs = 0;
  const link = openNatsLink({
    servers: [server.url],
    name: 'limited',
    credentialsFolder: folder,
    clock: { ...clock, nowMs: () => clock.nowMs() + aheadMs },
    log: createLogger('test', 'silent'),
    random: () => 0,
  });
  try {
    const connection = await link.first;
    connection.publish('trade.binance.X');
    await connection.flush();
    assert.equal(link.problem(), undefined);
    connection.publish('orderbook.binance.X');
    await until('the refusal is told', () => link.problem()?.reason === 'NatsAuthorization');
    assert.match(
      link.problem()?.message ?? '',
      /^nats\.credentialsSecret: the user may not publish orderbook\.binance\.X: grant it \(docs\/nats-security\.md/,
    );
    aheadMs = 61_000;
    assert.equal(link.problem(), undefined);
  } finally {
    await link.close();
    await server.stop();
    await rm(folder, { recursive: true });
  }
});

describe('a rotated Secret', () => {
  /** Looks come fifty times as soon. */
  const hasty = { ...clock, every: (ms: number, task: () => void) => clock.every(ms / 50, task) };
  const users = (...pairs: readonly (readonly [string, string])[]): string =>
    `authorization { users: [${pairs.map(([user, password]) => `{ user: ${user}, password: ${password} }`).join(', ')}] }`;

  it('is used without a restart, also one of another kind; a refused or broken one is told and changes nothing', async () => {
    const config = `authorization { users: [{ user: app, password: one }, { nkey: ${known.getPublicKey()} }] }`;
    const server = await startNats({ config });
    const folder = await mkdtemp(join(tmpdir(), 'login-'));
    await writeFile(join(folder, 'username'), 'app');
    await writeFile(join(folder, 'password'), 'one');
    const link = openNatsLink({
      servers: [server.url],
      name: 'rotated',
      credentialsFolder: folder,
      reconnectTimeWaitMs: 20,
      clock: hasty,
      log: createLogger('test', 'silent'),
      random: () => 0,
    });
    try {
      const connection = await link.first;
      let reconnects = 0;
      void (async () => {
        for await (const { type } of connection.status()) if (type === 'reconnect') reconnects += 1;
      })();
      await writeFile(join(folder, 'password'), 'wrong');
      await until('the refused rotation is told', () => link.problem()?.reason === 'NatsAuthorization');
      assert.match(link.problem()?.message ?? '', /refuses the credential .*the running connection goes on/);
      await rm(join(folder, 'password'));
      await until('the broken one is told', () => link.problem()?.reason === 'CredentialsMissing');
      await connection.flush();
      assert.equal(reconnects, 0, 'the running connection was not touched');
      await rm(join(folder, 'username'));
      await writeFile(join(folder, 'nkey'), seedOf(known));
      await until('the nkey is used', () => reconnects === 1);
      await until('nothing is left to tell', () => link.problem() === undefined);
      assert.equal(connection.isClosed(), false);
      await connection.flush();
    } finally {
      await link.close();
      await server.stop();
      await rm(folder, { recursive: true });
    }
  });

  it('that vanished while NATS was away does not end the connection: it comes back with the next Secret', async () => {
    const server = await startNats({ config: users(['app', 'one']) });
    const folder = await mkdtemp(join(tmpdir(), 'login-'));
    const write = async (password: string): Promise<void> => {
      await writeFile(join(folder, 'username'), 'app');
      await writeFile(join(folder, 'password'), password);
    };
    await write('one');
    const login = { servers: [server.url], credentialsFolder: folder };
    const link = openNatsLink({
      ...login,
      name: 'vanished',
      reconnectTimeWaitMs: 20,
      // Asked at once why it stays away.
      clock: { ...hasty, nowMs: () => clock.nowMs() * 50 },
      log: createLogger('test', 'silent'),
      random: () => 0,
    });
    try {
      const connection = await link.first;
      await rm(join(folder, 'password'));
      await server.kill();
      await server.start();
      await until('why it stays away is told', () => link.problem()?.reason === 'CredentialsMissing');
      assert.equal(connection.isClosed(), false);
      await write('one');
      await until('it is back', () => link.problem() === undefined);
      await connection.flush();
    } finally {
      await link.close();
      await server.stop();
      await rm(folder, { recursive: true });
    }
  });
});
