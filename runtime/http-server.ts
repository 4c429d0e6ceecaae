import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Logger } from './log.ts';

export interface HttpReply {
  readonly status: number;
  readonly body: string;
  /** `application/json` when left out. */
  readonly contentType?: string;
}

/** Answers GET and HEAD of one path. */
export type HttpRoute = () => HttpReply | Promise<HttpReply>;

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface HttpServerOptions {
  /** 0: any free port. */
  readonly port: number;
  readonly host?: string;
  readonly routes: Readonly<Record<string, HttpRoute>>;
  readonly log: Logger;
}

/** Probes and a scraper or two; more at once is a mistake and is refused by the socket. */
const MAX_CONNECTIONS = 128;
const REQUEST_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 1_000;

export const jsonReply = (status: number, value: unknown): HttpReply => ({
  status,
  body: `${JSON.stringify(value)}\n`,
});

/** Read-only HTTP for probes, metrics and status. Rejects when the port cannot be bound. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const server = createServer((request, response) => {
    void answer(request, response, options);
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  server.listen({ port: options.port, ...(options.host === undefined ? {} : { host: options.host }) });
  await once(server, 'listening');
  server.on('error', (error) => options.log.error({ err: error }, 'HTTP server failed'));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: () => closeServer(server),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { routes, log }: HttpServerOptions,
): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  let reply: HttpReply;
  try {
    reply = await replyTo(request.method ?? '', path, routes);
  } catch (error) {
    log.error({ err: error, path }, 'HTTP route failed');
    reply = jsonReply(500, { status: 'error', message: 'internal error, see the log' });
  }
  const body = Buffer.from(reply.body);
  response.writeHead(reply.status, {
    'content-type': reply.contentType ?? 'application/json',
    'content-length': body.byteLength,
    'cache-control': 'no-store',
    ...(reply.status === 405 ? { allow: 'GET, HEAD' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
  request.resume();
}

function replyTo(
  method: string,
  path: string,
  routes: HttpServerOptions['routes'],
): HttpReply | Promise<HttpReply> {
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (route === undefined) {
    const known = Object.keys(routes).join(', ');
    return jsonReply(404, { status: 'error', message: `unknown path ${path}; known are ${known}` });
  }
  if (method !== 'GET' && method !== 'HEAD')
    return jsonReply(405, { status: 'error', message: `${method} is not offered; use GET` });
  return route();
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), CLOSE_TIMEOUT_MS);
  await closed;
  clearTimeout(timer);
}
