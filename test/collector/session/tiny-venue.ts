import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { effectiveFeed } from '../../../contract/effective.ts';
import type { FeedSpec } from '../../../contract/feed.ts';
import type { Assignment } from '../../../contract/assignment.ts';
import { startSession } from '../../../collector/session.ts';
import type { Proxies } from '../../../runtime/proxies.ts';
import { venueOf } from '../../../collector/venues/registry.ts';
import type { Venue } from '../../../collector/venues/venue.ts';
import type { Outgoing, VenueSession } from '../../../collector/ports.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { createLogger } from '../../../runtime/log.ts';

const SYMBOLS = [
  { symbol: 'BTCUSDT', status: 'TRADING', baseAsset: 'BTC', quoteAsset: 'USDT' },
  { symbol: 'ETHUSDT', status: 'TRADING', baseAsset: 'ETH', quoteAsset: 'USDT' },
  { symbol: 'LUNAUSDT', status: 'BREAK', baseAsset: 'LUNA', quoteAsset: 'USDT' },
];

/** As much of Binance spot as a test needs: books that count up, and switches for what goes wrong. */
export class TinyVenue {
  readonly #server: Server;
  readonly #sockets = new Set<WebSocket>();
  readonly #bookIds = new Map<string, number>();
  readonly #tradeIds = new Map<string, number>();
  /** Requests as they came, method and stream names. */
  readonly requests: { readonly method: string; readonly params: readonly string[] }[] = [];
  readonly depthAnswers: string[] = [];
  connects = 0;
  mostAtOnce = 0;
  /** When false, subscriptions are never confirmed. */
  acknowledges = true;
  /** When false, pings stay without a pong. */
  answersPings = true;
  pingsAnswered = 0;
  /** When true, later connections are confirmed and get no data. */
  onlyOldest = false;
  catalogueStatus = 200;
  /** What the list of instruments says. */
  listed: readonly { readonly symbol: string; readonly status: string }[] = SYMBOLS;
  lists = 0;
  /** Answers a depth request in place of the book; false: nothing of its own. */
  onDepth: (instrument: string, response: ServerResponse) => boolean = () => false;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<TinyVenue> {
    const server = createServer((request, response) => {
      venue.#rest(new URL(request.url ?? '/', 'http://localhost'), response);
    });
    const venue = new TinyVenue(server);
    new WebSocketServer({ server, autoPong: false }).on('connection', (socket) => venue.#accept(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return venue;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
  get streams(): readonly string[] {
    const open = new Set<string>();
    for (const { method, params } of this.requests) {
      for (const name of params) {
        if (method === 'SUBSCRIBE') open.add(name);
        else open.delete(name);
      }
    }
    return [...open].toSorted();
  }

  bookId(instrument: string): number {
    return this.#bookIds.get(instrument) ?? 100;
  }

  /** One change of the book; `lose` moves the ids on without telling anybody. */
  change(instrument: string, { lose = false } = {}): number {
    const id = this.bookId(instrument) + 1;
    this.#bookIds.set(instrument, id);
    const [b, a] = [[['99.00000000', `${id}.00000000`]], []];
    const event = { e: 'depthUpdate', E: 1_700_000_000_000 + id, s: instrument, U: id, u: id, b, a };
    if (!lose) this.send({ stream: `${instrument.toLowerCase()}@depth@100ms`, data: event });
    return id;
  }

  trade(instrument: string): number {
    const id = (this.#tradeIds.get(instrument) ?? 0) + 1;
    this.#tradeIds.set(instrument, id);
    const event = {
      e: 'trade',
      E: 1,
      T: 1_700_000_000_000 + id,
      s: instrument,
      t: id,
      p: '99.0',
      q: '1.0',
      m: false,
    };
    this.send({ stream: `${instrument.toLowerCase()}@trade`, data: event });
    return id;
  }

  get open(): number {
    return this.#sockets.size;
  }

  send(frame: unknown): void {
    const [oldest, ...later] = this.#sockets;
    for (const socket of this.onlyOldest ? [oldest] : [oldest, ...later]) socket?.send(JSON.stringify(frame));
  }
  ping(): void {
    for (const socket of this.#sockets) socket.ping();
  }
  cutOldest(): void {
    const [oldest] = this.#sockets;
    oldest?.terminate();
  }
  cut(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(socket: WebSocket): void {
    this.connects += 1;
    this.#sockets.add(socket);
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#sockets.size);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('ping', (payload: Buffer) => {
      if (!this.answersPings) return;
      this.pingsAnswered += 1;
      socket.pong(payload);
    });
    socket.on('message', (data: Buffer) => {
      const request = JSON.parse(data.toString()) as { id: number; method: string; params: string[] };
      this.requests.push(request);
      if (this.acknowledges) socket.send(JSON.stringify({ result: null, id: request.id }));
    });
  }

  #rest(url: URL, response: ServerResponse): void {
    if (url.pathname.endsWith('/exchangeInfo')) {
      this.lists += 1;
      response.writeHead(this.catalogueStatus).end(JSON.stringify({ symbols: this.listed }));
      return;
    }
    const instrument = url.searchParams.get('symbol') ?? '';
    this.depthAnswers.push(instrument);
    if (this.onDepth(instrument, response)) return;
    const lastUpdateId = this.bookId(instrument);
    // As the last change left it: an audit would find any difference.
    const [bids, asks] = [[['99.00000000', `${lastUpdateId}.00000000`]], [['101.00000000', '2.00000000']]];
    response.end(JSON.stringify({ lastUpdateId, bids, asks }));
  }
}

export interface Collected {
  readonly session: VenueSession;
  readonly records: Outgoing[];
  of<K extends Outgoing['kind']>(kind: K, symbol: string): Extract<Outgoing, { kind: K }>[];
  state(symbol: string): string | undefined;
}

export function collect(
  venue: Pick<TinyVenue, 'port'>,
  symbols: readonly string[],
  options: {
    readonly clock?: Clock;
    readonly spec?: Partial<FeedSpec>;
    readonly weightPerMinute?: number;
    readonly catalogueEveryMs?: number;
    readonly selects?: boolean;
    readonly connections?: number;
    /** In place of the market's own, with other limits. */
    readonly venue?: Venue;
    readonly proxies?: Proxies;
  } = {},
): Collected {
  const records: Outgoing[] = [];
  const spec: FeedSpec = {
    exchange: 'binance',
    market: 'spot',
    ...(options.selects === true ? {} : { symbols }),
    streams: ['orderbook', 'trade'],
    endpoints: { websocket: `ws://127.0.0.1:${venue.port}`, rest: `http://127.0.0.1:${venue.port}` },
    ...options.spec,
  };
  const assignment: Assignment = {
    v: 1,
    epoch: 1,
    feed: { namespace: 'test', name: 'test', uid: 'uid' },
    shard: 0,
    shards: 1,
    symbols,
    effective: effectiveFeed({ spec }, {}),
    budget: { weightPerMinute: options.weightPerMinute ?? 4_800, connections: options.connections ?? 240 },
  };
  const session = startSession(
    {
      assignment,
      sink: { push: (record) => void records.push(record), pressed: false },
      clock: options.clock ?? systemClock(),
      random: () => 0.5,
      log: createLogger('test', 'silent'),
      replica: 'a',
      writerEpoch: 'w1',
      selects: options.selects ?? false,
      ...(options.catalogueEveryMs === undefined ? {} : { catalogueEveryMs: options.catalogueEveryMs }),
      ...(options.proxies === undefined ? {} : { proxies: options.proxies }),
    },
    options.venue ?? venueOf(assignment.effective),
  );
  return {
    session,
    records,
    of: (kind, symbol) =>
      records.filter((one) => one.kind === kind && one.symbol === symbol) as Extract<
        Outgoing,
        { kind: typeof kind }
      >[],
    state: (symbol) => session.status().symbols.find((one) => one.symbol === symbol)?.state,
  };
}

/** Real sockets, timers that a test moves. */
export class ManualClock implements Clock {
  #nowMs = 1_700_000_000_000;
  readonly #timers = new Set<{
    dueMs: number;
    readonly periodMs: number | undefined;
    readonly task: () => void;
  }>();

  nowMs(): number {
    return this.#nowMs;
  }
  nowUs(): number {
    return this.#nowMs * 1_000;
  }
  after(delayMs: number, task: () => void): () => void {
    return this.#add(delayMs, undefined, task);
  }
  every(periodMs: number, task: () => void): () => void {
    return this.#add(periodMs, periodMs, task);
  }
  /** Every timer that falls due on the way runs, in order of time. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined || next.dueMs > untilMs) break;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      if (next.periodMs === undefined) this.#timers.delete(next);
      else next.dueMs += next.periodMs;
      next.task();
    }
    this.#nowMs = untilMs;
  }
  #add(delayMs: number, periodMs: number | undefined, task: () => void): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, periodMs, task };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }
}

/** Resolves once the condition holds, giving sockets their turns; `nudge` runs between the looks. */
export async function until(what: string, condition: () => boolean, nudge?: () => void): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`never: ${what}`);
    nudge?.();
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}
