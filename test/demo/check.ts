// Waits until a feed is Ready and its count has moved, then holds `status.messages` against the stream itself:
// held(<= throughSequence) <= total - base <= held(now), read by the reader that shares no code with the collector.
import { execFileSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { readStreamAt } from '../support/reader.ts';

interface Feed {
  readonly metadata: { readonly uid: string };
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message: string;
    }[];
    readonly messages?: {
      readonly total: number;
      readonly throughSequence?: number;
      readonly stream?: { readonly name: string; readonly base: number };
    };
  };
}

const [namespace = 'market-data', name = 'binance-majors'] = process.argv.slice(2);
const DEADLINE_MS = 120_000;
const POLL_MS = 1_000;

function kubectl(...args: string[]): string {
  return execFileSync('kubectl', ['--namespace', namespace, ...args], { encoding: 'utf8' });
}

function readFeed(): Feed {
  return JSON.parse(kubectl('get', 'collectorfeed', name, '-o', 'json')) as Feed;
}

async function waitFor(what: string, test: (feed: Feed) => boolean): Promise<Feed> {
  const deadline = Date.now() + DEADLINE_MS;
  let feed = readFeed();
  while (!test(feed)) {
    if (Date.now() > deadline) {
      const ready = feed.status?.conditions?.find((condition) => condition.type === 'Ready');
      throw new Error(
        `${what} not seen within ${DEADLINE_MS / 1_000} s; Ready says: ${ready?.message ?? 'nothing'}`,
      );
    }
    await delay(POLL_MS);
    feed = readFeed();
    process.stdout.write(kubectl('get', 'collectorfeeds', '--no-headers'));
  }
  return feed;
}

const isReady = (feed: Feed): boolean =>
  feed.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ??
  false;

const first = await waitFor(
  'Ready=True with a count',
  (feed) => isReady(feed) && (feed.status?.messages?.total ?? 0) > 0,
);
const firstTotal = first.status?.messages?.total ?? 0;
const moved = await waitFor('a higher count with its place in the stream', ({ status }) => {
  const { total = 0, throughSequence, stream } = status?.messages ?? {};
  return total > firstTotal && throughSequence !== undefined && stream !== undefined;
});
const messages = moved.status?.messages;
if (messages?.stream === undefined || messages.throughSequence === undefined) {
  throw new Error('status.messages names no stream or no throughSequence');
}
const address = kubectl('get', 'service', 'marketprism-nats', '-o', 'jsonpath={.spec.clusterIP}');
const reading = await readStreamAt(`nats://${address}:4222`, messages.stream.name);
const held = {
  through: reading.held(moved.metadata.uid, messages.throughSequence),
  now: reading.held(moved.metadata.uid),
};
const counted = messages.total - messages.stream.base;
process.stdout.write(
  `counts: held(<= ${messages.throughSequence}) ${held.through} <= total - base ${counted} <= held(now) ${held.now}\n`,
);
if (held.through > counted || counted > held.now) {
  process.stderr.write('the count in the status is not true\n');
  process.exit(1);
}
process.exit(0);
