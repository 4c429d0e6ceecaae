// What a stream and its gap records say, read independently of all collectors.
import type { NatsConnection } from '@nats-io/transport-node';
import { readStream, type ReadStream, type ReadTrade } from '../../support/reader.ts';

/** Ids between two that are there: `from` and `to` themselves are not missing. */
export interface Range {
  readonly subject: string;
  readonly from: number;
  readonly to: number;
}

export interface Judged {
  readonly read: ReadStream;
  /** Book updates that no delta brought, as the jumps of snapshots show them. */
  readonly bookJumps: readonly Range[];
  readonly missingTrades: readonly Range[];
  /** Missing, and no gap record says so. */
  readonly unstated: readonly string[];
  /** Said to be missing, and not so. */
  readonly overstated: readonly string[];
  readonly figures: Readonly<Record<string, string>>;
  /** Never right, whatever happened. */
  readonly faults: readonly string[];
}

interface Stated extends Range {
  readonly isOpen: boolean;
  readonly missing: number | undefined;
  readonly cause: string;
}

/** `writers`: two may overtake each other, which is counted; one may not. */
export async function judgeDelivery(
  connection: NatsConnection,
  { stream, writers }: { readonly stream: string; readonly writers: number },
): Promise<Judged> {
  const read = await readStream(connection, stream);
  const stated = (await readStream(connection, `${stream}_GAPS`)).others.map(({ record }) =>
    statedOf(record),
  );
  const bookJumps = [...read.books].flatMap(([subject, book]) =>
    book.jumps.map(({ fromId, toId }) => ({ subject, from: fromId, to: toId })),
  );
  const missingTrades = [...read.trades].flatMap(([subject, trades]) =>
    holesOf(
      subject,
      trades.map(({ id }) => Number(id)),
    ),
  );
  return {
    read,
    bookJumps,
    missingTrades,
    ...compare(bookJumps, missingTrades, stated),
    faults: faultsOf(read, writers),
    figures: figuresOf(read, bookJumps, missingTrades, stated),
  };
}

function statedOf(record: Readonly<Record<string, unknown>>): Stated {
  const { subject, fromId, toId, missing, cause } = record;
  return {
    subject: String(subject),
    from: Number(fromId),
    to: toId === null ? Infinity : Number(toId),
    isOpen: toId === null,
    cause: String(cause),
    missing: typeof missing === 'number' ? missing : undefined,
  };
}

function holesOf(subject: string, ids: readonly number[]): Range[] {
  const sorted = ids.toSorted((a, b) => a - b);
  return sorted.flatMap((to, index) => {
    const from = sorted[index - 1];
    return from === undefined || to <= from + 1 ? [] : [{ subject, from, to }];
  });
}

/** A gap record says where a hole lies; open ones are closed by a later record, or by the end of the stream. */
function compare(
  jumps: readonly Range[],
  trades: readonly Range[],
  stated: readonly Stated[],
): Pick<Judged, 'unstated' | 'overstated'> {
  const text = ({ subject, from, to }: Range): string => `${subject} ${from}..${to}`;
  const saysJump = (jump: Range): boolean =>
    stated.some(({ subject, from, to }) => subject === jump.subject && from === jump.from && to === jump.to);
  const saysTrades = (hole: Range): boolean =>
    stated.some(({ subject, from, to }) => subject === hole.subject && from <= hole.from && hole.to <= to);
  const isThere = (gap: Stated): boolean => {
    const isOfTrades = gap.subject.startsWith('trade.');
    const of = (isOfTrades ? trades : jumps).filter(({ subject }) => subject === gap.subject);
    if (!isOfTrades) return of.some(({ from, to }) => from === gap.from && (gap.isOpen || to === gap.to));
    const inside = of.filter(({ from, to }) => gap.from <= from && to <= gap.to);
    const count = inside.reduce((sum, { from, to }) => sum + to - from - 1, 0);
    return count > 0 && (gap.isOpen || gap.missing === count);
  };
  return {
    unstated: [...jumps.filter((jump) => !saysJump(jump)), ...trades.filter((hole) => !saysTrades(hole))].map(
      text,
    ),
    overstated: stated.filter((gap) => !isThere(gap)).map(text),
  };
}

/** Trades that were stored behind younger ones, but for those that were fetched from the venue later. */
function outOfOrder(trades: readonly ReadTrade[]): number {
  let highest = 0;
  let count = 0;
  for (const { id, backfilled } of trades) {
    if (!backfilled && Number(id) < highest) count += 1;
    if (!backfilled) highest = Math.max(highest, Number(id));
  }
  return count;
}

function faultsOf(read: ReadStream, writers: number): string[] {
  const faults: string[] = [];
  if (read.doubled.length > 0)
    faults.push(`${read.doubled.length} message ids stored twice, ${read.doubled[0]}`);
  for (const [subject, { gaps }] of read.books)
    if (gaps.length > 0) faults.push(`${subject}: ${gaps.length} deltas behind a hole`);
  for (const [subject, trades] of read.trades) {
    const back = outOfOrder(trades);
    if (back > 0 && writers === 1) faults.push(`${subject}: ${back} trades out of order`);
  }
  return faults;
}

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

function figuresOf(
  read: ReadStream,
  jumps: readonly Range[],
  trades: readonly Range[],
  stated: readonly Stated[],
): Readonly<Record<string, string>> {
  const books = [...read.books.values()];
  const lists = [...read.trades.values()];
  return {
    'records read independently': String(read.messages),
    'message ids stored twice': String(read.doubled.length),
    'book deltas applied, overlapping': `${sum(books.map((book) => book.deltas))}, ${sum(books.map((book) => book.overlaps))}`,
    'trades, of these fetched later': `${sum(lists.map((list) => list.length))}, ${sum(lists.map((list) => list.filter((trade) => trade.backfilled).length))}`,
    'trades that a second writer brought late': String(sum(lists.map(outOfOrder))),
    'jumps of books': `${jumps.length}, over ${sum(jumps.map(({ from, to }) => to - from))} ids`,
    'trades missing': String(sum(trades.map(({ from, to }) => to - from - 1))),
    'gap records': `${stated.length}, of these open ${stated.filter(({ isOpen }) => isOpen).length}; ${causesOf(stated)}`,
  };
}

function causesOf(stated: readonly Stated[]): string {
  const causes = Map.groupBy(stated, ({ cause }) => cause);
  return [...causes].map(([cause, gaps]) => `${cause} ${gaps.length}`).join(', ');
}
