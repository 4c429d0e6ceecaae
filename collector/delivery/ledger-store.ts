import { JetStreamApiError } from '@nats-io/jetstream';
import type { KV } from '@nats-io/kv';
import { parseLedger, type ShardLedger } from '../../contract/ledger.ts';

const WRONG_LAST_SEQUENCE = new Set([10_071, 10_164]);
/** Two pods of a shard and two replicas write one key each two seconds: more than a few tries mean something else. */
const MAX_TRIES = 20;

/** One shard's ledger in the state bucket, changed only under its revision. */
export class LedgerStore {
  readonly #kv: KV;

  constructor(kv: KV) {
    this.#kv = kv;
  }

  async read(key: string): Promise<ShardLedger | undefined> {
    return (await this.#entry(key)).ledger;
  }

  /** Applies `edit` to what the key holds, again when another pod was faster. */
  async change(key: string, edit: (ledger: ShardLedger | undefined) => ShardLedger): Promise<ShardLedger> {
    for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
      const { ledger, revision } = await this.#entry(key);
      const edited = edit(ledger);
      if (edited === ledger) return edited;
      try {
        await this.#kv.put(key, JSON.stringify(edited), { previousSeq: revision });
        return edited;
      } catch (error) {
        if (!(error instanceof JetStreamApiError) || !WRONG_LAST_SEQUENCE.has(error.code)) throw error;
      }
    }
    throw new Error(`ledger ${key} changed under each of ${MAX_TRIES} tries`);
  }

  async keys(filter: string): Promise<readonly string[]> {
    const keys: string[] = [];
    for await (const key of await this.#kv.keys(filter)) keys.push(key);
    return keys;
  }

  async #entry(
    key: string,
  ): Promise<{ readonly ledger: ShardLedger | undefined; readonly revision: number }> {
    const entry = await this.#kv.get(key);
    if (entry === null) return { ledger: undefined, revision: 0 };
    if (entry.operation !== 'PUT') return { ledger: undefined, revision: entry.revision };
    const ledger = parseLedger(entry.json());
    // A ledger that cannot be read must not be written over: its counts would be lost.
    if (ledger === undefined) throw new Error(`ledger ${key} holds something else`);
    return { ledger, revision: entry.revision };
  }
}
