// All feeds of a venue are given another image at once: a bad one stops itself at the first pod, a good one goes in waves.
import { setTimeout as delay } from 'node:timers/promises';
import { apply, condition, getFeed, isTrue, type SeenFeed } from '../../support/cluster.ts';
import { judgeDelivery } from '../rig/delivery-judge.ts';
import { NodeCluster, PASSING, STEADY, STREAM } from '../rig/node-cluster.ts';
import { until, type DrillResult } from '../rig/result.ts';

export interface UpgradeOptions {
  readonly namespace: string;
  readonly deadlineSeconds: number;
}

const FEEDS = ['majors', 'sol', 'tops'] as const;
const SAMPLE_MS = 250;

/** The rig's feed and two more behind the same address of the venue: three collectors, a wave of one. */
class Fleet {
  readonly cluster: NodeCluster;
  readonly #namespace: string;
  mostAtOnce = 0;
  #isWatched = true;
  readonly #watching: Promise<void>;

  private constructor(cluster: NodeCluster, namespace: string) {
    this.cluster = cluster;
    this.#namespace = namespace;
    this.#watching = this.#watch();
  }

  static async start({ namespace, deadlineSeconds }: UpgradeOptions): Promise<Fleet> {
    const values = [`collector.rollDeadlineSeconds=${deadlineSeconds}`];
    const cluster = await NodeCluster.start({ namespace, collectors: 1, values });
    const fleet = new Fleet(cluster, namespace);
    const { socket, url } = cluster.venue;
    for (const [name, symbols, streams] of [
      ['sol', PASSING, 'orderbook, trade'],
      ['tops', 'BTC-USDT', 'ticker'],
    ])
      await apply(`apiVersion: marketprism.io/v1alpha1
kind: CollectorFeed
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  { exchange: binance, market: spot, symbols: [${symbols}], streams: [${streams}], endpoints: { websocket: "${socket}", rest: "${url}" } }
`);
    await fleet.until('all feeds to be Ready', (feed) => isTrue(feed, 'Ready'));
    return fleet;
  }

  feeds(): Promise<readonly SeenFeed[]> {
    return Promise.all(FEEDS.map((name) => getFeed(this.#namespace, name)));
  }

  async setImage(image: string | null): Promise<void> {
    const spec = JSON.stringify({ spec: { template: image === null ? null : { image } } });
    // At once, as GitOps does: a feed that still had the bad image when the first is set back would be the next to try it.
    await this.cluster.kubectl('patch', 'collectorfeed', ...FEEDS, '--type=merge', '-p', spec);
  }

  until(what: string, isSo: (feed: SeenFeed) => boolean): Promise<void> {
    return until(what, async () => (await this.feeds()).every(isSo));
  }

  /** Every Deployment has this image, none is being rolled. */
  async hasAll(image: string): Promise<void> {
    await until(`every collector to run ${image}`, async () => {
      const deployments = await this.cluster.deployments();
      return (
        deployments.length === FEEDS.length &&
        deployments.every((seen) => seen.image === image && !seen.isRolling)
      );
    });
    await this.until('nothing to be under way', isAtRest);
  }

  async stop(): Promise<void> {
    this.#isWatched = false;
    await this.#watching;
    await this.cluster.stop();
  }

  async #watch(): Promise<void> {
    while (this.#isWatched) {
      const seen = await this.cluster.deployments().catch(() => []);
      this.mostAtOnce = Math.max(this.mostAtOnce, seen.filter(({ isRolling }) => isRolling).length);
      await delay(SAMPLE_MS);
    }
  }
}

const said = (feed: SeenFeed, type: string): string => {
  const { status, reason, message } = condition(feed, type) ?? {};
  return `${status}/${reason}: ${message}`;
};
const isAtRest = (feed: SeenFeed): boolean =>
  isTrue(feed, 'Ready') &&
  said(feed, 'Reconciling').startsWith('False/AsPlanned') &&
  said(feed, 'Stalled').startsWith('False/');
const isStuck = (feed: SeenFeed): boolean => said(feed, 'Stalled').startsWith('True/RollStuck');
const isStopped = (feed: SeenFeed): boolean =>
  /^True\/RollHeld: .* same image does not come into sync in feed /.test(said(feed, 'Reconciling'));

export async function upgrade(options: UpgradeOptions): Promise<DrillResult> {
  const fleet = await Fleet.start(options);
  const { cluster } = fleet;
  const failures: string[] = [];
  try {
    const [first] = await cluster.deployments();
    const running = first?.image ?? '';
    fleet.mostAtOnce = 0;
    const bad = running.replace(/:[^:/]*$/, ':not-there');
    await fleet.setImage(bad);
    await until('one feed to be stuck and the others to be stopped by it', async () => {
      const feeds = await fleet.feeds();
      return feeds.filter(isStuck).length === 1 && feeds.filter(isStopped).length === FEEDS.length - 1;
    });
    const feeds = await fleet.feeds();
    const stuck = feeds.find(isStuck);
    const touched = (await cluster.deployments()).filter(({ image }) => image === bad).length;
    if (touched !== 1) failures.push(`${touched} Deployments were given the image that does not exist`);
    if (!feeds.every((feed) => isTrue(feed, 'Ready'))) failures.push('a bad image took Ready from a feed');
    await fleet.setImage(null);
    await fleet.hasAll(running);
    const next = await cluster.otherImage('next');
    await fleet.setImage(next);
    await fleet.hasAll(next);
    if (fleet.mostAtOnce !== 1) failures.push(`${fleet.mostAtOnce} Deployments were rolled at once, not 1`);
    const judged = await judgeDelivery(cluster.reader, { stream: STREAM, writers: 2 });
    const missing = [...judged.bookJumps, ...judged.missingTrades];
    failures.push(
      ...judged.faults,
      ...missing.slice(0, 5).map(({ subject, from, to }) => `${subject}: nothing between ${from} and ${to}`),
    );
    return {
      figures: {
        'the bad image, at the first feed': stuck === undefined ? '' : said(stuck, 'Stalled'),
        'and at the others': feeds.filter(isStopped).map((feed) => said(feed, 'Reconciling'))[0] ?? '',
        'Deployments that were given it': String(touched),
        'most rolled at once': String(fleet.mostAtOnce),
        symbols: [...STEADY, PASSING].join(', '),
        ...judged.figures,
      },
      failures,
    };
  } finally {
    await fleet.stop();
  }
}
