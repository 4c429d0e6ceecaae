// A control plane of its own on loopback, without kubelets: etcd, the API server, its controllers, the scheduler, and kwok, which
// plays nodes and lets pods become Running and Ready.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Api, TOKEN } from './api.ts';

const run = promisify(execFile);
const ROOT = new URL('../..', import.meta.url).pathname;
const START_TIMEOUT_MS = 120_000;
const POLL_MS = 200;
/** The control plane's own clients are not to be what is measured. */
const QPS = 1_000;
const PODS_PER_NODE = 1_000;

/** Where the local cluster's tools are; throws the command that builds them. */
export async function toolsFolder(): Promise<string> {
  const script = join(ROOT, 'test/cluster/tools.sh');
  const { stdout } = await run(script, ['--bin']);
  const folder = stdout.trim();
  for (const tool of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok'])
    await run('test', ['-x', join(folder, tool)]).catch((error: unknown) => {
      throw new Error(`${tool} is not built yet: run test/cluster/tools.sh`, { cause: error });
    });
  return folder;
}

export class ControlPlane {
  readonly kubeconfig: string;
  readonly api: Api;
  readonly #folder: string;
  readonly #tools: string;
  readonly #children: ChildProcess[] = [];

  private constructor(folder: string, tools: string, port: number) {
    this.#folder = folder;
    this.#tools = tools;
    this.kubeconfig = join(folder, 'kubeconfig');
    this.api = new Api(`https://127.0.0.1:${port}`);
  }

  static async start(pods: number): Promise<ControlPlane> {
    const tools = await toolsFolder();
    const folder = await mkdtemp(join(tmpdir(), 'marketprism-scale-'));
    const [etcd, peer, api, manager, scheduler] = await freePorts(5);
    const plane = new ControlPlane(folder, tools, api ?? 0);
    try {
      await plane.#write();
      await plane.#startApi({ etcd: etcd ?? 0, peer: peer ?? 0, api: api ?? 0 });
      await plane.#startControllers(manager ?? 0, scheduler ?? 0);
      await plane.#makeNodes(Math.ceil(pods / PODS_PER_NODE) + 1);
      return plane;
    } catch (error) {
      await plane.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    for (const child of this.#children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    await this.api.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #write(): Promise<void> {
    const { privateKey, publicKey } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      privateKeyEncoding: { type: 'sec1', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const cluster = { server: this.api.server, 'insecure-skip-tls-verify': true };
    const kubeconfig = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'scale',
      clusters: [{ name: 'scale', cluster }],
      contexts: [{ name: 'scale', context: { cluster: 'scale', user: 'admin' } }],
      users: [{ name: 'admin', user: { token: TOKEN } }],
    };
    const scheduling = {
      apiVersion: 'kubescheduler.config.k8s.io/v1',
      kind: 'KubeSchedulerConfiguration',
      clientConnection: { kubeconfig: this.kubeconfig, qps: QPS, burst: QPS },
      leaderElection: { leaderElect: false },
    };
    await mkdir(join(this.#folder, 'etcd'), { mode: 0o700 });
    await writeFile(this.kubeconfig, JSON.stringify(kubeconfig));
    await writeFile(join(this.#folder, 'sa.key'), privateKey, { mode: 0o600 });
    await writeFile(join(this.#folder, 'sa.pub'), publicKey);
    await writeFile(join(this.#folder, 'tokens.csv'), `${TOKEN},admin,admin,system:masters\n`);
    await writeFile(join(this.#folder, 'scheduler.json'), JSON.stringify(scheduling));
  }

  async #startApi(ports: {
    readonly etcd: number;
    readonly peer: number;
    readonly api: number;
  }): Promise<void> {
    const [etcd, peer] = [`http://127.0.0.1:${ports.etcd}`, `http://127.0.0.1:${ports.peer}`];
    this.#spawn('etcd', [
      '--data-dir',
      join(this.#folder, 'etcd'),
      '--unsafe-no-fsync',
      '--log-level',
      'warn',
      '--listen-client-urls',
      etcd,
      '--advertise-client-urls',
      etcd,
      '--listen-peer-urls',
      peer,
      '--initial-advertise-peer-urls',
      peer,
      '--initial-cluster',
      `default=${peer}`,
    ]);
    this.#spawn('kube-apiserver', [
      '--etcd-servers',
      etcd,
      '--bind-address',
      '127.0.0.1',
      '--advertise-address',
      '127.0.0.1',
      '--secure-port',
      String(ports.api),
      '--cert-dir',
      join(this.#folder, 'pki'),
      '--token-auth-file',
      join(this.#folder, 'tokens.csv'),
      '--authorization-mode',
      'RBAC',
      '--service-account-key-file',
      join(this.#folder, 'sa.pub'),
      '--service-account-signing-key-file',
      join(this.#folder, 'sa.key'),
      '--service-account-issuer',
      'https://kubernetes.default.svc',
      '--service-cluster-ip-range',
      '10.96.0.0/16',
      '--endpoint-reconciler-type',
      'none',
    ]);
    await this.#until('the API server', async () => (await this.api.request('GET', '/readyz')).ok);
  }

  async #startControllers(managerPort: number, schedulerPort: number): Promise<void> {
    const certificates = (name: string): readonly string[] => [
      '--bind-address',
      '127.0.0.1',
      '--cert-dir',
      join(this.#folder, name),
      '--authentication-skip-lookup',
    ];
    this.#spawn('kube-controller-manager', [
      '--kubeconfig',
      this.kubeconfig,
      '--leader-elect=false',
      '--secure-port',
      String(managerPort),
      ...certificates('manager'),
      '--service-account-private-key-file',
      join(this.#folder, 'sa.key'),
      '--kube-api-qps',
      String(QPS),
      '--kube-api-burst',
      String(QPS),
    ]);
    this.#spawn('kube-scheduler', [
      '--config',
      join(this.#folder, 'scheduler.json'),
      '--secure-port',
      String(schedulerPort),
      ...certificates('scheduler'),
    ]);
    this.#spawn('kwok', [
      '--kubeconfig',
      this.kubeconfig,
      '--manage-all-nodes',
      '--node-lease-duration-seconds',
      '40',
      '--config',
      join(ROOT, 'bench/scale/stages.yaml'),
    ]);
    await this.#until('the default service account', async () => {
      const { ok } = await this.api.request('GET', '/api/v1/namespaces/default/serviceaccounts/default');
      return ok;
    });
  }

  async #makeNodes(count: number): Promise<void> {
    const room = { cpu: '100k', memory: '100Ti', pods: String(PODS_PER_NODE), 'ephemeral-storage': '100Ti' };
    for (let index = 0; index < count; index += 1)
      await this.api.ask('POST', '/api/v1/nodes', {
        metadata: { name: `fake-${index}`, labels: { 'kubernetes.io/hostname': `fake-${index}` } },
        status: { capacity: room, allocatable: room },
      });
    await this.#until('nodes that are Ready', async () => {
      const { items } = (await this.api.ask('GET', '/api/v1/nodes')) as {
        readonly items: readonly NodeObject[];
      };
      return items.every(({ status }) =>
        status.conditions?.some((one) => one.type === 'Ready' && one.status === 'True'),
      );
    });
  }

  #spawn(tool: string, args: readonly string[]): void {
    const child = spawn(join(this.#tools, tool), args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const log = createWriteStream(join(this.#folder, `${tool}.log`));
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    this.#children.push(child);
  }

  async #until(what: string, test: () => Promise<boolean>): Promise<void> {
    const deadlineMs = performance.now() + START_TIMEOUT_MS;
    while (!(await test().catch(() => false))) {
      const dead = this.#children.find(({ exitCode }) => exitCode !== null);
      if (dead !== undefined || performance.now() > deadlineMs)
        throw new Error(`${what}: not there; ${await this.#lastWords()}`);
      await delay(POLL_MS);
    }
  }

  async #lastWords(): Promise<string> {
    const words = this.#children.map(async ({ spawnfile, exitCode }) => {
      const tool = spawnfile.slice(spawnfile.lastIndexOf('/') + 1);
      const log = await readFile(join(this.#folder, `${tool}.log`), 'utf8').catch(() => '');
      return `${tool} (${exitCode === null ? 'runs' : `ended ${exitCode}`}): ${log.slice(-500)}`;
    });
    return (await Promise.all(words)).join('\n');
  }
}

interface NodeObject {
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ports.push((server.address() as AddressInfo).port);
  }
  for (const server of servers) server.close();
  return ports;
}
