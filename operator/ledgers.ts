import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { STATE_BUCKET } from '../contract/effective.ts';
import { ledgerKey, parseLedger, type ShardLedger } from '../contract/ledger.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';

export type ReadLedger = { readonly shard: number; readonly ledger: ShardLedger };

export interface LedgerBookOptions {
  /** The ledgers of a feed in the bucket; throws when NATS is away. */
  readonly read: (feedUid: string) => Promise<readonly ReadLedger[]>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onChange: (feedUid: string) => void;
}

/** How often the bucket is asked about a feed that nobody reports for. */
const AGAIN_MS = 5_000;
/** Feeds asked about at once; the rest at their next reconcile or sweep. */
const WIDTH = 8;

interface Entry {
  ledgers: readonly ReadLedger[];
  text: string;
  askedMs: number;
}

/** Ledgers of shards that have no pod to report them: after the operator's start, while paused, after a scale down. */
export class LedgerBook {
  readonly counters = { reads: 0, failures: 0 };
  readonly #options: LedgerBookOptions;
  readonly #feeds = new Map<string, Entry>();
  readonly #wanted = new Set<string>();
  #running = 0;

  constructor(options: LedgerBookOptions) {
    this.#options = options;
  }

  /** What was read last; `silent`: some shard of the feed has no fresh report, so ask (again, after a while). */
  of(feedUid: string, silent: boolean): readonly ReadLedger[] {
    const entry = this.#feeds.get(feedUid);
    const nowMs = this.#options.clock.nowMs();
    if (silent && (entry === undefined || nowMs - entry.askedMs >= AGAIN_MS)) {
      this.#wanted.add(feedUid);
      this.#next();
    }
    return entry?.ledgers ?? [];
  }

  forget(feedUid: string): void {
    this.#feeds.delete(feedUid);
    this.#wanted.delete(feedUid);
  }

  #next(): void {
    for (const feedUid of this.#wanted) {
      if (this.#running >= WIDTH) return;
      this.#wanted.delete(feedUid);
      this.#running += 1;
      const entry = this.#feeds.get(feedUid) ?? { ledgers: [], text: '[]', askedMs: 0 };
      entry.askedMs = this.#options.clock.nowMs();
      this.#feeds.set(feedUid, entry);
      void this.#read(feedUid, entry).finally(() => {
        this.#running -= 1;
        this.#next();
      });
    }
  }

  async #read(feedUid: string, entry: Entry): Promise<void> {
    this.counters.reads += 1;
    try {
      const ledgers = await this.#options.read(feedUid);
      const text = JSON.stringify(ledgers);
      if (text === entry.text || this.#feeds.get(feedUid) !== entry) return;
      entry.ledgers = ledgers;
      entry.text = text;
      this.#options.onChange(feedUid);
    } catch (error) {
      // NATS is away or has no bucket yet: what was read before stays, and it is asked again.
      this.counters.failures += 1;
      this.#options.log.debug({ err: error, feedUid }, 'ledgers could not be read');
    }
  }
}

const TIMEOUT_MS = 5_000;
/** The highest number of shards that the schema allows; keys beyond are not ours. */
const MOST_SHARDS = 2_000;

export function bucketReader(connection: () => NatsConnection | undefined): LedgerBookOptions['read'] {
  return async (feedUid) => {
    const nats = connection();
    if (nats === undefined) throw new Error('not connected to the control NATS');
    const bucket = await new Kvm(jetstream(nats, { timeout: TIMEOUT_MS })).open(STATE_BUCKET);
    const prefix = ledgerKey(feedUid, 0).slice(0, -1);
    const found: ReadLedger[] = [];
    for await (const key of await bucket.keys(`${prefix}*`)) {
      const shard = Number(key.slice(prefix.length));
      if (!Number.isInteger(shard) || shard < 0 || shard >= MOST_SHARDS) continue;
      const value = await bucket.get(key);
      const ledger = value?.operation === 'PUT' ? parseLedger(JSON.parse(value.string())) : undefined;
      if (ledger !== undefined) found.push({ shard, ledger });
    }
    return found.sort((a, b) => a.shard - b.shard);
  };
}
