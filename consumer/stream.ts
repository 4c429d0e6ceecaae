import { jetstream, jetstreamManager, type JsMsg, type OrderedConsumerOptions } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';

/** A stored message. */
export interface StoredMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly msgId: string;
  readonly writer: string;
  /** Header `Mp-Continues`, empty where there is none. */
  readonly continues: string;
  readonly text: string;
  /** When it was stored, milliseconds since 1970. */
  readonly storedMs: number;
  /** Messages of this reading that the stream holds behind it. */
  readonly pending: number;
}

export interface ReadOptions {
  readonly stream: string;
  /** Subjects or wildcards; none: all. */
  readonly subjects?: readonly string[];
  readonly from: { readonly sequence: number } | { readonly time: Date };
  readonly domain?: string | null;
  /** Ends where the stream ends now, instead of following it. */
  readonly untilEnd?: boolean;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
  /** Called in the order of the stream; `stop` ends the reading. */
  readonly onMessage: (message: StoredMessage) => 'stop' | undefined;
}

const MESSAGES_ASKED_FOR = 5_000;
const STATE_BUCKET = 'MARKETPRISM';

/**
 * Reads a stream in its order, on into what is still to come. An ordered consumer: what is lost between server and here is
 * asked for again, nothing comes twice, and nothing stays behind on the server.
 */
export async function readStream(connection: NatsConnection, options: ReadOptions): Promise<void> {
  const { stream, subjects = [], from, domain, untilEnd = false, signal, onMessage } = options;
  const client = jetstream(connection, domain === null || domain === undefined ? {} : { domain });
  const where: Partial<OrderedConsumerOptions> =
    'sequence' in from
      ? { deliver_policy: 'by_start_sequence', opt_start_seq: Math.max(1, from.sequence) }
      : { deliver_policy: 'by_start_time', opt_start_time: from.time.toISOString() };
  const filter = subjects.length === 0 ? {} : { filter_subjects: [...subjects] };
  const consumer = await client.consumers.get(stream, { ...where, ...filter });
  if (untilEnd && (await consumer.info(true)).num_pending === 0) {
    await consumer.delete();
    return;
  }
  let failure: { readonly error: unknown } | undefined;
  let stopped = false;
  const messages = await consumer.consume({
    max_messages: MESSAGES_ASKED_FOR,
    callback: (message) => {
      if (stopped) return;
      try {
        const stored = storedMessage(message);
        stopped = onMessage(stored) === 'stop' || (untilEnd && stored.pending === 0);
      } catch (error) {
        failure = { error };
        stopped = true;
      }
      if (stopped) messages.stop();
    },
  });
  const abort = (): void => {
    stopped = true;
    messages.stop();
  };
  if (signal?.aborted === true) abort();
  signal?.addEventListener('abort', abort);
  try {
    const closed = await messages.closed();
    if (!stopped) throw closed instanceof Error ? closed : new Error(`reading ${stream} ended by itself`);
  } finally {
    signal?.removeEventListener('abort', abort);
    await consumer.delete().catch(() => false);
  }
  if (failure !== undefined) throw failure.error;
}

function storedMessage(message: JsMsg): StoredMessage {
  const { headers, info } = message;
  return {
    subject: message.subject,
    sequence: info.streamSequence,
    msgId: headers?.get('Nats-Msg-Id') ?? '',
    writer: headers?.get('Mp-Writer') ?? '',
    continues: headers?.get('Mp-Continues') ?? '',
    text: message.string(),
    storedMs: Math.floor(info.timestampNanos / 1_000_000),
    pending: info.pending,
  };
}

/** Where to start reading a book: the stream sequence of its last snapshot, as the collectors note it beside the data. */
export interface LastSnapshot {
  readonly subject: string;
  readonly sequence: number;
  readonly id: number;
}

/** Undefined: none is noted, or the stream does not hold it any more. Then the stream's first record is the place. */
export async function lastSnapshot(
  connection: NatsConnection,
  at: { readonly stream: string; readonly subject: string; readonly domain?: string | null },
): Promise<LastSnapshot | undefined> {
  const { stream, subject } = at;
  const options = at.domain === null || at.domain === undefined ? {} : { domain: at.domain };
  const bucket = await new Kvm(jetstream(connection, options)).open(STATE_BUCKET);
  const entry = await bucket.get(`snapshot.${stream}.${subject}`);
  if (entry === null || entry.operation !== 'PUT') return undefined;
  const { sequence, id } = entry.json<{ readonly sequence?: unknown; readonly id?: unknown }>();
  if (typeof sequence !== 'number' || typeof id !== 'number') return undefined;
  const manager = await jetstreamManager(connection, { ...options, checkAPI: false });
  const stored = await manager.streams.getMessage(stream, { seq: sequence });
  return stored?.subject === subject ? { subject, sequence, id } : undefined;
}
