import type { BookSnapshot } from '../venues/venue.ts';
import type { Received } from './book-publication.ts';

/** A snapshot that is ahead of the stream waits this long for the event that bridges it; then nothing is coming. */
export const BRIDGE_WAIT_MS = 500;
/** Where ids may restart, and the stream goes on and does not get there in this time, the snapshot is of other ids. */
export const FOREIGN_WAIT_MS = 5_000;

/** A snapshot of REST's, beside the events that the stream has brought so far. */
export interface AheadSnapshot {
  readonly snapshot: BookSnapshot;
  readonly receiveTimeUs: number;
  readonly sinceMs: number;
}

/** Steps 4 and 5 of the venues' procedure: too old a snapshot is of no use, one that is ahead waits for the event that spans it. */
export function bridge(
  { snapshot }: AheadSnapshot,
  buffer: readonly Received[],
): 'wait' | 'bridged' | 'tooOld' {
  const next = buffer.find(({ frame }) => frame.lastId > snapshot.lastId);
  if (next === undefined) return buffer.at(-1)?.frame.lastId === snapshot.lastId ? 'bridged' : 'wait';
  return next.frame.prevId <= snapshot.lastId ? 'bridged' : 'tooOld';
}

/**
 * What becomes of a snapshot that nothing bridges yet. In a market at rest it is the book. Where ids may restart, and the
 * stream goes on below it, it may be of ids that are no more.
 */
export function endOfWait(
  { snapshot, receiveTimeUs, sinceMs }: AheadSnapshot,
  newest: Received | undefined,
  { nowMs, idsMayRestart }: { readonly nowMs: number; readonly idsMayRestart: boolean },
): 'wait' | 'take' | 'foreign' {
  if (nowMs - sinceMs < BRIDGE_WAIT_MS) return 'wait';
  const goesOnBelow =
    newest !== undefined && newest.receiveTimeUs > receiveTimeUs && newest.frame.lastId < snapshot.lastId;
  if (!idsMayRestart || !goesOnBelow) return 'take';
  return nowMs - sinceMs < FOREIGN_WAIT_MS ? 'wait' : 'foreign';
}
