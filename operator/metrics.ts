import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Metrics, Sample } from '../runtime/metrics.ts';
import type { Caches } from './caches.ts';
import type { LeaseElection } from './kube/lease.ts';
import type { Outcome, WorkQueue } from './kube/queue.ts';
import type { StatusWriter } from './status-writer.ts';

const CONTROLLER = 'collectorfeed';
const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60];
/** controller-runtime's words for our outcomes. */
const RESULTS: Readonly<Record<Outcome['kind'] | 'panic', string>> = {
  done: 'success',
  again: 'requeue_after',
  retry: 'error',
  stale: 'requeue',
  invalid: 'error',
  panic: 'error',
};

/** Under the names of controller-runtime and client-go, so that existing dashboards and alerts work. */
export class EngineMetrics {
  readonly #requests: Counter<'method' | 'code'>;
  readonly #reconciles: Counter<'controller' | 'result'>;
  readonly #terminal: Counter<'controller'>;
  readonly #panics: Counter<'controller'>;
  readonly #reconcileSeconds: Histogram<'controller'>;
  readonly #waitSeconds: Histogram<'name'>;
  readonly #workSeconds: Histogram<'name'>;

  constructor(registry: Registry) {
    const counter = <T extends string>(name: string, help: string, labelNames: T[]): Counter<T> =>
      new Counter<T>({ name, help, labelNames, registers: [registry] });
    const histogram = <T extends string>(name: string, help: string, label: T): Histogram<T> =>
      new Histogram<T>({ name, help, labelNames: [label], buckets: SECONDS, registers: [registry] });
    this.#requests = counter('rest_client_requests_total', 'Requests to the API server', ['method', 'code']);
    this.#reconciles = counter('controller_runtime_reconcile_total', 'Reconciliations by result', [
      'controller',
      'result',
    ]);
    this.#terminal = counter(
      'controller_runtime_terminal_reconcile_errors_total',
      'Plans refused on their merits',
      ['controller'],
    );
    this.#panics = counter('controller_runtime_reconcile_panics_total', 'Bugs met while reconciling', [
      'controller',
    ]);
    this.#reconcileSeconds = histogram(
      'controller_runtime_reconcile_time_seconds',
      'Length of a reconciliation',
      'controller',
    );
    this.#waitSeconds = histogram(
      'workqueue_queue_duration_seconds',
      'Time a key waited for a worker',
      'name',
    );
    this.#workSeconds = histogram('workqueue_work_duration_seconds', 'Time a worker had a key', 'name');
  }

  request(method: string, code: string): void {
    this.#requests.inc({ method, code });
  }

  outcome(kind: Outcome['kind'] | 'panic', workSeconds: number, waitedSeconds: number): void {
    this.#reconciles.inc({ controller: CONTROLLER, result: RESULTS[kind] });
    if (kind === 'invalid') this.#terminal.inc({ controller: CONTROLLER });
    if (kind === 'panic') this.#panics.inc({ controller: CONTROLLER });
    this.#reconcileSeconds.observe({ controller: CONTROLLER }, workSeconds);
    this.#waitSeconds.observe({ name: CONTROLLER }, waitedSeconds);
    this.#workSeconds.observe({ name: CONTROLLER }, workSeconds);
  }
}

export interface Watched {
  readonly queue: WorkQueue;
  readonly caches: Caches;
  readonly statuses: StatusWriter;
  readonly lease: Pick<LeaseElection, 'leading' | 'terms'>;
  readonly leaseName: string;
  readonly maxConcurrent: number;
  /** Parts by name, with what each of them counts. */
  readonly counted: Readonly<Record<string, { readonly counters: Readonly<Record<string, number>> }>>;
  readonly nowMs: () => number;
}

/** Values that are read when scraped. */
export function watchEngine(metrics: Metrics, watched: Watched): void {
  const { queue, lease, leaseName, maxConcurrent } = watched;
  const gauge = (name: string, label: readonly [string, string], read: () => number): void => {
    const [labelName, labelValue] = label;
    const made: Gauge = new Gauge({
      name,
      help: name.replaceAll('_', ' '),
      labelNames: [labelName],
      registers: [metrics.registry],
      collect: () => made.set({ [labelName]: labelValue }, read()),
    });
  };
  const counter = (name: string, read: () => number): void => {
    const made: Counter = new Counter({
      name,
      help: name.replaceAll('_', ' '),
      labelNames: ['name'],
      registers: [metrics.registry],
      collect() {
        made.reset();
        made.inc({ name: CONTROLLER }, read());
      },
    });
  };
  gauge('leader_election_master_status', ['name', leaseName], () => Number(lease.leading));
  gauge('controller_runtime_active_workers', ['controller', CONTROLLER], () => queue.active);
  gauge('controller_runtime_max_concurrent_reconciles', ['controller', CONTROLLER], () => maxConcurrent);
  gauge('workqueue_depth', ['name', CONTROLLER], () => queue.depth);
  counter('workqueue_adds_total', () => queue.counts.adds);
  counter('workqueue_retries_total', () => queue.counts.retries);
  const longest = (): number => queue.longestRunningMs / 1_000;
  gauge('workqueue_longest_running_processor_seconds', ['name', CONTROLLER], longest);
  watchOwn(metrics, watched);
  watchCounted(metrics, watched.counted);
}

function watchOwn(metrics: Metrics, { queue, caches, statuses, lease, nowMs }: Watched): void {
  const perKind = (read: (reflector: Caches['reflectors'][number]) => number) => (): readonly Sample[] =>
    caches.reflectors.map((reflector) => ({
      labels: { kind: reflector.query.kind, namespace: reflector.query.namespace ?? '' },
      value: read(reflector),
    }));
  const labels = ['kind', 'namespace'];
  const one = (read: () => number) => (): readonly Sample[] => [{ value: read() }];
  metrics.counter({
    name: 'lists_total',
    help: 'Lists of a kind',
    labels,
    read: perKind(({ counts }) => counts.lists),
  });
  metrics.counter({
    name: 'watches_total',
    help: 'Watches opened',
    labels,
    read: perKind(({ counts }) => counts.watches),
  });
  metrics.counter({
    name: 'watch_failures_total',
    help: 'Lists and watches that failed',
    labels,
    read: perKind(({ counts }) => counts.failures),
  });
  metrics.gauge({
    name: 'watch_age_seconds',
    help: 'Since the API server was heard last',
    labels,
    read: perKind(({ counts }) => (counts.lastHeardMs === 0 ? 0 : (nowMs() - counts.lastHeardMs) / 1_000)),
  });
  metrics.gauge({ name: 'feeds', help: 'Feeds known', read: one(() => caches.feeds().length) });
  metrics.counter({
    name: 'queue_refused_total',
    help: 'Keys refused because the queue was full',
    read: one(() => queue.counts.refused),
  });
  metrics.counter({
    name: 'leader_terms_total',
    help: 'Times that this process became leader',
    read: one(() => lease.terms),
  });
  metrics.gauge({
    name: 'status_pending',
    help: 'Statuses that wait to be written',
    read: one(() => statuses.pending),
  });
  metrics.counter({
    name: 'status_writes_total',
    help: 'Statuses by what became of them',
    labels: ['outcome'],
    read: () => Object.entries(statuses.counters).map(([outcome, value]) => ({ labels: { outcome }, value })),
  });
}

/** What the parts count of themselves: nothing that is dropped or refused stays unseen. */
function watchCounted(metrics: Metrics, counted: Watched['counted']): void {
  metrics.counter({
    name: 'operator_events_total',
    help: 'What a part of the operator met, sent, refused or lost',
    labels: ['part', 'event'],
    read: () =>
      Object.entries(counted).flatMap(([part, { counters }]) =>
        Object.entries(counters).map(([event, value]) => ({ labels: { part, event }, value })),
      ),
  });
}
