import type { Clock } from '../runtime/clock.ts';
import { answerAdmin } from './admin.ts';
import type { VenueConnection } from './connection.ts';
import { Counters } from './counters.ts';
import { Faults } from './faults/faults.ts';
import { FrameFaults } from './faults/frame-faults.ts';
import type { ProtocolFaults } from './faults/tally.ts';
import { Hub } from './hub.ts';
import type { VenueLimits } from './limits.ts';
import { MarketClock } from './market-clock.ts';
import type { SimulatorOptions } from './options.ts';
import type { BookText, Market, Protocol, RestAnswer, VenueContext } from './ports.ts';
import { Scenario } from './scenario.ts';
import type { ScenarioStep } from './scenario.ts';
import { VenueServer } from './server.ts';
import type { HttpRequest } from './server.ts';
import { Snapshots } from './snapshots.ts';

export interface VenueParts {
  readonly clock: Clock;
  readonly market: Market;
  readonly protocol: Protocol;
  readonly protocolFaults: ProtocolFaults;
  readonly limits: VenueLimits;
  readonly scenarioSteps: readonly ScenarioStep[];
}

/** The parts of the simulator, wired here and nowhere else: market → clock → faults → hub → connections. */
export class Venue {
  readonly server: VenueServer;
  readonly marketClock: MarketClock;
  readonly faults: Faults;
  readonly #hub: Hub;
  readonly #snapshots: Snapshots;
  readonly #scenario: Scenario;
  readonly #parts: VenueParts;
  readonly #context: VenueContext;
  readonly #counters = new Counters();
  readonly #seed: number;

  constructor(options: SimulatorOptions, parts: VenueParts) {
    const { clock, market, limits, protocol, protocolFaults } = parts;
    const counters = this.#counters;
    const frames = new FrameFaults(clock, counters, protocolFaults.tally);
    this.#parts = parts;
    this.#seed = options.seed;
    this.#hub = new Hub(frames);
    this.#scenario = new Scenario(parts.scenarioSteps, (fault) => this.faults.apply(fault));
    this.marketClock = new MarketClock({
      market,
      clock,
      sink: this.#hub,
      speed: options.speed,
      pressed: () => this.#hub.pressed,
      agenda: this.#scenario,
    });
    const present = (symbol: string): BookText | undefined =>
      protocol.publishedBook?.(symbol) ?? market.snapshot(symbol);
    const wireId = (symbol: string, id: number): number => protocol.wireId?.(symbol, id) ?? id;
    const marketMs = (): number => this.marketClock.marketMs;
    this.#snapshots = new Snapshots(market, { present, wireId, marketMs });
    this.#snapshots.setLag(options.snapshotLagMs);
    this.#context = {
      market,
      limits,
      nowMs: () => clock.nowMs(),
      marketNowMs: () => market.timeMs ?? clock.nowMs(),
      snapshot: (symbol) => {
        const book = this.#snapshots.book(symbol);
        return book === undefined ? undefined : this.faults.snapshot(symbol, book);
      },
      distort: (symbol, book) => this.faults.snapshot(symbol, book),
    };
    this.server = new VenueServer({
      host: options.host,
      port: options.port,
      connection: {
        hub: this.#hub,
        limits,
        clock,
        counters,
        served: (streams) => this.faults.served(streams),
        onSubscribed: () => this.#onSubscribed(options),
      },
      refuses: () => protocolFaults.take('connectRefused', ''),
      endpoint: (url) => protocol.endpoint(url, this.#context),
      answer: (request) => this.#answer(request),
    });
    const connections = (): Iterable<VenueConnection> => this.server.connections;
    const snapshots = this.#snapshots;
    this.faults = new Faults({ clock, frames, snapshots, connections, protocol, protocolFaults });
  }

  #onSubscribed({ start, waitStreams }: SimulatorOptions): void {
    const enough = start === 'first-subscribe' && this.#hub.streamCount >= waitStreams;
    if (enough && this.marketClock.state === 'waiting') this.marketClock.play();
  }

  async #answer(request: HttpRequest): Promise<RestAnswer> {
    const { url, address } = request;
    const { market, protocol, protocolFaults } = this.#parts;
    if (!url.pathname.startsWith('/admin/'))
      return this.faults.restAnswer(url) ?? protocol.rest(url, address, this.#context);
    return await answerAdmin(request, {
      seed: this.#seed,
      market,
      protocol,
      marketClock: this.marketClock,
      snapshots: this.#snapshots,
      hub: this.#hub,
      counters: this.#counters,
      faults: this.faults,
      tally: protocolFaults.tally,
      scenario: this.#scenario,
      connections: () => this.server.connections,
    });
  }
}
