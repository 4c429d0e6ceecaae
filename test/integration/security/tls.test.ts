import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createLogger } from '../../../runtime/log.ts';
import { openNatsLink } from '../../../runtime/nats-connection.ts';
import { probeLogin, type LoginRefusal } from '../../../runtime/nats-login.ts';
import { makeAuthority, type Authority } from '../../support/certificates.ts';
import { startNats, type NatsServer } from '../../support/nats.ts';
import { clock, until } from '../delivery/rig.ts';

type Pair = Awaited<ReturnType<Authority['issue']>>;

let root: string;
let ours: Authority;
let others: Authority;
let client: Pair;
let stranger: Pair;
/** Demands a client certificate. */
let mutual: NatsServer;
/** Shows its own certificate only. */
let plain: NatsServer;
/** Its certificate is for another host. */
let misnamed: NatsServer;
let clear: NatsServer;

const tlsOf = (pair: Pair, ca?: string): string =>
  `tls { cert_file: "${pair.certificate}", key_file: "${pair.key}"${ca === undefined ? '' : `, ca_file: "${ca}", verify: true`} }`;

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'tls-'));
  [ours, others] = await Promise.all([makeAuthority(root, 'ours'), makeAuthority(root, 'others')]);
  const server = await ours.issue('server');
  const elsewhere = await ours.issue('elsewhere', 'DNS:nats.example');
  client = await ours.issue('client');
  stranger = await others.issue('stranger');
  [mutual, plain, misnamed, clear] = await Promise.all([
    startNats({ config: tlsOf(server, ours.certificate) }),
    startNats({ config: tlsOf(server) }),
    startNats({ config: tlsOf(elsewhere) }),
    startNats(),
  ]);
});
after(async () => {
  await Promise.all([mutual, plain, misnamed, clear].map((server) => server.stop()));
  await rm(root, { recursive: true });
});

interface Mounted {
  readonly ca?: Authority;
  readonly pair?: { readonly certificate: string; readonly key: string };
}

async function secret({ ca, pair }: Mounted): Promise<string> {
  const folder = await mkdtemp(join(root, 'secret-'));
  if (ca !== undefined) await copyFile(ca.certificate, join(folder, 'ca.crt'));
  if (pair !== undefined) {
    await copyFile(pair.certificate, join(folder, 'tls.crt'));
    await copyFile(pair.key, join(folder, 'tls.key'));
  }
  return folder;
}

/** By name: the client checks a certificate against the name of the server, never against an IP address. */
const at = (server: NatsServer): string => `tls://localhost:${server.port}`;

async function login(server: NatsServer, mounted: Mounted | null): Promise<LoginRefusal | undefined> {
  const tlsFolder = mounted === null ? null : await secret(mounted);
  return probeLogin({ servers: [at(server)], tlsFolder }, 'test');
}

describe('TLS from a mounted Secret', () => {
  it('is enough where the server demands a certificate of an authority that it knows', async () => {
    assert.equal(await login(mutual, { ca: ours, pair: client }), undefined);
  });
  it('is enough with the authority alone where the server demands no certificate', async () => {
    assert.equal(await login(plain, { ca: ours }), undefined);
  });
  it('may lie beside the credential', async () => {
    const folder = await secret({ ca: ours, pair: client });
    await writeFile(join(folder, 'token'), 'not asked for');
    const refusal = await probeLogin({ servers: [at(mutual)], credentialsFolder: folder }, 'test');
    assert.equal(refusal, undefined);
  });
});

const REFUSED: readonly (readonly [
  what: string,
  server: () => NatsServer,
  mounted: () => Mounted | null,
  /** Null: the server's alert may be lost with the connection that it ends. */
  reason: LoginRefusal[0] | null,
  says: RegExp,
])[] = [
  [
    'no certificate',
    () => mutual,
    () => ({ ca: ours }),
    null,
    /^nats\.tlsSecret: .*(that there is none|demands a client certificate).*put tls\.crt and tls\.key/,
  ],
  [
    'a certificate of another authority',
    () => mutual,
    () => ({ ca: ours, pair: stranger }),
    null,
    /^nats\.tlsSecret: .*client certificate.*put tls\.crt and tls\.key of an authority/,
  ],
  [
    'another authority than that of the server',
    () => plain,
    () => ({ ca: others }),
    'NatsUnreachable',
    /^nats\.tlsSecret: the certificate of .* is not trusted .*ca\.crt of the Secret/,
  ],
  [
    'no Secret at all',
    () => plain,
    () => null,
    'NatsUnreachable',
    /^nats\.tlsSecret or nats\.credentialsSecret: the certificate of .* is not trusted/,
  ],
  [
    'a server whose certificate is for another name',
    () => misnamed,
    () => ({ ca: ours }),
    'NatsUnreachable',
    /^nats\.servers: .* is for another name .*use a name that it has/,
  ],
  [
    'a server without TLS',
    () => clear,
    () => ({ ca: ours }),
    'NatsUnreachable',
    /^nats\.servers: .* offers no TLS .*enable it there, or write nats:\/\//,
  ],
  [
    'a server without TLS, and tls:// without a Secret',
    () => clear,
    () => null,
    'NatsUnreachable',
    /^nats\.servers: .* offers no TLS/,
  ],
  [
    'a key of another certificate',
    () => mutual,
    () => ({ ca: ours, pair: { certificate: client.certificate, key: stranger.key } }),
    'NatsUnreachable',
    /^nats\.tlsSecret: the files of the Secret are not usable .*tls\.key of tls\.crt/,
  ],
  [
    'a Secret without files of TLS',
    () => plain,
    () => ({}),
    'CredentialsMissing',
    /^nats\.tlsSecret: .* holds neither ca\.crt nor tls\.crt with tls\.key/,
  ],
];

describe('TLS is refused, and named with its mend', () => {
  for (const [what, server, mounted, reason, says] of REFUSED)
    it(`for ${what}`, async () => {
      const refusal = await login(server(), mounted());
      if (reason !== null) assert.equal(refusal?.[0], reason, refusal?.[1]);
      assert.match(refusal?.[1] ?? '', says);
    });
});

it('a rotated certificate and a rotated authority are used by the running connection', async () => {
  const folder = await secret({ ca: ours, pair: client });
  const link = openNatsLink({
    servers: [at(mutual)],
    name: 'rotated',
    tlsFolder: folder,
    reconnectTimeWaitMs: 20,
    clock: { ...clock, every: (ms: number, task: () => void) => clock.every(ms / 50, task) },
    log: createLogger('test', 'silent'),
    random: () => 0,
  });
  try {
    const connection = await link.first;
    let reconnects = 0;
    void (async () => {
      for await (const { type } of connection.status()) if (type === 'reconnect') reconnects += 1;
    })();
    await writeFile(join(folder, 'ca.crt'), await readFile(others.certificate));
    await until('the authority that does not fit is told', () => link.problem() !== undefined);
    assert.match(link.problem()?.message ?? '', /nats\.tlsSecret: .*not trusted.*running connection goes on/);
    await connection.flush();
    assert.equal(reconnects, 0);
    const both = [await readFile(others.certificate, 'utf8'), await readFile(ours.certificate, 'utf8')];
    await writeFile(join(folder, 'ca.crt'), both.join('\n'));
    await until('both authorities are used', () => reconnects === 1 && link.problem() === undefined);
    const renewed = await ours.issue('renewed');
    await copyFile(renewed.certificate, join(folder, 'tls.crt'));
    await copyFile(renewed.key, join(folder, 'tls.key'));
    await until('the new certificate is used', () => reconnects === 2);
    await connection.flush();
  } finally {
    await link.close();
  }
});
