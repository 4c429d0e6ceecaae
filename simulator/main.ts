import { readFile } from 'node:fs/promises';
import { systemClock } from '../runtime/clock.ts';
import type { Clock } from '../runtime/clock.ts';
import type { FaultKind } from './faults/fault.ts';
import { ProtocolFaults } from './faults/tally.ts';
import type { VenueLimits } from './limits.ts';
import { SyntheticMarket } from './market/synthetic.ts';
import { PlaybackMarket } from './playback/playback-market.ts';
import { parseRecording } from './playback/recording.ts';
import type { Recording } from './playback/recording.ts';
import type { Market, Protocol } from './ports.ts';
import { PROTOCOLS } from './protocols.ts';
import { parseScenario } from './scenario.ts';
import type { ScenarioStep } from './scenario.ts';
import { SimulatorError } from './simulator-error.ts';
import { DEFAULT_OPTIONS } from './options.ts';
import type { SimulatorOptions } from './options.ts';
import { Venue } from './venue.ts';

const FAULTS_OF_WORDING: readonly FaultKind[] = [
  'secondSnapshot',
  'sequenceReset',
  'wrongChecksum',
  'checksumZero',
];

export interface Simulator {
  readonly port: number;
  /** `http://127.0.0.1:8090` */
  readonly restUrl: string;
  /** `ws://127.0.0.1:8090` */
  readonly webSocketUrl: string;
  readonly symbols: readonly string[];
  /** `Binance spot` */
  readonly title: string;
  /** Behind the URLs above. */
  readonly webSocketPaths: readonly string[];
  readonly restPath: string;
  play(): void;
  close(): Promise<void>;
}

/** Starts the venue on localhost. */
export async function startSimulator(
  partial: Partial<SimulatorOptions> = {},
  environment: { readonly clock?: Clock; readonly limits?: Partial<VenueLimits> } = {},
): Promise<Simulator> {
  const options = { ...DEFAULT_OPTIONS, ...partial };
  const clock = environment.clock ?? systemClock();
  const protocolFaults = new ProtocolFaults();
  const made = PROTOCOLS[options.venue]({
    takeFault: (kind, symbol) => protocolFaults.take(kind, symbol),
    okxChecksum: options.okxChecksum,
  });
  const protocol = options.recordings.length > 0 ? asPlayed(made) : made;
  const market = await makeMarket(options, protocol, clock);
  const scenarioSteps = await readScenario(options.scenario, market, protocol);
  const venue = new Venue(options, {
    clock,
    market,
    protocol,
    protocolFaults,
    scenarioSteps,
    limits: { ...protocol.limits, ...environment.limits },
  });
  const port = await venue.server.listen();
  if (options.start === 'immediately') venue.marketClock.play();
  return {
    ...endpoints(options.host, port),
    symbols: market.symbols.map(({ symbol }) => symbol),
    title: protocol.title,
    webSocketPaths: protocol.webSocketPaths,
    restPath: protocol.restPath,
    play: () => venue.marketClock.play(),
    async close() {
      venue.marketClock.stop();
      venue.faults.close();
      await venue.server.close();
    },
  };
}

function endpoints(host: string, port: number): Pick<Simulator, 'port' | 'restUrl' | 'webSocketUrl'> {
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return { port, restUrl: `http://${authority}`, webSocketUrl: `ws://${authority}` };
}

async function readScenario(
  path: string | undefined,
  market: Market,
  protocol: Protocol,
): Promise<readonly ScenarioStep[]> {
  if (path === undefined) return [];
  const symbols = market.symbols.map(({ symbol }) => symbol);
  return parseScenario(path, await readInput(path), { symbols, venueFaults: protocol.venueFaults });
}

/** Frames that are recorded are not worded anew, so faults of the wording cannot be done. */
function asPlayed(protocol: Protocol): Protocol {
  const venueFaults = protocol.venueFaults.filter((kind) => !FAULTS_OF_WORDING.includes(kind));
  return { ...protocol, venueFaults };
}

async function makeMarket(options: SimulatorOptions, protocol: Protocol, clock: Clock): Promise<Market> {
  const { seed, eventsPerSecond, recordings, loops } = options;
  if (recordings.length > 0) {
    const { playback, title } = protocol;
    if (playback === null)
      throw new SimulatorError(
        `--recordings: none of ${title} can be played back; leave it out, or name another --venue`,
      );
    const read = async (path: string): Promise<Recording> =>
      parseRecording(path, await readInput(path), playback);
    return new PlaybackMarket(await Promise.all(recordings.map(read)), loops);
  }
  const names = options.symbols.length > 0 ? options.symbols : protocol.defaultSymbols;
  const instruments = names.map((name) => {
    const instrument = protocol.instrument(name, seed);
    if (instrument === undefined)
      throw new SimulatorError(`--symbols: "${name}" is not of the form ${protocol.symbolForm}`);
    return instrument;
  });
  const twice = instruments.find(
    ({ symbol }, index) => instruments.findIndex((other) => other.symbol === symbol) < index,
  );
  if (twice !== undefined) throw new SimulatorError(`--symbols: ${twice.symbol} is named twice`);
  const marketOptions = { instruments, seed, eventsPerSecond, firstId: clock.nowMs() };
  return protocol.makeMarket?.(marketOptions) ?? new SyntheticMarket({ ...marketOptions, protocol });
}

async function readInput(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new SimulatorError(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`, {
      cause: error,
    });
  }
}
