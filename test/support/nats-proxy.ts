// A proxy before a NATS server that understands just enough of the protocol to lose chosen messages on their way to the
// client: an acknowledgement that is lost cannot be made by killing anything.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface NatsProxy {
  readonly url: string;
  /** Messages to the client whose payload satisfies this are lost. */
  lose: (payload: string) => boolean;
  readonly lost: number;
  /** Ends every connection; new ones are let in unless `closed`. */
  cut(): void;
  closed: boolean;
  stop(): Promise<void>;
}

/** The acknowledgement of a publish. */
export const isPublishAck = (payload: string): boolean =>
  payload.startsWith('{"stream":') && payload.includes('"seq":');

export async function startNatsProxy(serverPort: number): Promise<NatsProxy> {
  const sockets = new Set<Socket>();
  let lost = 0;
  const listener = createServer((client) => {
    if (proxy.closed) {
      client.destroy();
      return;
    }
    const server = connect({ host: '127.0.0.1', port: serverPort });
    const filter = new Filter((payload) => {
      if (!proxy.lose(payload)) return false;
      lost += 1;
      return true;
    });
    client.on('data', (chunk) => server.write(chunk));
    server.on('data', (chunk: Buffer) => {
      for (const part of filter.pass(chunk)) client.write(part);
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const proxy: NatsProxy = {
    url: `nats://127.0.0.1:${port}`,
    lose: () => false,
    get lost() {
      return lost;
    },
    closed: false,
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    async stop() {
      proxy.cut();
      listener.close();
      await once(listener, 'close');
    },
  };
  return proxy;
}

/** Cuts the server's bytes into whole protocol messages. */
class Filter {
  readonly #lose: (payload: string) => boolean;
  #rest: Buffer = Buffer.alloc(0);

  constructor(lose: (payload: string) => boolean) {
    this.#lose = lose;
  }

  pass(chunk: Buffer): Buffer[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const out: Buffer[] = [];
    for (;;) {
      const lineEnd = this.#rest.indexOf('\r\n');
      if (lineEnd === -1) return out;
      const line = this.#rest.subarray(0, lineEnd).toString();
      const size = /^H?MSG /.test(line) ? Number(line.slice(line.lastIndexOf(' ') + 1)) + 2 : 0;
      const end = lineEnd + 2 + size;
      if (this.#rest.length < end) return out;
      const message = this.#rest.subarray(0, end);
      this.#rest = this.#rest.subarray(end);
      if (size === 0 || !this.#lose(message.subarray(lineEnd + 2, end - 2).toString())) out.push(message);
    }
  }
}
