import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiProxy } from './api-proxy.ts';
import { until } from './result.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;

/** A NATS that is not there: nothing of the engine may need one. The collectors' image does not exist either. */
const settingsOf = (namespace: string, port: number): string => `
installation: ${namespace}/marketprism
watch: { namespaces: [${namespace}] }
collector: { image: marketprism.invalid/none:0, imagePullPolicy: Never }
control: { servers: ["nats://127.0.0.1:9"] }
http: { port: ${port} }
`;

/** The operator as a user starts it, as a process of its own; it reaches the API server through a proxy of its own. */
export class OperatorProcess {
  readonly pod: string;
  readonly api: ApiProxy;
  readonly #namespace: string;
  readonly #folder: string;
  readonly #port: number;
  #child: ChildProcess | undefined;
  #isExpected = false;
  /** Ends that nobody asked for. */
  crashes = 0;
  said = '';

  private constructor(
    pod: string,
    api: ApiProxy,
    at: { readonly namespace: string; readonly folder: string; readonly port: number },
  ) {
    this.pod = pod;
    this.api = api;
    this.#namespace = at.namespace;
    this.#folder = at.folder;
    this.#port = at.port;
  }

  static async make(pod: string, api: ApiProxy, namespace: string): Promise<OperatorProcess> {
    const port = await freePort();
    const folder = await mkdtemp(join(tmpdir(), 'marketprism-operator-'));
    await writeFile(join(folder, 'settings.yaml'), settingsOf(namespace, port));
    await writeFile(join(folder, 'kubeconfig'), api.kubeconfig);
    return new OperatorProcess(pod, api, { namespace, folder, port });
  }

  start(): void {
    const { pod } = this;
    this.#isExpected = false;
    const child = spawn(
      process.execPath,
      ['cli/main.ts', 'operator', '--settings', join(this.#folder, 'settings.yaml')],
      {
        cwd: ROOT,
        env: {
          ...process.env,
          KUBECONFIG: join(this.#folder, 'kubeconfig'),
          POD_NAME: pod,
          POD_NAMESPACE: this.#namespace,
          LOG_LEVEL: 'warn',
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const hear = (chunk: Buffer): void => {
      this.said = `${this.said}${chunk.toString()}`.slice(-20_000);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('exit', () => {
      if (!this.#isExpected) this.crashes += 1;
    });
    this.#child = child;
  }

  get #isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Its caches hold what the API server has: it leads, or stands by. */
  async ready(): Promise<void> {
    await until(`${this.pod} to be ready`, async () => {
      const answer = await fetch(`http://127.0.0.1:${this.#port}/readyz`).catch(() => undefined);
      return answer?.ok === true;
    });
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal);
  }

  /** Resolves when it has ended. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.#isRunning) return;
    this.#isExpected = true;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async remove(): Promise<void> {
    this.signal('SIGCONT');
    await this.end('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
