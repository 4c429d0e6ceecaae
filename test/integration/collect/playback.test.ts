// A recording played by one process, collected by another, stored by a third, read by nobody's friend.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startNats, type NatsServer } from '../../support/nats.ts';
import { assertWhole, hasEnded, STATEFUL_PLAYED, type Played, type SubjectOf } from '../../support/played.ts';
import { readStream, type ReadStream } from '../../support/reader.ts';
import { applyRecording, recordingPath, type AppliedRecording } from '../../support/recording.ts';
import { marketprism, portOf, startVenue, statusOf, until, type Venue } from './rig.ts';

/** The clock of the venue stands until everything is subscribed; then a recording of two minutes takes six seconds. */
const SPEED = '20';

async function play(t: TestContext, path: string, { venue: name, subscriptions }: Played): Promise<Venue> {
  const once = ['--loops', '1', '--speed', SPEED];
  const held = ['--start', 'first-subscribe', '--wait-streams', String(subscriptions)];
  const venue = await startVenue('--venue', name, '--recordings', path, ...once, ...held);
  t.after(() => venue.command.ended('SIGKILL'));
  return venue;
}

async function collect(
  t: TestContext,
  nats: NatsServer,
  { port }: Venue,
  played: Played,
): Promise<{
  readonly port: number;
  readonly end: () => Promise<number | null>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'playback-'));
  const { exchange, market, symbols, streams } = played;
  const path = join(folder, 'feed.yaml');
  await writeFile(
    path,
    `apiVersion: marketprism.io/v1alpha1
kind: CollectorFeed
metadata: { name: playback }
spec:
  exchange: ${exchange}
  market: ${market}
  symbols: [${Object.keys(symbols).join(', ')}]
  streams: [${streams.join(', ')}]
  endpoints: { websocket: "ws://127.0.0.1:${port}", rest: "http://127.0.0.1:${port}" }
`,
  );
  const command = marketprism(['collect', '--port', '0', '-f', path], { NATS_URL: nats.url });
  t.after(async () => {
    await command.ended('SIGKILL');
    await rm(folder, { recursive: true });
  });
  return { port: await portOf(command), end: () => command.ended('SIGTERM') };
}

function jumpsOf({ symbols, streams }: Played, { trades }: AppliedRecording): number {
  const lists = streams.includes('trade') ? Object.values(symbols).map((name) => trades.get(name) ?? []) : [];
  return lists
    .map((list) => list.filter(({ id }, at) => at > 0 && Number(id) !== Number(list[at - 1]?.id) + 1).length)
    .reduce((sum, count) => sum + count, 0);
}

for (const played of STATEFUL_PLAYED) {
  const path = recordingPath(played.recording);
  const skip = path === undefined && 'no recordings';
  test(
    `${played.recording} played, collected, stored and read: books, trades and count`,
    { skip },
    async (t) => {
      const expected = applyRecording(path ?? '');
      const nats = await startNats();
      t.after(() => nats.stop());
      const venue = await play(t, path ?? '', played);
      const collector = await collect(t, nats, venue, played);
      const connection = await nats.connect();
      const subjectOf: SubjectOf = (stream, symbol) => `${stream}.${played.exchange}.${symbol}`;
      const read = async (): Promise<ReadStream | undefined> =>
        readStream(connection, 'MARKET_DATA').catch(() => undefined);
      await until('the end of the recording in the stream', async () => {
        const reading = await read();
        return reading !== undefined && hasEnded(played, expected, { reading, subjectOf });
      });
      const jumps = jumpsOf(played, expected);
      const lookedUp = async (): Promise<boolean> => {
        const { holesEmpty = 0, jumpsUnverified = 0 } = (await statusOf(collector.port)).data.collection_stats
          .publish.counters;
        return holesEmpty + jumpsUnverified >= jumps;
      };
      // OKX sums several fills, and a sum's id is its last one's: each jump is looked up before it is known to be none.
      await until(`${jumps} jumps of trade ids are looked up`, lookedUp);
      const { feed } = (await statusOf(collector.port)).data;
      assert.equal(await collector.end(), 0);
      const reading = (await read()) ?? assert.fail('the stream is there');
      assertWhole(played, expected, { reading, subjectOf });
      assert.equal(reading.held(feed?.uid ?? ''), reading.messages, 'all of it is this feed’s');
      const { others } = await readStream(connection, 'MARKET_DATA_GAPS');
      assert.deepEqual(others, [], 'no gap is stated where there is none');
    },
  );
}
