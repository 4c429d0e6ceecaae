import { jetstream } from '@nats-io/jetstream';
import { Kvm, type KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import {
  CATALOGUE_BUCKET,
  indexKey,
  instrumentEntry,
  instrumentKey,
  instrumentPrefix,
  parseIndex,
  type CatalogueIndex,
  type CatalogueMarket,
} from '../../contract/catalogue.ts';
import type { Instrument } from '../../contract/instrument.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';

export interface CatalogueWriterOptions {
  readonly market: CatalogueMarket;
  /** Undefined while NATS is away: what is offered then waits, the newest alone. */
  readonly connection: () => NatsConnection | undefined;
  readonly domain: string | null;
  /** The feed's UID: of several feeds of one market the one that wrote last goes on. */
  readonly writer: string;
  /** A writer that has said nothing for so long is no more. */
  readonly staleMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

const RETRY_MS = 5_000;
/** Puts under way at once. */
const WIDTH = 32;
/** Marks of deleted instruments are removed once everybody has seen them. */
const KEPT_MARKS_MS = 86_400_000;

interface Read {
  readonly instruments: readonly Instrument[];
  readonly readUs: number;
}

/** One market's instruments in the catalogue bucket: what changed is written, then the index, under its revision. */
export class CatalogueWriter {
  readonly counters = {
    catalogueWrites: 0,
    catalogueDeletes: 0,
    catalogueLeft: 0,
    catalogueWriteFailures: 0,
  };
  readonly #options: CatalogueWriterOptions;
  /** What the bucket holds, while nobody else has written the index. */
  #held: { readonly entries: Map<string, string>; indexRevision: number } | undefined;
  #newest: Read | undefined;
  #writing: Promise<void> | undefined;
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(options: CatalogueWriterOptions) {
    this.#options = options;
  }

  offer(instruments: readonly Instrument[]): void {
    this.#newest = { instruments, readUs: this.#options.clock.nowUs() };
    this.#next();
  }

  /** Resolves when nothing is being written any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#writing;
  }

  #next(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const read = this.#newest;
    if (this.#stopped || this.#writing !== undefined || read === undefined) return;
    this.#writing = this.#write(read)
      .then(() => {
        if (this.#newest === read) this.#newest = undefined;
      })
      .catch((error: unknown) => {
        this.counters.catalogueWriteFailures += 1;
        this.#held = undefined;
        this.#options.log.debug({ err: error }, 'the catalogue could not be written');
        if (!this.#stopped) this.#cancel = this.#options.clock.after(RETRY_MS, () => this.#next());
      })
      .finally(() => {
        this.#writing = undefined;
        if (this.#cancel === undefined && this.#newest !== undefined) this.#next();
      });
  }

  async #write({ instruments, readUs }: Read): Promise<void> {
    const { market, writer, staleMs, domain } = this.#options;
    const connection = this.#options.connection();
    if (connection === undefined) throw new Error('not connected');
    const kv = await new Kvm(jetstream(connection, domain === null ? {} : { domain })).open(CATALOGUE_BUCKET);
    const found = await kv.get(indexKey(market));
    const index = found?.operation === 'PUT' ? parseIndex(found.string()) : undefined;
    if (index !== undefined && index.writer !== writer && readUs - index.readTime < staleMs * 1_000) {
      this.counters.catalogueLeft += 1;
      this.#held = undefined;
      return;
    }
    const indexRevision = found?.revision ?? 0;
    if (this.#held?.indexRevision !== indexRevision)
      this.#held = { entries: await entriesOf(kv, instrumentPrefix(market)), indexRevision };
    const changed = await this.#writeEntries(kv, instruments, this.#held.entries);
    const next: CatalogueIndex = {
      v: 1,
      exchange: market.exchange,
      market: market.market,
      settlement: market.settle,
      revision: (index?.revision ?? 0) + (changed || index === undefined ? 1 : 0),
      instruments: instruments.length,
      trading: instruments.filter(({ trading }) => trading).length,
      readTime: readUs,
      writer,
    };
    // Refused when another pod of the feed was faster: what it wrote is read the next time.
    this.#held.indexRevision = await kv.put(indexKey(market), JSON.stringify(next), {
      previousSeq: indexRevision,
    });
  }

  /** True when something changed. */
  async #writeEntries(
    kv: KV,
    instruments: readonly Instrument[],
    held: Map<string, string>,
  ): Promise<boolean> {
    const { market } = this.#options;
    const wanted = new Map(
      instruments.map((one) => [
        instrumentKey(market, one.symbol),
        JSON.stringify(instrumentEntry(market, one)),
      ]),
    );
    const gone = [...held.keys()].filter((key) => !wanted.has(key));
    const changed = [...wanted].filter(([key, text]) => held.get(key) !== text);
    await inTurns(changed, async ([key, text]) => {
      await kv.put(key, text);
      held.set(key, text);
      this.counters.catalogueWrites += 1;
    });
    await inTurns(gone, async (key) => {
      await kv.delete(key);
      held.delete(key);
      this.counters.catalogueDeletes += 1;
    });
    if (gone.length > 0) await removeMarks(kv);
    return changed.length + gone.length > 0;
  }
}

async function entriesOf(kv: KV, prefix: string): Promise<Map<string, string>> {
  const entries = new Map<string, string>();
  for await (const entry of await kv.history({ key: `${prefix}>` }))
    if (entry.operation === 'PUT') entries.set(entry.key, entry.string());
  return entries;
}

async function removeMarks(kv: KV): Promise<void> {
  const { purgeDeletes } = kv as KV & { purgeDeletes?: (olderMs: number) => Promise<unknown> };
  await purgeDeletes?.call(kv, KEPT_MARKS_MS);
}

async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += WIDTH)
    await Promise.all(items.slice(at, at + WIDTH).map((item) => work(item)));
}
