// A leader that dies, leaves, or is frozen between check and write, while feeds are edited all the time.
import { setTimeout as delay } from 'node:timers/promises';
import type { OperatorProcess } from '../rig/operator-process.ts';
import { Operators } from '../rig/operators.ts';
import { until, type DrillResult } from '../rig/result.ts';

export interface TwoOperatorsOptions {
  readonly feeds: number;
  readonly editEveryMs: number;
  /** How long the frozen leader stays so after the other took over. */
  readonly frozenMs: number;
}

/** The lease's 15 s, and a try of 2 s (DESIGN §5). */
const MOST_TAKE_OVER_MS = 17_000;
const MOST_HAND_OVER_MS = 3_000;
const CONVERGE_MS = 30_000;

export async function twoOperators({
  feeds,
  editEveryMs,
  frozenMs,
}: TwoOperatorsOptions): Promise<DrillResult> {
  const rig = await Operators.start(['first', 'second'], feeds);
  const [first, second] = rig.list;
  if (first === undefined || second === undefined) throw new Error('two were started');
  const figures: Record<string, string> = {};
  const failures: string[] = [];
  const within = (what: string, tookMs: number, mostMs: number): void => {
    figures[what] = `${(tookMs / 1_000).toFixed(1)} s, at most ${mostMs / 1_000} s`;
    if (!(tookMs <= mostMs)) failures.push(`${what}: ${(tookMs / 1_000).toFixed(1)} s`);
  };
  try {
    await rig.edits.while(editEveryMs, untilWrites(first));
    const killedMs = await rig.edits.while(editEveryMs, afterEnd(first, second, 'SIGKILL'));
    within('killed: the standby writes after', killedMs, MOST_TAKE_OVER_MS);
    first.start();
    await first.ready();
    const leftMs = await rig.edits.while(editEveryMs, afterEnd(second, first, 'SIGTERM'));
    within('left on SIGTERM: the standby writes after', leftMs, MOST_HAND_OVER_MS);
    second.start();
    await second.ready();
    const frozen = await rig.edits.while(editEveryMs, freeze(first, second, frozenMs));
    within('frozen: the standby writes after', frozen.tookMs, MOST_TAKE_OVER_MS);
    Object.assign(figures, frozen.figures);
    failures.push(...frozen.failures);
    await until('every edit to be in a status', () => rig.edits.pending === 0);
    within('an edit waited for its status', rig.edits.longestMs(), MOST_TAKE_OVER_MS + CONVERGE_MS);
    figures['edits'] = String(rig.edits.count);
    figures['epochs or generations that fell'] = String(rig.edits.fallen.length);
    figures['operators that ended by themselves'] = String(rig.crashes);
    failures.push(...rig.edits.fallen.slice(0, 5), ...(await rig.edits.notAsSpecified()));
    for (const { crashes, pod, said } of rig.list)
      if (crashes > 0) failures.push(`${pod} ended by itself: ${said.slice(-1_000)}`);
    return { figures, failures };
  } finally {
    await rig.stop();
  }
}

/** It does what a leader does. */
async function untilWrites({ api, pod }: OperatorProcess, sinceMs = performance.now()): Promise<number> {
  const isWriting = (): boolean => api.writes.some(({ atMs, held }) => atMs >= sinceMs && !held);
  await until(`${pod} to write`, isWriting);
  return (api.writes.find(({ atMs, held }) => atMs >= sinceMs && !held)?.atMs ?? Infinity) - sinceMs;
}

async function afterEnd(
  leader: OperatorProcess,
  standby: OperatorProcess,
  signal: 'SIGTERM' | 'SIGKILL',
): Promise<number> {
  const sinceMs = performance.now();
  const [took] = await Promise.all([untilWrites(standby, sinceMs), leader.end(signal)]);
  return took;
}

/**
 * Its writes are on their way when it stops: they reach the API server after its successor has written. Then it wakes, and
 * thinks for a moment that it leads.
 */
async function freeze(
  leader: OperatorProcess,
  standby: OperatorProcess,
  frozenMs: number,
): Promise<DrillResult & { readonly tookMs: number }> {
  leader.api.break({ kind: 'holdWrites' });
  await until('writes on their way', () => leader.api.heldCount > 0);
  leader.signal('SIGSTOP');
  const sinceMs = performance.now();
  const tookMs = await untilWrites(standby, sinceMs);
  const ledMs = performance.now();
  await delay(frozenMs);
  leader.api.break(undefined);
  const late = (): readonly { readonly held: boolean; readonly status: number }[] =>
    leader.api.writes.filter(({ atMs }) => atMs > ledMs);
  await until('what was on its way to arrive', () => late().some(({ held }) => held));
  leader.signal('SIGCONT');
  const awakeMs = performance.now();
  // It has to learn that it leads no more; the other goes on meanwhile.
  await delay(5_000);
  await untilWrites(standby);
  const accepted = late().filter(({ status }) => status < 300);
  const own = leader.api.writes.filter(({ atMs, held }) => atMs > awakeMs && !held);
  return {
    tookMs,
    figures: {
      'writes that arrived after the successor led': `${late().length}, of these accepted ${accepted.length}`,
      'writes that it made after waking': String(own.length),
    },
    failures: own.length === 0 ? [] : [`the old leader wrote ${own.length} times after waking`],
  };
}
