import type { KubeConfig } from '@kubernetes/client-node';
import { effectiveFeed, type EffectiveFeed } from '../contract/effective.ts';
import type { CollectorFeed } from '../contract/feed.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import { createMetrics, type Metrics } from '../runtime/metrics.ts';
import { Caches, keyOfFeed } from './caches.ts';
import { createControl, type Control } from './control.ts';
import { EventRecorder } from './events.ts';
import { createKubeClient, NO_ANSWER, type KubeClient } from './kube/client.ts';
import { connectTo, type Connection } from './kube/connection.ts';
import { DriftCheck } from './kube/drift.ts';
import { WorkQueue, type Outcome, type Priority } from './kube/queue.ts';
import { WayBack } from './kube/way-back.ts';
import { EngineMetrics } from './metrics.ts';
import { Neighbours } from './neighbours.ts';
import { rollState, type RollState } from './plan/rolls.ts';
import { RollBook } from './roll-book.ts';
import { Reconciler } from './reconcile.ts';
import type { Settings } from './settings.ts';
import { StatusWriter } from './status-writer.ts';

export interface EngineOptions {
  readonly settings: Settings;
  readonly config: KubeConfig;
  readonly self: { readonly pod: string; readonly namespace: string };
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** Every long-lived part of the operator, made and connected, none of it started. */
export interface Engine {
  readonly metrics: Metrics;
  readonly connection: Connection;
  readonly client: KubeClient;
  readonly wayBack: WayBack;
  readonly caches: Caches;
  readonly control: Control;
  readonly statuses: StatusWriter;
  readonly events: EventRecorder;
  readonly queue: WorkQueue;
  /** Puts every feed into the queue. */
  /** What a new leader begins with: what is being rolled, and every feed to look at. */
  readonly takeStock: () => void;
}

export const WORKERS = 10;
const QUEUE_CAPACITY = 20_000;
/** Numbers alone are looked at once a second a feed, and in all at most so often. */
const COUNTS_AFTER_MS = 1_000;
const COUNTS_PER_SECOND = 100;

export function createEngine(options: EngineOptions, leading: () => boolean): Engine {
  const { settings, self, clock, random, log } = options;
  const metrics = createMetrics();
  const measured = new EngineMetrics(metrics.registry);
  const toApi = connectToApi(options, measured, () => caches.reopen());
  const { client } = toApi;
  const control = createControl({
    settings,
    pod: self.pod,
    clock,
    random,
    log,
    onChange(feedUid, change) {
      const key = ledKey(feedUid);
      if (key === undefined) return;
      const rareMs = (caches.feedCount * 1_000) / COUNTS_PER_SECOND;
      if (change === 'transition') queue.add(key, 'child');
      else queue.after(key, Math.max(COUNTS_AFTER_MS, rareMs));
    },
  });
  const caches: Caches = new Caches({
    client,
    clock,
    random,
    namespaces: settings.watch.cluster ? null : settings.watch.namespaces,
    onChange: (key, priority) => queue.add(key, priority),
    onFeed: (feed, isGone) => noteFeed(neighbours, effectiveFeed(feed, settings.defaults), feed, isGone),
    onFault: (kind, operation, fault) =>
      log.warn({ kind, operation, ...fault }, 'watch broken, trying again'),
  });
  const ledKey = (feedUid: string): string | undefined => {
    const feed = leading() ? caches.feedByUid(feedUid) : undefined;
    return feed && keyOfFeed(feed);
  };
  const lookAt = (priority: Priority) => (feedUid: string) => {
    const key = ledKey(feedUid);
    if (key !== undefined) queue.add(key, priority);
  };
  const neighbours = new Neighbours({ onChange: lookAt('resync') });
  const rolls = new RollBook({ onRoom: lookAt('child') });
  const parts = { ...options, client, caches, control, neighbours, rolls, leading };
  const { statuses, events, reconciler } = createReconciler(parts);
  const lookAtAll = (): void => caches.feeds().forEach((feed) => queue.add(keyOfFeed(feed), 'resync'));
  const takeStock = (): void => {
    rolls.reset(seenRolls(caches, settings));
    lookAtAll();
  };
  const queue: WorkQueue = new WorkQueue({
    clock,
    random,
    concurrency: WORKERS,
    capacity: QUEUE_CAPACITY,
    onRoom: lookAtAll,
    work: async (key, signal) => logged(log, key, await reconciler.run(key, signal)),
    onPanic: (key, error) => log.error({ feed: key, err: error }, 'bug: a reconcile threw'),
    onOutcome: (kind, workSeconds, waitedSeconds) => measured.outcome(kind, workSeconds, waitedSeconds),
  });
  return { ...toApi, metrics, caches, control, statuses, events, queue, takeStock };
}

/** What a selector stands for only a reconcile knows. */
function noteFeed(
  neighbours: Neighbours,
  effective: EffectiveFeed,
  feed: CollectorFeed,
  isGone: boolean,
): void {
  if (isGone) neighbours.forget(feed.metadata.uid);
  else if (effective.selector === null) neighbours.set(feed, effective);
}

function connectToApi(
  { config, clock }: EngineOptions,
  measured: EngineMetrics,
  onBack: () => void,
): Pick<Engine, 'connection' | 'client' | 'wayBack'> {
  const connection = connectTo(config, clock);
  const wayBack = new WayBack({ clock, onBack });
  const onRequest = (method: string, code: string): void => {
    measured.request(method, code);
    wayBack.request(code !== NO_ANSWER);
  };
  return { connection, wayBack, client: createKubeClient({ connection, clock, onRequest }) };
}

function* seenRolls(
  caches: Caches,
  { defaults }: Settings,
): Generator<readonly [CollectorFeed, EffectiveFeed, RollState]> {
  for (const feed of caches.feeds())
    yield [feed, effectiveFeed(feed, defaults), rollState(caches.owned(feed.metadata.uid), [])];
}

interface ReconcilerParts extends EngineOptions {
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly control: Control;
  readonly neighbours: Neighbours;
  readonly rolls: RollBook;
  readonly leading: () => boolean;
}

function createReconciler(
  parts: ReconcilerParts,
): Pick<Engine, 'statuses' | 'events'> & { readonly reconciler: Reconciler } {
  const { client, caches, control, clock, random, log, self, leading } = parts;
  const events = new EventRecorder({
    clock,
    instance: self.pod,
    async create(event) {
      const created = await client.create(event);
      if (!created.ok) throw new Error(created.fault.message);
    },
  });
  const statuses = new StatusWriter({
    client,
    clock,
    random,
    mayWrite: leading,
    current: (uid) => caches.feedByUid(uid),
    onFault: (feed, fault) => log.warn({ feed: keyOfFeed(feed), ...fault }, 'status not written'),
    onWritten: (feed, before, after) => void events.record(feed, before, after),
  });
  const reconciler = new Reconciler({
    settings: parts.settings,
    client,
    caches,
    statuses,
    random,
    mayWrite: leading,
    pusher: control.pusher,
    settler: control.settler,
    drift: new DriftCheck(),
    rolls: parts.rolls,
    observing: { ...control, neighbours: parts.neighbours, rolls: parts.rolls, nowMs: () => clock.nowMs() },
    forget: (uid) => [control, statuses, events, parts.rolls].forEach((kept) => kept.forget(uid)),
  });
  return { statuses, events, reconciler };
}

function logged(log: Logger, feed: string, outcome: Outcome): Outcome {
  if (outcome.kind === 'retry') log.info({ feed, error: outcome.error }, 'not reconciled yet, trying again');
  if (outcome.kind === 'stale') log.info({ feed, waitsFor: outcome.reason }, 'looking again soon');
  if (outcome.kind === 'invalid') log.warn({ feed, reason: outcome.reason }, 'refused, waiting for a change');
  return outcome;
}
