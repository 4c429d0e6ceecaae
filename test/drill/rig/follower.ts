// Follows the streams live, by the consumer's rule and with bounded memory. Shares no code with the collector.
import { jetstream, type ConsumerMessages } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { FollowedBook, type BookRecord } from '../../support/followed-book.ts';
import { bookText } from './venues.ts';

export interface SeenGap {
  readonly subject: string;
  readonly fromId: string;
  readonly toId: string | null;
  readonly cause: string;
}

interface GapFields {
  readonly subject: string;
  readonly fromId: number | string | null;
  readonly toId: number | string | null;
  readonly cause: string;
}

type Jump = FollowedBook['jumps'][number];

/** A true book that the followed one has to equal when it comes to the same id. */
interface Expectation {
  readonly id: number;
  readonly text: string;
}

interface TradeHole {
  readonly from: number;
  readonly to: number;
}

/** Trade ids of one subject: what has not come yet is a hole, until it comes. */
export class FollowedTrades {
  last: number | undefined;
  doubled = 0;
  count = 0;
  readonly holes: TradeHole[] = [];

  see(id: number): void {
    this.count += 1;
    const last = this.last;
    if (last === undefined || id > last) {
      if (last !== undefined && id > last + 1) this.holes.push({ from: last + 1, to: id - 1 });
      this.last = id;
      return;
    }
    const index = this.holes.findIndex(({ from, to }) => from <= id && id <= to);
    const hole = this.holes[index];
    if (hole === undefined) {
      this.doubled += 1;
      return;
    }
    const parts = [
      { from: hole.from, to: id - 1 },
      { from: id + 1, to: hole.to },
    ];
    this.holes.splice(index, 1, ...parts.filter(({ from, to }) => from <= to));
  }
}

interface Message {
  readonly subject: string;
  readonly seq: number;
  string(): string;
}

export class Follower {
  readonly books = new Map<string, FollowedBook>();
  readonly trades = new Map<string, FollowedTrades>();
  readonly gaps: SeenGap[] = [];
  records = 0;
  /** Books compared with the venue's own in the middle of the flow, at the very same id. */
  compared = 0;
  readonly different: string[] = [];
  readonly #expected = new Map<string, Expectation>();
  readonly #consumers: ConsumerMessages[] = [];

  static async start(connection: NatsConnection, streams: readonly string[]): Promise<Follower> {
    const follower = new Follower();
    for (const stream of streams) {
      const consumer = await jetstream(connection).consumers.get(stream);
      const messages = await consumer.consume({ max_messages: 500 });
      follower.#consumers.push(messages);
      void follower.#read(messages);
    }
    return follower;
  }

  /** Asks for a comparison as soon as the followed book comes to this id; one question a subject, the newest. */
  expect(subject: string, book: { lastUpdateId: number; bids: Levels; asks: Levels }): void {
    const expectation = { id: book.lastUpdateId, text: bookText(book.bids, book.asks) };
    this.#expected.set(subject, expectation);
    this.#compare(subject);
  }

  /** Gap records for this jump of a book: from its id, closed at the snapshot or still open. */
  gapsFor(subject: string, fromId: number): readonly SeenGap[] {
    return this.gaps.filter((gap) => gap.subject === subject && gap.fromId === String(fromId));
  }

  /** Jumps of a book that no gap record states. */
  unstatedJumps(subject: string): readonly Jump[] {
    return (this.books.get(subject)?.jumps ?? []).filter(
      ({ fromId, toId }) =>
        !this.gapsFor(subject, fromId).some((gap) => gap.toId === null || gap.toId === String(toId)),
    );
  }

  /** Missing trades that no gap record covers. */
  unstatedTrades(subject: string): readonly TradeHole[] {
    const stated = this.gaps.filter((gap) => gap.subject === subject);
    const covers = (gap: SeenGap, from: number, to: number): boolean =>
      Number(gap.fromId) < from && (gap.toId === null || to < Number(gap.toId));
    return (this.trades.get(subject)?.holes ?? []).filter(
      ({ from, to }) => !stated.some((gap) => covers(gap, from, to)),
    );
  }

  close(): void {
    for (const messages of this.#consumers) messages.stop();
  }

  async #read(messages: ConsumerMessages): Promise<void> {
    for await (const message of messages) this.#take(message);
  }

  #take(message: Message): void {
    this.records += 1;
    const record = JSON.parse(message.string()) as Readonly<Record<string, unknown>>;
    const { subject } = message;
    if (record['type'] === 'orderbook') {
      bookOf(this.books, subject).apply(record as unknown as BookRecord, message.seq);
      this.#compare(subject);
    } else if (record['type'] === 'trade') {
      tradesOf(this.trades, subject).see(Number(record['sequence'] ?? record['id']));
    } else if (record['type'] === 'gap') {
      const { fromId, toId, cause, subject: of } = record as unknown as GapFields;
      const to = toId === null ? null : String(toId);
      this.gaps.push({ subject: of, fromId: String(fromId), toId: to, cause });
    }
  }

  #compare(subject: string): void {
    const expected = this.#expected.get(subject);
    const book = this.books.get(subject);
    if (expected === undefined || book?.id === undefined || book.id < expected.id) return;
    // Events are grouped: the book may pass the id without standing at it, or ids began anew.
    this.#expected.delete(subject);
    if (book.id !== expected.id) return;
    this.compared += 1;
    if (bookText(book.bids, book.asks) !== expected.text) this.different.push(`${subject} at ${book.id}`);
  }
}

type Levels = readonly (readonly [string, string])[];

function bookOf(books: Map<string, FollowedBook>, subject: string): FollowedBook {
  const known = books.get(subject) ?? new FollowedBook();
  books.set(subject, known);
  return known;
}

function tradesOf(trades: Map<string, FollowedTrades>, subject: string): FollowedTrades {
  const known = trades.get(subject) ?? new FollowedTrades();
  trades.set(subject, known);
  return known;
}
