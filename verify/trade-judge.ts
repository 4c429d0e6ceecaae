import type { TradeRecord } from '../contract/record.ts';
import { countedId } from '../consumer/id.ts';
import { tradeCount, Trades } from '../consumer/trades.ts';
import type { Hole, Statement, SubjectView } from './gaps.ts';
import type { Message, Report, Standing } from './message.ts';
import { RecentKeys } from './window.ts';
import { OwnOrder } from './writers.ts';

/** Where trades are not counted, a repetition is found among so many. */
const RECENT_IDS = 1_024;

export interface TradeSummary {
  readonly records: number;
  /** Of what the venue counts without holes; null where it does not. */
  readonly firstId: number | null;
  readonly lastId: number | null;
  readonly late: number;
  readonly uncounted: number;
}

/** One subject's trades, judged record by record. */
export class TradeJudge implements SubjectView {
  readonly isTrades = true;
  readonly #subject: string;
  readonly #report: Report;
  readonly #onHole: (hole: Hole) => void;
  readonly #trades = new Trades();
  readonly #own = new OwnOrder();
  readonly #recent = new RecentKeys<string>(RECENT_IDS);
  firstSequence = 0;
  lastSequence = 0;
  #records = 0;
  #late = 0;
  #uncounted = 0;

  constructor(subject: string, report: Report, onHole: (hole: Hole) => void) {
    this.#subject = subject;
    this.#report = report;
    this.#onHole = onHole;
  }

  trade(record: TradeRecord, message: Message): Standing {
    if (this.firstSequence === 0) this.firstSequence = message.sequence;
    this.lastSequence = message.sequence;
    this.#records += 1;
    const step = this.#trades.trade(record);
    if (step.kind === 'repeated' || (step.kind !== 'next' && !this.#recent.add(message.msgId))) {
      this.#report('duplicate', message, `trade ${record.id} is stored again`);
      return 'verified';
    }
    // Fetched later: it lies behind newer ones, and was received behind them.
    if (record.backfilled !== true)
      this.#own.check(message, tradeCount(record) ?? undefined, record, this.#report);
    switch (step.kind) {
      case 'uncounted':
        this.#uncounted += 1;
        return 'unverifiable';
      case 'first':
      case 'old':
        return 'unverifiable';
      case 'late':
        this.#late += 1;
        return 'clean';
      case 'gap':
        this.#onHole({ subject: this.#subject, ...step.gap, toSequence: message.sequence, isSoft: false });
        return 'verified';
      case 'next':
    }
    return 'clean';
  }

  get isCounted(): boolean {
    return this.#trades.ids.first !== undefined;
  }

  missing({ fromId, toId }: Hole): readonly { readonly fromId: number; readonly toId: number }[] {
    return this.#trades.ids.missing({ fromId: Number(fromId), toId: Number(toId) });
  }

  mayHaveStopped({ record: { fromId } }: Statement): boolean {
    const { first, last } = this.#trades.ids;
    const id = fromId === null ? undefined : countedId(String(fromId));
    if (id === undefined || first === undefined || last === undefined || id < first || id >= last)
      return true;
    return !this.#trades.ids.has(id) || !this.#trades.ids.has(id + 1);
  }

  summary(): TradeSummary {
    const { first, last } = this.#trades.ids;
    return {
      records: this.#records,
      firstId: first ?? null,
      lastId: last ?? null,
      late: this.#late,
      uncounted: this.#uncounted,
    };
  }
}
