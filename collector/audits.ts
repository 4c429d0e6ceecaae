import type { Clock } from '../runtime/clock.ts';
import { AuditPlan } from './pipeline/audit-plan.ts';
import type { SymbolBook } from './pipeline/symbol-book.ts';
import type { RestAnswer, RestClient } from './rest.ts';
import type { Venue } from './venues/venue.ts';

/** Levels a side: as many as a venue hands out at its lowest price. */
const LEVELS = 100;
const EVERY_MS = 500;
/** Changes are kept so long before REST is asked: its book is often older than the stream. */
const LEAD_MS = 3_000;
/** Audits that wait for their answer or lead at once. */
const MAX_RUNNING = 32;
/** An audit is asked only while this much more of the budget is free: a book that has none goes first. */
const SPARE_FACTOR = 4;

export type AuditedBook = Pick<SymbolBook, 'audit' | 'beginAudit' | 'endAudit'>;

export interface AuditOptions {
  readonly venue: Venue;
  readonly everyMs: number;
  readonly rest: Pick<RestClient, 'get' | 'waitMs'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly book: (instrument: string) => AuditedBook | undefined;
  /** True while books wait for their snapshots: no audit is asked for then. */
  readonly isBusy: () => boolean;
  readonly onFailure: (answer: Exclude<RestAnswer, { kind: 'ok' }>) => void;
}

/** Asks for small REST books, one after the other, within what the snapshots leave of the budget. */
export class Audits {
  readonly #options: AuditOptions;
  readonly #plan: AuditPlan;
  readonly #timers = new Set<() => void>();
  #running = 0;
  #stopped = false;

  constructor(options: AuditOptions) {
    this.#options = options;
    this.#plan = new AuditPlan(options.everyMs, options.random);
    if (options.everyMs > 0) this.#timers.add(options.clock.every(EVERY_MS, () => this.#next()));
  }

  follow(instruments: Iterable<string>): void {
    this.#plan.follow(instruments, this.#options.clock.nowMs());
  }

  soon(instrument: string): void {
    this.#plan.soon(instrument, this.#options.clock.nowMs());
  }

  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#timers) cancel();
  }

  #next(): void {
    const { clock, book, isBusy } = this.#options;
    while (!this.#stopped && this.#running < MAX_RUNNING && !isBusy()) {
      const instrument = this.#plan.take(clock.nowMs());
      if (instrument === undefined) return;
      if (book(instrument)?.beginAudit() !== true) continue;
      this.#running += 1;
      const cancel = clock.after(LEAD_MS, () => {
        this.#timers.delete(cancel);
        void this.#ask(instrument);
      });
      this.#timers.add(cancel);
    }
  }

  async #ask(instrument: string): Promise<void> {
    const { clock, rest, venue, isBusy, onFailure } = this.#options;
    const asked = venue.snapshotRequest(instrument, LEVELS);
    if (isBusy() || rest.waitMs(asked.weight * SPARE_FACTOR) > 0) {
      this.#running -= 1;
      this.#options.book(instrument)?.endAudit('auditPostponed');
      this.#plan.soon(instrument, clock.nowMs());
      return;
    }
    const answer = await rest.get(asked);
    this.#running -= 1;
    if (this.#stopped) return;
    const book = this.#options.book(instrument);
    if (answer.kind !== 'ok') {
      book?.endAudit('auditFailed');
      onFailure(answer);
      return;
    }
    const snapshot = venue.decodeSnapshot(answer.body);
    if (snapshot.kind === 'undecodable') {
      book?.endAudit('auditFailed');
      return;
    }
    const limit = asked.levels ?? snapshot.window ?? snapshot.limit ?? LEVELS;
    book?.audit({ ...snapshot, limit }, answer.receiveTimeUs, clock.nowMs());
  }
}
