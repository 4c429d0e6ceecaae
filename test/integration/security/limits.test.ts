import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as dial, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { effectiveFeed, type EffectiveFeed } from '../../../contract/effective.ts';
import type { JetstreamSpec } from '../../../contract/feed.ts';
import type { StreamRefusalReason } from '../../../contract/stream-refusals.ts';
import { natsStreams } from '../../../operator/streams-api.ts';
import { StreamKeeper } from '../../../operator/streams.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { startNats, type NatsServerOptions } from '../../support/nats.ts';
import { startRig, until } from '../delivery/rig.ts';
import { log, OWNER } from '../operator-nats/fixtures.ts';

const account = (limits: string): string =>
  `accounts { A: { jetstream: { ${limits} }, users: [{ user: u, password: p }] } }`;

/** What a real server cannot do, how the feed asks for it, and what is said. */
const CASES: readonly {
  readonly what: string;
  readonly server: NatsServerOptions;
  readonly wants: JetstreamSpec;
  readonly reason: StreamRefusalReason;
  readonly says: RegExp;
}[] = [
  {
    what: 'an account without JetStream',
    server: { config: 'accounts { A: { users: [{ user: u, password: p }] } }' },
    wants: {},
    reason: 'JetStreamUnavailable',
    says: /JetStream/,
  },
  {
    what: 'more replicas than servers',
    server: { config: account('') },
    wants: { replicas: 3 },
    reason: 'ReplicasUnavailable',
    says: /10074 .*declare jetstream\.replicas: 1/,
  },
  {
    what: 'more bytes than the server may store',
    server: { config: account(''), jetstream: 'max_file_store: 100MB' },
    wants: { maxBytes: '1Gi' },
    reason: 'StorageInsufficient',
    says: /10047 .*lower jetstream\.maxBytes, or give JetStream more/,
  },
  {
    what: 'an account with room for one stream',
    server: { config: account('max_streams: 1') },
    wants: {},
    reason: 'AccountLimit',
    says: /10027 .*raise max_streams/,
  },
  {
    what: 'an account with room for the streams, not for the bucket',
    server: { config: account('max_streams: 2') },
    wants: {},
    reason: 'AccountLimit',
    says: /10027 .*raise max_streams/,
  },
  {
    what: 'more bytes than the account may store',
    server: { config: account('max_file: 10MB') },
    wants: { maxBytes: '1Gi' },
    // The same answer as of the server's own limit.
    reason: 'StorageInsufficient',
    says: /10047 .*max_file of the account/,
  },
  {
    what: 'an account that demands a limit of bytes',
    server: { config: account('max_bytes: true') },
    wants: {},
    reason: 'AccountLimit',
    says: /10113 .*set jetstream\.maxBytes/,
  },
];

const effectiveOf = (url: string, jetstream: JetstreamSpec): EffectiveFeed => {
  const spec = { exchange: 'binance', market: 'spot', symbols: ['X'], streams: ['trade'] } as const;
  return effectiveFeed({ spec }, { nats: { servers: [url] }, jetstream });
};

/** What the operator observes of the stream, once it was looked at. */
async function observed(connection: NatsConnection, effective: EffectiveFeed) {
  const clock = systemClock();
  const keeper = new StreamKeeper({
    owner: OWNER,
    servers: effective.nats.servers,
    api: natsStreams(
      () => connection,
      clock,
      () => 'away',
    ),
    clock,
    random: () => 0,
    log,
    onChange: () => undefined,
  });
  try {
    await until('a look', () => keeper.observe('uid', effective).kind !== 'pending');
    return keeper.observe('uid', effective);
  } finally {
    keeper.stop();
  }
}

describe('what the server cannot do is named:', () => {
  for (const { what, server: options, wants, reason, says } of CASES)
    it(`${what}, by the operator and by collect`, async () => {
      const server = await startNats(options);
      try {
        const connection = await server.connect({ user: 'u', pass: 'p' });
        const effective = effectiveOf(server.url, wants);
        const observation = await observed(connection, effective);
        assert.deepEqual(
          [observation.kind, 'reason' in observation ? observation.reason : ''],
          ['refused', reason],
          JSON.stringify(observation),
        );
        assert.match('message' in observation ? observation.message : '', says);
        const delivery = await startRig({ connection, effective });
        const problem = (): string | undefined =>
          delivery.status().problems.find((one) => one.reason === reason)?.message;
        await until(`collect says ${reason}`, () => problem() !== undefined);
        assert.match(problem() ?? '', says);
        await delivery.close();
      } finally {
        await server.stop();
      }
    });

  it('a server older than the oldest supported, and nothing is made there', async () => {
    const server = await startNats();
    // The real server, but for the version that it says.
    const old = createServer((client) => {
      const upstream = dial(server.port, '127.0.0.1');
      client.pipe(upstream);
      upstream.on('data', (chunk: Buffer) => {
        client.write(chunk.toString('latin1').replace(/"version":"[^"]*"/, '"version":"2.9.25"'), 'latin1');
      });
      for (const [one, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
      }
    });
    old.listen(0, '127.0.0.1');
    await once(old, 'listening');
    const address = old.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      const connection = await server.connect({ servers: [`127.0.0.1:${port}`] });
      const effective = effectiveOf(server.url, {});
      const observation = await observed(connection, effective);
      assert.equal('reason' in observation ? observation.reason : observation.kind, 'ServerTooOld');
      const delivery = await startRig({ connection, effective });
      await until('collect says so', () =>
        delivery
          .status()
          .problems.some(({ message }) => /nats-server 2\.9\.25 at .*older than 2\.10\.0/.test(message)),
      );
      await delivery.close();
      const manager = await jetstreamManager(await server.connect());
      await assert.rejects(manager.streams.info('MARKET_DATA'), /stream not found/);
      await connection.close();
    } finally {
      old.close();
      await server.stop();
    }
  });
});
