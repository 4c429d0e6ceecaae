import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

const PERPETUAL = { kind: 'future', settlement_period: 'perpetual', is_active: true, state: 'open' };
const INSTRUMENTS = [
  { ...PERPETUAL, instrument_name: 'BTC-PERPETUAL', instrument_type: 'reversed' },
  { ...PERPETUAL, instrument_name: 'ETH_USDC-PERPETUAL', instrument_type: 'linear' },
];

interface Request {
  readonly id: number;
  readonly method: string;
  readonly params: { readonly channels?: readonly string[]; readonly interval?: number };
}

/** As much of Deribit as a test needs: books that count up in jumps, and channels that it leaves out of its answers. */
export class TinyDeribit {
  readonly #server: Server;
  readonly #sockets = new Set<WebSocket>();
  readonly #bookIds = new Map<string, number>();
  readonly requests: Request[] = [];
  readonly leftOut = new Set<string>();
  connects = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<TinyDeribit> {
    const server = createServer((request, response) => {
      const isIndex = request.url?.includes('get_index_price_names') === true;
      const result = isIndex ? ['btc_usd', 'btc_usdc'] : INSTRUMENTS;
      response.end(JSON.stringify({ jsonrpc: '2.0', result }));
    });
    const venue = new TinyDeribit(server);
    new WebSocketServer({ server, path: '/ws/api/v2' }).on('connection', (socket) => venue.#accept(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return venue;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  methods(name: string): readonly Request[] {
    return this.requests.filter(({ method }) => method === name);
  }

  /** One change; `lose` moves the ids on without telling anybody. */
  change(instrument: string, { lose = false } = {}): number {
    const previous = this.#bookId(instrument);
    const id = previous + 7;
    this.#bookIds.set(instrument, id);
    if (!lose) this.#book(instrument, { type: 'change', prev_change_id: previous });
    return id;
  }

  send(frame: object): void {
    for (const socket of this.#sockets) socket.send(JSON.stringify({ jsonrpc: '2.0', ...frame }));
  }

  push(channel: string, data: unknown): void {
    this.send({ method: 'subscription', params: { channel, data } });
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.terminate();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #bookId(instrument: string): number {
    return this.#bookIds.get(instrument) ?? 1_000;
  }

  #book(instrument: string, fields: object): void {
    const id = this.#bookId(instrument);
    const sides = { bids: [['new', 99.5, id]], asks: [['new', 100, 10]] };
    const data = { timestamp: 1_700_000_000_000 + id, instrument_name: instrument, change_id: id, ...sides };
    this.push(`book.${instrument}.100ms`, { ...data, ...fields });
  }

  #accept(socket: WebSocket): void {
    this.connects += 1;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('message', (text: Buffer) => {
      const request = JSON.parse(text.toString()) as Request;
      this.requests.push(request);
      const accepted = request.params.channels?.filter((channel) => !this.leftOut.has(channel));
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: request.id, result: accepted ?? 'ok' }));
      if (request.method !== 'public/subscribe') return;
      for (const channel of accepted ?? []) {
        const [kind, instrument = '', grouping] = channel.split('.');
        if (kind === 'book' && grouping !== 'none') this.#book(instrument, { type: 'snapshot' });
      }
    });
  }
}
