import type { DeltaRecord, SnapshotRecord } from '../contract/record.ts';
import { BookSide } from './book-side.ts';
import { toId, type Id } from './id.ts';

/** It adds nothing: `stale`, its end is behind the book; `oldChain`, another writer's from before a reset. */
export interface Skipped {
  readonly kind: 'skipped';
  readonly why: 'stale' | 'oldChain';
}

/** What a delta was to the book. */
export type DeltaStep =
  | { readonly kind: 'applied' }
  | Skipped
  /** Nothing to apply it to: no snapshot yet, or a gap before it. Its ids join what came before. */
  | { readonly kind: 'waiting' }
  /** Everything between the two ids is missing. The book stands still until a snapshot. */
  | { readonly kind: 'gap'; readonly fromId: Id; readonly toId: Id };

/** What a snapshot was to the book. */
export type SnapshotStep =
  /**
   * The book is the snapshot's now. `same`: at the id that the book had. `ahead`: what lies between `fromId` and it is
   * missing. `reset`: the venue restarted its ids. `first`: nothing was there before.
   */
  | { readonly kind: 'replaced'; readonly how: 'first' }
  | { readonly kind: 'replaced'; readonly how: 'same' | 'ahead' | 'reset'; readonly fromId: Id }
  /** Older than the book, or of another writer's chain from before a reset. */
  | Skipped;

const APPLIED: DeltaStep = { kind: 'applied' };
const WAITING: DeltaStep = { kind: 'waiting' };
const STALE: Skipped = { kind: 'skipped', why: 'stale' };
const OLD_CHAIN: Skipped = { kind: 'skipped', why: 'oldChain' };

/**
 * One symbol's book, rebuilt from its records in the order of the stream by the consumer's rule. Book at id X: a delta with
 * lastId ≤ X is skipped, prevId ≤ X < lastId applied, prevId > X is a gap. A snapshot replaces the book; one with
 * lastId < X is skipped unless `reset`. After a `reset` of time T, snapshots with exchangeTime < T and deltas with prevId > X
 * and exchangeTime ≤ T are another writer's old chain and skipped.
 */
export class Book {
  readonly bids = new BookSide('bids');
  readonly asks = new BookSide('asks');
  /** Lowest bid and highest ask to which every level is known; null: the whole side. */
  completeFrom: string | null = null;
  completeTo: string | null = null;
  exchangeTime: number | null = null;
  #id: Id | undefined;
  /** The end of the ids so far; ahead of the book's while it waits for a snapshot. */
  #chainId: Id | undefined;
  #resetTime: number | null = null;

  /** The id that the levels are the state of; undefined before the first snapshot. */
  get id(): Id | undefined {
    return this.#id;
  }
  /** True while the levels are the state at the end of what came: false before a snapshot and behind a gap. */
  get isCurrent(): boolean {
    return this.#id !== undefined && this.#id === this.#chainId;
  }
  /** The end of the ids that came. */
  get chainId(): Id | undefined {
    return this.#chainId;
  }

  snapshot(record: SnapshotRecord): SnapshotStep {
    const { exchangeTime, reset } = record;
    const lastId = toId(record.lastId);
    const before = this.#chainId;
    if (this.#resetTime !== null && exchangeTime !== null && exchangeTime < this.#resetTime) return OLD_CHAIN;
    // Behind a gap the ids that came count: what they brought could not be applied to this older state.
    if (before !== undefined && lastId < before && reset !== true) return STALE;
    if (reset === true) this.#resetTime = exchangeTime ?? this.#resetTime;
    this.bids.replace(record.bids);
    this.asks.replace(record.asks);
    this.completeFrom = record.completeFrom;
    this.completeTo = record.completeTo;
    this.exchangeTime = exchangeTime;
    this.#id = lastId;
    this.#chainId = lastId;
    if (before === undefined) return { kind: 'replaced', how: 'first' };
    if (reset === true) return { kind: 'replaced', how: 'reset', fromId: before };
    return { kind: 'replaced', how: lastId > before ? 'ahead' : 'same', fromId: before };
  }

  delta(record: DeltaRecord): DeltaStep {
    const prevId = toId(record.prevId);
    const lastId = toId(record.lastId);
    const end = this.#chainId;
    if (end === undefined) {
      this.#chainId = lastId;
      return WAITING;
    }
    if (lastId <= end) return STALE;
    if (prevId > end) {
      const { exchangeTime } = record;
      if (this.#resetTime !== null && exchangeTime !== null && exchangeTime <= this.#resetTime)
        return OLD_CHAIN;
      this.#chainId = lastId;
      return { kind: 'gap', fromId: end, toId: prevId };
    }
    const wasCurrent = this.isCurrent;
    this.#chainId = lastId;
    if (!wasCurrent) return WAITING;
    this.#id = lastId;
    this.exchangeTime = record.exchangeTime;
    this.bids.apply(record.bids);
    this.asks.apply(record.asks);
    return APPLIED;
  }
}
