// The chart on the real two-node cluster, one feed of two shards; venue and NATS outside, so that draining a node takes neither.
import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  apply,
  getFeed,
  install,
  isTrue,
  kubectl,
  tryRun,
  waitFor,
  waitForFeed,
  type Installation,
  type SeenFeed,
} from '../../support/cluster.ts';
import { startNats, type NatsServer } from '../../support/nats.ts';
import { HOST, startVenue, type SimulatedVenue } from '../../support/venue.ts';

const NAME = 'majors';
const OPERATOR = 'app.kubernetes.io/component=operator';
const COLLECTORS = 'app.kubernetes.io/name=marketprism-collector';
export const STREAM = 'MARKET_DATA';
/** Collected all the time: of these nothing may be missing. */
export const STEADY = ['BTC-USDT', 'ETH-USDT', 'LTC-USDT', 'XRP-USDT'];
/** Comes and goes. */
export const PASSING = 'SOL-USDT';
const READY_MS = 180_000;

export interface NodeClusterOptions {
  readonly namespace: string;
  readonly collectors: number;
  /** Updates of a symbol in a second. */
  readonly rate?: number;
  /** Of a collector's processor; one that has too little of it is not waited for. */
  readonly cpu?: string;
  /** Of the chart. */
  readonly values?: readonly string[];
}

/** A Deployment of collectors as it is. */
export interface SeenDeployment {
  readonly name: string;
  readonly image: string;
  readonly isRolling: boolean;
}

export class NodeCluster {
  readonly nats: NatsServer;
  readonly venue: SimulatedVenue;
  readonly reader: NatsConnection;
  readonly #installation: Installation;
  readonly #namespace: string;

  private constructor(
    parts: Pick<NodeCluster, 'nats' | 'venue' | 'reader'> & { readonly installation: Installation },
    namespace: string,
  ) {
    this.nats = parts.nats;
    this.venue = parts.venue;
    this.reader = parts.reader;
    this.#installation = parts.installation;
    this.#namespace = namespace;
  }

  static async start(options: NodeClusterOptions): Promise<NodeCluster> {
    const { namespace, collectors, rate = 50, cpu, values = [] } = options;
    const nats = await startNats({ host: HOST });
    const venue = await startVenue(['--symbols', [...STEADY, PASSING].join(','), '--rate', String(rate)]);
    const installation = await install(namespace, [
      'simulator.enabled=false',
      'nats.enabled=false',
      `nats.servers={${nats.url}}`,
      'operator.replicas=2',
      ...values,
    ]);
    const reader = await nats.connect();
    const cluster = new NodeCluster({ nats, venue, reader, installation }, namespace);
    await apply(`apiVersion: marketprism.io/v1alpha1
kind: CollectorFeed
metadata: { name: ${NAME}, namespace: ${namespace} }
spec:
  exchange: binance
  market: spot
  symbols: [${STEADY.join(', ')}]
  streams: [orderbook, trade]
  sharding: { collectors: ${collectors} }
  endpoints: { websocket: "${venue.socket}", rest: "${venue.url}" }
${cpu === undefined ? '' : `  template: { resources: { limits: { cpu: "${cpu}" } } }\n`}`);
    if (cpu === undefined) await cluster.settled('the feed');
    return cluster;
  }

  kubectl(...args: readonly string[]): Promise<string> {
    return kubectl(['--namespace', this.#namespace, ...args]);
  }

  feed(): Promise<SeenFeed> {
    return getFeed(this.#namespace, NAME);
  }

  patch(spec: unknown): Promise<string> {
    return this.kubectl('patch', 'collectorfeed', NAME, '--type=merge', '-p', JSON.stringify({ spec }));
  }

  scale(replicas: number): Promise<string> {
    return this.kubectl('scale', 'collectorfeed', NAME, `--replicas=${replicas}`);
  }

  async pods(): Promise<readonly string[]> {
    return (await this.kubectl('get', 'pods', '-l', COLLECTORS, '-o', 'name')).split('\n').filter(Boolean);
  }

  async deployments(): Promise<readonly SeenDeployment[]> {
    interface Live {
      readonly metadata: { readonly name: string; readonly generation: number };
      readonly spec: {
        readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
      };
      readonly status: {
        readonly observedGeneration?: number;
        readonly replicas?: number;
        readonly updatedReplicas?: number;
      };
    }
    const text = await this.kubectl('get', 'deployments', '-l', COLLECTORS, '-o', 'json');
    return (JSON.parse(text) as { readonly items: readonly Live[] }).items.map(
      ({ metadata: { name, generation }, spec, status }) => ({
        name,
        image: spec.template.spec.containers[0]?.image ?? '',
        isRolling:
          (status.observedGeneration ?? 0) < generation ||
          (status.replicas ?? 0) > (status.updatedReplicas ?? 0),
      }),
    );
  }

  async operatorPods(): Promise<readonly string[]> {
    return (await this.kubectl('get', 'pods', '-l', OPERATOR, '-o', 'name')).split('\n').filter(Boolean);
  }

  /** The spec is carried out, every shard runs, data flows, no pod is on its way out, and more is stored than before. */
  async settled(after: string): Promise<number> {
    const begunMs = performance.now();
    const before = (await this.feed()).status?.messages?.total ?? 0;
    await waitForFeed(
      { namespace: this.#namespace, name: NAME, timeoutMs: READY_MS },
      `Ready after ${after}`,
      (feed) => {
        const { observedGeneration, messages, conditions } = feed.status ?? {};
        const reconciling = conditions?.find(({ type }) => type === 'Reconciling')?.status;
        return (
          observedGeneration === feed.metadata.generation &&
          reconciling === 'False' &&
          isTrue(feed, 'Ready') &&
          (messages?.total ?? 0) > before
        );
      },
    );
    await waitFor(`pods at rest after ${after}`, READY_MS, async () => {
      const path = 'jsonpath={range .items[*]}{.metadata.deletionTimestamp}{end}';
      return (await this.kubectl('get', 'pods', '-l', COLLECTORS, '-o', path)) === '' || undefined;
    });
    return performance.now() - begunMs;
  }

  /** As an administrator does it; the node takes pods again afterwards. */
  async drain(node: string, whileDrained: () => Promise<unknown>): Promise<void> {
    const pods = `--namespace=${this.#namespace}`;
    const drained = await tryRun('kubectl', [
      'drain',
      node,
      '--ignore-daemonsets',
      '--delete-emptydir-data',
      '--timeout=240s',
      '--pod-selector=app.kubernetes.io/name in (marketprism-collector,marketprism)',
      pods,
    ]);
    try {
      if (!drained.ok) throw new Error(`kubectl drain ${node}: ${drained.stderr}`);
      await whileDrained();
    } finally {
      await kubectl(['uncordon', node]);
    }
  }

  /** Records in the stream, however the cluster is. */
  async stored(): Promise<number> {
    const manager = await jetstreamManager(this.reader, { checkAPI: false });
    return (await manager.streams.info(STREAM)).state.messages;
  }

  /** Its process stands still: connections stay open, and nothing is answered. */
  async apiServerStopped(forMs: number, meanwhile: () => Promise<void>): Promise<void> {
    const listed = await tryRun('bash', ['-c', '. test/cluster/lib.sh; pids_of kube-apiserver']);
    const pids = listed.stdout.split(/\s+/).filter(Boolean).map(Number);
    if (pids.length === 0) throw new Error(`no kube-apiserver runs on this machine: ${listed.stderr}`);
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    try {
      await Promise.all([delay(forMs), meanwhile()]);
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    }
    await waitFor('the API server to answer', 60_000, async () => {
      return (await tryRun('kubectl', ['get', '--raw', '/readyz'])).ok || undefined;
    });
  }

  /** The eviction API, which asks PodDisruptionBudgets. */
  async evict(pod: string): Promise<void> {
    const name = pod.replace(/^pod\//, '');
    const body = {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name, namespace: this.#namespace },
    };
    const path = `/api/v1/namespaces/${this.#namespace}/pods/${name}/eviction`;
    await kubectl(['create', '--raw', path, '-f', '-'], JSON.stringify(body));
  }

  /** The installation's image under another tag. */
  async otherImage(tag: string): Promise<string> {
    const path = 'jsonpath={.items[0].spec.template.spec.containers[0].image}';
    const image = await this.kubectl('get', 'deployments', '-l', OPERATOR, '-o', path);
    const other = image.replace(/:[^:/]*$/, `:${tag}`);
    const tagged = await tryRun('test/cluster/tag-image.sh', [image, other]);
    if (!tagged.ok) throw new Error(tagged.stderr);
    return other;
  }

  async stop(): Promise<void> {
    await this.#installation.uninstall();
    this.venue.stop();
    await this.nats.stop();
  }
}
