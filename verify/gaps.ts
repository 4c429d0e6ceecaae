import type { BookId, GapRecord } from '../contract/record.ts';
import { toId, type Id } from '../consumer/id.ts';
import type { Between } from '../consumer/id-set.ts';
import type { Message, Report } from './message.ts';
import { Spans } from './spans.ts';

/** Holes and gap records kept for matching; what is beyond is counted and judged alone. */
const MAX_KEPT = 200_000;

/** Something is missing between two ids: the record stored at `toSequence` shows it. */
export interface Hole {
  readonly subject: string;
  readonly fromId: Id;
  readonly toId: Id;
  readonly toSequence: number;
  /** A snapshot among snapshots: they need not follow each other. */
  readonly isSoft: boolean;
}

/** A gap record as it was read, with what the subject said of it so far. */
export interface Statement {
  readonly message: Pick<Message, 'subject' | 'sequence' | 'writer'>;
  readonly record: GapRecord;
}

/** What a subject's records know when the gap records about it are judged. */
export interface SubjectView {
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** What of the hole is still missing. */
  missing(hole: Hole): readonly { readonly fromId: Id; readonly toId: Id }[];
  /** For an open gap: false where the subject proves that nothing was interrupted there. */
  mayHaveStopped(statement: Statement): boolean;
  readonly isTrades: boolean;
  /** False where the ids prove nothing: what a gap record says has to be believed. */
  readonly isCounted: boolean;
}

export interface GapCounts {
  recorded: number;
  unrecorded: number;
  invented: number;
  /** Recorded and not ended. */
  open: number;
  /** Holes that a late record filled. */
  filled: number;
  /** Ids that are missing, where ids can be counted. */
  missingTrades: number;
}

export const noGaps = (): GapCounts => ({
  recorded: 0,
  unrecorded: 0,
  invented: 0,
  open: 0,
  filled: 0,
  missingTrades: 0,
});

/** Holes that were met and gap records that were read, in whatever order, until both are held against each other. */
export class GapLedger {
  readonly #holes = new Map<string, Hole[]>();
  readonly #statements = new Map<string, Statement[]>();
  #kept = 0;
  /** Beyond the bound: holes are called unrecorded, statements are not judged. */
  beyond = { holes: 0, statements: 0 };
  statements = 0;

  hole(hole: Hole): void {
    if (this.#kept >= MAX_KEPT) this.beyond.holes += 1;
    else this.#keep(this.#holes, hole.subject, hole);
  }

  statement(message: Message, record: GapRecord): void {
    this.statements += 1;
    const { subject, sequence, writer } = message;
    if (this.#kept >= MAX_KEPT) this.beyond.statements += 1;
    else this.#keep(this.#statements, record.subject, { message: { subject, sequence, writer }, record });
  }

  /** Subjects that gap records speak of. */
  get spokenOf(): Iterable<string> {
    return this.#statements.keys();
  }

  /** True while a hole that showed at `sinceSequence` or behind it has no gap record that tells of it. */
  hasOpenHoles(sinceSequence: number): boolean {
    for (const [subject, holes] of this.#holes) {
      const recent = holes.filter(({ toSequence, isSoft }) => !isSoft && toSequence >= sinceSequence);
      const statements = recent.length === 0 ? [] : (this.#statements.get(subject) ?? []);
      const told = bySequence(statements);
      if (recent.some((hole) => !isTold(hole, told))) return true;
    }
    return false;
  }

  /** Holds one subject's holes against the gap records about it. */
  settle(subject: string, view: SubjectView | undefined, report: Report): GapCounts {
    const counts = noGaps();
    const known = new Known(this.#holes.get(subject) ?? [], this.#statements.get(subject) ?? [], view);
    for (const hole of known.holes) settleHole(hole, known, { counts, report });
    for (const statement of known.statements) {
      const verdict = known.judge(statement);
      if (verdict === 'open') counts.open += 1;
      if (verdict === 'believed') counts.recorded += 1;
      if (verdict !== 'invented') continue;
      counts.invented += 1;
      const { fromId, toId } = statement.record;
      report(
        'gapInvented',
        statement.message,
        `a gap of ${subject} from ${fromId} to ${toId ?? 'open'}, where nothing is missing`,
      );
    }
    return counts;
  }

  #keep<T>(map: Map<string, T[]>, subject: string, value: T): void {
    this.#kept += 1;
    const known = map.get(subject);
    if (known === undefined) map.set(subject, [value]);
    else known.push(value);
  }
}

const idOrNull = (id: BookId | null): Id | null =>
  id === null || (typeof id === 'string' && !/^-?\d+$/.test(id)) ? null : toId(id);

const isEqual = (a: Id, b: Id): boolean => String(a) === String(b);

/** This very hole: it ends at the record that the gap names. */
function tells({ fromId, toId, toSeq }: GapRecord, hole: Hole): boolean {
  const [from, to] = [idOrNull(fromId), idOrNull(toId)];
  if (toSeq !== hole.toSequence || to === null) return false;
  return isEqual(to, hole.toId) && (from === null || from <= hole.fromId);
}

function bySequence(statements: readonly Statement[]): ReadonlyMap<number, readonly GapRecord[]> {
  const map = new Map<number, GapRecord[]>();
  for (const { record } of statements) {
    if (record.toSeq === null) continue;
    const known = map.get(record.toSeq);
    if (known === undefined) map.set(record.toSeq, [record]);
    else known.push(record);
  }
  return map;
}

const isTold = (hole: Hole, told: ReadonlyMap<number, readonly GapRecord[]>): boolean =>
  (told.get(hole.toSequence) ?? []).some((record) => tells(record, hole));

type Verdict = 'founded' | 'believed' | 'open' | 'outside' | 'invented';

/** All of one subject, indexed: there may be many of both. */
class Known {
  readonly holes: readonly Hole[];
  readonly statements: readonly Statement[];
  readonly view: SubjectView | undefined;
  readonly #told: ReadonlyMap<number, readonly GapRecord[]>;
  readonly #holes: ReadonlyMap<number, Hole>;
  readonly #endedFrom: ReadonlySet<string>;
  /** Of trades, whose ids are numbers: what gap records and what holes span. */
  readonly #toldSpans: Spans;
  readonly #holeSpans: Spans;
  /** Of them those that belong to no trade. */
  readonly #emptySpans: Spans;

  constructor(holes: readonly Hole[], statements: readonly Statement[], view: SubjectView | undefined) {
    this.holes = holes;
    this.statements = statements;
    this.view = view;
    this.#told = bySequence(statements);
    this.#holes = new Map(holes.map((hole) => [hole.toSequence, hole]));
    const ended = statements.map(({ record }) => record).filter(({ toSeq }) => toSeq !== null);
    this.#endedFrom = new Set(ended.map(({ fromId }) => String(fromId)));
    const isTrades = view?.isTrades === true;
    this.#toldSpans = new Spans(isTrades ? ended.flatMap(rangeOf) : []);
    this.#holeSpans = new Spans(isTrades ? holes.map(numbers) : []);
    this.#emptySpans = new Spans(
      isTrades ? ended.filter(({ missing }) => missing === 0).flatMap(rangeOf) : [],
    );
  }

  /** What is still missing of the hole is what gap records say. */
  isRecorded(hole: Hole, missing: readonly { readonly fromId: Id; readonly toId: Id }[]): boolean {
    if (this.view?.isTrades !== true) return isTold(hole, this.#told);
    return missing.every((part) => this.#toldSpans.covers(numbers(part)));
  }

  /** A gap record says that the ids belong to no trade. */
  isNothing(part: { readonly fromId: Id; readonly toId: Id }): boolean {
    return this.view?.isTrades === true && this.#emptySpans.covers(numbers(part));
  }

  judge(statement: Statement): Verdict {
    const { record } = statement;
    const { view } = this;
    // A range that holds nothing of the subject says nothing about its gaps.
    if (view === undefined) return 'outside';
    if (record.toSeq === null) {
      if (this.#endedFrom.has(String(record.fromId))) return 'founded';
      return view.mayHaveStopped(statement) ? 'open' : 'invented';
    }
    if (record.toSeq <= view.firstSequence || record.toSeq > view.lastSequence) return 'outside';
    // Closes an open gap that was none: it says itself that nothing is missing.
    if (record.missing === 0 && String(record.fromId) === String(record.toId)) return 'founded';
    if (!view.isCounted) return 'believed';
    if (view.isTrades)
      return rangeOf(record).some((range) => this.#holeSpans.touches(range)) ? 'founded' : 'invented';
    const hole = this.#holes.get(record.toSeq);
    return hole !== undefined && tells(record, hole) ? 'founded' : 'invented';
  }
}

const numbers = ({ fromId, toId }: { readonly fromId: Id; readonly toId: Id }): Between => ({
  fromId: Number(fromId),
  toId: Number(toId),
});

function rangeOf({ fromId, toId }: GapRecord): readonly Between[] {
  const [from, to] = [idOrNull(fromId), idOrNull(toId)];
  return from === null || to === null ? [] : [numbers({ fromId: from, toId: to })];
}

function settleHole(
  hole: Hole,
  known: Known,
  { counts, report }: { readonly counts: GapCounts; readonly report: Report },
): void {
  const missing = (known.view?.missing(hole) ?? [hole]).filter((part) => !known.isNothing(part));
  if (known.view?.isTrades === true)
    for (const { fromId, toId } of missing) counts.missingTrades += Number(toId) - Number(fromId) - 1;
  if (missing.length === 0) counts.filled += 1;
  else if (known.isRecorded(hole, missing)) counts.recorded += 1;
  else if (!hole.isSoft) {
    counts.unrecorded += 1;
    report(
      'gapUnrecorded',
      { subject: hole.subject, sequence: hole.toSequence },
      `missing between ${hole.fromId} and ${hole.toId}, and no gap record says so`,
    );
  }
}
