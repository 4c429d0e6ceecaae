import { WebSocket } from 'ws';
import type { ClientOptions } from 'ws';
import { startSimulator } from '../../simulator/main.ts';
import type { Simulator } from '../../simulator/main.ts';
import type { SimulatorOptions } from '../../simulator/options.ts';

/** A small independent client: it knows the venue's published rules and nothing of the simulator's inside. */
type Json = Readonly<Record<string, unknown>>;
export type Level = readonly [price: string, size: string];

export interface Book {
  readonly lastUpdateId: number;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

export interface DepthUpdate {
  readonly E: number;
  readonly s: string;
  readonly U: number;
  readonly u: number;
  readonly b: readonly Level[];
  readonly a: readonly Level[];
}

type Environment = NonNullable<Parameters<typeof startSimulator>[1]>;

export async function withSimulator(
  options: Partial<SimulatorOptions>,
  body: (simulator: Simulator) => Promise<void>,
  environment: Environment = {},
): Promise<void> {
  const simulator = await startSimulator({ port: 0, ...options }, environment);
  try {
    await body(simulator);
  } finally {
    await simulator.close();
  }
}

/** A connection that keeps every text frame and lets a test wait for what it wants to see. */
export class VenueClient {
  readonly socket: WebSocket;
  readonly frames: string[] = [];
  readonly #parsed: Json[] = [];
  readonly #byStream = new Map<string, Json[]>();
  readonly errors: string[] = [];
  closeCode: number | undefined;
  readonly #waiting = new Set<() => void>();

  constructor(url: string, options: ClientOptions = {}) {
    this.socket = new WebSocket(url, options);
    this.socket.on('message', (message: Buffer) => {
      this.#keep(message.toString('utf8'));
      this.#wake();
    });
    this.socket.on('close', (code) => {
      this.closeCode = code;
      this.#wake();
    });
    this.socket.on('open', () => this.#wake());
    this.socket.on('error', ({ message }) => this.errors.push(message));
  }

  static async open(url: string, options?: ClientOptions): Promise<VenueClient> {
    const client = new VenueClient(url, options);
    await client.until(() => client.socket.readyState === WebSocket.OPEN);
    return client;
  }

  request(request: Json): void {
    this.socket.send(JSON.stringify(request));
  }

  /** Checked at each event of the connection; fails when the condition does not come true within the deadline. */
  async until(condition: () => boolean, deadlineMs = 60_000): Promise<void> {
    const endMs = performance.now() + deadlineMs;
    while (!condition()) {
      const leftMs = endMs - performance.now();
      if (leftMs <= 0) throw new Error(`not within ${deadlineMs} ms: ${condition.toString()}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#waiting.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** The answer to the request of this id. */
  async answer(id: number): Promise<Json> {
    const found = (): Json | undefined => this.#parsed.find((frame) => frame['id'] === id);
    await this.until(() => found() !== undefined);
    return found() ?? {};
  }

  /** Payloads of one stream on a combined connection, in the order of arrival. */
  dataOf(stream: string): readonly Json[] {
    return this.#byStream.get(stream) ?? [];
  }

  depths(stream: string): readonly DepthUpdate[] {
    return this.dataOf(stream) as unknown as readonly DepthUpdate[];
  }

  close(): void {
    this.socket.terminate();
  }

  #keep(text: string): void {
    this.frames.push(text);
    const parsed = parse(text);
    if (parsed === undefined) return;
    this.#parsed.push(parsed);
    const { stream, data } = parsed;
    if (typeof stream !== 'string') return;
    const known = this.#byStream.get(stream);
    if (known === undefined) this.#byStream.set(stream, [data as Json]);
    else known.push(data as Json);
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

export async function getJson<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T;
}

export async function post(url: string, body?: unknown): Promise<Response> {
  return await fetch(url, { method: 'POST', body: body === undefined ? null : JSON.stringify(body) });
}

/** Binance's procedure over what has been received: snapshot, drop `u <= L`, first spans L+1, each U = last u + 1. */
export function applied(snapshot: Book, updates: readonly DepthUpdate[]): Book {
  const bids = new Map(snapshot.bids);
  const asks = new Map(snapshot.asks);
  let { lastUpdateId } = snapshot;
  for (const update of updates) {
    if (update.u <= lastUpdateId) continue;
    if (update.U > lastUpdateId + 1) throw new Error(`gap: ${lastUpdateId} then ${update.U}`);
    for (const [side, levels] of [[bids, update.b] as const, [asks, update.a] as const]) {
      for (const [price, size] of levels) {
        if (/^0\.?0*$/.test(size)) side.delete(price);
        else side.set(price, size);
      }
    }
    lastUpdateId = update.u;
  }
  const list = (side: ReadonlyMap<string, string>, order: 1 | -1): Level[] =>
    [...side].sort(([left], [right]) => order * (Number(left) - Number(right)));
  return { lastUpdateId, bids: list(bids, -1), asks: list(asks, 1) };
}

/** Undefined: not JSON, as a frame that was cut. */
function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
