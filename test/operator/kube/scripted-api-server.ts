// An HTTP server that answers lists and watches as a test says, byte by byte, and remembers what it was asked.
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { Agent } from 'undici';
import type { Connection } from '../../../operator/kube/connection.ts';

export interface Asked {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly response: ServerResponse;
  /** Of the socket: true once the client has gone. */
  readonly gone: () => boolean;
}

export interface ScriptedApiServer {
  readonly connection: Connection;
  readonly asked: readonly Asked[];
  /** The request of that number, once it has come. */
  request(index: number): Promise<Asked>;
  close(): Promise<void>;
}

export async function scriptedApiServer(): Promise<ScriptedApiServer> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://server');
    let gone = false;
    response.on('close', () => (gone = true));
    asked.push({ path: url.pathname, query: url.searchParams, response, gone: () => gone });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const dispatcher = new Agent({ allowH2: false });
  return {
    asked,
    connection: {
      server: `http://127.0.0.1:${port}`,
      namespace: undefined,
      authorize: async () => ({ headers: {}, dispatcher }),
      forget: () => undefined,
      close: () => dispatcher.destroy(),
    },
    async request(index) {
      await until(() => asked.length > index, `request ${index}`);
      return asked[index] as Asked;
    },
    async close() {
      await dispatcher.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}

const TURNS = 200_000;

/** Lets the event loop turn until the condition holds. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (let turns = 0; !holds(); turns += 1) {
    if (turns > TURNS) throw new Error(`it never came to: ${what}`);
    await turn();
  }
}

export function reply(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

export const failed = (code: number, message = 'no'): unknown => ({ kind: 'Status', code, message });
