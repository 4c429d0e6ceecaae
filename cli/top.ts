import { setTimeout as delay } from 'node:timers/promises';
import { parseDurationMs } from '../contract/units.ts';
import { loadKubeConfig } from '../operator/kube/connection.ts';
import { watchShutdown, type Shutdown } from '../runtime/shutdown.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE, parse, usageMessage } from './args.ts';
import { reasonOf } from '../runtime/reason.ts';
import { feedsOf } from './feeds-of-cluster.ts';
import { rowOfCollector, rowOfFeed, rowOfSilence, type Row } from './top/row.ts';
import { tableText } from './top/table.ts';

const HELP = `Usage: marketprism top [options]

A live table of feeds: in sync, rates, true counts, gaps, latency; below a feed what is wrong with it and its worst
symbols. Ctrl-C ends it.

  -n, --namespace NAME  feeds of one namespace (all that may be read)
  --collector URL       ask this collector instead of the cluster, for example http://localhost:8084; may be repeated
  --every D             how often (2s)
  --once                print once and exit; 1 when a feed is not ready
  -h, --help

Environment: KUBECONFIG.
`;

const ASK_TIMEOUT_MS = 5_000;
const WIDTH_OF_PIPES = 200;
const HOME_AND_CLEAR = '\u001b[H\u001b[J';

type ReadRows = () => Promise<readonly Row[]>;

/** The command `top`. */
export async function run(args: readonly string[]): Promise<number> {
  const parsed = parse({
    args: [...args],
    options: {
      namespace: { type: 'string', short: 'n' },
      collector: { type: 'string', multiple: true },
      every: { type: 'string', default: '2s' },
      once: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (parsed.kind === 'fault') return refuse(parsed.message);
  const { values } = parsed.args;
  if (values.help) {
    process.stdout.write(HELP);
    return EXIT_OK;
  }
  const everyMs = parseDurationMs(values.every);
  if (everyMs === undefined || everyMs < 100)
    return refuse(`--every is "${values.every}": it has to be a duration of at least 100ms, like 2s`);
  const wrong = values.collector?.find((url) => !/^https?:$/.test(URL.parse(url)?.protocol ?? ''));
  if (wrong !== undefined)
    return refuse(`--collector is "${wrong}": it has to be like http://localhost:8084`);
  const read = values.collector === undefined ? rowsOfCluster(values.namespace) : rowsOf(values.collector);
  if (typeof read === 'string') return refuse(read);
  return values.once ? printOnce(read) : show(read, everyMs, watchShutdown());
}

async function printOnce(read: ReadRows): Promise<number> {
  const rows = await read();
  process.stdout.write(tableText(rows, Date.now(), process.stdout.columns ?? WIDTH_OF_PIPES));
  return rows.some(({ ready }) => ready === 'No' || ready === '?') ? EXIT_FAILED : EXIT_OK;
}

/** Until Ctrl-C; what fails once is said and asked again. */
async function show(read: ReadRows, everyMs: number, shutdown: Shutdown): Promise<number> {
  const ending = new AbortController();
  void shutdown.requested.then(() => ending.abort());
  const { signal } = ending;
  try {
    while (!signal.aborted) {
      const body = await read().then(
        (rows) => tableText(rows, Date.now(), process.stdout.columns ?? WIDTH_OF_PIPES),
        (error: unknown) => `cannot be read: ${reasonOf(error)}\n`,
      );
      const time = new Date().toISOString().slice(11, 19);
      process.stdout.write(`${process.stdout.isTTY ? HOME_AND_CLEAR : ''}${time}\n${body}`);
      await delay(everyMs, undefined, { signal }).catch(() => undefined); // Ended by Ctrl-C.
    }
    return EXIT_OK;
  } finally {
    shutdown.dispose();
  }
}

function rowsOfCluster(namespace: string | undefined): ReadRows | string {
  const kube = loadKubeConfig();
  if ('message' in kube) return `${kube.message}; or ask a collector: --collector http://localhost:8084`;
  return async () => {
    const feeds = await feedsOf(kube.config, namespace);
    if (feeds === null)
      throw new Error('this user may not list CollectorFeeds: kubectl auth can-i list cfeed');
    return feeds.map(rowOfFeed).sort((a, b) => (a.feed < b.feed ? -1 : 1));
  };
}

function rowsOf(urls: readonly string[]): ReadRows {
  return () => Promise.all(urls.map((url) => askCollector(url.replace(/\/+$/, ''))));
}

async function askCollector(url: string): Promise<Row> {
  try {
    const answer = await fetch(`${url}/api/v1/status`, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
    const row = rowOfCollector(url, await answer.json());
    return row ?? rowOfSilence(url, 'answers, but is no collector');
  } catch (error) {
    return rowOfSilence(url, `does not answer: ${reasonOf(error)}`);
  }
}

function refuse(message: string): number {
  process.stderr.write(usageMessage('top', message));
  return EXIT_USAGE;
}
