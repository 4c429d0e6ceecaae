import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'yaml';
import { startNats, type NatsServer } from '../../test/support/nats.ts';
import { ControlPlane, freePorts } from './control-plane.ts';
import { Feeds, type FeedShape } from './feeds.ts';
import { Operator } from './operator.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const NAMESPACE = 'scale';
const POLL_MS = 100;
/** Whether the played collectors' counts move. */
export const FLOW_SUBJECT = 'bench.flow';

/** Control plane, NATS, operator, played collectors, and a user with feeds. */
export class Scale {
  readonly plane: ControlPlane;
  readonly operator: Operator;
  readonly feeds: Feeds;
  readonly #nats: NatsServer;
  readonly #folder: string;
  readonly #stop = new AbortController();
  #collectors: ChildProcess | undefined;
  #watching: Promise<unknown> = Promise.resolve();

  private constructor(parts: Pick<Scale, 'plane' | 'operator' | 'feeds'>, nats: NatsServer, folder: string) {
    this.plane = parts.plane;
    this.operator = parts.operator;
    this.feeds = parts.feeds;
    this.#nats = nats;
    this.#folder = folder;
  }

  static async start(pods: number, shape: FeedShape): Promise<Scale> {
    const plane = await ControlPlane.start(pods);
    const nats = await startNats();
    const folder = await mkdtemp(join(tmpdir(), 'marketprism-scale-'));
    const [port = 0] = await freePorts(1);
    const { kubeconfig } = plane;
    const operator = new Operator({ folder, kubeconfig, nats: nats.url, namespace: NAMESPACE, port });
    const scale = new Scale({ plane, operator, feeds: new Feeds(plane.api, NAMESPACE, shape) }, nats, folder);
    try {
      await scale.#begin();
      return scale;
    } catch (error) {
      await scale.stop();
      throw error;
    }
  }

  async flow(isOn: boolean): Promise<void> {
    const connection = await this.#nats.connect();
    await connection.request(FLOW_SUBJECT, isOn ? 'on' : 'off', { timeout: 30_000 });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#watching.catch(() => undefined);
    await this.operator.end();
    if (this.#collectors !== undefined && this.#collectors.exitCode === null) {
      const ended = once(this.#collectors, 'exit');
      this.#collectors.kill('SIGKILL');
      await ended;
    }
    await this.#nats.stop();
    await this.plane.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #begin(): Promise<void> {
    const { api } = this.plane;
    for (const file of await readdir(join(ROOT, 'crds')))
      await api.ask(
        'POST',
        '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
        parse(await readFile(join(ROOT, 'crds', file), 'utf8')),
      );
    await api.ask('POST', '/api/v1/namespaces', { metadata: { name: NAMESPACE } });
    await this.operator.build();
    await this.operator.start();
    await this.operator.ready();
    this.#collectors = await playCollectors([this.plane.kubeconfig, this.#nats.url]);
    this.#watching = this.feeds.watch(this.#stop.signal);
  }
}

async function playCollectors(args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['bench/scale/collectors.ts', ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  while (!said.includes('playing')) {
    if (child.exitCode !== null) throw new Error('the played collectors ended');
    await delay(POLL_MS);
  }
  return child;
}
