import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { parseSettings } from '../../operator/settings.ts';
import { probeLogin } from '../../runtime/nats-login.ts';
import { makeAuthority, type Authority } from '../support/certificates.ts';
import { freePort, natsBinary } from '../support/nats.ts';
import { documentedUsers, makeRoleKeys, ROLES } from '../support/roles.ts';
import { at, CHART, helm, only, type HelmResult, type Rendered, type Values } from './helm.ts';
import { parseAllDocuments } from 'yaml';

const FILE = `${CHART}/values-production.yaml`;
const keys = makeRoleKeys();
const nkeys = Object.fromEntries(ROLES.map((role) => [role, keys[role].publicKey]));

const rendered = (values: Values): Promise<HelmResult> =>
  helm(['template', 'marketprism', CHART, '--namespace', 'market-data', '--values', FILE], values);

describe('values-production.yaml', () => {
  let objects: readonly Rendered[];
  let folder: string;
  let authority: Authority;
  before(async () => {
    const result = await rendered({ nats: { auth: { nkeys } } });
    assert.equal(result.kind, 'done', JSON.stringify(result));
    if (result.kind !== 'done') return;
    objects = parseAllDocuments(result.text).map((document) => document.toJS() as Rendered);
    folder = await mkdtemp(join(tmpdir(), 'production-'));
    authority = await makeAuthority(folder, 'authority');
  });
  after(() => rm(folder, { recursive: true }));

  it('does not render without the three public keys, and says how to make them', async () => {
    const result = await rendered({});
    assert.match(
      result.kind === 'refused' ? result.message : '',
      /nats\.auth\.nkeys\.operator is empty: nk -gen user -pubout .*set all three/,
    );
  });

  it('gives operator and collectors a Secret each, and leads both to the server over TLS', () => {
    const config = only(objects, 'ConfigMap', 'marketprism-operator')['data'] as Record<string, string>;
    const parsed = parseSettings(config['settings.yaml'] ?? '', 'market-data');
    assert.deepEqual(parsed.kind === 'settings' ? parsed.settings.control : parsed, {
      servers: ['tls://marketprism-nats.market-data.svc:4222'],
      credentialsSecret: 'marketprism-nats-collector',
      credentialsDir: '/etc/marketprism/control',
    });
    const volumes = at(only(objects, 'Deployment', 'marketprism'), 'spec.template.spec.volumes');
    assert.deepEqual((volumes as readonly unknown[])[1], {
      name: 'control',
      secret: { secretName: 'marketprism-nats-operator', optional: true },
    });
  });

  it('configures a server that lets each role in by its key over TLS, and nobody else', async () => {
    const conf = (only(objects, 'ConfigMap', 'marketprism-nats')['data'] as Record<string, string>)[
      'nats.conf'
    ];
    const pair = await authority.issue('server');
    const [port, monitor] = [await freePort(), await freePort()];
    const path = join(folder, 'nats.conf');
    await writeFile(
      path,
      (conf ?? '')
        .replace('port: 4222', `listen: "127.0.0.1:${port}"`)
        .replace('http_port: 8222', `http: "127.0.0.1:${monitor}"`)
        .replace('store_dir: /data', `store_dir: "${folder}/data"`)
        .replace('/etc/nats-tls/tls.crt', pair.certificate)
        .replace('/etc/nats-tls/tls.key', pair.key),
    );
    const server = spawn(await natsBinary(), ['-c', path], { env: { POD_NAME: 'x' }, stdio: 'ignore' });
    const ended = once(server, 'exit');
    try {
      const deadline = Date.now() + 15_000;
      while (
        !(await fetch(`http://127.0.0.1:${monitor}/healthz`).then(
          (r) => r.ok,
          () => false,
        ))
      ) {
        assert.equal(server.exitCode, null, 'nats-server refuses the configuration');
        assert.ok(Date.now() < deadline, 'not up');
        await delay(20);
      }
      const ca = await readFile(authority.certificate);
      const login = async (seed: string): Promise<string | undefined> => {
        const credentialsFolder = await mkdtemp(join(folder, 'secret-'));
        await writeFile(join(credentialsFolder, 'ca.crt'), ca);
        await writeFile(join(credentialsFolder, 'nkey'), seed);
        return (await probeLogin({ servers: [`tls://localhost:${port}`], credentialsFolder }, 'test'))?.[1];
      };
      for (const role of ROLES) assert.equal(await login(keys[role].seed), undefined, role);
      assert.match((await login(makeRoleKeys().consumer.seed)) ?? '', /refuses the credential/);
    } finally {
      server.kill();
      await ended;
    }
  });

  it('writes the users that docs/nats-security.md prints', async () => {
    const file = await readFile(new URL(`../../${CHART}/files/nats-users.conf`, import.meta.url), 'utf8');
    assert.equal(await documentedUsers(), file);
  });
});
