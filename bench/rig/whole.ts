// The whole way: a simulated venue and a nats-server on one core, a collector process as users start it on the other.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { MALLOC_OPTIONS, YOUNG_OPTION } from '../../contract/process.ts';
import {
  marketprism,
  portOf,
  startVenue,
  statusOf,
  type Command,
  type Venue,
} from '../../test/integration/collect/rig.ts';
import { startNats, type NatsServer } from '../../test/support/nats.ts';
import { pin } from './cores.ts';

export const CORES = { collector: 0, others: 1 };
const STREAM = 'MARKET_DATA';

export interface WholeOptions {
  readonly symbols: readonly string[];
  /** Book and trade events a second and symbol. */
  readonly rate: number;
  readonly spec?: string;
}

export interface RunningCollector {
  readonly command: Command;
  readonly port: number;
}

/** What the process says of itself. */
export interface Usage {
  readonly atMs: number;
  readonly cpuMs: number;
  readonly rssBytes: number;
  readonly gcLongestMs: number;
}

interface Hidden {
  readonly folder: string;
  readonly manager: JetStreamManager;
}

export class Whole {
  readonly nats: NatsServer;
  readonly venue: Venue;
  readonly symbols: readonly string[];
  readonly #folder: string;
  readonly #manager: JetStreamManager;

  private constructor(parts: Pick<Whole, 'nats' | 'venue' | 'symbols'> & Hidden) {
    this.nats = parts.nats;
    this.venue = parts.venue;
    this.symbols = parts.symbols;
    this.#folder = parts.folder;
    this.#manager = parts.manager;
  }

  static async start({ symbols, rate, spec = '' }: WholeOptions): Promise<Whole> {
    const nats = await startNats();
    const venue = await startVenue('--symbols', symbols.join(','), '--rate', String(rate));
    await pin(nats.pid, CORES.others);
    await pin(venue.command.child.pid, CORES.others);
    const folder = await mkdtemp(join(tmpdir(), 'marketprism-bench-'));
    const at = `127.0.0.1:${venue.port}`;
    await writeFile(
      join(folder, 'feed.yaml'),
      `apiVersion: marketprism.io/v1alpha1
kind: CollectorFeed
metadata: { name: bench }
spec:
  { exchange: binance, market: spot, symbols: [${symbols.join(', ')}], streams: [orderbook, trade], ${spec} endpoints: { websocket: "ws://${at}", rest: "http://${at}" } }
`,
    );
    const manager = await jetstreamManager(await nats.connect(), { checkAPI: false });
    return new Whole({ nats, venue, symbols, folder, manager });
  }

  /** As `bin/marketprism.js` starts it, without that process before it. */
  async collect(): Promise<RunningCollector> {
    const args = ['collect', '--port', '0', '-f', join(this.#folder, 'feed.yaml')];
    const env = { NATS_URL: this.nats.url, NODE_OPTIONS: YOUNG_OPTION, ...MALLOC_OPTIONS };
    const command = marketprism(args, env);
    await pin(command.child.pid, CORES.collector);
    return { command, port: await portOf(command) };
  }

  async inSync({ port }: RunningCollector): Promise<void> {
    const { length } = this.symbols;
    // A budget of weight may let many books wait for minutes.
    while ((await statusOf(port)).data.collection_stats.symbols?.inSync !== length) await delay(250);
  }

  async stored(): Promise<number> {
    return (await this.#manager.streams.info(STREAM)).state.messages;
  }

  async end({ command }: RunningCollector): Promise<void> {
    await command.ended('SIGTERM');
  }

  async stop(): Promise<void> {
    await this.venue.command.ended('SIGKILL');
    await this.nats.stop();
    await rm(this.#folder, { recursive: true });
  }
}

export async function usageOf({ port }: RunningCollector): Promise<Usage> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const read = (name: string): number =>
    Number(new RegExp(`^marketprism_${name} ([0-9.e+-]+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
  const longest = [
    ...text.matchAll(/^marketprism_nodejs_gc_duration_seconds_bucket\{le="([0-9.]+)",.*\} (\d+)$/gm),
  ];
  const kinds = Map.groupBy(longest, ([line]) => /kind="(\w+)"/.exec(line)?.[1] ?? '');
  const bounds = [...kinds.values()].map((buckets) => {
    const total = Number(buckets.at(-1)?.[2] ?? 0);
    return Number(buckets.find(([, , count]) => Number(count) >= 0.99 * total)?.[1] ?? 0) * 1_000;
  });
  return {
    atMs: performance.now(),
    cpuMs: read('process_cpu_seconds_total') * 1_000,
    rssBytes: read('process_resident_memory_bytes'),
    gcLongestMs: Math.max(0, ...bounds),
  };
}
