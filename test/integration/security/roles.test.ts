import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { nkeyAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import { lastSnapshot, readStream } from '../../../consumer/stream.ts';
import { ASSIGNMENT_KEY, type Assignment } from '../../../contract/assignment.ts';
import { assignSubject, COLLECTOR_INBOX, OPERATOR_INBOX } from '../../../contract/control.ts';
import { effectiveFeed } from '../../../contract/effective.ts';
import { createControl, type Control } from '../../../operator/control.ts';
import { parseSettings } from '../../../operator/settings.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { createLogger } from '../../../runtime/log.ts';
import { startNats, type NatsServer } from '../../support/nats.ts';
import { documentedUsers, makeRoleKeys, ROLES, withKeys, type Role } from '../../support/roles.ts';
import {
  codeOf,
  marketprism,
  portOf,
  startVenue,
  statusOf,
  until,
  type Command,
  type Venue,
} from '../collect/rig.ts';

const UID = 'uid-1';
const SUBJECT = 'orderbook.binance.BTC-USDT';
const keys = makeRoleKeys();
const clock = systemClock();
/** The operator looks again ten times as soon. */
const hasty = { ...clock, after: (ms: number, task: () => void) => clock.after(ms / 10, task) };
const inboxes: Readonly<Record<Role, string>> = {
  operator: OPERATOR_INBOX,
  collector: COLLECTOR_INBOX,
  consumer: '_INBOX',
};

let folder: string;
let server: NatsServer;
let venue: Venue;
let control: Control;
let collector: Command;
let assignment: Assignment;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'roles-'));
  const users = withKeys(await documentedUsers(), keys);
  const config = `${users}\nlog_file: "${folder}/server.log"`;
  [server, venue] = await Promise.all([startNats({ config }), startVenue()]);
  for (const role of ROLES) {
    await mkdir(join(folder, role));
    await writeFile(join(folder, role, 'nkey'), keys[role].seed);
  }
  assignment = assign(1);
  await writeFile(join(folder, ASSIGNMENT_KEY), JSON.stringify(assignment));
  control = operator();
  control.start();
});
after(async () => {
  await collector.ended('SIGKILL');
  await venue.command.ended('SIGKILL');
  await control.stop();
  await server.stop();
  await rm(folder, { recursive: true });
});

function assign(epoch: number): Assignment {
  const endpoints = { websocket: `ws://127.0.0.1:${venue.port}`, rest: `http://127.0.0.1:${venue.port}` };
  const symbols = ['BTC-USDT'];
  const effective = effectiveFeed(
    {
      spec: { exchange: 'binance', market: 'spot', symbols, streams: ['orderbook', 'trade'], endpoints },
    },
    // What is older than a quarter of the window is read back instead of trusted to it.
    { nats: { servers: [server.url] }, jetstream: { duplicateWindow: '2s' } },
  );
  const feed = { namespace: 'market-data', name: 'majors', uid: UID };
  const budget = { weightPerMinute: 4_800, connections: 240 };
  return { v: 1, epoch, feed, shard: 0, shards: 1, symbols, effective, budget };
}

/** A feed with a selector is what makes the operator read the catalogue. */
function selecting(): Assignment['effective'] {
  const all = { base: null, quote: null, match: '*-USDT', expiryWithinMs: null, maxSymbols: null };
  return { ...assignment.effective, selector: all };
}

function operator(): Control {
  const text = JSON.stringify({
    installation: 'market-data/marketprism',
    collector: { image: 'x' },
    control: { servers: [server.url], credentialsDir: join(folder, 'operator') },
  });
  const parsed = parseSettings(text, 'market-data');
  if (parsed.kind === 'invalid') throw new Error(parsed.faults.join());
  return createControl({
    settings: parsed.settings,
    pod: 'operator-1',
    clock: hasty,
    random: Math.random,
    log: createLogger('operator', 'silent'),
    onChange: () => undefined,
  });
}

const loggedIn = (role: Role): Promise<NatsConnection> =>
  server.connect({
    authenticator: nkeyAuthenticator(new TextEncoder().encode(keys[role].seed)),
    inboxPrefix: inboxes[role],
  });

/** What the server refused to anybody so far; nothing of that may stay unseen in the code under test. */
async function violations(): Promise<readonly string[]> {
  const log = await readFile(join(folder, 'server.log'), 'utf8');
  return log.split('\n').filter((line) => line.includes('Violation'));
}

describe('with the documented permissions and nothing else', () => {
  it('the operator makes the streams and the buckets', async () => {
    await until('the streams', () => control.streams.observe(UID, assignment.effective).kind === 'ready');
    control.catalogues.observe(UID, selecting());
  });

  it('a collector publishes, checkpoints, reports and obeys; the operator hears it', async () => {
    collector = marketprism(['collect', '--assignment', folder], {
      POD_NAME: 'pod-1',
      MP_CONTROL_NATS: server.url,
      MP_CONTROL_CREDENTIALS_DIR: join(folder, 'collector'),
      MP_DATA_CREDENTIALS_DIR: join(folder, 'collector'),
      MP_CATALOGUE_SECONDS: '1',
      DATA_COLLECTOR_PORT: '0',
    });
    const port = await portOf(collector);
    await until('readiness', async () => (await codeOf(port, '/readyz')) === 200);
    await until('records', async () => {
      const { data } = await statusOf(port);
      return data.collection_stats.shard_total > 100;
    });
    await until('a report', () => control.reports.of(UID).some(({ pod }) => pod === 'pod-1'));
    const payload = JSON.stringify(assign(2));
    control.pusher.ensure({ feedUid: UID, shard: 0, epoch: 2, payload, pods: ['pod-1'] });
    await until('the push acknowledged', () => control.pusher.counters.acks > 0);
    control.settler.ensure(UID, [{ shard: 0, writer: 'gone.1' }]);
    await until('an answer to settle', () => {
      const { settled, refused } = control.settler.counters;
      return settled + refused > 0;
    });
    await until('the ledger in the bucket', () => control.ledgers.of(UID, true).length > 0);
    await until('the catalogue', () => control.catalogues.observe(UID, selecting()).kind === 'known');
  });

  it('a collector reads back what the stream holds after NATS was away', async () => {
    const port = await portOf(collector);
    const before = (await statusOf(port)).data.collection_stats.shard_total;
    await server.kill();
    await until('a queue', async () => (await statusOf(port)).data.collection_stats.publish.queued > 100);
    await server.start();
    await until('it goes on', async () => {
      const { publish, shard_total: total } = (await statusOf(port)).data.collection_stats;
      const { readBacks = 0 } = publish.counters;
      return publish.connected && publish.queued < 10 && total > before + 20 && readBacks > 0;
    });
    const { problems } = (await statusOf(port)).data.collection_stats;
    assert.deepEqual(
      problems.map(({ reason }) => reason),
      ['DuplicateWindowShort'],
    );
  });

  it('a consumer starts at the last snapshot and follows, and verify proves the stream', async () => {
    const consumer = await loggedIn('consumer');
    const last = await until('a noted snapshot', () =>
      lastSnapshot(consumer, { stream: 'MARKET_DATA', subject: SUBJECT }),
    );
    let read = 0;
    await readStream(consumer, {
      stream: 'MARKET_DATA',
      subjects: [SUBJECT],
      from: { sequence: last.sequence },
      onMessage: () => ((read += 1) === 5 ? 'stop' : undefined),
    });
    assert.equal(read, 5);
    const verify = marketprism(['verify'], {
      NATS_URL: server.url,
      MP_DATA_CREDENTIALS_DIR: join(folder, 'consumer'),
    });
    assert.equal(await verify.ended(), 0, verify.output());
  });

  it('the server had nothing to refuse', async () => {
    const short = (await violations()).map((line) =>
      line.replace(/^.*?"v[^:]*:nats.js:?/, '').replace(/" - .* - /, ': '),
    );
    assert.deepEqual([...new Set(short)], []);
  });
});

type Act = (connection: NatsConnection) => Promise<unknown>;
const sends =
  (subject: string): Act =>
  (connection) => {
    connection.publish(subject, '{}');
    return connection.flush();
  };
const listens =
  (subject: string): Act =>
  async (connection) => {
    connection.subscribe(subject, { callback: () => undefined });
    await connection.flush();
  };
const manages =
  (act: (manager: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<unknown>): Act =>
  async (connection) =>
    act(await jetstreamManager(connection, { checkAPI: false, timeout: 1_000 }));

const BEYOND: readonly (readonly [Role, string, Act])[] = [
  ['operator', 'publish a record', sends('trade.binance.BTC-USDT')],
  ['operator', 'delete a stream', manages(({ streams }) => streams.delete('MARKET_DATA'))],
  ['operator', 'purge a stream', manages(({ streams }) => streams.purge('MARKET_DATA'))],
  ['operator', 'write a ledger', sends('$KV.MARKETPRISM.x')],
  ['operator', "listen to the collectors' answers", listens(`${COLLECTOR_INBOX}.>`)],
  ['collector', 'make a stream', manages(({ streams }) => streams.add({ name: 'X', subjects: ['x'] }))],
  ['collector', 'delete a message', manages(({ streams }) => streams.deleteMessage('MARKET_DATA', 1))],
  ['collector', 'assign symbols', sends(assignSubject(UID, 0))],
  ['collector', 'publish elsewhere', sends('foreign.subject')],
  ['collector', "listen to others' reports", listens('marketprism.report.*.*')],
  ['collector', "listen to the operator's answers", listens(`${OPERATOR_INBOX}.>`)],
  ['consumer', 'publish a record', sends(SUBJECT)],
  ['consumer', 'note a snapshot', sends('$KV.MARKETPRISM.snapshot.MARKET_DATA.x')],
  ['consumer', 'assign symbols', sends(assignSubject(UID, 0))],
  ['consumer', 'listen to the control subjects', listens('marketprism.>')],
  ['consumer', "listen to the operator's answers", listens(`${OPERATOR_INBOX}.*`)],
  ['consumer', 'purge a stream', manages(({ streams }) => streams.purge('MARKET_DATA'))],
];

describe('one thing more is refused by the server:', () => {
  for (const [role, what, act] of BEYOND)
    it(`that the ${role} may ${what}`, async () => {
      const connection = await loggedIn(role);
      const before = (await violations()).length;
      await act(connection).catch(() => undefined);
      await until('the refusal', async () => (await violations()).length > before);
    });

  it('and who has no key is not let in', async () => {
    await assert.rejects(server.connect(), /Authorization/);
  });

  it('and a wildcard of inboxes does not bring a consumer the answers of others', async () => {
    const [consumer, other] = [await loggedIn('consumer'), await loggedIn('operator')];
    const seen: string[] = [];
    consumer.subscribe('_INBOX.>', { callback: (_error, { subject }) => void seen.push(subject) });
    await consumer.flush();
    await (await jetstreamManager(other, { checkAPI: false })).streams.info('MARKET_DATA');
    const own = await (await jetstreamManager(consumer, { checkAPI: false })).streams.info('MARKET_DATA');
    assert.equal(own.config.name, 'MARKET_DATA');
    await consumer.flush();
    assert.ok(seen.length > 0 && seen.every((subject) => !subject.startsWith('_INBOX.marketprism.')));
    assert.ok((await new Kvm(jetstream(consumer)).open('MARKETPRISM')) !== undefined);
  });
});
