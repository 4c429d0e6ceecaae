import { isBrieflyResyncing, RESYNC_GRACE_MS, type CollectorState } from '../report.ts';

export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

/** A publish or round trip that is older is no longer believed. */
export const CONFIRMED_WITHIN_MS = 30_000;

const READY: Readiness = { ready: true };
const notReady = (reason: string): Readiness => ({ ready: false, reason });

/**
 * Every active symbol in sync, or resyncing for under 30 s, or named as unknown or a second spelling; the last publish
 * acknowledged or a JetStream round trip under 30 s old. Nothing to collect is ready.
 */
export function judgeReadiness(state: CollectorState): Readiness {
  const { assignment, session, delivery } = state;
  if (assignment === undefined) return notReady('no assignment yet');
  if (session?.selection === 'pending') return notReady('the list of instruments has not been read yet');
  const selects = session?.selection !== undefined && session.symbols.length > 0;
  if (assignment.symbols.length === 0 && !selects) return READY;
  if (delivery === undefined || session === undefined)
    return notReady(state.problems[0]?.message ?? 'starting');
  const unsynced = firstUnsynced(state);
  if (unsynced !== undefined) return notReady(unsynced);
  const agoMs = state.nowMs - delivery.publish.lastConfirmedMs;
  if (delivery.publish.lastConfirmedMs === 0) return notReady('JetStream has confirmed nothing yet');
  if (agoMs >= CONFIRMED_WITHIN_MS)
    return notReady(`JetStream has confirmed nothing for ${Math.round(agoMs / 1_000)} s`);
  return READY;
}

function firstUnsynced({ assignment, session, nowMs }: CollectorState): string | undefined {
  if (session === undefined || assignment === undefined) return undefined;
  const { symbols, unknown, duplicates } = session;
  const waiting = symbols.filter((symbol) => symbol.state !== 'inSync' && !isBrieflyResyncing(symbol, nowMs));
  const first = waiting[0];
  if (first !== undefined) {
    const since = first.state === 'resyncing' ? ` for over ${RESYNC_GRACE_MS / 1_000} s` : '';
    const why = first.reason === '' ? '' : ` (${first.reason})`;
    return `${waiting.length} of ${symbols.length} symbols not in sync: ${first.symbol} is ${first.state}${since}${why}`;
  }
  const named = symbols.length + unknown.length + duplicates.length;
  const assigned = assignment.symbols.length;
  return named < assigned
    ? `${assigned - named} of ${assigned} symbols not looked up at the venue yet`
    : undefined;
}
