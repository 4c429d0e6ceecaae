import { startSimulator } from '../simulator/main.ts';
import { DEFAULT_OPTIONS, VENUE_NAMES } from '../simulator/options.ts';
import type { SimulatorOptions } from '../simulator/options.ts';
import { SimulatorError } from '../simulator/simulator-error.ts';
import {
  EXIT_FAILED,
  EXIT_OK,
  EXIT_USAGE,
  isSystemError,
  isTakenPort,
  parseOptions,
  usageMessage,
} from './args.ts';

const HELP = `marketprism simulate: a venue on localhost, to test consumers against

  --venue binance-spot    or ${VENUE_NAMES.slice(1).join(', ')}
  --host 127.0.0.1        where to listen
  --port 8090             0 picks a free port and prints it
  --symbols A-B[,C-D]     of the synthetic market, canonical (BTC and ETH)
  --seed 1                same seed, same market
  --rate ${DEFAULT_OPTIONS.eventsPerSecond}              book and trade events per second and symbol
  --recordings FILE[,..]  play recordings back instead, side by side, each from its own beginning
  --loops forever         how often to play them; ids and times move on from loop to loop
  --speed 1               market milliseconds per true millisecond
  --start immediately     or first-subscribe, or manual (POST /admin/play)
  --wait-streams 1        with first-subscribe: start once so many streams are subscribed
  --snapshot-lag-ms 0     REST books are that old (market time)
  --okx-checksum zero     or real, as OKX had it until June 2026
  --scenario FILE         YAML list of {atMs, fault}: faults at market times

docs/simulator.md has the endpoints, the faults and the admin interface.
`;
const STARTS = ['immediately', 'first-subscribe', 'manual'] as const;
const CHECKSUMS = ['zero', 'real'] as const;
const MOST_PORT = 65_535;
const OPTION_NAMES = [
  'venue',
  'host',
  'port',
  'symbols',
  'seed',
  'rate',
  'recordings',
  'loops',
  'speed',
  'start',
  'wait-streams',
  'snapshot-lag-ms',
  'scenario',
  'okx-checksum',
] as const;

/** The command `simulate`; answers the exit code once SIGINT or SIGTERM ends it. */
export async function run(args: readonly string[]): Promise<number> {
  const parsed = parseOptions(
    args,
    Object.fromEntries(OPTION_NAMES.map((name) => [name, { type: 'string' }])),
  );
  if (parsed.kind === 'help') {
    process.stdout.write(HELP);
    return EXIT_OK;
  }
  const options = parsed.kind === 'fault' ? parsed.message : optionsOf(parsed.values);
  if (typeof options === 'string') {
    process.stderr.write(usageMessage('simulate', options));
    return EXIT_USAGE;
  }
  const stopped = stopSignal();
  try {
    const simulator = await startSimulator(options);
    process.stdout.write(
      `simulate: ${simulator.title} at ` +
        `${simulator.webSocketPaths.map((path) => simulator.webSocketUrl + path).join(' ')} ` +
        `${simulator.restUrl}${simulator.restPath}, admin ${simulator.restUrl}/admin/state, symbols ${simulator.symbols.join(',')}\n`,
    );
    await stopped;
    await simulator.close();
    return EXIT_OK;
  } catch (error) {
    if (!(error instanceof SimulatorError) && !isSystemError(error)) throw error;
    const message = isTakenPort(error)
      ? `port ${options.port} is in use; choose another with --port`
      : error.message;
    process.stderr.write(`marketprism simulate: ${message}\n`);
    return error instanceof SimulatorError ? EXIT_USAGE : EXIT_FAILED;
  }
}

async function stopSignal(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

/** Text: every option that cannot be used. */
function optionsOf(values: Readonly<Record<string, unknown>>): SimulatorOptions | string {
  const problems: string[] = [];
  const text = (name: (typeof OPTION_NAMES)[number]): string | undefined =>
    typeof values[name] === 'string' ? values[name] : undefined;
  const number = (name: (typeof OPTION_NAMES)[number], standard: number, least: number): number => {
    const value = Number(text(name) ?? standard);
    if (Number.isNaN(value) || value < least)
      problems.push(`--${name} must be a number of at least ${least}`);
    return value;
  };
  const port = number('port', DEFAULT_OPTIONS.port, 0);
  if (port > MOST_PORT) problems.push(`--port must be at most ${MOST_PORT}`);
  else if (!Number.isInteger(port)) problems.push('--port must be a whole number');
  const start = STARTS.find((known) => known === (text('start') ?? DEFAULT_OPTIONS.start));
  if (start === undefined) problems.push(`--start must be one of ${STARTS.join(', ')}`);
  const venue = VENUE_NAMES.find((known) => known === (text('venue') ?? DEFAULT_OPTIONS.venue));
  if (venue === undefined) problems.push(`--venue must be one of ${VENUE_NAMES.join(', ')}`);
  const okxChecksum = CHECKSUMS.find(
    (known) => known === (text('okx-checksum') ?? DEFAULT_OPTIONS.okxChecksum),
  );
  if (okxChecksum === undefined) problems.push(`--okx-checksum must be one of ${CHECKSUMS.join(', ')}`);
  const options: SimulatorOptions = {
    okxChecksum: okxChecksum ?? DEFAULT_OPTIONS.okxChecksum,
    venue: venue ?? DEFAULT_OPTIONS.venue,
    host: text('host') ?? DEFAULT_OPTIONS.host,
    port,
    symbols: text('symbols')?.split(',') ?? DEFAULT_OPTIONS.symbols,
    seed: number('seed', DEFAULT_OPTIONS.seed, 0),
    eventsPerSecond: number('rate', DEFAULT_OPTIONS.eventsPerSecond, 0.001),
    recordings: text('recordings')?.split(',') ?? DEFAULT_OPTIONS.recordings,
    loops: text('loops') === 'forever' ? Infinity : number('loops', DEFAULT_OPTIONS.loops, 1),
    speed: number('speed', DEFAULT_OPTIONS.speed, 0.001),
    start: start ?? DEFAULT_OPTIONS.start,
    waitStreams: number('wait-streams', DEFAULT_OPTIONS.waitStreams, 1),
    snapshotLagMs: number('snapshot-lag-ms', DEFAULT_OPTIONS.snapshotLagMs, 0),
    scenario: text('scenario'),
  };
  return problems.length === 0 ? options : problems.join('; ');
}
