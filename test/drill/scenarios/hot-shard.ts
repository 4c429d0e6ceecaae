// A collector that has too little of a processor is named, with what mends it, until it has time again.
import { condition, waitForFeed, type SeenFeed } from '../../support/cluster.ts';
import { NodeCluster } from '../rig/node-cluster.ts';
import { until, type DrillResult } from '../rig/result.ts';

export interface HotShardOptions {
  readonly namespace: string;
}

const FOUND_MS = 240_000;

export async function hotShard({ namespace }: HotShardOptions): Promise<DrillResult> {
  // A tenth of a processor, for what takes more than that.
  const cluster = await NodeCluster.start({ namespace, collectors: 1, rate: 1_500, cpu: '100m' });
  const failures: string[] = [];
  const begunMs = performance.now();
  const says = (what: string, test: (feed: SeenFeed) => boolean): Promise<SeenFeed> =>
    waitForFeed({ namespace, name: 'majors', timeoutMs: FOUND_MS }, what, test);
  const said = (feed: SeenFeed): string => {
    const { status, reason, message } = condition(feed, 'Overloaded') ?? {};
    return `${status}/${reason}: ${message}`;
  };
  try {
    const hot = said(await says('a hot shard is named', (feed) => said(feed).startsWith('True/ShardHot')));
    const namedMs = performance.now() - begunMs;
    const value = /collectors: (\d+)/.exec(hot)?.[1];
    if (value !== '2') failures.push(`of one hot shard with four symbols: ${hot}`);
    await cluster.scale(Number(value));
    await until('as many collectors as were named', async () => (await cluster.pods()).length === 2);
    await cluster.settled('twice as many collectors');
    await cluster.venue.post('/admin/pause');
    const restsMs = performance.now();
    const mended = said(await says('no shard is hot', (feed) => said(feed).startsWith('False/')));
    return {
      figures: {
        'named, since the feed was made': `${(namedMs / 1_000).toFixed(0)} s`,
        'it said': hot,
        'gone, since the venue rests': `${((performance.now() - restsMs) / 1_000).toFixed(0)} s: ${mended}`,
      },
      failures,
    };
  } finally {
    await cluster.stop();
  }
}
