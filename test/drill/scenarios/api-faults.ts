// What can go wrong between an operator and its API server, one fault after the other, while feeds are edited all the time.
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiFault } from '../rig/api-proxy.ts';
import { Operators } from '../rig/operators.ts';
import { until, type DrillResult } from '../rig/result.ts';

export interface ApiFaultsOptions {
  readonly feeds: number;
  readonly editEveryMs: number;
  /** How long each fault lasts. */
  readonly faultMs: number;
  /** Watches that fall silent are found out after minutes. */
  readonly withSilence: boolean;
}

interface Case {
  readonly name: string;
  readonly fault: ApiFault;
  /** Edits made meanwhile have their status so long after the fault has ended, at most. */
  readonly mostLateMs: number;
}

/** A leader that cannot renew steps down; who comes next waits for the rest of the lease. */
const LEASE_MS = 17_000;
const CASES: readonly Case[] = [
  { name: '429, Retry-After 1', fault: { kind: 'answer', status: 429, retryAfterS: 1 }, mostLateMs: 10_000 },
  { name: '500', fault: { kind: 'answer', status: 500 }, mostLateMs: 10_000 },
  { name: '503', fault: { kind: 'answer', status: 503 }, mostLateMs: 10_000 },
  { name: '504', fault: { kind: 'answer', status: 504 }, mostLateMs: 10_000 },
  { name: 'answers 0.8 s late', fault: { kind: 'slow', ms: 800 }, mostLateMs: 10_000 },
  { name: 'answers lost', fault: { kind: 'answerLost' }, mostLateMs: 10_000 },
  { name: 'watches cut in a line', fault: { kind: 'cutLines' }, mostLateMs: 20_000 },
  { name: '410 on watches', fault: { kind: 'gone' }, mostLateMs: 20_000 },
  { name: 'API server away', fault: { kind: 'away' }, mostLateMs: 15_000 + LEASE_MS },
];
/** Of a watch that says nothing, until it is made again; a bookmark comes every minute. */
const SILENCE: Case = {
  name: 'watches open and silent',
  fault: { kind: 'silentWatches' },
  mostLateMs: 200_000,
};
/** A busy loop has hundreds. */
const MOST_REQUESTS_PER_EDIT_AND_SECOND = 30;

export async function apiFaults(options: ApiFaultsOptions): Promise<DrillResult> {
  const { feeds, editEveryMs, faultMs } = options;
  const rig = await Operators.start(['only'], feeds);
  const [operator] = rig.list;
  if (operator === undefined) throw new Error('one was started');
  const figures: Record<string, string> = {};
  const failures: string[] = [];
  const { api } = operator;
  try {
    for (const { name, fault, mostLateMs } of options.withSilence ? [...CASES, SILENCE] : CASES) {
      const [before, beganMs, edits] = [api.requests, performance.now(), rig.edits.count];
      api.break(fault);
      await rig.edits.while(editEveryMs, delay(faultMs));
      const perSecond = (api.requests - before) / (faultMs / 1_000);
      api.break(undefined);
      const endedMs = performance.now();
      const all = (): boolean => rig.edits.pending === 0;
      await until(`all edits after ${name}`, all, mostLateMs + 60_000).catch((error: unknown) => {
        failures.push(`${name}: ${String(error)}`);
      });
      const lateMs = performance.now() - endedMs;
      const made = rig.edits.count - edits;
      const longestMs = rig.edits.longestMs(beganMs, endedMs);
      figures[name] =
        `${made} edits, all in a status ${(lateMs / 1_000).toFixed(1)} s after its end (at most ${mostLateMs / 1_000}), ` +
        `the longest wait ${(longestMs / 1_000).toFixed(1)} s, ${perSecond.toFixed(0)} requests a second`;
      if (lateMs > mostLateMs) failures.push(`${name}: ${(lateMs / 1_000).toFixed(1)} s after its end`);
      const most = MOST_REQUESTS_PER_EDIT_AND_SECOND * Math.max(1, 1_000 / editEveryMs);
      if (perSecond > most) failures.push(`${name}: ${perSecond.toFixed(0)} requests a second`);
    }
    const atRest = await requestsAtRest(rig);
    figures['writes in 10 s at rest'] = String(atRest);
    figures['operators that ended by themselves'] = String(rig.crashes);
    figures['epochs or generations that fell'] = String(rig.edits.fallen.length);
    if (atRest > 0) failures.push(`${atRest} writes while nothing changes`);
    if (rig.crashes > 0) failures.push(`it ended by itself: ${operator.said.slice(-1_000)}`);
    failures.push(...rig.edits.fallen.slice(0, 5), ...(await rig.edits.notAsSpecified()));
    return { figures, failures };
  } finally {
    await rig.stop();
  }
}

/** Writes in ten seconds in which nobody changes anything. */
async function requestsAtRest({ list }: Operators): Promise<number> {
  await delay(5_000);
  const writes = (): number => list.reduce((sum, { api }) => sum + api.writes.length, 0);
  const before = writes();
  await delay(10_000);
  return writes() - before;
}
