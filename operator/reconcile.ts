import { ASSIGNMENT_KEY } from '../contract/assignment.ts';
import type { CollectorFeed } from '../contract/feed.ts';
import { applyPlan, type Applied } from './apply.ts';
import type { AssignmentPusher } from './assignments.ts';
import type { Caches } from './caches.ts';
import { sayFarewell } from './farewell.ts';
import type { KubeClient } from './kube/client.ts';
import type { DriftCheck } from './kube/drift.ts';
import type { Outcome } from './kube/queue.ts';
import { observe, type ObserveDeps } from './observe.ts';
import { contentHash } from './plan/canonical.ts';
import { plan } from './plan/plan.ts';
import { rollState } from './plan/rolls.ts';
import { status } from './plan/status.ts';
import type { Observed, Outcome as PlanOutcome, Plan, PlannedAssignment } from './plan/types.ts';
import type { RollBook } from './roll-book.ts';
import type { WriterSettler } from './settle.ts';
import type { Settings } from './settings.ts';
import type { StatusWriter } from './status-writer.ts';

export interface ReconcilerDeps {
  readonly settings: Settings;
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly drift: DriftCheck;
  readonly pusher: AssignmentPusher;
  readonly settler: WriterSettler;
  readonly statuses: StatusWriter;
  readonly rolls: Pick<RollBook, 'note'>;
  readonly observing: Omit<ObserveDeps, 'latestStatus' | 'defaults' | 'caches' | 'pusher'>;
  /** Lets go of everything that is kept under the UID of a feed that is gone. */
  readonly forget: (feedUid: string) => void;
  readonly mayWrite: () => boolean;
  readonly random: () => number;
}

/** Nothing is known to have changed: look again all the same, because watches are only nearly perfect. */
const RESYNC_MS = 600_000;
/** A plan that was refused on its merits is not sent again before the feed, or this time, has changed. */
const REFUSED_MS = 300_000;

interface Refusal {
  readonly print: string;
  readonly untilMs: number;
  readonly applied: Extract<Applied, { readonly kind: 'refused' }>;
}

interface Known {
  readonly uid: string;
  /** Its pods were told that nobody takes over. */
  told: boolean;
}

/** One feed at a time: read, observe, plan, apply, push, status. */
export class Reconciler {
  readonly #deps: ReconcilerDeps;
  /** Feeds that were reconciled, by key: what to let go of when the key has another feed or none. */
  readonly #known = new Map<string, Known>();
  readonly #refusals = new Map<string, Refusal>();

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps;
  }

  async run(key: string, signal: AbortSignal): Promise<Outcome> {
    const feed = this.#deps.caches.feed(key);
    const stays = await this.#stays(key, feed);
    if (feed === undefined || !stays) return { kind: 'done' };
    const observed = this.#observe(feed);
    const planned = plan(observed, this.#deps.settings);
    this.#noteRoll(observed, planned);
    const applied = await this.#apply(planned, observed, signal);
    this.#deps.settler.ensure(feed.metadata.uid, planned.deadWriters);
    if (!signal.aborted && !isFirstGlance(observed))
      this.#deps.statuses.offer(feed, status(observed, planned, planOutcome(applied)));
    return this.#outcome(planned, applied);
  }

  #observe(feed: CollectorFeed): Observed {
    const { caches, pusher, statuses, settings, observing } = this.#deps;
    const latestStatus = (uid: string): ReturnType<StatusWriter['latest']> => statuses.latest(uid);
    return observe(feed, { ...observing, caches, pusher, latestStatus, defaults: settings.defaults });
  }

  /** Before anything is awaited: the next feed's plan has to know. */
  #noteRoll({ feed, objects }: Observed, { effective, apply, held }: Plan): void {
    const waits = held.some(({ reason }) => reason === 'VenueBusy' || reason === 'UpgradeStopped');
    this.#deps.rolls.note(feed, effective, { state: rollState(objects, apply), waits });
  }

  async #apply(planned: Plan, observed: Observed, signal: AbortSignal): Promise<Applied> {
    const { client, drift, mayWrite } = this.#deps;
    const { uid } = observed.feed.metadata;
    const refusal = this.#refusals.get(uid);
    if (refusal !== undefined && observed.nowMs < refusal.untilMs && refusal.print === printOf(planned))
      return refusal.applied;
    this.#refusals.delete(uid);
    const push = (assignment: PlannedAssignment): void => this.#push(assignment, observed);
    const applied = await applyPlan(planned, observed, { client, drift, signal, mayWrite, push });
    if (applied.kind === 'refused')
      this.#refusals.set(uid, { print: printOf(planned), untilMs: observed.nowMs + REFUSED_MS, applied });
    return applied;
  }

  /** The bytes that were written; asked at each reconcile, sent only to who has not acknowledged them. */
  #push({ shard, assignment, configMap }: PlannedAssignment, { feed, pods }: Observed): void {
    this.#deps.pusher.ensure({
      feedUid: feed.metadata.uid,
      shard,
      epoch: assignment.epoch,
      payload: configMap.data?.[ASSIGNMENT_KEY] ?? '',
      pods: pods.filter((pod) => pod.shard === shard && pod.phase === 'Running').map(({ name }) => name),
    });
  }

  /** Takes leave of a feed that is gone, is going, or gave its name to another; false: nothing is left to reconcile. */
  async #stays(key: string, feed: CollectorFeed | undefined): Promise<boolean> {
    const known = this.#known.get(key);
    const uid = feed?.metadata.uid;
    const going = feed?.metadata.deletionTimestamp !== undefined;
    if (known !== undefined && (known.uid !== uid || going)) await this.#takeLeave(known);
    // Deleted while no operator was there to see it.
    if (known === undefined && feed === undefined)
      for (const left of this.#deps.caches.leftoverUids(key, uid))
        await this.#takeLeave({ uid: left, told: false });
    if (known !== undefined && known.uid !== uid) {
      this.#known.delete(key);
      this.#refusals.delete(known.uid);
      this.#deps.forget(known.uid);
    }
    if (uid !== undefined && !this.#known.has(key)) this.#known.set(key, { uid, told: false });
    return feed !== undefined && !going;
  }

  async #takeLeave(known: Known): Promise<void> {
    if (known.told) return;
    known.told = true;
    const { pusher, caches, observing } = this.#deps;
    await sayFarewell(known.uid, caches.owned(known.uid), { pusher, nowMs: observing.nowMs() });
  }

  #outcome(planned: Plan, applied: Applied): Outcome {
    const againMs = Math.min(
      planned.requeueAfterMs ?? Infinity,
      RESYNC_MS * (0.75 + this.#deps.random() / 4),
    );
    switch (applied.kind) {
      case 'applied':
        return { kind: 'again', afterMs: againMs };
      case 'refused':
        return { kind: 'invalid', reason: `${applied.object}: ${applied.message}` };
      case 'stale':
        return { kind: 'stale', reason: `${applied.object}: ${applied.message}` };
      case 'failed':
        return { kind: 'retry', error: `${applied.object}: ${applied.message}`, shared: applied.shared };
      default:
        return applied satisfies never;
    }
  }
}

/** Just taken over: NATS was not looked at yet, which must not show as a change of a feed that runs. */
function isFirstGlance({ stream, catalogue, previous, feed }: Observed): boolean {
  const isUnread = stream.kind === 'pending' || catalogue.kind === 'unread';
  return isUnread && previous?.observedGeneration === feed.metadata.generation;
}

/** A cache that is behind is no failure that anybody should read of. */
function planOutcome(applied: Applied): PlanOutcome {
  switch (applied.kind) {
    case 'applied':
      return { kind: 'applied' };
    case 'stale':
      return { kind: 'pending' };
    case 'refused':
    case 'failed':
      return { kind: 'failed', object: applied.object, message: applied.message };
    default:
      return applied satisfies never;
  }
}

/** What of a plan the API server judges. */
const printOf = ({ apply, assignments }: Plan): string =>
  contentHash([apply, assignments.map(({ assignment }) => assignment.effective)]);
