import { schemaOf } from '../contract/record.ts';
import { recordFaults } from '../contract/schema-faults.ts';
import { parseRecord, type Parsed } from '../consumer/parse.ts';
import { BookJudge, type BookSummary } from './book-judge.ts';
import { lateIntervals } from './cadence.ts';
import { FaultLog, type Fault } from './faults.ts';
import { GapLedger, noGaps, type GapCounts, type Hole } from './gaps.ts';
import { checkMessageId, Names } from './identity.ts';
import type { Message, Report, Standing } from './message.ts';
import { TradeJudge, type TradeSummary } from './trade-judge.ts';
import { RecentKeys } from './window.ts';
import { OwnOrder, Writers } from './writers.ts';

export interface JudgeOptions {
  /** UIDs of the feeds that may write; undefined: any. */
  readonly feeds?: readonly string[] | undefined;
  /** The range begins where the stream began. */
  readonly fromBeginning: boolean;
  /** How often a snapshot is due; undefined: told from the stream. */
  readonly snapshotEveryMs?: number | undefined;
}

export interface SubjectVerdict {
  readonly subject: string;
  readonly records: number;
  readonly verified: number;
  readonly clean: number;
  readonly gaps: GapCounts;
  readonly book: BookSummary | null;
  readonly trades: TradeSummary | null;
}

export interface Verdict {
  /** Records of market data; gap records apart. */
  readonly records: number;
  readonly gapRecords: number;
  readonly verified: number;
  readonly clean: number;
  readonly gaps: GapCounts;
  readonly faults: Readonly<Record<string, number>>;
  readonly faultTotal: number;
  readonly details: readonly Fault[];
  readonly subjects: readonly SubjectVerdict[];
  readonly writers: Readonly<Record<string, number>>;
}

/** Subjects judged at once; what is beyond is refused aloud. */
const MAX_SUBJECTS = 100_000;
const RECENT_OTHERS = 256;
const UNKNOWN_TYPE = { path: 'type', message: 'no record is of this type' };

interface Subject {
  readonly name: string;
  records: number;
  verified: number;
  clean: number;
  book: BookJudge | undefined;
  trades: TradeJudge | undefined;
  others: { readonly recent: RecentKeys<string>; readonly own: OwnOrder } | undefined;
}

/** Records of a stream in, in its order; a verdict out. Gap records may come before or behind what they tell of. */
export class Judge {
  readonly #options: JudgeOptions;
  readonly #faults = new FaultLog();
  readonly #gaps = new GapLedger();
  readonly #names = new Names();
  readonly #writers: Writers;
  readonly #subjects = new Map<string, Subject>();
  #gapRecords = 0;

  constructor(options: JudgeOptions) {
    this.#options = options;
    this.#writers = new Writers(options.feeds);
  }

  readonly #report: Report = (kind, { subject, sequence }, text) =>
    this.#faults.add({ kind, subject, sequence, text });

  take(message: Message): void {
    const parsed = parseRecord(message.text);
    const before = this.#faults.total;
    this.#writers.check(message, this.#report);
    if (parsed.kind === 'unusable') {
      const kind = parsed.reason === 'notJson' ? 'unparsable' : 'field';
      this.#report(kind, message, parsed.what);
      this.#tally(this.#subject(message.subject), 'unverifiable', true);
      return;
    }
    this.#names.check(message, parsed, this.#report);
    checkMessageId(message, parsed, this.#report);
    if (parsed.kind === 'gap') {
      this.#gapRecords += 1;
      this.#gaps.statement(message, parsed.record);
      const { fromId, toSeq, stream } = parsed.record;
      if (toSeq === null && typeof fromId === 'number' && stream === 'orderbook')
        this.#bookOf(this.#subject(parsed.record.subject)).awaitOpen(fromId);
      return;
    }
    const subject = this.#subject(message.subject);
    const standing = this.#follow(subject, parsed, message);
    this.#tally(subject, standing, this.#faults.total > before);
  }

  /** True while a hole that showed at this sequence or behind it has no gap record yet: it may still come. */
  awaitsGapRecords(sinceSequence: number): boolean {
    return this.#gaps.hasOpenHoles(sinceSequence);
  }

  /** What the stream says of sequences that are gone from its middle. */
  deleted(sequences: readonly number[]): void {
    const text = 'this sequence was removed from the stream';
    for (const sequence of sequences) this.#report('deletedFromStream', { subject: '', sequence }, text);
  }

  /** Everything up to this sequence is gone, and no limit of the stream took it. */
  cutOff(sequence: number): void {
    const text = 'everything up to here was removed from the stream, by no limit of it';
    this.#report('deletedFromStream', { subject: '', sequence }, text);
  }

  get bookSubjects(): readonly string[] {
    return [...this.#subjects.values()].filter(({ book }) => book !== undefined).map(({ name }) => name);
  }

  /** The collectors note a last snapshot where none is. */
  snapshotGone(subject: string, sequence: number): void {
    this.#report('snapshotMissing', { subject, sequence }, 'noted as the last snapshot, and not there');
  }

  end(): Verdict {
    this.#judgeCadence();
    const subjects = [...this.#subjects.values()]
      .filter(({ records }) => records > 0)
      .map((subject) => this.#verdictOf(subject));
    const seen = new Set(subjects.map(({ subject }) => subject));
    const gaps = noGaps();
    for (const { gaps: own } of subjects) addGaps(gaps, own);
    for (const name of this.#gaps.spokenOf)
      if (!seen.has(name)) addGaps(gaps, this.#gaps.settle(name, undefined, this.#report));
    const { holes, statements } = this.#gaps.beyond;
    gaps.unrecorded += holes;
    if (holes + statements > 0)
      this.#report(
        'gapUnrecorded',
        { subject: '', sequence: 0 },
        `more gaps than can be matched: ${holes} holes and ${statements} gap records were not; verify a shorter range`,
      );
    const sum = (field: 'records' | 'verified' | 'clean'): number =>
      subjects.reduce((total, subject) => total + subject[field], 0);
    return {
      records: sum('records'),
      gapRecords: this.#gapRecords,
      verified: sum('verified'),
      clean: sum('clean'),
      gaps,
      faults: Object.fromEntries(this.#faults.counts),
      faultTotal: this.#faults.total,
      details: this.#faults.kept,
      subjects: subjects.toSorted((a, b) => (a.subject < b.subject ? -1 : 1)),
      writers: Object.fromEntries(this.#writers.records),
    };
  }

  #follow(
    subject: Subject,
    parsed: Exclude<Parsed, { kind: 'unusable' | 'gap' }>,
    message: Message,
  ): Standing {
    switch (parsed.kind) {
      case 'delta':
        return this.#bookOf(subject).delta(parsed.record, message);
      case 'snapshot':
        return this.#bookOf(subject).snapshot(parsed.record, message);
      case 'trade':
        subject.trades ??= new TradeJudge(subject.name, this.#report, this.#onHole);
        return subject.trades.trade(parsed.record, message);
      case 'other': {
        const schema = schemaOf(parsed.record);
        const [wrong] = schema === undefined ? [UNKNOWN_TYPE] : recordFaults(schema, parsed.record);
        if (wrong !== undefined) this.#report('field', message, `${wrong.path}: ${wrong.message}`);
        subject.others ??= { recent: new RecentKeys(RECENT_OTHERS), own: new OwnOrder() };
        const { recent, own } = subject.others;
        if (!recent.add(message.msgId)) this.#report('duplicate', message, 'the record is stored again');
        else own.check(message, undefined, parsed.record, this.#report);
      }
    }
    return 'unverifiable';
  }

  readonly #onHole = (hole: Hole): void => this.#gaps.hole(hole);

  #bookOf(subject: Subject): BookJudge {
    subject.book ??= new BookJudge(subject.name, {
      report: this.#report,
      onHole: this.#onHole,
      fromBeginning: this.#options.fromBeginning,
    });
    return subject.book;
  }

  #subject(name: string): Subject {
    const known = this.#subjects.get(name);
    if (known !== undefined) return known;
    if (this.#subjects.size >= MAX_SUBJECTS)
      throw new Error(`more than ${MAX_SUBJECTS} subjects at once; narrow the range with --subject`);
    const counts = { records: 0, verified: 0, clean: 0 };
    const made: Subject = { name, ...counts, book: undefined, trades: undefined, others: undefined };
    this.#subjects.set(name, made);
    return made;
  }

  #tally(subject: Subject, standing: Standing, isFaulty: boolean): void {
    subject.records += 1;
    if (standing !== 'unverifiable') subject.verified += 1;
    if (standing === 'clean' && !isFaulty) subject.clean += 1;
  }

  #judgeCadence(): void {
    const { snapshotEveryMs } = this.#options;
    const books = [...this.#subjects.values()].flatMap(({ book }) => (book === undefined ? [] : [book]));
    for (const { cadence } of books) cadence.end();
    const everyUs = snapshotEveryMs === undefined ? undefined : snapshotEveryMs * 1_000;
    for (const { subject, sequence, lengthUs } of lateIntervals(
      books.map(({ cadence }) => cadence),
      everyUs,
    )) {
      const seconds = Math.round(lengthUs / 1_000_000);
      this.#report(
        'snapshotMissing',
        { subject, sequence },
        `no snapshot for ${seconds} s while changes came`,
      );
    }
  }

  #verdictOf({ name, records, verified, clean, book, trades }: Subject): SubjectVerdict {
    const gaps = noGaps();
    const view = book ?? trades;
    addGaps(gaps, this.#gaps.settle(name, view, this.#report));
    return {
      subject: name,
      records,
      verified,
      clean,
      gaps,
      book: book?.summary() ?? null,
      trades: trades?.summary() ?? null,
    };
  }
}

function addGaps(sum: GapCounts, more: GapCounts): void {
  for (const name of Object.keys(sum) as (keyof GapCounts)[]) sum[name] += more[name];
}
