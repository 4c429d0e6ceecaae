import type { FeedSpec } from '../../../contract/feed.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { startSimulator, type Simulator } from '../../../simulator/main.ts';
import type { SimulatorOptions, VenueName } from '../../../simulator/options.ts';

/** A simulated venue of a drill: two symbols, so that a fault in one can be seen not to touch the other. */
export interface DrillVenue {
  readonly name: VenueName;
  readonly spec: Pick<FeedSpec, 'exchange' | 'market' | 'settle'>;
  readonly symbols: readonly [string, string];
}

export const DRILL_VENUES: readonly DrillVenue[] = [
  {
    name: 'binance-spot',
    spec: { exchange: 'binance', market: 'spot' },
    symbols: ['BTC-USDT', 'ETH-USDT'],
  },
  {
    name: 'binance-usdm',
    spec: { exchange: 'binance', market: 'perpetual', settle: 'linear' },
    symbols: ['BTC-USDT-PERP', 'ETH-USDT-PERP'],
  },
  {
    name: 'binance-coinm',
    spec: { exchange: 'binance', market: 'perpetual', settle: 'inverse' },
    symbols: ['BTC-USD-PERP', 'ETH-USD-PERP'],
  },
  {
    name: 'binance-options',
    spec: { exchange: 'binance', market: 'option' },
    symbols: ['BTC-USDT-20270625-60000-C', 'ETH-USDT-20270625-4000-P'],
  },
  {
    name: 'okx',
    spec: { exchange: 'okx', market: 'perpetual' },
    symbols: ['BTC-USDT-PERP', 'ETH-USDT-PERP'],
  },
  {
    name: 'deribit',
    spec: { exchange: 'deribit', market: 'perpetual' },
    symbols: ['BTC-USD-PERP', 'ETH-USD-PERP'],
  },
];

export interface TrueBook {
  readonly lastUpdateId: number;
  readonly bids: readonly (readonly [string, string])[];
  readonly asks: readonly (readonly [string, string])[];
}

interface State {
  readonly state: string;
  readonly faults: Readonly<Record<string, { readonly asked: number; readonly done: number }>>;
}

/** A venue that runs, spoken to as its users do: over its endpoints and over `/admin`. */
export class RunningVenue {
  readonly venue: DrillVenue;
  readonly #simulator: Simulator;

  private constructor(venue: DrillVenue, simulator: Simulator) {
    this.venue = venue;
    this.#simulator = simulator;
  }

  static async start(
    venue: DrillVenue,
    options: Partial<SimulatorOptions>,
    clock?: Clock,
  ): Promise<RunningVenue> {
    const { name, symbols } = venue;
    const simulator = await startSimulator(
      { port: 0, venue: name, symbols, okxChecksum: 'real', ...options },
      clock === undefined ? {} : { clock },
    );
    return new RunningVenue(venue, simulator);
  }

  get spec(): FeedSpec {
    const { spec, symbols } = this.venue;
    const endpoints = { websocket: this.#simulator.webSocketUrl, rest: this.#simulator.restUrl };
    return { ...spec, symbols, streams: ['orderbook', 'trade'], endpoints };
  }

  /** The venue's spelling of a canonical symbol. */
  native(symbol: string): string {
    return this.#simulator.symbols[this.venue.symbols.indexOf(symbol)] ?? '';
  }

  bookSubject(symbol: string): string {
    return `orderbook.${this.venue.spec.exchange}.${symbol}`;
  }
  tradeSubject(symbol: string): string {
    return `trade.${this.venue.spec.exchange}.${symbol}`;
  }

  async fault(body: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#ask('fault', JSON.stringify(body));
  }

  /** Resolves once everything that happened is published. */
  async pause(): Promise<void> {
    await this.#ask('pause', '{}');
    while ((await this.state()).state !== 'paused') await turn();
  }

  async play(): Promise<void> {
    await this.#ask('play', '{}');
  }

  async book(symbol: string): Promise<TrueBook> {
    return (await this.#get(`book?symbol=${this.native(symbol)}`)) as TrueBook;
  }

  async state(): Promise<State> {
    return (await this.#get('state')) as State;
  }

  async close(): Promise<void> {
    await this.#simulator.close();
  }

  async #get(path: string): Promise<unknown> {
    return (await fetch(`${this.#simulator.restUrl}/admin/${path}`)).json();
  }

  async #ask(path: string, body: string): Promise<void> {
    const answer = await fetch(`${this.#simulator.restUrl}/admin/${path}`, { method: 'POST', body });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`${this.venue.name}: /admin/${path} ${body}: ${text}`);
  }
}

async function turn(): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, 10);
  });
}

/** Text of a book that is equal for equal books. */
export function bookText(
  bids: Iterable<readonly [string, string]>,
  asks: Iterable<readonly [string, string]>,
): string {
  const side = (levels: Iterable<readonly [string, string]>): string =>
    [...levels]
      .map(([price, size]) => `${price} ${size}`)
      .toSorted()
      .join('\n');
  return `${side(bids)}\n\n${side(asks)}`;
}
