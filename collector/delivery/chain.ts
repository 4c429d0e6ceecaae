import type { GapCause } from '../../contract/record.ts';
import type { ChainPoint, OutgoingDelta, OutgoingSnapshot, OutgoingTrade } from '../ports.ts';

/** The end of a book subject in the stream, as far as we know it. */
export interface BookTail {
  readonly kind: 'book';
  readonly lastId: number;
  /** Stream sequence of the subject's last record; 0: the stream holds none any more. */
  readonly sequence: number;
  readonly exchangeTimeUs: number | null;
  /** Venue time of the last `reset` snapshot that we know of. */
  readonly resetTimeUs: number | null;
}

/** The end of a trade subject; `id` is null where the venue's ids do not count without holes. */
export interface TradeTail {
  readonly kind: 'trade';
  readonly id: number | null;
  readonly sequence: number;
  readonly exchangeTimeUs: number | null;
}

/** `none`: the subject holds nothing, and nothing is known that it has held. */
export type Tail = { readonly kind: 'unknown' } | { readonly kind: 'none' } | BookTail | TradeTail;

/** The same end, of a subject that is empty now: its records were removed, or the stream was made anew. */
export function withoutRecord(tail: Tail): Tail {
  return tail.kind === 'book' || tail.kind === 'trade' ? { ...tail, sequence: 0 } : tail;
}

export type LeftOut =
  /** The stream holds it, or something that covers it. */
  | 'overlap'
  /** Precedes the chain's snapshot and does not continue the stream: nothing is missing by that. */
  | 'unjoined'
  /** A start snapshot that the stream has reached: the chain joins without it. */
  | 'joined'
  /** A delta behind a hole, dropped until a fresh start comes. */
  | 'awaitingStart'
  /** A periodic snapshot that would not lie directly behind its state. */
  | 'notAtState';

export type Decision =
  | { readonly kind: 'publish'; readonly expectedSequence: number | null }
  | { readonly kind: 'leaveOut'; readonly why: LeftOut }
  /** What we know is too old to decide on: read the subject's end first. */
  | { readonly kind: 'readTail' }
  | { readonly kind: 'resync'; readonly cause: GapCause }
  /** The venue's ids began anew: the start is to be published as a `reset`. */
  | { readonly kind: 'restart' };

export interface ChainState {
  readonly tail: Tail;
  /** The tail was read from the stream after this record was made. */
  readonly fresh: boolean;
  /** A hole was met, or records were dropped: only a start can follow. */
  readonly awaitingStart: boolean;
  /** `mode: snapshot`: no deltas, each snapshot stands for itself. */
  readonly snapshotsOnly: boolean;
}

/**
 * Two times of the venue's are told apart by more than this: what it says of a snapshot may lie some way behind the next
 * change, and two connections need not say the same of one change.
 */
const TIME_MARGIN_US = 1_000_000;

export function decideDelta(state: ChainState, delta: OutgoingDelta): Decision {
  if (state.awaitingStart && !delta.joinOnly) return { kind: 'leaveOut', why: 'awaitingStart' };
  const { tail } = state;
  if (tail.kind === 'unknown') return { kind: 'readTail' };
  if (tail.kind === 'book' && oldChain(tail, delta.exchangeTimeUs)) return { kind: 'resync', cause: 'venue' };
  if (tail.kind === 'book' && delta.lastId <= tail.lastId) return atOrBefore(state, tail, delta);
  if (tail.kind === 'book' && delta.prevId <= tail.lastId) return { kind: 'publish', expectedSequence: null };
  // A hole before this delta, as far as we know: another writer may have filled it since.
  if (!state.fresh) return { kind: 'readTail' };
  return delta.joinOnly ? { kind: 'leaveOut', why: 'unjoined' } : { kind: 'resync', cause: 'restart' };
}

export function decideSnapshot(state: ChainState, snapshot: OutgoingSnapshot): Decision {
  const { tail } = state;
  if (tail.kind === 'unknown') return { kind: 'readTail' };
  if (state.snapshotsOnly) {
    return tail.kind === 'book' && snapshot.lastId <= tail.lastId
      ? { kind: 'leaveOut', why: 'overlap' }
      : { kind: 'publish', expectedSequence: null };
  }
  if (snapshot.role === 'periodic') {
    const atState = !state.awaitingStart && tail.kind === 'book' && tail.lastId === snapshot.lastId;
    return atState
      ? { kind: 'publish', expectedSequence: tail.sequence }
      : { kind: 'leaveOut', why: 'notAtState' };
  }
  if (!state.fresh) return { kind: 'readTail' };
  if (tail.kind !== 'book') return { kind: 'publish', expectedSequence: 0 };
  if (snapshot.role === 'reset') {
    const known = tail.resetTimeUs !== null && !laterThan(snapshot.exchangeTimeUs, tail.resetTimeUs);
    return known ? { kind: 'leaveOut', why: 'joined' } : { kind: 'publish', expectedSequence: tail.sequence };
  }
  if (restarted(tail, snapshot.chain)) return { kind: 'restart' };
  return tail.lastId >= snapshot.lastId
    ? { kind: 'leaveOut', why: 'joined' }
    : { kind: 'publish', expectedSequence: tail.sequence };
}

/** The stream holds it, unless its ids are those of a restart that nobody has seen: a fresh start shows it then. */
function atOrBefore(state: ChainState, tail: BookTail, delta: OutgoingDelta): Decision {
  const { lastId, exchangeTimeUs: timeUs } = delta;
  const mayBeNew = delta.idsMayRestart && !delta.joinOnly && timeUs !== null;
  if (!mayBeNew || !restarted(tail, { lastId, timeUs })) return { kind: 'leaveOut', why: 'overlap' };
  return state.fresh ? { kind: 'resync', cause: 'venue' } : { kind: 'readTail' };
}

/** Lower ids at a later time of the venue's: not an older state, but ids that began anew. */
function restarted(tail: BookTail, chain: ChainPoint | undefined): boolean {
  if (chain === undefined || tail.exchangeTimeUs === null) return false;
  return chain.lastId < tail.lastId && chain.timeUs > tail.exchangeTimeUs + TIME_MARGIN_US;
}

/** The start as the `reset` that consumers need to let go of the higher ids. */
export function asReset(start: OutgoingSnapshot): OutgoingSnapshot {
  const text = new TextDecoder().decode(start.payload);
  const payload = new TextEncoder().encode(`${text.slice(0, -1)},"reset":true}`);
  return { ...start, role: 'reset', behindHole: true, payload };
}

/** True when the stream holds a `reset` that is later than this record: its chain is no more. */
export function oldChain(tail: BookTail, exchangeTimeUs: number | null): boolean {
  return (
    tail.resetTimeUs !== null && exchangeTimeUs !== null && exchangeTimeUs < tail.resetTimeUs - TIME_MARGIN_US
  );
}

function laterThan(timeUs: number | null, thanUs: number): boolean {
  return timeUs === null || timeUs > thanUs;
}

/** The tail after `record` was stored (or found stored) at `sequence`. Another writer's late record moves only the sequence. */
export function advanceBook(
  tail: Tail,
  record: OutgoingDelta | OutgoingSnapshot,
  sequence: number,
): BookTail {
  const before = tail.kind === 'book' ? tail : undefined;
  const reset = record.kind === 'snapshot' && record.role === 'reset';
  const older = before !== undefined && !reset && record.lastId < before.lastId;
  return {
    kind: 'book',
    lastId: older ? before.lastId : record.lastId,
    sequence: Math.max(sequence, before?.sequence ?? 0),
    exchangeTimeUs: older ? before.exchangeTimeUs : (record.exchangeTimeUs ?? before?.exchangeTimeUs ?? null),
    resetTimeUs: reset ? record.exchangeTimeUs : (before?.resetTimeUs ?? null),
  };
}

export function advanceTrade(tail: Tail, trade: OutgoingTrade, sequence: number): TradeTail {
  const before = tail.kind === 'trade' ? tail : undefined;
  const isLate = (id: number): boolean =>
    trade.backfilled === true || (trade.sequence !== null && trade.sequence < id);
  const older = before !== undefined && before.id !== null && isLate(before.id);
  return {
    kind: 'trade',
    id: older ? before.id : trade.sequence,
    sequence: Math.max(sequence, before?.sequence ?? 0),
    exchangeTimeUs: older ? before.exchangeTimeUs : trade.exchangeTimeUs,
  };
}

export interface Hole {
  readonly fromId: number;
  readonly toId: number;
  readonly fromTimeUs: number | null;
  /** Stream sequence of the last record before the hole. */
  readonly fromSequence: number;
}

/**
 * What is missing between the tail and this trade, or may be where ids jump; undefined where it continues, was fetched later,
 * or the ids cannot tell.
 */
export function tradeHole(tail: Tail, trade: OutgoingTrade): Hole | undefined {
  if (trade.backfilled === true) return undefined;
  if (tail.kind !== 'trade' || tail.id === null || trade.sequence === null) return undefined;
  const first = trade.skippedFrom ?? trade.sequence;
  if (first <= tail.id + 1) return undefined;
  return {
    fromId: tail.id,
    toId: first,
    fromTimeUs: tail.exchangeTimeUs,
    fromSequence: tail.sequence,
  };
}

/** What is missing between the tail and a start snapshot that was stored behind it. */
export function bookHole(tail: Tail, snapshot: OutgoingSnapshot): Hole | undefined {
  if (tail.kind !== 'book') return undefined;
  const isAhead = snapshot.role === 'start' && snapshot.lastId > tail.lastId;
  if (!isAhead && snapshot.behindHole !== true) return undefined;
  return {
    fromId: tail.lastId,
    toId: snapshot.lastId,
    fromTimeUs: tail.exchangeTimeUs,
    fromSequence: tail.sequence,
  };
}
