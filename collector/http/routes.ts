import { jsonReply, type HttpRoute } from '../../runtime/http-server.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { CollectorState } from '../report.ts';
import { judgeReadiness } from './readiness.ts';
import { statusPage } from './status-page.ts';

export interface RouteSources {
  readonly state: () => CollectorState;
  readonly metrics: Metrics;
  readonly version: string;
  /** Since when one assignment is being applied. */
  readonly applyingSinceMs: () => number | undefined;
}

/** Applying an assignment takes seconds; longer than this it hangs, and only a new process helps. */
const STUCK_AFTER_MS = 120_000;

export function collectorRoutes(sources: RouteSources): Readonly<Record<string, HttpRoute>> {
  const { state, metrics, version } = sources;
  return {
    // That it answers at all shows the event loop alive.
    '/healthz': () => {
      const sinceMs = sources.applyingSinceMs();
      const stuckMs = sinceMs === undefined ? 0 : state().nowMs - sinceMs;
      return stuckMs < STUCK_AFTER_MS
        ? jsonReply(200, { status: 'ok' })
        : jsonReply(503, { status: 'stuck', message: `applying an assignment for ${stuckMs} ms` });
    },
    '/readyz': () => {
      const readiness = judgeReadiness(state());
      return readiness.ready
        ? jsonReply(200, { status: 'ready' })
        : jsonReply(503, { status: 'not ready', message: readiness.reason });
    },
    '/metrics': () => metrics.scrape(),
    '/api/v1/status': () => jsonReply(200, statusPage(state(), version)),
  };
}
