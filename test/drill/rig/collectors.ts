// The collectors of a drill as one process of their own, so that its memory is theirs alone. Started by `fork`.
import type { FeedSpec } from '../../../contract/feed.ts';
import { Collector, type CollectorState } from './collector.ts';

export interface CollectorSample {
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly cpuMs: number;
  readonly forcedGc: boolean;
  readonly feeds: readonly (CollectorState & { readonly name: string })[];
}

interface Request {
  readonly kind: 'start' | 'sample' | 'stop';
  readonly servers?: readonly string[];
  readonly feeds?: readonly { readonly name: string; readonly spec: FeedSpec }[];
}

const running: Collector[] = [];

function sample(): CollectorSample {
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return {
    rssBytes: rss,
    heapUsedBytes: heapUsed,
    cpuMs: (user + system) / 1_000,
    forcedGc: globalThis.gc !== undefined,
    feeds: running.map((collector) => ({ name: collector.name, ...collector.state() })),
  };
}

process.on('message', (request: Request) => {
  if (request.kind === 'start') {
    for (const { name, spec } of request.feeds ?? [])
      running.push(new Collector(name, spec, request.servers ?? []));
    process.send?.('started');
  } else if (request.kind === 'sample') {
    process.send?.(sample());
  } else {
    void Promise.all(running.map((collector) => collector.stop())).then(() => process.exit(0));
  }
});
// The drill is gone: nobody would end this process.
process.on('disconnect', () => process.exit(1));
