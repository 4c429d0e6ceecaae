import {
  jetstream,
  jetstreamManager,
  JetStreamApiError,
  type ConsumerConfig,
  type JetStreamManager,
  type JsMsg,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import {
  LAST_TRADE_HEADER,
  MESSAGE_ID_HEADER,
  RESET_TIME_HEADER,
  WRITER_HEADER,
} from '../../contract/identity.ts';

/** A stored record without its payload. */
export interface StoredHead {
  readonly subject: string;
  readonly sequence: number;
  readonly msgId: string;
  readonly writer: string;
  /** The venue's time since which a book's ids count; null: its writer knew of no restart. */
  readonly resetTimeUs: number | null;
}

export interface StoredLast extends StoredHead {
  readonly payload: string;
  /** When it was stored, by the server's clock. */
  readonly storedMs: number;
  /** Header of a trade that was fetched later; else empty. */
  readonly lastTrade: string;
}

export interface StreamState {
  readonly created: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly duplicateWindowMs: number;
}

export type RangeStart = { readonly sequence: number } | { readonly timeMs: number };

const STREAM_NOT_FOUND = 10_059;
const NANOSECONDS = 1_000_000;
const FETCH_MESSAGES = 4_000;
const FETCH_EXPIRES_MS = 5_000;

/** Reads a stream through its leader: never behind what was acknowledged. */
export class StreamReader {
  readonly manager: JetStreamManager;
  readonly #connection: NatsConnection;
  readonly #domain: { readonly domain: string } | undefined;

  private constructor(connection: NatsConnection, manager: JetStreamManager, domain: string | null) {
    this.manager = manager;
    this.#connection = connection;
    this.#domain = domain === null ? undefined : { domain };
  }

  static async open(connection: NatsConnection, domain: string | null): Promise<StreamReader> {
    const options = { checkAPI: false, ...(domain === null ? {} : { domain }) };
    return new StreamReader(connection, await jetstreamManager(connection, options), domain);
  }

  /** Null: no such stream. */
  async state(stream: string): Promise<StreamState | null> {
    try {
      const { created, state, config } = await this.manager.streams.info(stream);
      return {
        created,
        firstSequence: state.first_seq,
        lastSequence: state.last_seq,
        duplicateWindowMs: config.duplicate_window / NANOSECONDS,
      };
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return null;
      throw error;
    }
  }

  async last(stream: string, subject: string): Promise<StoredLast | null> {
    const message = await this.manager.streams.getMessage(stream, { last_by_subj: subject });
    if (message === null) return null;
    return {
      subject: message.subject,
      sequence: message.seq,
      msgId: message.header.get(MESSAGE_ID_HEADER),
      writer: message.header.get(WRITER_HEADER),
      resetTimeUs: timeOf(message.header.get(RESET_TIME_HEADER)),
      payload: message.string(),
      storedMs: message.time.getTime(),
      lastTrade: message.header.get(LAST_TRADE_HEADER),
    };
  }

  /** Null: it is gone. */
  async payloadAt(stream: string, sequence: number): Promise<string | null> {
    const message = await this.manager.streams.getMessage(stream, { seq: sequence });
    return message === null ? null : message.string();
  }

  async writerAt(stream: string, sequence: number): Promise<string | null> {
    const message = await this.manager.streams.getMessage(stream, { seq: sequence });
    return message === null ? null : message.header.get(WRITER_HEADER);
  }

  /** Since when the ids of a stored book record count; null: since ever, or the record is gone. */
  async resetTimeAt(stream: string, sequence: number): Promise<number | null> {
    const message = await this.manager.streams.getMessage(stream, { seq: sequence });
    return timeOf(message?.header.get(RESET_TIME_HEADER) ?? '');
  }

  /**
   * Heads from `start` to what the stream holds now, in order; the answer is the sequence through which it was read.
   * Throws when a message was lost on the way: the caller reads again.
   */
  async range(
    stream: string,
    start: RangeStart,
    subjects: readonly string[],
    onHead: (head: StoredHead) => void,
  ): Promise<number> {
    const { state } = await this.manager.streams.info(stream);
    let through = state.last_seq;
    if ('sequence' in start && start.sequence > through) return through;
    const info = await this.manager.consumers.add(stream, consumerConfig(start, subjects));
    try {
      const consumer = jetstream(this.#connection, this.#domain ?? {}).consumers.getConsumerFromInfo(info);
      let left = info.num_pending;
      let delivered = 0;
      while (left > 0) {
        const batch = await consumer.fetch({
          max_messages: Math.min(left, FETCH_MESSAGES),
          expires: FETCH_EXPIRES_MS,
        });
        const before = delivered;
        for await (const message of batch) {
          delivered += 1;
          if (message.info.deliverySequence !== delivered)
            throw new Error(`message ${delivered} of a read of ${stream} was lost on the way`);
          left = Math.min(left - 1, message.info.pending);
          through = Math.max(through, message.seq);
          onHead(headOf(message));
        }
        // Limits may have removed what was pending; else the fetch was cut off.
        if (delivered === before) left = (await consumer.info()).num_pending;
      }
      return through;
    } finally {
      // It would go by itself when unused.
      await this.manager.consumers.delete(stream, info.name).catch(() => false);
    }
  }
}

function headOf(message: JsMsg): StoredHead {
  return {
    subject: message.subject,
    sequence: message.seq,
    msgId: message.headers?.get(MESSAGE_ID_HEADER) ?? '',
    writer: message.headers?.get(WRITER_HEADER) ?? '',
    resetTimeUs: timeOf(message.headers?.get(RESET_TIME_HEADER) ?? ''),
  };
}

function timeOf(header: string): number | null {
  return /^\d{1,16}$/.test(header) ? Number(header) : null;
}

function consumerConfig(start: RangeStart, subjects: readonly string[]): Partial<ConsumerConfig> {
  return {
    ack_policy: 'none',
    headers_only: true,
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: 30_000 * NANOSECONDS,
    ...(subjects.length === 0 ? {} : { filter_subjects: [...subjects] }),
    ...('sequence' in start
      ? { deliver_policy: 'by_start_sequence' as const, opt_start_seq: Math.max(1, start.sequence) }
      : { deliver_policy: 'by_start_time' as const, opt_start_time: new Date(start.timeMs).toISOString() }),
  };
}
