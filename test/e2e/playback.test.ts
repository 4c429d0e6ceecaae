import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { apply, getFeed, install, waitFor, waitForFeed, type Installation } from '../support/cluster.ts';
import {
  assertWhole,
  BINANCE_PLAYED,
  deltasOf,
  hasEnded,
  STATEFUL_PLAYED,
  type Played,
  type SubjectOf,
} from '../support/played.ts';
import { readStreamAt } from '../support/reader.ts';
import { applyRecording, recordingPath } from '../support/recording.ts';
import { startVenue, type SimulatedVenue } from '../support/venue.ts';

const namespace = 'e2e-playback';
/** Snapshots over REST are asked for in the flow of true time; a state that comes with its subscription cannot be late. */
const CASES: readonly (Played & { readonly speed: number })[] = [
  ...BINANCE_PLAYED.map((played) => ({ ...played, speed: 1 })),
  ...STATEFUL_PLAYED.map((played) => ({ ...played, speed: 10 })),
];

const isFinished = async (venue: SimulatedVenue): Promise<true | undefined> =>
  JSON.stringify(await venue.get('/admin/state')).includes('"finished"') ? true : undefined;

/** The simulator playing one recording once, from the moment that every stream is subscribed. */
const playback = (
  path: string,
  { venue, subscriptions, speed }: (typeof CASES)[number],
): Promise<SimulatedVenue> =>
  startVenue([
    '--venue',
    venue,
    '--recordings',
    path,
    '--loops',
    '1',
    '--speed',
    String(speed),
    '--start',
    'first-subscribe',
    '--wait-streams',
    String(subscriptions),
  ]);

describe('a recording played into real pods arrives whole', () => {
  let installation: Installation;
  before(async () => {
    installation = await install(namespace, ['simulator.enabled=false']);
  });
  after(async () => {
    await installation.uninstall();
  });

  for (const [index, playing] of CASES.entries()) {
    const path = recordingPath(playing.recording);
    it(
      `${playing.recording}: books, trades and counts`,
      { skip: path === undefined && 'no recordings' },
      async (t) => {
        const expected = applyRecording(path ?? '');
        const symbols = Object.keys(playing.symbols);
        const venue = await playback(path ?? '', playing);
        t.after(() => venue.stop());
        const name = `playback-${index}`;
        // A stream and subjects of its own for every case: recordings of one instrument are from different years.
        await apply(`apiVersion: marketprism.io/v1alpha1
kind: CollectorFeed
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  exchange: ${playing.exchange}
  market: ${playing.market}
  symbols: [${symbols.join(', ')}]
  streams: [${playing.streams.join(', ')}]
  orderbook: { restDepth: 5000 }
  jetstream: { stream: PLAYBACK_${index}, maxBytes: 64Mi }
  nats:
    subjects:
      orderbook: p${index}.orderbook.{exchange}.{symbol}
      trade: p${index}.trade.{exchange}.{symbol}
      gap: p${index}.gap.{exchange}.{symbol}
  endpoints: { websocket: "${venue.socket}", rest: "${venue.url}" }
`);
        await waitFor(
          'the end of the recording',
          240_000,
          () => isFinished(venue),
          async () => JSON.stringify(await venue.get('/admin/state')),
        );
        const servers = await installation.nats();
        const subjectOf: SubjectOf = (stream, symbol) => `p${index}.${stream}.${playing.exchange}.${symbol}`;
        const reading = await waitFor('the end of the recording in the stream', 60_000, async () => {
          const now = await readStreamAt(servers, `PLAYBACK_${index}`);
          return hasEnded(playing, expected, { reading: now, subjectOf }) ? now : undefined;
        });
        assertWhole(playing, expected, { reading, subjectOf });
        assert.deepEqual(reading.others, [], 'no gap is stated where there is none');
        const { uid } = (await getFeed(namespace, name)).metadata;
        const held = reading.held(uid);
        const final = await waitForFeed(
          { namespace, name, timeoutMs: 60_000 },
          `messages.total equal to the ${held} records held`,
          (feed) => feed.status?.messages?.total === held,
        );
        t.diagnostic(
          `${playing.recording}: ${final.status?.messages?.total} counted, ${held} held, ${playing.trades} trades, ` +
            `${deltasOf(reading)} deltas`,
        );
      },
    );
  }
});
