// A way to the API server of one client: it notes what the client writes, and breaks on command.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Agent, request, type RequestOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { KubeConfig } from '@kubernetes/client-node';

export type ApiFault =
  /** Every other request is answered with this and goes no further. */
  | { readonly kind: 'answer'; readonly status: 429 | 500 | 503 | 504; readonly retryAfterS?: number }
  | { readonly kind: 'slow'; readonly ms: number }
  /** The server did what every other request asked, and its answer is lost. */
  | { readonly kind: 'answerLost' }
  /** Watches break in the middle of a line, as soon as one comes. */
  | { readonly kind: 'cutLines' }
  /** Watches are told that what they continue is gone. */
  | { readonly kind: 'gone' }
  /** Watches stay open and never say anything again. */
  | { readonly kind: 'silentWatches' }
  /** Writes, but for the lease, wait until they are let go. */
  | { readonly kind: 'holdWrites' }
  | { readonly kind: 'away' };

export interface ApiWrite {
  readonly atMs: number;
  readonly status: number;
  /** It was sent before the fault `holdWrites` ended. */
  readonly held: boolean;
}

const WRITES = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const GONE = {
  type: 'ERROR',
  object: {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    reason: 'Expired',
    code: 410,
    message: 'gone',
  },
};

export class ApiProxy {
  readonly #server: Server;
  readonly #target: RequestOptions;
  readonly #clients = new Set<Socket>();
  /** Where a watch's lines go, and whether they do. */
  readonly #watches = new Set<{ silent: boolean; readonly end: () => void }>();
  #held: (() => void)[] = [];
  #fault: ApiFault | undefined;
  #turn = 0;
  requests = 0;
  /** But for those of the lease. */
  readonly writes: ApiWrite[] = [];

  private constructor(target: RequestOptions) {
    this.#target = target;
    this.#server = createServer((asked, answer) => void this.#take(asked, answer));
    this.#server.on('connection', (socket) => {
      if (this.#fault?.kind === 'away') socket.destroy();
      else this.#clients.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => this.#clients.delete(socket));
    });
  }

  static async start(config: KubeConfig): Promise<ApiProxy> {
    const cluster = config.getCurrentCluster();
    if (cluster === null) throw new Error('the kubeconfig has no current cluster');
    const { hostname, port } = new URL(cluster.server);
    const login: RequestOptions = {};
    await config.applyToHTTPSOptions(login);
    const agent = new Agent({ keepAlive: true, maxSockets: 100 });
    const proxy = new ApiProxy({ ...login, hostname, port: port === '' ? 443 : Number(port), agent });
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** For the client: no login is needed. */
  get kubeconfig(): string {
    const { port } = this.#server.address() as AddressInfo;
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'proxy',
      clusters: [
        // Without it client-node takes no plain HTTP.
        { name: 'proxy', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } },
      ],
      contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'nobody' } }],
      users: [{ name: 'nobody', user: {} }],
    });
  }

  /** Undefined: all is well from here on; watches that fell silent stay so. */
  break(fault: ApiFault | undefined): void {
    this.#fault = fault;
    if (fault?.kind === 'away') for (const socket of this.#clients) socket.destroy();
    if (fault?.kind === 'silentWatches') for (const watch of this.#watches) watch.silent = true;
    // So that they are asked for anew.
    if (fault?.kind === 'gone') for (const watch of this.#watches) watch.end();
    const held = this.#held;
    this.#held = [];
    for (const letGo of held) letGo();
  }

  /** Writes that wait. */
  get heldCount(): number {
    return this.#held.length;
  }

  close(): void {
    this.break(undefined);
    this.#server.close();
    for (const socket of this.#clients) socket.destroy();
    (this.#target.agent as Agent).destroy();
  }

  async #take(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    this.requests += 1;
    this.#turn += 1;
    const fault = this.#fault;
    const isWatch = /[?&]watch=(true|1)/.test(asked.url ?? '');
    const isOdd = this.#turn % 2 === 1;
    if (fault?.kind === 'answer' && isOdd) return refuse(answer, fault);
    if (fault?.kind === 'gone' && isWatch) return void answer.end(`${JSON.stringify(GONE)}\n`);
    if (fault?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.ms));
    const isHeld = fault?.kind === 'holdWrites' && isWrite(asked);
    // What it says is here before it is held: its sender may be gone by then.
    const body = isHeld ? await bodyOf(asked) : undefined;
    if (isHeld) await new Promise<void>((resolve) => this.#held.push(resolve));
    this.#forward(asked, answer, {
      body,
      isWatch,
      losesAnswer: fault?.kind === 'answerLost' && isOdd && !isWatch,
    });
  }

  #forward(
    asked: IncomingMessage,
    answer: ServerResponse,
    how: { readonly body: Buffer | undefined; readonly isWatch: boolean; readonly losesAnswer: boolean },
  ): void {
    const { host: _, connection: __, ...headers } = asked.headers;
    const { method = 'GET', url = '/' } = asked;
    const upstream = request({ ...this.#target, method, path: url, headers }, (got) => {
      if (isWrite(asked)) {
        const status = got.statusCode ?? 0;
        this.writes.push({ atMs: performance.now(), status, held: how.body !== undefined });
      }
      if (how.losesAnswer) {
        got.resume();
        asked.socket.destroy();
        return;
      }
      answer.writeHead(got.statusCode ?? 502, got.headers);
      answer.flushHeaders();
      if (how.isWatch) this.#pass(got, answer);
      else got.pipe(answer);
      got.on('error', () => answer.destroy());
    });
    upstream.on('error', () => answer.destroy());
    answer.on('close', () => upstream.destroy());
    if (how.body === undefined) asked.pipe(upstream);
    else upstream.end(how.body);
  }

  #pass(got: IncomingMessage, answer: ServerResponse): void {
    const watch = { silent: this.#fault?.kind === 'silentWatches', end: () => void answer.end() };
    this.#watches.add(watch);
    got.on('data', (chunk: Buffer) => {
      if (watch.silent) return;
      if (this.#fault?.kind !== 'cutLines') answer.write(chunk);
      else answer.write(chunk.subarray(0, Math.ceil(chunk.length / 2)), () => answer.destroy());
    });
    // One that fell silent does not even end.
    got.on('end', () => watch.silent || answer.end());
    answer.on('close', () => this.#watches.delete(watch));
  }
}

const isWrite = ({ method, url }: IncomingMessage): boolean =>
  WRITES.has(method ?? '') && !(url ?? '').includes('/leases');

async function bodyOf(asked: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of asked) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function refuse(
  answer: ServerResponse,
  { status, retryAfterS }: ApiFault & { readonly kind: 'answer' },
): void {
  const headers = retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) };
  answer.writeHead(status, { 'content-type': 'application/json', ...headers });
  answer.end(
    JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code: status, message: 'fault' }),
  );
}
