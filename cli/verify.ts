import type { NatsConnection } from '@nats-io/nats-core';
import { DEFAULT_STREAM } from '../contract/effective.ts';
import { readEnv } from '../runtime/env.ts';
import { checkNats, DEFAULT_MONITOR_URL, type NatsCheck } from '../verify/io/monitor.ts';
import { judgeRange, type RangeRequest } from '../verify/io/range.ts';
import { outcomeOf, outcomeText, type NatsReport } from '../verify/outcome.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE, parse, usageMessage } from './args.ts';
import { connectToNats, NATS_ENVIRONMENT } from './user-nats.ts';
import { requestOf, type Values } from './verify-request.ts';

const HELP = `Usage: marketprism verify [options]

Reads a range of a stream and proves what it can: continuity of every book and trade, duplicates, order, gaps that are
recorded and such that are not, rebuilt books against snapshots, crossed books, writers, fields. Trusts nobody's counts.
Exit code 0: nothing is wrong and nothing missing; 1: something is; 2: wrong usage.

  --stream NAME          the data stream (${DEFAULT_STREAM})
  --gap-stream NAME      the stream of gap records (<stream>_GAPS if it is there)
  --subject FILTER       only these subjects, wildcards allowed; may be repeated
  --feed UID             records of other feeds are foreign; may be repeated (every feed with a ledger)
  --from SEQ, --to SEQ   stream sequences, both included (the whole stream)
  --since T, --until T   times instead: 2026-01-31T12:00:00Z, or how long ago: 15m
  --seconds N            from the last snapshots on, then N seconds live; also reads NATS's monitor
  --allow-recorded       what is missing and recorded is no failure
  --snapshot-every D     how often a snapshot is due (told from the stream)
  --domain NAME          JetStream domain
  --json                 the whole verdict as one JSON object
  -h, --help

Environment: NATS_MONITOR_URL (${DEFAULT_MONITOR_URL}); ${NATS_ENVIRONMENT}.
`;

const TEXT = { type: 'string' } as const;
const LIST = { type: 'string', multiple: true } as const;
const FLAG = { type: 'boolean', default: false } as const;
const OPTIONS = {
  stream: TEXT,
  'gap-stream': TEXT,
  subject: LIST,
  feed: LIST,
  from: TEXT,
  to: TEXT,
  since: TEXT,
  until: TEXT,
  seconds: TEXT,
  'allow-recorded': FLAG,
  'snapshot-every': TEXT,
  domain: TEXT,
  json: FLAG,
  help: { ...FLAG, short: 'h' },
} as const;

export async function run(args: readonly string[]): Promise<number> {
  const parsed = parse({ args: [...args], options: OPTIONS });
  if (parsed.kind === 'fault') return refuse(parsed.message);
  const values: Values = parsed.args.values;
  if (values['help'] === true) {
    process.stdout.write(HELP);
    return EXIT_OK;
  }
  const request = requestOf(values, Date.now());
  if (typeof request === 'string') return refuse(request);
  const connection = await connectToNats('verify', readEnv(process.env));
  if (typeof connection === 'string') {
    process.stderr.write(`marketprism verify: ${connection}\n`);
    return EXIT_FAILED;
  }
  try {
    return await verify(connection, request, values);
  } finally {
    await connection.close();
  }
}

async function verify(connection: NatsConnection, request: RangeRequest, values: Values): Promise<number> {
  const env = readEnv(process.env);
  const monitorUrl = env.text('NATS_MONITOR_URL');
  const wantsMonitor = request.from.kind === 'live' || monitorUrl !== undefined;
  const check = (): Promise<NatsCheck> => checkNats(connection, monitorUrl ?? DEFAULT_MONITOR_URL);
  const before = wantsMonitor ? await check() : undefined;
  if (connection.info?.jetstream !== true) {
    process.stderr.write(`marketprism verify: ${connection.getServer()} has no JetStream: enable it there\n`);
    return EXIT_FAILED;
  }
  const result = await judgeRange(connection, request);
  if (result.kind === 'failed') {
    process.stderr.write(`marketprism verify: ${result.message}\n`);
    return EXIT_FAILED;
  }
  const { kind: _kind, elapsedMs, live, ...where } = result;
  const nats = before === undefined ? undefined : natsReport(before, await check(), monitorUrl !== undefined);
  const outcome = outcomeOf({
    ...where,
    liveRecords: live,
    seconds: elapsedMs / 1_000,
    nats: nats?.report ?? null,
    natsProblems: nats?.problems ?? [],
    allowRecorded: values['allow-recorded'] === true,
  });
  process.stdout.write(values['json'] === true ? `${JSON.stringify(outcome)}\n` : outcomeText(outcome));
  return outcome.ok ? EXIT_OK : EXIT_FAILED;
}

/** A monitor that was named has to answer; the default one may be switched off, which is said. */
function natsReport(
  before: NatsCheck,
  after: NatsCheck,
  isNamed: boolean,
): { readonly report: NatsReport; readonly problems: readonly string[] } {
  const { server, version, jetstream, monitor } = after;
  const common = { server, version, jetstream };
  if (monitor.kind === 'unreachable') {
    const said = `${monitor.url} does not answer (${monitor.reason}): set NATS_MONITOR_URL, or http_port: 8222 in the server's configuration`;
    const report = { ...common, monitor: said, inMessages: null, outMessages: null };
    return { report, problems: isNamed ? [`monitor: ${said}`] : [] };
  }
  const since = before.monitor.kind === 'read' ? before.monitor : { inMessages: 0, outMessages: 0 };
  const inMessages = monitor.inMessages - since.inMessages;
  const outMessages = monitor.outMessages - since.outMessages;
  const report = { ...common, monitor: monitor.url, inMessages, outMessages };
  return { report, problems: jetstream ? [] : [`${server}: JetStream is off`] };
}

function refuse(message: string): number {
  process.stderr.write(usageMessage('verify', message));
  return EXIT_USAGE;
}
