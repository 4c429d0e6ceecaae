import { readFileSync } from 'node:fs';
import { VENUES } from '../collector/venues/registry.ts';
import { streamsOf } from '../collector/venues/source.ts';
import { DEFAULT_STREAM, effectiveFeed, type EffectiveFeed } from '../contract/effective.ts';
import { loadKubeConfig } from '../operator/kube/connection.ts';
import { contentHash } from '../operator/plan/canonical.ts';
import { systemClock } from '../runtime/clock.ts';
import { readEnv, type EnvReader } from '../runtime/env.ts';
import { readProxies } from '../runtime/proxies.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE, parseOptions, usageMessage } from './args.ts';
import { feedSchema } from './crd.ts';
import { clusterOf } from './doctor/cluster-api.ts';
import { checkCluster } from './doctor/cluster.ts';
import { reasonOf } from '../runtime/reason.ts';
import { findingText, skipped, summaryText, wrong, type Finding } from './doctor/finding.ts';
import { checkMachine } from './doctor/machine.ts';
import { checkNats } from './doctor/nats.ts';
import { thisMachine } from './doctor/this-machine.ts';
import { venueProbes } from './doctor/venue-probes.ts';
import { checkVenues, type VenueAddress } from './doctor/venues.ts';
import { readFeedFile } from './feed-file.ts';
import { version } from './package-file.ts';
import { connectToNats, NATS_ENVIRONMENT } from './user-nats.ts';

const GROUPS = ['machine', 'cluster', 'nats', 'venues'] as const;
type Group = (typeof GROUPS)[number];

const HELP = `Usage: marketprism doctor [options]

Looks for what is missing or misconfigured and says what mends it. Changes nothing.
Exit code 0: nothing is wrong; 1: something is; 2: wrong usage, or a feed file that cannot be used.

  -f, --file FILE       check what this feed needs: its NATS, its venue's addresses
  --only LIST           of ${GROUPS.join(', ')}; comma-separated (all)
  -n, --namespace NAME  where feeds would be applied (that of the kubeconfig's context)
  --json                one JSON object a line: kind (ok, warning, wrong, skipped), check, said, mend
  -h, --help

Environment: KUBECONFIG; DATA_COLLECTOR_PORT (8084); HTTPS_PROXY, HTTP_PROXY and NO_PROXY lead to the venues;
${NATS_ENVIRONMENT}.
`;

interface Request {
  readonly groups: readonly Group[];
  readonly feed: EffectiveFeed | null;
  readonly namespace: string | null;
  readonly json: boolean;
  readonly env: EnvReader;
}

/** The command `doctor`. */
export async function run(args: readonly string[]): Promise<number> {
  const parsed = parseOptions(args, {
    file: { type: 'string', short: 'f' },
    only: { type: 'string' },
    namespace: { type: 'string', short: 'n' },
    json: { type: 'boolean' },
  });
  if (parsed.kind === 'help') {
    process.stdout.write(HELP);
    return EXIT_OK;
  }
  const request =
    parsed.kind === 'fault' ? [usageMessage('doctor', parsed.message)] : requestOf(parsed.values);
  if (!('groups' in request)) {
    process.stderr.write(request.join(''));
    return EXIT_USAGE;
  }
  const findings: Finding[] = [];
  const told = new Set<string>();
  for (const group of request.groups) {
    const found = await EXAMINE[group](request);
    // Of what the group has read of the environment.
    const faults = request.env.faults().filter((fault) => !told.has(fault));
    for (const fault of faults) told.add(fault);
    for (const finding of [...faults.map(ofEnvironment), ...found]) {
      findings.push(finding);
      process.stdout.write(request.json ? `${JSON.stringify(finding)}\n` : findingText(finding));
    }
  }
  if (!request.json) process.stdout.write(summaryText(findings));
  return findings.some(({ kind }) => kind === 'wrong') ? EXIT_FAILED : EXIT_OK;
}

const ofEnvironment = (fault: string): Finding =>
  wrong('environment', `${fault}; examined as if it were not set`, 'correct it, or unset it');

/** Lines of faults where it cannot be used. */
function requestOf(
  values: Readonly<Record<string, string | boolean | undefined>>,
): Request | readonly string[] {
  const text = (name: string): string | null => (typeof values[name] === 'string' ? values[name] : null);
  const named = text('only')
    ?.split(',')
    .map((part) => part.trim());
  const unknown = named?.find((name) => !GROUPS.some((group) => group === name));
  if (unknown !== undefined)
    return [usageMessage('doctor', `--only is "${unknown}": it has to be of ${GROUPS.join(', ')}`)];
  const feed = feedOf(text('file'));
  const env = readEnv(process.env);
  if (feed !== null && 'faults' in feed) return feed.faults.map((fault) => `${fault}\n`);
  const groups = GROUPS.filter((group) => named?.includes(group) ?? true);
  return { groups, feed, namespace: text('namespace'), json: values['json'] === true, env };
}

function feedOf(path: string | null): EffectiveFeed | { readonly faults: readonly string[] } | null {
  if (path === null) return null;
  let yaml: string;
  try {
    yaml = readFileSync(path, 'utf8');
  } catch (error) {
    return { faults: [`${path} cannot be read: ${reasonOf(error)}`] };
  }
  const read = readFeedFile(yaml, path, feedSchema());
  return read.kind === 'faults' ? read : effectiveFeed(read.feed, {});
}

const EXAMINE: Readonly<Record<Group, (request: Request) => Promise<readonly Finding[]>>> = {
  machine: ({ env }) =>
    checkMachine(thisMachine(), env.integer('DATA_COLLECTOR_PORT', { fallback: 8084, min: 1, max: 65_535 })),
  cluster: examineCluster,
  nats: examineNats,
  venues: ({ feed, env }) => checkVenues(addressesOf(feed), venueProbes(systemClock(), readProxies(env))),
};

async function examineCluster({ namespace }: Request): Promise<readonly Finding[]> {
  const kube = loadKubeConfig();
  if ('message' in kube) return [skipped('cluster', `${kube.message}; not needed without Kubernetes`)];
  const { config } = kube;
  const context = config.getContextObject(config.getCurrentContext());
  const where = namespace ?? context?.namespace ?? 'default';
  const expected = { schemaDigest: contentHash(feedSchema()), version: version(), namespace: where };
  try {
    return await checkCluster(clusterOf(config, where), expected);
  } catch (error) {
    const server = config.getCurrentCluster()?.server ?? 'the cluster';
    const mend = 'kubectl cluster-info, and kubectl config get-contexts';
    return [wrong('cluster', `${server} cannot be used: ${reasonOf(error)}`, mend)];
  }
}

async function examineNats({ feed, env }: Request): Promise<readonly Finding[]> {
  const connection = await connectToNats('doctor', env, feed?.nats.servers);
  if (typeof connection === 'string') {
    const forward = 'kubectl port-forward service/marketprism-nats 4222';
    return [wrong('nats', connection, `start nats-server -js, set NATS_URL, or for the chart's: ${forward}`)];
  }
  try {
    return await checkNats(connection, feed?.stream.name ?? DEFAULT_STREAM);
  } finally {
    await connection.close();
  }
}

/** The feed's own, else the defaults of each venue, one pair an address. */
function addressesOf(feed: EffectiveFeed | null): readonly VenueAddress[] {
  const own = { rest: feed?.endpoints.rest ?? null, websocket: feed?.endpoints.websocket ?? null };
  const wanted = VENUES.filter(
    ({ exchange, market, settle }) =>
      feed === null ||
      (exchange === feed.exchange && market === feed.market && (settle === null || settle === feed.settle)),
  );
  const addresses = wanted.map((venue) => ({
    exchange: venue.exchange,
    rest: own.rest ?? venue.endpoints.rest,
    websocket: `${own.websocket ?? venue.endpoints.websocket}${venue.socketPath(streamsOf(venue)[0] ?? 'orderbook')}`,
  }));
  return [...new Map(addresses.map((one) => [`${one.rest} ${one.websocket}`, one])).values()];
}
