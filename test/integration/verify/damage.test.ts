// The same damages as in test/verify, done to a stream of a real server: what is removed is deleted there.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { headers, nanos, type NatsConnection } from '@nats-io/transport-node';
import { judgeRange } from '../../../verify/io/range.ts';
import type { FaultKind } from '../../../verify/faults.ts';
import type { Verdict } from '../../../verify/judge.ts';
import type { Message } from '../../../verify/message.ts';
import { startNats, type NatsServer } from '../../support/nats.ts';
import { judgeWithPython } from '../../support/python.ts';
import { DAMAGES, INTACT } from '../../verify/damages.ts';
import { UID } from '../../verify/intact-stream.ts';
import { assertAgree } from '../../support/second-judge.ts';

/** The shortest that a server takes. */
const DUPLICATE_WINDOW_MS = 100;
/** Found only where gap records are read before the data, that is from a stream of their own. */
const NEEDS_OWN_GAP_STREAM = 'an open gap invented';

/** What a reader of records alone can see, and what it cannot even read. */
const CONTINUITY: ReadonlySet<FaultKind> = new Set([
  'gapUnrecorded',
  'order',
  'duplicate',
  'noStart',
  'bookDiffers',
]);
const UNREADABLE: ReadonlySet<FaultKind> = new Set(['unparsable', 'field', 'wrongSubject']);

describe('a damaged stream of a real server', () => {
  let nats: NatsServer;
  let connection: NatsConnection;
  let manager: JetStreamManager;
  let made = 0;
  let stream = '';
  before(async () => {
    nats = await startNats();
    connection = await nats.connect();
    manager = await jetstreamManager(connection);
  });
  after(() => nats.stop());

  /** Every message at its own sequence; a sequence without one is deleted. Returns whether any was. */
  async function store(messages: readonly Message[]): Promise<boolean> {
    // Another name each time: a server may find what it has not yet removed of the last one.
    if (made > 0) await manager.streams.delete(stream);
    made += 1;
    stream = `DAMAGED_${made}`;
    const subjects = ['orderbook.>', 'trade.>', 'gap.>'];
    const config = { name: stream, subjects, duplicate_window: nanos(DUPLICATE_WINDOW_MS) };
    const { state } = await manager.streams.add(config);
    assert.equal(state.last_seq, 0, 'a stream that begins anew');
    const missing: number[] = [];
    const seen = new Set<string>();
    const put = (subject: string, text: string, names: Readonly<Record<string, string>>): void => {
      const head = headers();
      for (const [name, value] of Object.entries(names)) if (value !== '') head.set(name, value);
      connection.publish(subject, text, { headers: head });
    };
    let stored = 0;
    for (const { subject, sequence, msgId, writer, text } of messages) {
      for (stored += 1; stored < sequence; stored += 1) {
        missing.push(stored);
        put('trade.binance.nothing', '', {});
      }
      // Repetitions come when the server has forgotten the first one, as after a long outage.
      if (seen.has(msgId)) await delay(DUPLICATE_WINDOW_MS * 3);
      seen.add(msgId);
      put(subject, text, { 'Mp-Writer': writer, 'Nats-Msg-Id': msgId });
    }
    await connection.flush();
    const last = messages.at(-1)?.sequence ?? 0;
    const deadlineMs = Date.now() + 30_000;
    while ((await manager.streams.info(stream)).state.last_seq < last) {
      assert.ok(Date.now() < deadlineMs, `not all of ${last} messages were stored`);
      await delay(10);
    }
    for (const sequence of missing) await manager.streams.deleteMessage(stream, sequence);
    return missing.length > 0;
  }

  async function judged(feeds: readonly string[]): Promise<Verdict> {
    const result = await judgeRange(connection, {
      stream,
      gapStream: null,
      subjects: [],
      feeds,
      from: { kind: 'sequence', sequence: 1 },
      toSequence: null,
      untilMs: null,
      snapshotEveryMs: null,
      domain: null,
    });
    assert.equal(result.kind, 'judged');
    return result.kind === 'judged' ? result.verdict : assert.fail();
  }
  const found = async (feeds: readonly string[]): Promise<readonly string[]> =>
    Object.keys((await judged(feeds)).faults).toSorted();

  it('that is not damaged shows nothing', async () => {
    assert.equal(await store(INTACT), false);
    assert.deepEqual(await found([UID]), []);
  });

  for (const { name, messages, finds, feeds = [] } of DAMAGES.filter(
    ({ name }) => name !== NEEDS_OWN_GAP_STREAM,
  )) {
    it(`shows ${name}`, async () => {
      const isDeleted = await store(messages());
      const expected = isDeleted ? [...finds, 'deletedFromStream'] : finds;
      assert.deepEqual(await found(feeds), [...expected].toSorted());
    });
  }

  const seen = DAMAGES.filter(
    ({ finds }) => finds.some((kind) => CONTINUITY.has(kind)) && !finds.some((kind) => UNREADABLE.has(kind)),
  );
  it(`is judged alike by the Python example, in ${seen.length} cases`, async () => {
    for (const { name, messages } of seen) {
      await store(messages());
      const [verdict, python] = [await judged([]), await judgeWithPython(nats.url, stream)];
      try {
        assertAgree(verdict, python);
      } catch (error) {
        throw new Error(`the judges differ over ${name}`, { cause: error });
      }
    }
  });

  it('shows that its last record was deleted', async () => {
    await store(INTACT);
    await manager.streams.deleteMessage(stream, INTACT.length);
    assert.deepEqual(await found([]), ['deletedFromStream']);
  });
});
