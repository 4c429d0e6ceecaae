// A venue, a NATS and the collector pods of one feed, all as processes; the drill is the operator.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { ASSIGNMENT_KEY, type Assignment } from '../../../contract/assignment.ts';
import { assignSubject } from '../../../contract/control.ts';
import { effectiveFeed, type EffectiveFeed } from '../../../contract/effective.ts';
import type { BufferSpec, JetstreamSpec } from '../../../contract/feed.ts';
import { wantedStreams } from '../../../contract/streams.ts';
import { judgeDelivery, type Judged } from './delivery-judge.ts';
import { disagreements, verifyStream } from './judges.ts';
import { Pod, type PodStats } from './pod.ts';
import { until, type DrillResult } from './result.ts';
import { VenueProcess } from './venue-process.ts';
import { bookText } from './venues.ts';
import { Watch } from './watch.ts';

const UID = 'drill-uid';
export const SYMBOLS = ['BTC-USDT', 'ETH-USDT'] as const;
export const INSTRUMENTS = ['BTCUSDT', 'ETHUSDT'] as const;

/** The server, or the cluster, that the drill breaks. */
export interface Broker {
  /** Where the pods connect. */
  readonly urls: string;
  connect(): Promise<NatsConnection>;
  stop(): Promise<void>;
}

export interface DeliveryDrillOptions {
  readonly redundancy: 1 | 2;
  readonly broker: Broker;
  readonly venue?: readonly string[];
  /** Of the installation, which is what its shared streams follow. */
  readonly jetstream?: JetstreamSpec;
  readonly buffer?: BufferSpec;
  readonly restDepth?: number;
  /** Where the pods spill; else in a folder of the drill's. */
  readonly spillRoot?: string;
}

export class DeliveryDrill {
  readonly #options: DeliveryDrillOptions;
  readonly #folder: string;
  readonly venue: VenueProcess;
  readonly pods: readonly Pod[];
  readonly watch: Watch;
  readonly effective: EffectiveFeed;
  readonly operator: NatsConnection;
  #ended = false;

  private constructor(
    options: DeliveryDrillOptions,
    parts: Pick<DeliveryDrill, 'venue' | 'pods' | 'effective' | 'operator'> & { readonly folder: string },
  ) {
    this.#options = options;
    this.#folder = parts.folder;
    this.venue = parts.venue;
    this.pods = parts.pods;
    this.effective = parts.effective;
    this.operator = parts.operator;
    this.watch = new Watch(parts.pods);
  }

  static async start(options: DeliveryDrillOptions): Promise<DeliveryDrill> {
    const { broker, redundancy } = options;
    const folder = await mkdtemp(join(tmpdir(), 'marketprism-drill-'));
    const venue = await VenueProcess.start(options.venue ?? ['--rate', '100']);
    const effective = effectiveOf(options, venue);
    const operator = await broker.connect();
    await makeStreams(operator, effective);
    await writeFile(join(folder, ASSIGNMENT_KEY), JSON.stringify(assignmentOf(effective, 1, SYMBOLS)));
    const replicas = (['a', 'b'] as const).slice(0, redundancy);
    const spillOf = (replica: string): string => join(options.spillRoot ?? folder, `spill-${replica}`);
    for (const replica of replicas) await mkdir(spillOf(replica));
    const pods = replicas.map(
      (replica) =>
        new Pod({
          name: `pod-${replica}`,
          replica,
          folder,
          spillFolder: spillOf(replica),
          nats: broker.urls,
        }),
    );
    const drill = new DeliveryDrill(options, { folder, venue, pods, effective, operator });
    for (const pod of pods) pod.start();
    return drill;
  }

  /** Every subject got something behind what the venue had: no loss at the end that nobody could know of yet. */
  async moved(): Promise<void> {
    const before = await Promise.all(INSTRUMENTS.map((name) => this.venue.lastTradeId(name)));
    await until('trades and book updates of every symbol', async () => {
      const { read } = await judgeDelivery(this.operator, this.#target);
      return SYMBOLS.every((symbol, index) => {
        const trades = read.trades.get(`trade.binance.${symbol}`) ?? [];
        return trades.some(({ id, backfilled }) => !backfilled && Number(id) > (before[index] ?? 0));
      });
    });
  }

  get #target(): { readonly stream: string; readonly writers: number } {
    return { stream: this.effective.stream.name, writers: this.pods.length };
  }

  /** All symbols in sync on every pod, and records stored. */
  async flows(records = 200): Promise<void> {
    await this.caughtUp();
    const before = await this.stored();
    await until('records', async () => (await this.stored()) >= before + records);
  }

  /** Connected, in sync, the queue and the disk as good as empty, on every pod. */
  async caughtUp(): Promise<void> {
    for (const pod of this.pods) await this.#until(pod, 'to catch up', isCaughtUp);
  }

  /** Records of the stream; waits for a NATS that is away. */
  async stored(): Promise<number> {
    const manager = await jetstreamManager(this.operator, { checkAPI: false });
    let stored: number | undefined;
    await until('the stream to answer', async () => {
      const info = await manager.streams.info(this.effective.stream.name).catch(() => undefined);
      stored = info?.state.messages;
      return stored !== undefined;
    });
    return stored ?? 0;
  }

  /**
   * Ends the flow at the venue, waits until everything has arrived, and judges. `verified`: nothing may be missing, and
   * `verify` has to say so; otherwise what is missing has to be stated.
   */
  async judge(verified: boolean): Promise<DrillResult & { readonly judged: Judged }> {
    const failures: string[] = [];
    const { urls } = this.#options.broker;
    await this.caughtUp();
    await this.venue.pause();
    for (const pod of this.pods)
      await this.#until(pod, 'to publish the rest', ({ publish }) =>
        [publish.queued, publish.inFlight, publish.spilledBytes].every((left) => left === 0),
      );
    let judged = await judgeDelivery(this.operator, this.#target);
    const arrived = async (): Promise<boolean> => {
      judged = await judgeDelivery(this.operator, this.#target);
      return judged.unstated.length === 0 && (await this.#behind(judged)).length === 0;
    };
    await until('everything to be there or to be stated', arrived).catch(async (error: unknown) => {
      failures.push(String(error), ...(await this.#behind(judged)));
    });
    const dropped = await this.watch.end();
    failures.push(
      ...judged.faults,
      ...judged.unstated.slice(0, 10).map((range) => `missing and not stated: ${range}`),
      ...judged.overstated.slice(0, 10).map((range) => `stated and not missing: ${range}`),
    );
    const missing = judged.bookJumps.length + judged.missingTrades.length;
    if (verified && missing > 0) failures.push(`${missing} ranges are missing`);
    const verify = await verifyStream(urls, verified ? [] : ['--allow-recorded']);
    if (!verify.ok) failures.push(`verify: ${verify.said}`);
    const differs = await disagreements(urls, this.#target.stream, verify);
    failures.push(...differs);
    if (failures.length > 0)
      for (const pod of this.pods) failures.push(`${pod.name}: ${JSON.stringify(await countersOf(pod))}`);
    failures.push(...(await this.#endPods()));
    const figures = {
      ...judged.figures,
      verify: verify.ok ? 'exit 0' : 'does not hold',
      'the Python examples': differs.length === 0 ? 'the same books, digests, holes' : 'disagrees',
      'most on disk, in a queue': `${this.watch.mostSpilled} bytes, ${this.watch.mostQueued} records`,
      'dropped by the queues': String(dropped),
      'the status said meanwhile': this.watch.said.size === 0 ? 'nothing' : [...this.watch.said].join('; '),
    };
    return { figures, failures, judged };
  }

  /** Whatever happened before. */
  async stop(): Promise<void> {
    await this.watch.end();
    for (const pod of this.pods) await pod.kill();
    await this.venue.end();
    await this.operator.close();
    await this.#options.broker.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Books and trades of the stream that are not what the venue has at its end. */
  async #behind({ read }: Judged): Promise<string[]> {
    const behind: string[] = [];
    for (const [index, symbol] of SYMBOLS.entries()) {
      const instrument = INSTRUMENTS[index] ?? '';
      const truth = await this.venue.book(instrument);
      const book = read.books.get(`orderbook.binance.${symbol}`);
      if (book?.id !== truth.lastUpdateId)
        behind.push(`${symbol}: the book ends at ${book?.id}, the venue's at ${truth.lastUpdateId}`);
      else if (top(book.bids, -1) !== top(truth.bids, -1) || top(book.asks, 1) !== top(truth.asks, 1))
        behind.push(`${symbol}: the best levels are not the venue's`);
      // More of them than a call takes arguments.
      const ends = (read.trades.get(`trade.binance.${symbol}`) ?? []).reduce(
        (highest, { id }) => Math.max(highest, Number(id)),
        0,
      );
      const last = await this.venue.lastTradeId(instrument);
      if (ends !== last) behind.push(`${symbol}: trades end at ${ends}, the venue's at ${last}`);
    }
    return behind;
  }

  async #until(pod: Pod, what: string, isSo: (stats: PodStats) => boolean): Promise<void> {
    let last: unknown;
    await until(`${pod.name} ${what}`, async () => {
      const stats = await pod.stats();
      last = stats?.publish ?? last;
      return stats !== undefined && isSo(stats);
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${JSON.stringify(last)} ${pod.tail()}`);
    });
  }

  /** Nobody is to come: each ends at once, its count closed. */
  async #endPods(): Promise<string[]> {
    if (this.#ended) return [];
    this.#ended = true;
    const { feed, shard } = assignmentOf(this.effective, 1, []);
    this.operator.publish(
      assignSubject(feed.uid, shard),
      JSON.stringify(assignmentOf(this.effective, Number.MAX_SAFE_INTEGER, [])),
    );
    for (const pod of this.pods)
      await this.#until(pod, 'to collect nothing', ({ symbols }) => symbols?.inSync === 0);
    const codes = await Promise.all(this.pods.map((pod) => pod.end()));
    return codes.flatMap((code, index) =>
      code === 0 ? [] : [`${this.pods[index]?.name} ended with ${code}`],
    );
  }
}

async function countersOf(pod: Pod): Promise<Readonly<Record<string, number>>> {
  const stats = await pod.stats();
  return { ...stats?.publish.counters, ...stats?.venue.counters };
}

export function isCaughtUp({ publish, symbols }: PodStats): boolean {
  const { connected, queued, spilledBytes } = publish;
  return connected && queued < 100 && spilledBytes === 0 && symbols?.inSync === SYMBOLS.length;
}

/** The best of one side, as far as every book knows them. `direction`: 1 ascending. */
export function top(side: Iterable<readonly [string, string]>, direction: 1 | -1): string {
  const sorted = [...side].toSorted(([a], [b]) => direction * (Number(a) - Number(b)));
  return bookText(sorted.slice(0, 50), []);
}

function effectiveOf(options: DeliveryDrillOptions, venue: VenueProcess): EffectiveFeed {
  const { redundancy, broker, jetstream = {}, buffer = {}, restDepth = 1_000 } = options;
  return effectiveFeed(
    {
      spec: {
        exchange: 'binance',
        market: 'spot',
        symbols: SYMBOLS,
        streams: ['orderbook', 'trade'],
        redundancy,
        orderbook: { restDepth },
        endpoints: { websocket: venue.websocket, rest: venue.rest },
      },
    },
    { nats: { servers: broker.urls.split(',') }, jetstream, buffer },
  );
}

function assignmentOf(effective: EffectiveFeed, epoch: number, symbols: readonly string[]): Assignment {
  return {
    v: 1,
    epoch,
    feed: { namespace: 'drill', name: 'drill', uid: UID },
    shard: 0,
    shards: 1,
    symbols,
    effective,
    budget: { weightPerMinute: 4_800, connections: 240 },
  };
}

/** What the operator owns. */
export async function makeStreams(operator: NatsConnection, effective: EffectiveFeed): Promise<void> {
  const { streams } = await jetstreamManager(operator);
  for (const stream of wantedStreams(effective, 'operator')) await streams.add(stream);
  await new Kvm(operator).create('MARKETPRISM', { replicas: effective.stream.replicas });
}
