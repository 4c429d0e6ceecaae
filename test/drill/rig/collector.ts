import { localAssignment } from '../../../cli/local-assignment.ts';
import { CollectorParts } from '../../../collector/control/parts.ts';
import { Shard } from '../../../collector/control/shard.ts';
import type { FeedSpec } from '../../../contract/feed.ts';
import { systemClock, type Clock } from '../../../runtime/clock.ts';
import { createLogger } from '../../../runtime/log.ts';
import { NO_PROXIES } from '../../../runtime/proxies.ts';

export interface CollectorState {
  readonly symbols: number;
  readonly inSync: number;
  readonly queued: number;
  readonly gaps: number;
  readonly resyncs: number;
  /** Of session and delivery. */
  readonly counters: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
}

/** One feed's collector without its process: the real parts, wired as `collect -f` wires them. */
export class Collector {
  readonly name: string;
  readonly #shard: Shard;
  readonly #parts: CollectorParts;

  constructor(name: string, spec: FeedSpec, servers: readonly string[], clock: Clock = systemClock()) {
    this.name = name;
    const log = createLogger('drill', process.env['LOG_LEVEL'] ?? 'silent');
    const assignment = localAssignment({ metadata: { namespace: 'drill', name }, spec }, clock.nowMs());
    const startedMs = clock.nowMs();
    this.#parts = new CollectorParts({
      identity: { pod: name, replica: 'a', startedMs },
      clock,
      log,
      random: Math.random,
      control: null,
      pod: name,
      data: { credentialsFolder: null, tlsFolder: null },
      alwaysEnsureStreams: true,
      proxies: NO_PROXIES,
      spillFolder: null,
    });
    const writer = `${name}.${startedMs.toString(36)}`;
    const parts = this.#parts;
    this.#shard = new Shard({ parts, clock, log, random: Math.random, writer, awaitRollMs: 0 });
    const { effective } = assignment;
    const nats = { ...effective.nats, servers };
    this.#shard.offer({ ...assignment, effective: { ...effective, nats } }, 'file');
  }

  state(): CollectorState {
    const session = this.#shard.session?.status();
    const delivery = this.#shard.delivery?.status();
    const problems = [...this.#shard.problems, ...(session?.problems ?? []), ...(delivery?.problems ?? [])];
    return {
      symbols: session?.symbols.length ?? 0,
      inSync: session?.symbols.filter(({ state }) => state === 'inSync').length ?? 0,
      queued: (delivery?.publish.queued ?? 0) + (delivery?.publish.inFlight ?? 0),
      gaps: delivery?.gaps ?? 0,
      resyncs: session?.resyncs ?? 0,
      counters: { ...session?.counters, ...delivery?.counters },
      problems: problems.map(({ reason, message }) => `${reason}: ${message}`),
    };
  }

  async stop(): Promise<void> {
    await this.#shard.stopSession();
    await this.#shard.close();
    await this.#parts.close();
  }
}
