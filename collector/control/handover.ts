import type { HandoverReply, HandoverRequest } from '../../contract/control.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';

export interface HandoverOptions {
  readonly pod: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** The whole grace of the pod, from SIGTERM to SIGKILL. */
  readonly graceMs: number;
  /** Instruments that this pod has in sync now. */
  readonly inSync: () => readonly string[];
  /** True while older records wait to be stored: whoever ends now would leave them behind. */
  readonly hasBacklog: () => boolean;
  /** True once an assignment without symbols is in force: nobody is to come. */
  readonly isUnassigned: () => boolean;
  /** Replies of the pods of this shard and replica; none when the control connection is away. Never rejects. */
  readonly ask: (request: HandoverRequest) => Promise<readonly HandoverReply[]>;
}

export type HandoverEnd =
  | { readonly kind: 'successor'; readonly pod: string }
  | { readonly kind: 'unassigned' }
  | { readonly kind: 'graceEnds'; readonly successor: string | undefined };

const ASK_EVERY_MS = 500;
const ANSWER_WITHIN_MS = 1_000;
/** Kept for the last acknowledgements, the closing checkpoint and the final report. */
export const RESERVE_MS = 5_000;

/**
 * Waits while the collector collects on, until another pod has in sync all that this one has and nothing older waits
 * to be stored, or nobody is to come, or the grace is nearly over.
 */
export async function awaitSuccessor(options: HandoverOptions): Promise<HandoverEnd> {
  const { clock, log, pod } = options;
  const deadlineMs = clock.nowMs() + Math.max(0, options.graceMs - RESERVE_MS);
  let successor: string | undefined;
  for (;;) {
    if (options.isUnassigned()) return { kind: 'unassigned' };
    if (clock.nowMs() >= deadlineMs) return { kind: 'graceEnds', successor };
    const nextMs = clock.nowMs() + ASK_EVERY_MS;
    const replies = await askOnce(options);
    const found = replies.find((reply) => isSuccessor(reply, pod))?.pod;
    if (found !== undefined && found !== successor) log.info({ successor: found }, 'successor is in sync');
    // Asked anew each time: a successor that died since is none.
    successor = found;
    if (successor !== undefined && !options.hasBacklog()) return { kind: 'successor', pod: successor };
    await until(Math.min(nextMs, deadlineMs), clock, options.isUnassigned);
  }
}

/** An answer that does not come must not hold the end of the grace. */
async function askOnce({ ask, clock, pod, inSync }: HandoverOptions): Promise<readonly HandoverReply[]> {
  const { promise: late, resolve } = Promise.withResolvers<readonly HandoverReply[]>();
  const cancel = clock.after(ANSWER_WITHIN_MS, () => resolve([]));
  const replies = await Promise.race([ask({ pod, inSync: inSync() }), late]);
  cancel();
  return replies;
}

function isSuccessor(reply: HandoverReply, pod: string): boolean {
  return reply.pod !== pod && !reply.terminating && reply.missing === 0;
}

const LOOK_EVERY_MS = 100;

/** Waits until the wall time, or ends early when `wanted` turns true. */
async function until(timeMs: number, clock: Clock, wanted: () => boolean): Promise<void> {
  while (clock.nowMs() < timeMs && !wanted()) {
    const { promise, resolve } = Promise.withResolvers<void>();
    clock.after(Math.min(LOOK_EVERY_MS, timeMs - clock.nowMs()), resolve);
    await promise;
  }
}
