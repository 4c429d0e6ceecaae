import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { VenueConnection } from './connection.ts';
import type { ConnectionContext } from './connection.ts';
import type { ConnectionPort, RestAnswer, Session } from './ports.ts';

/** Nothing that a client of market streams sends is longer. */
const MOST_CLIENT_BYTES = 64 * 1_024;

type OpenSession = (connection: ConnectionPort) => Session;

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly connection: Omit<ConnectionContext, 'onClosed'>;
  /** True: a fault, the next connect is refused. */
  readonly refuses: () => boolean;
  readonly endpoint: (url: URL) => OpenSession | 400 | 404;
  /** `GET` and `POST` on everything but the WebSocket paths. */
  readonly answer: (request: HttpRequest) => Promise<RestAnswer>;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly address: string;
  /** The whole body, as text. */
  readonly body: () => Promise<string>;
}

/** One port for the venue's WebSocket and REST endpoints and for `/admin`. */
export class VenueServer {
  readonly connections = new Set<VenueConnection>();
  readonly #options: ServerOptions;
  readonly #http;
  readonly #sockets: WebSocketServer;
  readonly #connectTimesMs = new Map<string, number[]>();
  #nextId = 1;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#sockets = new WebSocketServer({ noServer: true, autoPong: false, maxPayload: MOST_CLIENT_BYTES });
    this.#http = createServer((request, response) => void this.#onRequest(request, response));
    this.#http.on('upgrade', (request, socket: Duplex, head) => this.#onUpgrade(request, socket, head));
  }

  /** The port listened on. */
  async listen(): Promise<number> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(port, host, resolve);
    });
    return (this.#http.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const connection of this.connections) connection.terminate('closed.stopped');
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()));
    this.#http.closeAllConnections();
    await closed;
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = URL.parse(request.url ?? '/', 'http://simulator');
    const answer: RestAnswer =
      url === null
        ? { status: 400, headers: {}, body: {} }
        : await this.#options.answer({
            method: request.method ?? 'GET',
            url,
            address: addressOf(request),
            body: () => bodyOf(request),
          });
    this.#options.connection.counters.add(`http.${answer.status}`);
    response.writeHead(answer.status, {
      'Content-Type': 'application/json;charset=UTF-8',
      ...answer.headers,
    });
    response.end(JSON.stringify(answer.body));
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { counters, limits } = this.#options.connection;
    socket.on('error', () => counters.add('socketErrors'));
    const url = URL.parse(request.url ?? '/', 'http://simulator');
    const session = url === null ? 400 : this.#options.endpoint(url);
    if (session === 404) return refuse(socket, '404 Not Found');
    if (session === 400) return refuse(socket, '400 Bad Request');
    const isOneTooMany = this.connections.size >= limits.connections || this.#options.refuses();
    if (isOneTooMany || !this.#countConnect(addressOf(request))) {
      counters.add('connectsRefused');
      return refuse(socket, '429 Too Many Requests');
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#onConnection(webSocket, session));
  }

  #onConnection(webSocket: WebSocket, session: OpenSession): void {
    const { connection: context } = this.#options;
    context.counters.add('connects');
    const connection = new VenueConnection(
      webSocket,
      { id: this.#nextId, session },
      {
        ...context,
        onClosed: (closed) => {
          this.connections.delete(closed);
          context.counters.add('disconnects');
        },
      },
    );
    this.#nextId += 1;
    this.connections.add(connection);
  }

  #countConnect(address: string): boolean {
    const { clock, limits } = this.#options.connection;
    const nowMs = clock.nowMs();
    for (const [known, timesMs] of this.#connectTimesMs) {
      if ((timesMs.at(-1) ?? 0) <= nowMs - limits.connectWindowMs) this.#connectTimesMs.delete(known);
    }
    const recentMs = (this.#connectTimesMs.get(address) ?? []).filter(
      (timeMs) => timeMs > nowMs - limits.connectWindowMs,
    );
    if (recentMs.length >= limits.connectsPerWindow) return false;
    this.#connectTimesMs.set(address, [...recentMs, nowMs]);
    return true;
  }
}

function addressOf(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? 'unknown';
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** Empty where it is too long or breaks off: no request of `/admin` is either. */
async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MOST_CLIENT_BYTES) return '';
      chunks.push(chunk);
    }
  } catch {
    return '';
  }
  return Buffer.concat(chunks).toString('utf8');
}
