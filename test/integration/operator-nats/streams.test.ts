import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import type { EffectiveFeed } from '../../../contract/effective.ts';
import { STREAM_OWNER } from '../../../contract/streams.ts';
import type { StreamObservation } from '../../../operator/plan/types.ts';
import { followDeletions, natsStreams } from '../../../operator/streams-api.ts';
import { StreamKeeper } from '../../../operator/streams.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { startNats, type NatsServer } from '../../support/nats.ts';
import { effectiveAt, log, OWNER, until } from './fixtures.ts';

let server: NatsServer;
let nats: NatsConnection;
let jsm: JetStreamManager;
const keepers: StreamKeeper[] = [];

before(async () => {
  server = await startNats();
  nats = await server.connect();
  jsm = await jetstreamManager(nats);
});
// A keeper that runs on would make again what the next test deletes.
afterEach(() => {
  for (const kept of keepers.splice(0)) kept.stop();
});
after(() => server.stop());

function keeper(connection: () => NatsConnection | undefined = () => nats, url = server.url) {
  const changes: string[] = [];
  const clock = systemClock();
  const kept = new StreamKeeper({
    owner: OWNER,
    servers: [url],
    api: natsStreams(connection, clock, () => 'away'),
    clock,
    random: () => 0,
    log,
    onChange: (uids) => changes.push(...uids),
  });
  keepers.push(kept);
  const observed = (feed: EffectiveFeed, kind: StreamObservation['kind']): Promise<StreamObservation> =>
    until(`the stream is ${kind}`, () => {
      const observation = kept.observe('uid', feed);
      return observation.kind === kind ? observation : undefined;
    });
  return { kept, changes, observed };
}

async function clean(): Promise<void> {
  for await (const { config } of jsm.streams.list()) await jsm.streams.delete(config.name);
}
const names = async (): Promise<readonly string[]> => {
  const found: string[] = [];
  for await (const { config } of jsm.streams.list()) found.push(config.name);
  return found.sort();
};
/** The field that tells a refusal's reason. */
const reasonOf = (observation: StreamObservation): string | undefined =>
  observation.kind === 'refused' ? observation.reason : undefined;

test('the data stream, the gap stream and the bucket are made with our mark and direct reads', async () => {
  await clean();
  const { observed, changes, kept } = keeper();
  const feed = effectiveAt(server.url);
  assert.equal(kept.observe('uid', feed).kind, 'pending');
  const observation = await observed(feed, 'ready');
  assert.deepEqual(await names(), [
    'KV_MARKETPRISM',
    'KV_MARKETPRISM_INSTRUMENTS',
    'MARKET_DATA',
    'MARKET_DATA_GAPS',
  ]);
  const { config, created } = await jsm.streams.info('MARKET_DATA');
  assert.equal(config.metadata?.[STREAM_OWNER], OWNER);
  assert.equal(config.allow_direct, true);
  assert.ok(config.subjects.includes('orderbook.>') && config.subjects.includes('trade.>'));
  assert.deepEqual(observation, { kind: 'ready', name: 'MARKET_DATA', created, foreignOwner: null });
  assert.deepEqual(changes, ['uid']);
  assert.equal(kept.counters.created, 2);
});

test('a changed limit and the subjects of a further feed are set in place, and nothing is made anew', async () => {
  const { observed, kept } = keeper();
  const { created } = await jsm.streams.info('MARKET_DATA');
  await observed(effectiveAt(server.url, {}, '2h'), 'ready');
  kept.observe(
    'other',
    effectiveAt(server.url, { nats: { subjects: { trade: 'fills.{exchange}.{symbol}' } } }, '2h'),
  );
  const info = await until('the subject of the other feed', async () => {
    const found = await jsm.streams.info('MARKET_DATA');
    return found.config.subjects.includes('fills.binance.*') ? found : undefined;
  });
  assert.equal(info.config.max_age, 7_200 * 1e9);
  assert.equal(info.created, created);
});

test('a stream deleted by hand is made again', async () => {
  await clean();
  const { observed, kept } = keeper();
  await observed(effectiveAt(server.url), 'ready');
  const { created } = await jsm.streams.info('MARKET_DATA');
  followDeletions(nats, (stream) => kept.lookNow(stream));
  await nats.flush();
  await jsm.streams.delete('MARKET_DATA');
  const again = await until('the new stream is observed', () => {
    const observation = kept.observe('uid', effectiveAt(server.url));
    return observation.kind === 'ready' && observation.created !== created ? observation : undefined;
  });
  assert.equal((await jsm.streams.info('MARKET_DATA')).created, again.created);
});

test("another installation's stream is used and never changed", async () => {
  await clean();
  const own = keeper();
  await own.observed(effectiveAt(server.url), 'ready');
  own.kept.stop();
  const { config } = await jsm.streams.info('MARKET_DATA');
  await jsm.streams.update('MARKET_DATA', { ...config, metadata: { [STREAM_OWNER]: 'x/y' } });
  const { observed, kept } = keeper();
  const observation = await observed(effectiveAt(server.url, {}, '9h'), 'ready');
  assert.equal(observation.kind === 'ready' && observation.foreignOwner, 'x/y');
  assert.equal((await jsm.streams.info('MARKET_DATA')).config.max_age, config.max_age);
  assert.equal(kept.counters.updated, 0);
});

test("another installation's stream that lacks our subjects is named, not changed", async () => {
  await clean();
  await jsm.streams.add({
    name: 'MARKET_DATA',
    subjects: ['orderbook.>'],
    metadata: { [STREAM_OWNER]: 'x/y' },
  });
  const { observed } = keeper();
  const observation = await observed(effectiveAt(server.url), 'refused');
  assert.equal(reasonOf(observation), 'SubjectsNotCovered');
  assert.match(observation.kind === 'refused' ? observation.message : '', /x\/y .*trade\.>/);
  assert.deepEqual((await jsm.streams.info('MARKET_DATA')).config.subjects, ['orderbook.>']);
});

test('an overlap with a stream of somebody else is named, and neither is touched', async () => {
  await clean();
  await jsm.streams.add({ name: 'THEIRS', subjects: ['trade.>'] });
  const { observed } = keeper();
  assert.equal(reasonOf(await observed(effectiveAt(server.url), 'refused')), 'StreamOverlap');
  assert.deepEqual((await jsm.streams.info('THEIRS')).config.subjects, ['trade.>']);
  await jsm.streams.delete('THEIRS');
  await observed(effectiveAt(server.url), 'ready');
});

test('a difference that NATS cannot change is named with the mend, and the stream stays', async () => {
  await clean();
  const first = keeper();
  await first.observed(effectiveAt(server.url), 'ready');
  const { created } = await jsm.streams.info('MARKET_DATA');
  first.kept.stop();
  const feed = effectiveAt(server.url);
  const { observed } = keeper();
  const refused = await observed({ ...feed, stream: { ...feed.stream, storage: 'file' } }, 'refused');
  assert.equal(reasonOf(refused), 'StreamImmutable');
  assert.equal((await jsm.streams.info('MARKET_DATA')).created, created);
});

test('a feed on another NATS is left to its own shard 0', () => {
  const { kept } = keeper();
  const feed = effectiveAt(server.url, { nats: { servers: ['nats://elsewhere:4222'] } });
  assert.deepEqual(kept.observe('uid', feed), { kind: 'delegated' });
});

test('the same servers in another order or without a scheme are the same place', () => {
  const { kept } = keeper(() => undefined, 'nats://127.0.0.1:4222');
  assert.equal(kept.observe('uid', effectiveAt('127.0.0.1')).kind, 'pending');
});

test('while NATS is away it is said since when, and the streams are made once it is back', async () => {
  await clean();
  let connection: NatsConnection | undefined;
  const { observed, kept } = keeper(() => connection);
  const away = await observed(effectiveAt(server.url), 'unreachable');
  kept.lookNow();
  await until('a second look', () => (kept.counters.failures > 2 ? true : undefined));
  assert.deepEqual(kept.observe('uid', effectiveAt(server.url)), away);
  connection = nats;
  kept.lookNow();
  await observed(effectiveAt(server.url), 'ready');
});

test('a server without JetStream says so', async () => {
  const plain = await startNats({ config: 'accounts { A: { users: [{user: u, password: p}] } }' });
  try {
    const connection = await plain.connect({ user: 'u', pass: 'p' });
    const { observed, kept } = keeper(() => connection, plain.url);
    assert.equal(reasonOf(await observed(effectiveAt(plain.url), 'refused')), 'JetStreamUnavailable');
    kept.stop();
  } finally {
    await plain.stop();
  }
});
