// An independent reader of a stream: it shares no code with collector, simulator or contract.
import { jetstream, jetstreamManager, type ConsumerConfig } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { FollowedBook, type BookRecord } from './followed-book.ts';

export interface ReadTrade {
  readonly id: string;
  readonly price: string;
  readonly size: string;
  readonly side: string;
  readonly sequence: number;
  /** What counts the instrument's trades: `sequence` of the record where it has one, else its id. */
  readonly count: number;
  readonly backfilled: boolean;
}

export interface ReadStream {
  readonly messages: number;
  readonly lastSequence: number;
  readonly books: ReadonlyMap<string, FollowedBook>;
  /** By subject, in the order of the stream. */
  readonly trades: ReadonlyMap<string, readonly ReadTrade[]>;
  /** Message ids stored more than once. */
  readonly doubled: readonly string[];
  /** Records per feed UID of the writer header. */
  held(feedUid: string, throughSequence?: number): number;
  /** Every other record, gap records among them. */
  readonly others: readonly {
    readonly subject: string;
    readonly sequence: number;
    readonly record: Record<string, unknown>;
  }[];
}

/** Everything that the stream holds now. */
export async function readStream(connection: NatsConnection, stream: string): Promise<ReadStream> {
  const books = new Map<string, FollowedBook>();
  const trades = new Map<string, ReadTrade[]>();
  const others: { subject: string; sequence: number; record: Record<string, unknown> }[] = [];
  const seen = new Set<string>();
  const doubled: string[] = [];
  const writers: { uid: string; sequence: number }[] = [];
  let messages = 0;
  let lastSequence = 0;
  for await (const message of messagesOf(connection, stream)) {
    messages += 1;
    lastSequence = message.sequence;
    if (message.id !== '') {
      if (seen.has(message.id)) doubled.push(message.id);
      seen.add(message.id);
    }
    writers.push({ uid: message.writer.split('/')[0] ?? '', sequence: message.sequence });
    const record = JSON.parse(message.text) as Record<string, unknown>;
    if (record['type'] === 'orderbook') {
      bookOf(books, message.subject).apply(
        record as unknown as BookRecord,
        message.sequence,
        message.continues,
      );
    } else if (record['type'] === 'trade') {
      const list = trades.get(message.subject) ?? [];
      const { price, size, side } = record as { price: string; size: string; side: string };
      const id = String(record['id']);
      list.push({
        id,
        price,
        size,
        side,
        sequence: message.sequence,
        count: Number(record['sequence'] ?? id),
        backfilled: record['backfilled'] === true,
      });
      trades.set(message.subject, list);
    } else {
      others.push({ subject: message.subject, sequence: message.sequence, record });
    }
  }
  return {
    messages,
    lastSequence,
    books,
    trades,
    doubled,
    others,
    held: (feedUid, through = Infinity) =>
      writers.filter(({ uid, sequence }) => uid === feedUid && sequence <= through).length,
  };
}

/** The same over a connection of its own. */
export async function readStreamAt(servers: string, stream: string): Promise<ReadStream> {
  const connection = await connect({ servers, name: 'independent-reader' });
  try {
    return await readStream(connection, stream);
  } finally {
    await connection.close();
  }
}

interface ReadMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly id: string;
  readonly writer: string;
  readonly continues: boolean;
  readonly text: string;
}

async function* messagesOf(connection: NatsConnection, stream: string): AsyncGenerator<ReadMessage> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const config: Partial<ConsumerConfig> = { ack_policy: 'none', deliver_policy: 'all', mem_storage: true };
  const info = await manager.consumers.add(stream, config);
  const consumer = jetstream(connection).consumers.getConsumerFromInfo(info);
  let left = info.num_pending;
  while (left > 0) {
    for await (const message of await consumer.fetch({
      max_messages: Math.min(left, 1_000),
      expires: 5_000,
    })) {
      left -= 1;
      yield {
        subject: message.subject,
        sequence: message.seq,
        id: message.headers?.get('Nats-Msg-Id') ?? '',
        writer: message.headers?.get('Mp-Writer') ?? '',
        continues: message.headers?.has('Mp-Continues') === true,
        text: message.string(),
      };
    }
  }
  await manager.consumers.delete(stream, info.name);
}

function bookOf(books: Map<string, FollowedBook>, subject: string): FollowedBook {
  const known = books.get(subject);
  if (known !== undefined) return known;
  const book = new FollowedBook();
  books.set(subject, book);
  return book;
}
