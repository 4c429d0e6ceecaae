import { isDeepStrictEqual } from 'node:util';
import type { EffectiveFeed } from '../contract/effective.ts';
import { Backoff } from '../runtime/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import type { WantedStream } from '../contract/streams.ts';
import { sharedWanted } from './plan/streams.ts';
import type { StreamObservation } from './plan/types.ts';
import type { StreamsApi } from './streams-api.ts';

export interface StreamKeeperOptions {
  /** `<namespace>/<fullname>`, in the metadata of every stream that is ours. */
  readonly owner: string;
  /** The servers of the control connection: feeds on others ensure their own streams. */
  readonly servers: readonly string[];
  readonly api: StreamsApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** What is observed of the stream of these feeds changed. */
  readonly onChange: (feedUids: readonly string[]) => void;
}

/** How often a stream that is well is looked at again; a deletion is announced besides. */
const LOOK_MS = 30_000;
const RETRY = { firstMs: 500, maxMs: 15_000 };

interface Kept {
  readonly feeds: Map<string, EffectiveFeed>;
  observation: StreamObservation;
  readonly backoff: Backoff;
  running: boolean;
  again: boolean;
  cancel: (() => void) | undefined;
}

/** Ensures the streams and the bucket of feeds that write where the operator is; one loop a data stream. */
export class StreamKeeper {
  readonly counters = { created: 0, updated: 0, failures: 0 };
  readonly #options: StreamKeeperOptions;
  readonly #streams = new Map<string, Kept>();

  constructor(options: StreamKeeperOptions) {
    this.#options = options;
  }

  /** What is known now; the first call for a feed, or one with other settings, sets the work going. */
  observe(feedUid: string, effective: EffectiveFeed): StreamObservation {
    if (!sameServers(effective.nats.servers, this.#options.servers)) {
      this.forget(feedUid);
      return { kind: 'delegated' };
    }
    const { name } = effective.stream;
    for (const [other, kept] of this.#streams) if (other !== name) this.#leave(other, kept, feedUid);
    let kept = this.#streams.get(name);
    if (kept === undefined) {
      const backoff = new Backoff({ ...RETRY, random: this.#options.random });
      kept = {
        feeds: new Map(),
        observation: { kind: 'pending' },
        backoff,
        running: false,
        again: false,
        cancel: undefined,
      };
      this.#streams.set(name, kept);
    }
    const before = kept.feeds.get(feedUid);
    if (before === undefined || !isDeepStrictEqual(streamSettings(before), streamSettings(effective))) {
      kept.feeds.set(feedUid, effective);
      this.#look(name, kept);
    }
    return kept.observation;
  }

  forget(feedUid: string): void {
    for (const [name, kept] of this.#streams) this.#leave(name, kept, feedUid);
  }

  /** The connection came (back), or a stream was announced as deleted: look at once. */
  lookNow(name?: string): void {
    for (const [stream, kept] of this.#streams)
      if (name === undefined || name === stream || name.startsWith('KV_') || name.endsWith('_GAPS')) {
        kept.backoff.reset();
        this.#look(stream, kept);
      }
  }

  stop(): void {
    for (const { cancel } of this.#streams.values()) cancel?.();
    this.#streams.clear();
  }

  #leave(name: string, kept: Kept, feedUid: string): void {
    if (!kept.feeds.delete(feedUid) || kept.feeds.size > 0) return;
    kept.cancel?.();
    this.#streams.delete(name);
  }

  #look(name: string, kept: Kept): void {
    kept.cancel?.();
    kept.cancel = undefined;
    kept.again = kept.running;
    if (kept.running) return;
    kept.running = true;
    void this.#ensure(kept).then((observation) => {
      kept.running = false;
      if (this.#streams.get(name) !== kept) return;
      this.#observed(kept, observation);
      if (kept.again) return this.#look(name, kept);
      const well = observation.kind === 'ready';
      if (well) kept.backoff.reset();
      const delayMs = well ? LOOK_MS : kept.backoff.nextMs();
      kept.cancel = this.#options.clock.after(delayMs, () => this.#look(name, kept));
    });
  }

  #observed(kept: Kept, observation: StreamObservation): void {
    const { observation: before } = kept;
    const same =
      before.kind === 'unreachable' && observation.kind === 'unreachable'
        ? before.message === observation.message
        : isDeepStrictEqual(before, observation);
    if (same) return;
    kept.observation =
      before.kind === 'unreachable' && observation.kind === 'unreachable'
        ? { ...observation, sinceMs: before.sinceMs }
        : observation;
    this.#options.onChange([...kept.feeds.keys()]);
  }

  async #ensure(kept: Kept): Promise<StreamObservation> {
    const { api, owner } = this.#options;
    const feeds = [...kept.feeds.values()];
    const [first] = feeds;
    if (first === undefined) return { kind: 'pending' };
    const [data, gap] = sharedWanted(feeds, owner);
    const bucket = await api.ensureBucket(first, owner);
    const observed = await this.#one(data);
    const gaps = await this.#one(gap);
    // The data stream's own trouble first; the bucket's and the gap stream's are trouble as well.
    for (const observation of [observed, gaps, bucket]) if (observation.kind !== 'ready') return observation;
    return observed;
  }

  async #one(wanted: WantedStream): Promise<StreamObservation> {
    const { api, log } = this.#options;
    const result = await api.ensureStream(wanted);
    if (result.did === 'created') {
      this.counters.created += 1;
      log.info({ stream: wanted.name, subjects: wanted.subjects }, 'stream created');
    } else if (result.did === 'updated') {
      this.counters.updated += 1;
      log.info({ stream: wanted.name, changed: result.changed }, 'stream updated');
    }
    if (result.observation.kind !== 'ready') this.counters.failures += 1;
    return result.observation;
  }
}

const streamSettings = ({ stream, gapStream, nats, streams, exchange, market }: EffectiveFeed): unknown => ({
  stream,
  gapStream,
  subjects: nats.subjects,
  streams,
  exchange,
  market,
});

/** By host and port: a scheme or an order more or less is the same place. */
function sameServers(a: readonly string[], b: readonly string[]): boolean {
  const plain = (servers: readonly string[]): readonly string[] =>
    servers.map((server) => server.replace(/^[a-z]+:\/\//, '').replace(/^([^:]+)$/, '$1:4222')).sort();
  return isDeepStrictEqual(plain(a), plain(b));
}
