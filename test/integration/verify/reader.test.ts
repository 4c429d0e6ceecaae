// The NATS part of the consumer's library against a real server.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { LastSnapshots, snapshotKey } from '../../../collector/delivery/last-snapshots.ts';
import { STATE_BUCKET } from '../../../contract/effective.ts';
import { lastSnapshot, readStream, type StoredMessage } from '../../../consumer/stream.ts';
import { startNats, type NatsServer } from '../../support/nats.ts';

const STREAM = 'MARKET_DATA';
const BOOK = 'orderbook.okx.X-Y';

describe("the consumer's reader", () => {
  let nats: NatsServer;
  let connection: NatsConnection;
  before(async () => {
    nats = await startNats();
    connection = await nats.connect();
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: STREAM, subjects: ['orderbook.>', 'trade.>'] });
  });
  after(() => nats.stop());

  /** Again until it is acknowledged: the client may not be back yet. Its message id keeps it from being stored twice. */
  const publish = async (subject: string, ...texts: readonly string[]): Promise<void> => {
    const deadlineMs = Date.now() + 30_000;
    for (const text of texts) {
      for (let isStored = false; !isStored;) {
        isStored = await jetstream(connection)
          .publish(subject, text, { msgID: text, timeout: 2_000 })
          .then(
            () => true,
            (error: unknown) => {
              if (Date.now() > deadlineMs) throw error;
              return delay(20, false);
            },
          );
      }
    }
  };
  const texts = (all: readonly StoredMessage[]): readonly string[] => all.map(({ text }) => text);

  it('ends where the stream ends, also where nothing matches', async () => {
    const none: StoredMessage[] = [];
    const read = async (subjects: readonly string[], into: StoredMessage[]): Promise<void> =>
      readStream(connection, {
        stream: STREAM,
        subjects,
        from: { sequence: 1 },
        untilEnd: true,
        onMessage: (message) => {
          into.push(message);
          return undefined;
        },
      });
    await read([], none);
    await publish(BOOK, '1', '2');
    await publish('trade.okx.X-Y', 'a');
    const [all, books]: [StoredMessage[], StoredMessage[]] = [[], []];
    await read([], all);
    await read(['orderbook.>'], books);
    await read(['trade.deribit.>'], none);
    assert.deepEqual([texts(none), texts(all), texts(books)], [[], ['1', '2', 'a'], ['1', '2']]);
    assert.deepEqual(
      all.map(({ sequence }) => sequence),
      [1, 2, 3],
    );
  });

  it('follows through a killed server, each message once and in order', async () => {
    const seen: string[] = [];
    const wanted = Array.from({ length: 60 }, (_, index) => `live ${index}`);
    const { last_seq: last } = (await (await jetstreamManager(connection)).streams.info(STREAM)).state;
    const following = readStream(connection, {
      stream: STREAM,
      from: { sequence: last + 1 },
      onMessage: ({ text }) => {
        seen.push(text);
        return seen.length === wanted.length ? 'stop' : undefined;
      },
    });
    await publish(BOOK, ...wanted.slice(0, 30));
    await nats.kill();
    await nats.start();
    await publish(BOOK, ...wanted.slice(30));
    await following;
    assert.deepEqual(seen, wanted);
  });

  it('hands on what its reader throws, and ends', async () => {
    const failing = readStream(connection, {
      stream: STREAM,
      from: { sequence: 1 },
      onMessage: () => {
        throw new Error('of the reader');
      },
    });
    await assert.rejects(failing, /of the reader/);
  });

  it('finds the last snapshot where the collectors note it, and only where it still is', async () => {
    const manager = await jetstreamManager(connection);
    const bucket = await new Kvm(connection).create(STATE_BUCKET);
    const at = { stream: STREAM, subject: BOOK };
    assert.equal(await lastSnapshot(connection, at), undefined, 'nothing is noted');
    await new LastSnapshots(bucket, STREAM).write(BOOK, { sequence: 2, id: 77, timeMs: 1, writer: 'w' });
    assert.deepEqual(await lastSnapshot(connection, at), { subject: BOOK, sequence: 2, id: 77 });
    await manager.streams.deleteMessage(STREAM, 2);
    assert.equal(await lastSnapshot(connection, at), undefined, 'the stream does not hold it any more');
    await bucket.put(snapshotKey(STREAM, BOOK), '{"sequence":"2"}');
    assert.equal(await lastSnapshot(connection, at), undefined, 'what is noted is none');
  });
});
