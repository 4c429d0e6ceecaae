// What users and administrators do to a running feed on two nodes: an independent reader of the stream finds nothing missing.
import { setTimeout as delay } from 'node:timers/promises';
import { killContainer } from '../../support/cluster.ts';
import { judgeDelivery, type Judged } from '../rig/delivery-judge.ts';
import { NodeCluster, PASSING, STEADY, STREAM } from '../rig/node-cluster.ts';
import { until, type DrillResult } from '../rig/result.ts';

export interface NodesOptions {
  readonly namespace: string;
  readonly edits: number;
  /** Numbers of collectors, one after the other. */
  readonly scales: readonly number[];
  readonly drains: readonly string[];
  /** How long the API server is stopped. */
  readonly apiAwayMs: number;
  readonly steps: readonly Step[];
}

type Step =
  'edit' | 'scale' | 'upgrade' | 'evict' | 'podDeleted' | 'operatorKilled' | 'apiServerStopped' | 'drain';

export async function nodes(options: NodesOptions): Promise<DrillResult> {
  const cluster = await NodeCluster.start({
    namespace: options.namespace,
    collectors: options.scales[0] ?? 1,
  });
  const figures: Record<string, string> = {};
  const failures: string[] = [];
  try {
    for (const step of options.steps) {
      const tookMs = await STEPS[step](cluster, options);
      const judged = await judgeDelivery(cluster.reader, { stream: STREAM, writers: 2 });
      const lost = missingOf(judged);
      figures[step] = `settled in ${(tookMs / 1_000).toFixed(1)} s; so far missing: ${lost.length}`;
      failures.push(...lost.slice(0, 3).map((range) => `after ${step}: ${range}`));
      if (lost.length > 0) break;
    }
    return { figures: { ...figures, ...(await atRest(cluster, failures)) }, failures };
  } finally {
    await cluster.stop();
  }
}

/** Each resolves with the time that it took until all was as the spec says. */
const STEPS: Readonly<Record<Step, (cluster: NodeCluster, options: NodesOptions) => Promise<number>>> = {
  async edit(cluster, { edits }) {
    for (let edit = 0; edit < edits; edit += 1) {
      await cluster.patch({ symbols: edit % 2 === 0 ? [...STEADY, PASSING] : STEADY });
      await delay(500);
    }
    await cluster.patch({ symbols: STEADY });
    return cluster.settled(`${edits} edits`);
  },
  async scale(cluster, { scales }) {
    let mostMs = 0;
    for (const replicas of [...scales.slice(1), scales[0] ?? 1]) {
      await cluster.scale(replicas);
      mostMs = Math.max(mostMs, await cluster.settled(`scale to ${replicas}`));
    }
    return mostMs;
  },
  async upgrade(cluster) {
    await cluster.patch({ template: { image: await cluster.otherImage('next') } });
    return cluster.settled('the roll to another image');
  },
  async evict(cluster) {
    for (const pod of await cluster.pods()) await cluster.evict(pod);
    return cluster.settled('evictions');
  },
  async podDeleted(cluster) {
    for (const pod of await cluster.pods()) await cluster.kubectl('delete', pod, '--wait=false');
    return cluster.settled('deleted pods');
  },
  async drain(cluster, { drains }) {
    let mostMs = 0;
    for (const node of drains)
      await cluster.drain(node, async () => {
        mostMs = Math.max(mostMs, await cluster.settled(`drain of ${node}`));
      });
    return mostMs;
  },
  async apiServerStopped(cluster, { apiAwayMs }) {
    const before = await cluster.stored();
    await cluster.apiServerStopped(apiAwayMs, async () => {
      await until(
        'records while nobody can ask the API server',
        async () => (await cluster.stored()) > before + 500,
      );
    });
    await cluster.patch({ symbols: [...STEADY, PASSING] });
    await cluster.settled('an edit behind a stopped API server');
    await cluster.patch({ symbols: STEADY });
    return cluster.settled('the edit turned back');
  },
  async operatorKilled(cluster, { namespace }) {
    for (const pod of await cluster.operatorPods()) await killContainer(namespace, pod);
    await cluster.patch({ symbols: [...STEADY, PASSING] });
    await cluster.settled('an edit with killed operators');
    await cluster.patch({ symbols: STEADY });
    return cluster.settled('the edit turned back');
  },
};

/** Of symbols that were to be collected all the time: ranges that are missing, stated or not; and all that is never right. */
function missingOf({ bookJumps, missingTrades, faults, unstated }: Judged): readonly string[] {
  const isSteady = ({ subject }: { readonly subject: string }): boolean =>
    STEADY.some((symbol) => subject.endsWith(`.${symbol}`));
  const ranges = [...bookJumps, ...missingTrades].filter(isSteady);
  return [
    ...ranges.map(({ subject, from, to }) => `${subject}: nothing between ${from} and ${to}`),
    ...faults,
    ...unstated.map((text) => `missing and not stated: ${text}`),
  ];
}

/** The flow ends, and the count has to be what is held. */
async function atRest(cluster: NodeCluster, failures: string[]): Promise<Readonly<Record<string, string>>> {
  await cluster.patch({ paused: true });
  await until('no collector', async () => (await cluster.pods()).length === 0);
  const judged = await judgeDelivery(cluster.reader, { stream: STREAM, writers: 2 });
  const { uid } = (await cluster.feed()).metadata;
  const held = judged.read.held(uid);
  const total = async (): Promise<number> => (await cluster.feed()).status?.messages?.total ?? 0;
  await until('the count to be what is held', async () => (await total()) === held).catch(() => undefined);
  const counted = await total();
  if (counted !== held) failures.push(`${held} records are held, ${counted} counted`);
  failures.push(...missingOf(judged).filter((text) => !failures.some((known) => known.endsWith(text))));
  return { ...judged.figures, 'held and counted': `${held} and ${counted}` };
}
