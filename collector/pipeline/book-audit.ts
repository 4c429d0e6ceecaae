import { detached, type BookSnapshot, type DepthFrame } from '../venues/venue.ts';
import { compareBooks, type Comparison, type Prices } from './compare-books.ts';
import type { HeldBook } from './held-book.ts';

/** Changes kept while an audit runs: half a minute of the busiest symbol. */
const MAX_CHANGES = 1_000;
/** So long the stream may be behind the book that REST gave; then nothing comes that would prove it. */
export const PROOF_WAIT_MS = 10_000;

export type AuditEvent =
  | 'auditEqual'
  | 'auditSuspected'
  | 'auditMismatch'
  | 'auditUnconfirmed'
  | 'auditWidened'
  | 'auditPostponed'
  | 'auditFailed'
  | `auditUnproved:${Unproved}`;

/** Nothing was proved: the answer is older than the changes kept, ids began anew, too many came, or none any more. */
type Unproved = 'tooOld' | 'restarted' | 'tooMany' | 'noChange';

/** `again`: the difference has to be confirmed; `wrong`: it is; `wider`: levels were added to the book. */
export type AuditOutcome =
  { readonly kind: 'none' | 'again' | 'wider' } | { readonly kind: 'wrong'; readonly detail: string };

const NONE: AuditOutcome = { kind: 'none' };

/**
 * A small REST book against the book kept from the stream, at the id of the REST book.
 *
 *  1. From `begin` on the prices of every change are kept.
 *  2. The REST book has the id R. Once the stream has reached R, the two books may differ only at prices that changes behind R
 *     touch (a change that spans R counts as behind it): those are left out, all others have to be equal.
 *  3. A difference has to be found twice in a row: REST has been wrong before, at the right id. The first one is a suspicion,
 *     and the two together are one mismatch.
 */
export class BookAudit {
  readonly #count: (event: AuditEvent) => void;
  #fromId: number | undefined;
  #changes: DepthFrame[] = [];
  #broken: Unproved | undefined;
  #rest: { readonly book: BookSnapshot; readonly sinceMs: number } | undefined;
  #isSuspected = false;

  constructor(count: (event: AuditEvent) => void) {
    this.#count = count;
  }

  /** False: one is running. */
  begin(heldId: number): boolean {
    if (this.#fromId !== undefined) return false;
    this.#fromId = heldId;
    return true;
  }

  end(): void {
    this.#fromId = undefined;
    this.#changes = [];
    this.#broken = undefined;
    this.#rest = undefined;
  }

  /** The chain ended: what was found out about it is of no use. */
  lost(): void {
    this.end();
    this.#isSuspected = false;
  }

  applied(frame: DepthFrame): void {
    if (this.#fromId === undefined || this.#broken !== undefined) return;
    if (frame.reset === true) this.#broken = 'restarted';
    else if (this.#changes.push(detached(frame)) > MAX_CHANGES) this.#broken = 'tooMany';
  }

  answered(book: BookSnapshot, nowMs: number): void {
    this.#rest = { book, sinceMs: nowMs };
  }

  judge(book: HeldBook, nowMs: number): AuditOutcome {
    const compared = this.#compare(book, nowMs);
    if (compared === undefined) return NONE;
    this.end();
    if (typeof compared === 'string') {
      this.#count(`auditUnproved:${compared}`);
      return NONE;
    }
    const wasSuspected = this.#isSuspected;
    this.#isSuspected = compared.kind === 'mismatch' && !wasSuspected;
    if (compared.kind === 'mismatch') {
      this.#count(wasSuspected ? 'auditMismatch' : 'auditSuspected');
      return wasSuspected ? { kind: 'wrong', detail: compared.detail } : { kind: 'again' };
    }
    this.#count('auditEqual');
    if (wasSuspected) this.#count('auditUnconfirmed');
    const { wider } = compared;
    if (wider === undefined) return NONE;
    this.#count('auditWidened');
    book.widen(wider.bids, wider.asks, wider.reach);
    return { kind: 'wider' };
  }

  /** Undefined: the stream is not there yet. */
  #compare(held: HeldBook, nowMs: number): Comparison | Unproved | undefined {
    const rest = this.#rest;
    if (rest === undefined || this.#fromId === undefined) return undefined;
    if (this.#broken !== undefined) return this.#broken;
    const { book } = rest;
    if (book.lastId < this.#fromId) return 'tooOld';
    if (book.lastId > held.id) return nowMs - rest.sinceMs < PROOF_WAIT_MS ? undefined : 'noChange';
    const behind = this.#changes.filter(({ lastId }) => lastId > book.lastId);
    const touched = (side: 'bids' | 'asks'): Prices =>
      new Set(behind.flatMap((frame) => frame[side].map(([price]) => price)));
    const { sides, reach } = held;
    return compareBooks(book, { held: sides, reach, bids: touched('bids'), asks: touched('asks') });
  }
}
