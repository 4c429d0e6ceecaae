import type { Shutdown } from '../runtime/shutdown.ts';
import { createEngine, WORKERS, type Engine, type EngineOptions } from './engine.ts';
import { startOperatorHttp } from './http.ts';
import { wait } from './kube/wait.ts';
import { createLeader } from './leader.ts';
import { watchEngine } from './metrics.ts';

export interface OperatorOptions extends EngineOptions {
  readonly shutdown: Shutdown;
}

/** After SIGTERM; together below the pod's grace of 30 s. */
const FINISH_MS = 20_000;
const FLUSH_MS = 3_000;

/** Runs until a shutdown is requested. What it throws is a bug, or a port that is taken. */
export async function runOperator(options: OperatorOptions): Promise<void> {
  const { settings, clock, log, shutdown } = options;
  const stop = { caches: new AbortController(), work: new AbortController(), lease: new AbortController() };
  const engine = createEngine(options, () => leader.leading);
  const { caches, control, events, queue, statuses, metrics } = engine;
  const leader = createLeader(options, engine, stop.work.signal);
  watchEngine(metrics, {
    queue,
    caches,
    statuses,
    lease: leader,
    leaseName: settings.leaderElection.leaseName,
    maxConcurrent: WORKERS,
    counted: {
      reports: control.reports,
      assignments: control.pusher,
      settling: control.settler,
      ledgers: control.ledgers,
      streams: control.streams,
      catalogues: control.catalogues,
      events,
    },
    nowMs: () => clock.nowMs(),
  });
  const http = await startOperatorHttp({ port: settings.http.port, metrics, caches, queue, log });
  const { watch, installation } = settings;
  log.info({ installation, port: http.port, ...watch }, 'operator started');
  control.start();
  const watching = caches.run(stop.caches.signal);
  const leading = whenSynced(engine, stop.lease.signal, options).then(() => leader.run(stop.lease.signal));

  // Neither ends before it is told to: what they throw is a bug.
  const signal = await Promise.race([shutdown.requested, watching, leading]);
  log.info({ signal }, 'stopping: finishing what runs');
  queue.pause();
  await Promise.race([queue.drained(), wait(clock, FINISH_MS, stop.caches.signal), shutdown.insisted]);
  stop.work.abort(new Error('the operator is stopping'));
  if (leader.leading) await statuses.flush(FLUSH_MS);
  stop.lease.abort();
  await leading;
  stop.caches.abort();
  engine.wayBack.stop();
  queue.close();
  await Promise.all([watching, control.stop(), http.close()]);
  await engine.connection.close();
  log.info('stopped');
}

const SYNC_POLL_MS = 50;

/** Nobody leads by half a cache: it would see everything as missing. */
async function whenSynced(
  { caches }: Engine,
  signal: AbortSignal,
  { clock }: OperatorOptions,
): Promise<void> {
  while (!caches.hasSynced && !signal.aborted) await wait(clock, SYNC_POLL_MS, signal);
}
