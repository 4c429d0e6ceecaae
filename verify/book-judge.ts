import type { DeltaRecord, SnapshotRecord } from '../contract/record.ts';
import { Book } from '../consumer/book.ts';
import { compareDecimals } from '../consumer/decimal.ts';
import { bookDigest } from '../consumer/digest.ts';
import { toId, type Id } from '../consumer/id.ts';
import { Cadence } from './cadence.ts';
import { describeDifferences, differences } from './compare.ts';
import type { Hole, Statement, SubjectView } from './gaps.ts';
import type { Message, Report, Standing } from './message.ts';
import { RecentKeys } from './window.ts';
import { OwnOrder } from './writers.ts';

/** Message ids remembered a subject: a repetition that is older is behind its writer's own order. */
const RECENT_IDS = 512;

export interface BookContext {
  readonly report: Report;
  readonly onHole: (hole: Hole) => void;
  /** The range begins where the stream began: nothing is cut off before it. */
  readonly fromBeginning: boolean;
}

export interface BookSummary {
  readonly id: string | null;
  readonly isCurrent: boolean;
  readonly digest: string | null;
  readonly bids: number;
  readonly asks: number;
  readonly bestBid: string | null;
  readonly bestAsk: string | null;
  readonly snapshots: number;
  readonly deltas: number;
  readonly overlaps: number;
  readonly compared: number;
  readonly resets: number;
}

/** An open gap's last id, until the subject passes it. */
interface Awaited {
  readonly fromId: Id;
  /** Who went on from there, and whether nothing was missing. */
  next: { readonly writer: string; readonly joined: boolean } | undefined;
}

/** One subject's order book, judged record by record. */
export class BookJudge implements SubjectView {
  readonly isTrades = false;
  readonly isCounted = true;
  readonly #subject: string;
  readonly #context: BookContext;
  readonly #book = new Book();
  readonly #own = new OwnOrder();
  readonly #recent = new RecentKeys<string>(RECENT_IDS);
  readonly cadence: Cadence;
  readonly #awaited: Awaited[] = [];
  #isCrossed = false;
  #startMissed = false;
  #firstId: Id | undefined;
  firstSequence = 0;
  lastSequence = 0;
  #counts = { snapshots: 0, deltas: 0, overlaps: 0, compared: 0, resets: 0 };

  constructor(subject: string, context: BookContext) {
    this.#subject = subject;
    this.#context = context;
    this.cadence = new Cadence(subject);
  }

  delta(record: DeltaRecord, message: Message): Standing {
    const { report, fromBeginning } = this.#context;
    this.#reached(message);
    this.#counts.deltas += 1;
    const before = this.#book.chainId;
    const step = this.#book.delta(record);
    // What another writer stored before a reset says nothing about the order of what follows it.
    if (step.kind === 'skipped' && step.why === 'oldChain') return this.#overlap();
    if (!this.#recent.add(message.msgId))
      report('duplicate', message, `delta ${record.prevId}-${record.lastId} is stored again`);
    else this.#own.check(message, toId(record.lastId), record, report);
    switch (step.kind) {
      case 'skipped':
        return this.#overlap();
      case 'waiting':
        if (before === undefined && fromBeginning && !this.#startMissed) {
          this.#startMissed = true;
          // The snapshot lies in a stream that is gone: the next one is waited for.
          if ((message.continues ?? '') !== '') return 'unverifiable';
          report('noStart', message, 'the stream begins with a delta: the first snapshot is not there');
        }
        // Its place among the ids is proved, where one came before; the levels are not known.
        return before === undefined ? 'unverifiable' : 'verified';
      case 'gap':
        this.#passed(message.writer, false, step.fromId);
        this.cadence.broken();
        this.#hole(step.fromId, step.toId, message, false);
        return 'verified';
      case 'applied':
        this.#passed(message.writer, true, before);
        this.cadence.delta(message.writer, message.sequence, record.receiveTime);
        this.#crossing(message);
    }
    return 'clean';
  }

  snapshot(record: SnapshotRecord, message: Message): Standing {
    const { report } = this.#context;
    this.#reached(message);
    this.#counts.snapshots += 1;
    const book = this.#book;
    if (!this.#recent.add(message.msgId))
      report('duplicate', message, `the snapshot of ${record.lastId} is stored again`);
    this.#own.checkSnapshot(message, record, report);
    const lastId = toId(record.lastId);
    const isComparable = book.isCurrent && record.reset !== true && lastId === book.id;
    const found = isComparable ? differences(book, record) : [];
    const step = book.snapshot(record);
    if (step.kind === 'skipped') return 'unverifiable';
    if (isComparable) {
      this.#counts.compared += 1;
      if (found.length > 0) report('bookDiffers', message, describeDifferences(found, record.lastId));
    }
    if (step.how === 'reset') {
      this.#counts.resets += 1;
      this.#own.restart();
    }
    this.cadence.snapshot(message.writer, message.sequence, isComparable, record.receiveTime);
    this.#crossing(message);
    if (step.how !== 'ahead') return isComparable ? 'clean' : 'unverifiable';
    this.#passed(message.writer, false, step.fromId);
    // Snapshots among themselves (`mode: snapshot`) each stand alone; behind the first delta they follow from it.
    const isSoft = this.#counts.deltas === 0;
    this.#hole(step.fromId, lastId, message, isSoft);
    return isSoft ? 'unverifiable' : 'verified';
  }

  /** Gap records that are open: whether something stopped there shows when the subject passes it. */
  awaitOpen(fromId: Id): void {
    if (this.#awaited.length < 1_000) this.#awaited.push({ fromId, next: undefined });
  }

  missing(hole: Hole): readonly Hole[] {
    return [hole];
  }

  mayHaveStopped({ record, message }: Statement): boolean {
    if (record.fromId === null || typeof record.fromId === 'string') return true;
    const { fromId } = record;
    const first = this.#firstId;
    const end = this.#book.chainId;
    if (first === undefined || end === undefined || fromId < first || fromId >= end) return true;
    const awaited = this.#awaited.find((one) => one.fromId === fromId);
    // It came to be known too late to be looked for.
    if (awaited === undefined) return true;
    if (awaited.next === undefined) return false;
    return !awaited.next.joined || awaited.next.writer !== message.writer;
  }

  summary(): BookSummary {
    const { bids, asks, id, isCurrent } = this.#book;
    return {
      id: id === undefined ? null : String(id),
      isCurrent,
      digest: id === undefined ? null : bookDigest(this.#book),
      bids: bids.count,
      asks: asks.count,
      bestBid: bids.best ?? null,
      bestAsk: asks.best ?? null,
      ...this.#counts,
    };
  }

  #reached({ sequence }: Message): void {
    if (this.firstSequence === 0) this.firstSequence = sequence;
    this.lastSequence = sequence;
  }

  #overlap(): Standing {
    this.#counts.overlaps += 1;
    return 'clean';
  }

  #hole(fromId: Id, toId: Id, message: Message, isSoft: boolean): void {
    this.#context.onHole({ subject: this.#subject, fromId, toId, toSequence: message.sequence, isSoft });
  }

  #passed(writer: string, joined: boolean, id: Id | undefined): void {
    this.#firstId ??= id;
    for (const awaited of this.#awaited) {
      if (awaited.next === undefined && awaited.fromId === id) awaited.next = { writer, joined };
    }
  }

  /** Best bid at or above best ask; said once until it is over. */
  #crossing(message: Message): void {
    const { bids, asks } = this.#book;
    const [bid, ask] = [bids.best, asks.best];
    const isCrossed = bid !== undefined && ask !== undefined && compareDecimals(bid, ask) >= 0;
    if (isCrossed && !this.#isCrossed)
      this.#context.report('crossed', message, `best bid ${bid}, best ask ${ask}`);
    this.#isCrossed = isCrossed;
  }
}
