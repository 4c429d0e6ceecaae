import { jsonReply, startHttpServer, type HttpServer } from '../runtime/http-server.ts';
import type { Logger } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Caches } from './caches.ts';
import type { WorkQueue } from './kube/queue.ts';

export interface OperatorHttpOptions {
  readonly port: number;
  readonly metrics: Metrics;
  readonly caches: Caches;
  readonly queue: WorkQueue;
  readonly log: Logger;
}

/** A reconcile is bounded by the timeouts of its calls; one that runs this long hangs for good. */
const STUCK_MS = 300_000;

/**
 * `/livez` fails for what only a restart mends, never because API server or NATS are away. `/readyz`: caches synced,
 * on the standby too.
 */
export function startOperatorHttp({
  port,
  metrics,
  caches,
  queue,
  log,
}: OperatorHttpOptions): Promise<HttpServer> {
  return startHttpServer({
    port,
    log,
    routes: {
      '/livez': () => {
        const stuckMs = queue.longestRunningMs;
        return stuckMs < STUCK_MS
          ? jsonReply(200, { status: 'success', message: 'alive' })
          : jsonReply(500, {
              status: 'error',
              message: `a reconcile has been running for ${Math.round(stuckMs / 1_000)} s`,
            });
      },
      '/readyz': () => {
        const waiting = caches.reflectors
          .filter(({ hasSynced }) => !hasSynced)
          .map(({ query }) => `${query.kind} in ${query.namespace ?? 'all namespaces'}`);
        return waiting.length === 0
          ? jsonReply(200, { status: 'success', message: 'caches are synced' })
          : jsonReply(503, { status: 'error', message: `not listed yet: ${waiting.join(', ')}` });
      },
      '/metrics': () => metrics.scrape(),
    },
  });
}
