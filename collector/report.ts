import type { Assignment } from '../contract/assignment.ts';
import {
  PROBLEM_REASONS,
  type CollectorReport,
  type Problem,
  type Replica,
  type SymbolState,
} from '../contract/control.ts';
import type { DeliveryStatus, SessionStatus, SymbolStatus } from './ports.ts';

/** Which process speaks. */
export interface CollectorIdentity {
  readonly pod: string;
  readonly replica: Replica;
  /** Wall milliseconds. */
  readonly startedMs: number;
}

/** All that is known of this collector at one moment; report, readiness, metrics and status page are made of it. */
export interface CollectorState {
  readonly identity: CollectorIdentity;
  readonly nowMs: number;
  readonly terminating: boolean;
  /** Of the process, from 0 to 1. */
  readonly load: number;
  readonly assignment: Assignment | undefined;
  /** Of the delivery that runs now. */
  readonly writer: string;
  readonly session: SessionStatus | undefined;
  readonly delivery: DeliveryStatus | undefined;
  /** What keeps the parts themselves from running. */
  readonly problems: readonly Problem[];
}

export const RESYNC_GRACE_MS = 30_000;
const WORST_SYMBOLS = 20;
/** Of each list of names that comes from the spec; the operator cuts it further. */
const MAX_NAMED = 100;

const UNNAMED_PROBLEM: Problem['reason'] = 'VenueUnreachable';

const BADNESS: Readonly<Record<SymbolState, number>> = {
  resyncing: 4,
  syncing: 3,
  subscribing: 2,
  waiting: 1,
  inSync: 0,
};

export function buildReport(state: CollectorState & { readonly assignment: Assignment }): CollectorReport {
  const { identity, assignment, nowMs, session, delivery } = state;
  return {
    v: 1,
    feedUid: assignment.feed.uid,
    shard: assignment.shard,
    replica: identity.replica,
    pod: identity.pod,
    writer: state.writer,
    epoch: assignment.epoch,
    sentMs: nowMs,
    startedMs: identity.startedMs,
    terminating: state.terminating,
    symbols: symbolsOf(assignment, session, nowMs),
    flow: {
      lastFrameMs: session?.lastFrameMs ?? 0,
      connected: session?.connected ?? false,
      flowing: session?.flowing ?? false,
    },
    publish: delivery?.publish ?? NOTHING_PUBLISHED,
    ledger: delivery?.ledger ?? null,
    orphans: delivery?.orphans ?? [],
    perSecond: delivery?.perSecond ?? 0,
    lastMessageMs: delivery?.lastMessageMs ?? 0,
    gaps: delivery?.gaps ?? 0,
    resyncs: session?.resyncs ?? 0,
    lastGap: delivery?.lastGap ?? null,
    load: state.load,
    latencyMs: delivery?.latencyMs ?? null,
    problems: problemsOf(state),
  };
}

function symbolsOf(
  assignment: Assignment,
  session: SessionStatus | undefined,
  nowMs: number,
): CollectorReport['symbols'] {
  const symbols = session?.symbols ?? [];
  return {
    assigned: session?.selection === undefined ? assignment.symbols.length : namedBy(session),
    inSync: symbols.filter(({ state }) => state === 'inSync').length,
    resyncing: symbols.filter((symbol) => isBrieflyResyncing(symbol, nowMs)).length,
    named: (session?.unknown.length ?? 0) + (session?.duplicates.length ?? 0),
    unknown: (session?.unknown ?? []).slice(0, MAX_NAMED),
    duplicates: (session?.duplicates ?? []).slice(0, MAX_NAMED),
    worst: symbols
      .filter(({ state }) => state !== 'inSync')
      .sort((a, b) => BADNESS[b.state] - BADNESS[a.state] || a.sinceMs - b.sinceMs)
      .slice(0, WORST_SYMBOLS)
      .map(({ symbol, state, sinceMs, reason }) => ({ symbol, state, sinceMs, reason })),
  };
}

/** What a selector that the session resolves stands for. */
const namedBy = ({ symbols, unknown, duplicates }: SessionStatus): number =>
  symbols.length + unknown.length + duplicates.length;

export function isBrieflyResyncing({ state, sinceMs }: SymbolStatus, nowMs: number): boolean {
  return state === 'resyncing' && nowMs - sinceMs < RESYNC_GRACE_MS;
}

const NOTHING_PUBLISHED: CollectorReport['publish'] = {
  connected: false,
  lastConfirmedMs: 0,
  inFlight: 0,
  queued: 0,
  spilledBytes: 0,
  dropped: 0,
  retries: 0,
};

/** One a reason: who is nearer to the cause is asked first. */
export function problemsOf({ session, delivery, problems }: CollectorState): readonly Problem[] {
  const all = new Map<string, Problem>();
  for (const problem of [...problems, ...(delivery?.problems ?? []), ...(session?.problems ?? [])]) {
    const named = nameProblem(problem);
    if (!all.has(named.reason)) all.set(named.reason, named);
  }
  return [...all.values()];
}

function nameProblem({ reason, message, sinceMs }: SessionStatus['problems'][number]): Problem {
  const known = PROBLEM_REASONS.find((candidate) => candidate === reason);
  // The ports leave the reason open; one that the contract does not know keeps its name in the message.
  return known === undefined
    ? { reason: UNNAMED_PROBLEM, message: `${reason}: ${message}`, sinceMs }
    : { reason: known, message, sinceMs };
}
