import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Assignment } from '../contract/assignment.ts';
import { offeredMarkets, offerOf } from '../contract/offered.ts';
import type { CollectorIdentity } from '../collector/report.ts';
import { NatsBus } from '../collector/control/nats-bus.ts';
import { Load } from '../collector/load.ts';
import { CollectorParts } from '../collector/control/parts.ts';
import { runCollector, type CollectorOptions } from '../collector/main.ts';
import { systemClock } from '../runtime/clock.ts';
import { LOG_LEVELS, readEnv, type EnvReader } from '../runtime/env.ts';
import { createLogger } from '../runtime/log.ts';
import { readProxies, type Proxies } from '../runtime/proxies.ts';
import { watchShutdown } from '../runtime/shutdown.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE, isTakenPort, parse, usageMessage } from './args.ts';
import { feedSchema } from './crd.ts';
import { readFeedFile } from './feed-file.ts';
import { localAssignment } from './local-assignment.ts';
import { version } from './package-file.ts';
import { printProgress } from './progress.ts';

const HELP = `Usage: marketprism collect -f feed.yaml [--no-ensure-stream] [--port 8084]
       marketprism collect --assignment DIRECTORY

Runs one feed from a file (- is standard input), without Kubernetes: the same collector, which makes its streams
itself. With --assignment it runs the shard that the operator mounted, as collector pods do.

  -f, --file FILE        a CollectorFeed in YAML
  --no-ensure-stream     use the streams as they are, create and change none
  --assignment DIR       the mounted ConfigMap of a shard
  --port PORT            of /healthz, /readyz, /metrics, /api/v1/status (DATA_COLLECTOR_PORT, 8084; 0: any)
  -h, --help

Environment: NATS_URL beats the servers of the file; LOG_LEVEL (${LOG_LEVELS.join(', ')});
HTTPS_PROXY, HTTP_PROXY and NO_PROXY lead to the venue (not to NATS);
MP_DATA_CREDENTIALS_DIR and MP_DATA_TLS_DIR name folders with the files of spec.nats.credentialsSecret and tlsSecret;
MP_CATALOGUE_SECONDS: how often the list of instruments is read (300);
MP_SPILL_DIR a folder for what NATS does not take (spec.buffer.disk), without it memory is the bound.
Ctrl-C stops collecting, stores what is queued (10 s at most) and closes the counts; a second one ends at once.
`;

const MAX_PORT = 65_535;

export async function run(args: readonly string[]): Promise<number> {
  const parsed = parse({
    args: [...args],
    options: {
      file: { type: 'string', short: 'f' },
      assignment: { type: 'string' },
      port: { type: 'string' },
      'no-ensure-stream': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (parsed.kind === 'fault') return refuse([usageMessage('collect', parsed.message)]);
  const { values } = parsed.args;
  if (values.help) {
    process.stdout.write(HELP);
    return EXIT_OK;
  }
  if ((values.file === undefined) === (values.assignment === undefined))
    return refuse([usageMessage('collect', 'needs either -f FILE or --assignment DIRECTORY')]);
  const env = readEnv(
    values.port === undefined ? process.env : { ...process.env, DATA_COLLECTOR_PORT: values.port },
  );
  const startedMs = Date.now();
  const launch =
    values.assignment === undefined
      ? fromFile(values.file ?? '', env, startedMs)
      : fromMount(values.assignment, env, startedMs);
  const common = commonSettings(env, launch.kind === 'launch' && launch.isLocal);
  const faults = [...(launch.kind === 'refused' ? launch.faults : []), ...env.faults()];
  if (launch.kind === 'refused' || faults.length > 0) return refuse(faults.map((fault) => `${fault}\n`));
  return collect({ ...launch, ensureStreams: launch.isLocal && !values['no-ensure-stream'] }, common);
}

function refuse(lines: readonly string[]): number {
  process.stderr.write(lines.join(''));
  return EXIT_USAGE;
}

interface Launch {
  readonly kind: 'launch';
  readonly isLocal: boolean;
  readonly identity: CollectorIdentity;
  readonly source: CollectorOptions['source'];
  readonly control: { readonly servers: readonly string[]; readonly credentialsFolder: string | null } | null;
  readonly graceMs: number;
}
type Launched = Launch | { readonly kind: 'refused'; readonly faults: readonly string[] };

function fromFile(file: string, env: EnvReader, startedMs: number): Launched {
  const name = file === '-' ? 'standard input' : file;
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    return {
      kind: 'refused',
      faults: [`${name} cannot be read: ${error instanceof Error ? error.message : ''}`],
    };
  }
  const read = readFeedFile(text, name, feedSchema());
  if (read.kind === 'faults') return { kind: 'refused', faults: read.faults };
  for (const kind of read.ignored)
    process.stderr.write(`${name}: ${kind} is left alone, collect reads CollectorFeed only\n`);
  const assignment = localAssignment(read.feed, startedMs);
  const fault = notOffered(assignment);
  if (fault !== undefined) return { kind: 'refused', faults: [`${name}: ${fault}`] };
  return {
    kind: 'launch',
    isLocal: true,
    identity: { pod: env.text('POD_NAME') ?? safeName(hostname()), replica: 'a', startedMs },
    source: { kind: 'fixed', assignment },
    control: null,
    graceMs: 0,
  };
}

/** What the schema allows and this version does not collect yet. */
function notOffered({ effective }: Assignment): string | undefined {
  const { exchange, market } = effective;
  const offer = offerOf(effective);
  if (offer === undefined)
    return `spec.market: ${exchange} ${market} is not offered by this version; use one of ${offeredMarkets()}`;
  const missing = effective.streams.filter((stream) => !offer.streams.includes(stream));
  return missing.length === 0
    ? undefined
    : `spec.streams: ${missing.join(', ')} not offered for ${exchange} ${market} by this version; use ${offer.streams.join(', ')}`;
}

function fromMount(path: string, env: EnvReader, startedMs: number): Launched {
  const why = 'the Deployment of a collector sets it; without Kubernetes use collect -f';
  const servers = env.list('MP_CONTROL_NATS');
  env.required('MP_CONTROL_NATS', why);
  return {
    kind: 'launch',
    isLocal: false,
    identity: {
      pod: env.required('POD_NAME', why),
      replica: env.choice('MP_REPLICA', ['a', 'b'], 'a'),
      startedMs,
    },
    source: { kind: 'mounted', path },
    control: { servers, credentialsFolder: env.text('MP_CONTROL_CREDENTIALS_DIR') ?? null },
    graceMs: env.integer('MP_GRACE_SECONDS', { fallback: 90, min: 1, max: 3_600 }) * 1_000,
  };
}

/** A pod's name is part of a header and of a ledger's key. */
const safeName = (text: string): string => text.replaceAll(/[^A-Za-z0-9_-]/g, '-').slice(0, 63);

interface CommonSettings {
  readonly port: number;
  readonly level: string;
  readonly showProgress: boolean;
  readonly dataServers: readonly string[];
  readonly catalogueEveryMs: number;
  readonly spillFolder: string | null;
  readonly data: { readonly credentialsFolder: string | null; readonly tlsFolder: string | null };
  readonly proxies: Proxies;
}

function commonSettings(env: EnvReader, isLocal: boolean): CommonSettings {
  const showProgress = isLocal && process.stderr.isTTY;
  return {
    showProgress,
    port: env.integer('DATA_COLLECTOR_PORT', { fallback: 8084, min: 0, max: MAX_PORT }),
    level: env.choice('LOG_LEVEL', LOG_LEVELS, showProgress ? 'warn' : 'info'),
    dataServers: env.list('NATS_URL'),
    catalogueEveryMs: env.integer('MP_CATALOGUE_SECONDS', { fallback: 300, min: 1, max: 3_600 }) * 1_000,
    proxies: readProxies(env),
    spillFolder: env.text('MP_SPILL_DIR') ?? null,
    data: {
      credentialsFolder: env.text('MP_DATA_CREDENTIALS_DIR') ?? null,
      tlsFolder: env.text('MP_DATA_TLS_DIR') ?? null,
    },
  };
}

async function collect(
  launch: Launch & { readonly ensureStreams: boolean },
  settings: CommonSettings,
): Promise<number> {
  const { identity, source, control, graceMs } = launch;
  const clock = systemClock();
  const log = createLogger('collector', settings.level);
  const random = Math.random;
  const parts = new CollectorParts({
    identity,
    clock,
    log,
    random,
    control,
    pod: identity.pod,
    data: settings.data,
    catalogueEveryMs: settings.catalogueEveryMs,
    proxies: settings.proxies,
    alwaysEnsureStreams: launch.ensureStreams,
    spillFolder: settings.spillFolder,
  });
  const link = parts.links.control;
  const shutdown = watchShutdown();
  const load = new Load({ clock, read: () => performance.eventLoopUtilization() });
  let endProgress: (() => void) | undefined;
  try {
    return await runCollector({
      identity,
      source,
      parts,
      graceMs,
      clock,
      log,
      random,
      load: () => load.value,
      shutdown,
      version: version(),
      dataServers: settings.dataServers,
      bus: link === undefined ? null : new NatsBus(link.connection ?? link.first, log),
      port: settings.port,
      gaveUp: parts.gaveUp,
      onStarted(state, port) {
        if (settings.showProgress) endProgress = printProgress(state, port, clock);
      },
    });
  } catch (error) {
    if (!isTakenPort(error)) throw error;
    process.stderr.write(
      `marketprism collect: port ${settings.port} is in use; set DATA_COLLECTOR_PORT or --port to another\n`,
    );
    return EXIT_FAILED;
  } finally {
    endProgress?.();
    load.close();
    shutdown.dispose();
    await parts.close();
  }
}
