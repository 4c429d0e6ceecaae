import type { WebSocket } from 'ws';
import { VenueClient, getJson, post, withSimulator } from './client.ts';
import type { Book, Level } from './client.ts';

/** The other end of Deribit's JSON-RPC, from the venue's published rules alone. */

export const PERPETUAL = 'book.BTC-PERPETUAL.100ms';

export interface BookNotice {
  readonly timestamp: number;
  readonly type: 'snapshot' | 'change';
  readonly change_id: number;
  readonly prev_change_id?: number;
  readonly bids: readonly (readonly [action: string, price: number, amount: number])[];
  readonly asks: readonly (readonly [action: string, price: number, amount: number])[];
}

export interface RpcAnswer {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

type Options = Parameters<typeof withSimulator>[0];
type Environment = Parameters<typeof withSimulator>[2];

export class DeribitClient {
  readonly client: VenueClient;
  readonly restUrl: string;
  #nextId = 1;

  constructor(client: VenueClient, restUrl: string) {
    this.client = client;
    this.restUrl = restUrl;
  }

  get socket(): WebSocket {
    return this.client.socket;
  }

  async call(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<RpcAnswer> {
    const id = this.#nextId;
    this.#nextId += 1;
    this.client.request({ jsonrpc: '2.0', id, method, params });
    return await this.client.answer(id);
  }

  async subscribe(...channels: readonly string[]): Promise<RpcAnswer> {
    return await this.call('public/subscribe', { channels });
  }

  /** What came on this channel, in the order of arrival. */
  dataOf(channel: string): readonly unknown[] {
    const begin = `{"jsonrpc":"2.0","method":"subscription","params":{"channel":"${channel}"`;
    return this.client.frames
      .filter((frame) => frame.startsWith(begin))
      .map((frame) => (JSON.parse(frame) as { readonly params: { readonly data: unknown } }).params.data);
  }

  books(channel: string): readonly BookNotice[] {
    return this.dataOf(channel) as readonly BookNotice[];
  }

  /** Waits until the venue's time has gone on by so much, as the volatility index tells it. */
  async venueTimePasses(ms: number): Promise<void> {
    const channel = 'deribit_volatility_index.btc_usd';
    await this.subscribe(channel);
    const timesMs = (): number[] =>
      (this.dataOf(channel) as readonly { readonly timestamp: number }[]).map(({ timestamp }) => timestamp);
    await this.client.until(() => (timesMs().at(-1) ?? 0) - (timesMs()[0] ?? 0) >= ms);
  }

  async truth(symbol: string): Promise<Book> {
    return await getJson<Book>(`${this.restUrl}/admin/book?symbol=${symbol}`);
  }

  async pause(): Promise<void> {
    await post(`${this.restUrl}/admin/pause`);
    for (;;) {
      const { state } = await getJson<{ readonly state: string }>(`${this.restUrl}/admin/state`);
      if (state === 'paused') return;
    }
  }

  async fault(fault: Readonly<Record<string, unknown>>): Promise<void> {
    const { status } = await post(`${this.restUrl}/admin/fault`, fault);
    if (status !== 200) throw new Error(`the fault was refused with ${status}`);
  }
}

export async function withDeribit(
  options: Options,
  body: (client: DeribitClient) => Promise<void>,
  environment?: Environment,
): Promise<void> {
  await withSimulator(
    { venue: 'deribit', eventsPerSecond: 200, ...options },
    async ({ webSocketUrl, restUrl }) => {
      const client = await VenueClient.open(`${webSocketUrl}/ws/api/v2`);
      try {
        await body(new DeribitClient(client, restUrl));
      } finally {
        client.close();
      }
    },
    environment,
  );
}

/** The venue's rule, strictly: each change links to the one before, and its actions fit the book. */
export function followed(notices: readonly BookNotice[]): Book {
  const bids = new Map<string, string>();
  const asks = new Map<string, string>();
  let lastUpdateId = -1;
  for (const notice of notices) {
    if (notice.type === 'snapshot') {
      bids.clear();
      asks.clear();
    } else if (notice.prev_change_id !== lastUpdateId) {
      throw new Error(`gap: ${lastUpdateId} then ${notice.prev_change_id}`);
    }
    if (notice.change_id < lastUpdateId) throw new Error(`${notice.change_id} after ${lastUpdateId}`);
    for (const [action, price, amount] of notice.bids) put(bids, action, [String(price), String(amount)]);
    for (const [action, price, amount] of notice.asks) put(asks, action, [String(price), String(amount)]);
    lastUpdateId = notice.change_id;
  }
  const list = (side: ReadonlyMap<string, string>, order: 1 | -1): Level[] =>
    [...side].sort(([left], [right]) => order * (Number(left) - Number(right)));
  return { lastUpdateId, bids: list(bids, -1), asks: list(asks, 1) };
}

function put(side: Map<string, string>, action: string, [price, amount]: Level): void {
  if (side.has(price) !== (action !== 'new')) throw new Error(`${action} of ${price}, which does not fit`);
  if ((action === 'delete') !== (amount === '0')) throw new Error(`${action} with ${amount}`);
  if (action === 'delete') side.delete(price);
  else side.set(price, amount);
}
