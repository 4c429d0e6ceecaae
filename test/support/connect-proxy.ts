import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** A proxy that knows CONNECT and nothing else, as those of companies do; it keeps what it was asked for. */
export class ConnectProxy {
  readonly asked: { readonly authority: string; readonly authorization: string | undefined }[] = [];
  /** When set, the answer to every CONNECT. */
  refuses: number | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  private constructor() {
    this.#server = createServer((_, response) => response.writeHead(405).end());
    this.#server.on('connect', (request, socket: Duplex, head: Buffer) => {
      const authority = request.url ?? '';
      this.asked.push({ authority, authorization: request.headers['proxy-authorization'] });
      this.#keep(socket);
      if (this.refuses !== undefined) {
        socket.end(`HTTP/1.1 ${this.refuses} No\r\nContent-Length: 0\r\n\r\n`);
        return;
      }
      const [host = '', port] = authority.split(':');
      const target = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        target.write(head);
        target.pipe(socket).pipe(target);
      });
      this.#keep(target);
    });
  }

  static async start(): Promise<ConnectProxy> {
    const proxy = new ConnectProxy();
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #keep(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
