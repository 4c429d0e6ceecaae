import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { MALLOC_OPTIONS, YOUNG_OPTION } from '../../contract/process.ts';

const run = promisify(execFile);
const ROOT = new URL('../..', import.meta.url).pathname;
const POLL_MS = 20;
/** Of /proc/<pid>/stat, a hundred a second on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4_096;
const READY_TIMEOUT_MS = 120_000;

export interface OperatorAt {
  readonly folder: string;
  readonly kubeconfig: string;
  readonly nats: string;
  readonly namespace: string;
  readonly port: number;
}

/** What it has done until now. */
export interface Done {
  readonly atMs: number;
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  /** But for those of its lease and its watches' renewals, which are in `requests`. */
  readonly patches: number;
  readonly statusWrites: number;
  readonly requests: number;
  readonly reconciles: number;
}

/** The operator as users start it, a process of its own. */
export class Operator {
  readonly #at: OperatorAt;
  #child: ChildProcess | undefined;
  #said = '';

  constructor(at: OperatorAt) {
    this.#at = at;
  }

  /** As the image has it: without the compiler of sources that a checkout runs. */
  async build(): Promise<void> {
    const { folder } = this.#at;
    await run(join(ROOT, 'node_modules/.bin/tsc'), [
      '-p',
      join(ROOT, 'tsconfig.build.json'),
      '--outDir',
      join(folder, 'dist'),
    ]);
    await copyFile(join(ROOT, 'package.json'), join(folder, 'package.json'));
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  }

  async start(): Promise<void> {
    const { folder, kubeconfig, nats, namespace, port } = this.#at;
    const settings = {
      installation: `${namespace}/marketprism`,
      watch: { namespaces: [namespace] },
      collector: { image: 'marketprism.invalid/none:0', imagePullPolicy: 'Never' },
      control: { servers: [nats] },
      http: { port },
    };
    await writeFile(`${folder}/settings.yaml`, JSON.stringify(settings));
    const args = [
      YOUNG_OPTION,
      `${folder}/dist/cli/main.js`,
      'operator',
      '--settings',
      `${folder}/settings.yaml`,
    ];
    const child = spawn(process.execPath, args, {
      env: {
        ...MALLOC_OPTIONS,
        PATH: process.env['PATH'],
        KUBECONFIG: kubeconfig,
        POD_NAME: 'operator-0',
        POD_NAMESPACE: namespace,
        LOG_LEVEL: 'warn',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const hear = (chunk: Buffer): void => {
      this.#said = `${this.#said}${chunk.toString()}`.slice(-10_000);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    this.#child = child;
  }

  async ready(): Promise<void> {
    const deadlineMs = performance.now() + READY_TIMEOUT_MS;
    while (!(await this.#leads().catch(() => false))) {
      if (this.#child?.exitCode !== null || performance.now() > deadlineMs)
        throw new Error(`the operator does not lead: ${this.#said}`);
      await delay(POLL_MS);
    }
  }

  async done(): Promise<Done> {
    const text = await (await this.#get('/metrics')).text();
    const { pid = 0 } = this.#child ?? {};
    const stat = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ');
    const resident = (await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')[1];
    return {
      atMs: performance.now(),
      cpuSeconds: (Number(stat[11]) + Number(stat[12])) / TICKS_PER_SECOND,
      rssBytes: Number(resident) * PAGE_BYTES,
      patches: sum(text, 'rest_client_requests_total', /method="PATCH"/),
      statusWrites: sum(text, 'marketprism_status_writes_total', /outcome="written"/),
      requests: sum(text, 'rest_client_requests_total'),
      reconciles: sum(text, 'controller_runtime_reconcile_total'),
    };
  }

  /** What it said last. */
  get said(): string {
    return this.#said;
  }

  async end(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }

  async #leads(): Promise<boolean> {
    const text = await (await this.#get('/metrics')).text();
    return sum(text, 'leader_election_master_status') === 1;
  }

  #get(path: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.#at.port}${path}`);
  }
}

function sum(metrics: string, name: string, having = /./): number {
  return metrics
    .split('\n')
    .filter((line) => line.startsWith(name) && having.test(line))
    .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
