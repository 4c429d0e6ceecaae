import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import {
  CATALOGUE_BUCKET,
  catalogueMarket,
  indexKey,
  instrumentPrefix,
  parseIndex,
  parseSelectable,
  type CatalogueMarket,
} from '../contract/catalogue.ts';
import type { EffectiveFeed } from '../contract/effective.ts';
import type { Selectable } from '../contract/selector.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import type { CatalogueObservation } from './plan/types.ts';
import { ensureCatalogueBucket } from './streams-api.ts';

/** Which state of a market's list was read. */
export interface CatalogueMark {
  readonly revision: number;
  readonly writer: string;
}

/** The catalogue bucket as the book needs it; both throw while NATS is away. */
export interface CatalogueSource {
  /** Undefined: no collector has written this market yet. */
  mark(market: CatalogueMarket): Promise<CatalogueMark | undefined>;
  /** Every instrument of the market, at most `most`; more is an error. */
  read(market: CatalogueMarket, most: number): Promise<readonly Selectable[]>;
}

export interface CatalogueBookOptions {
  readonly source: CatalogueSource;
  readonly clock: Clock;
  readonly log: Logger;
  /** What is known of the markets of these feeds changed. */
  readonly onChange: (feedUids: readonly string[]) => void;
}

/** One small read a market; its instruments are read only when they changed. */
const LOOK_MS = 5_000;
/** Markets of all venues and addresses; and instruments of one, of which the largest has some thousands. */
const MOST_MARKETS = 100;
const MOST_INSTRUMENTS = 50_000;

interface Followed {
  readonly market: CatalogueMarket;
  readonly feeds: Set<string>;
  observation: CatalogueObservation;
  mark: CatalogueMark | undefined;
  cancel: (() => void) | undefined;
}

/** What the venues list, as the collectors wrote it, for feeds whose symbols are selected. In memory, bounded. */
export class CatalogueBook {
  readonly counters = { looks: 0, reads: 0, failures: 0, refused: 0 };
  readonly #options: CatalogueBookOptions;
  readonly #markets = new Map<string, Followed>();

  constructor(options: CatalogueBookOptions) {
    this.#options = options;
  }

  /** What is known now; the first call for a market sets the work going. */
  observe(feedUid: string, effective: EffectiveFeed): CatalogueObservation {
    if (effective.selector === null) {
      this.forget(feedUid);
      return { kind: 'unneeded' };
    }
    const market = catalogueMarket(effective);
    const key = indexKey(market);
    for (const [other, followed] of this.#markets) if (other !== key) this.#leave(other, followed, feedUid);
    const known = this.#markets.get(key);
    if (known === undefined && this.#markets.size >= MOST_MARKETS) {
      this.counters.refused += 1;
      return { kind: 'pending', message: `more than ${MOST_MARKETS} markets are selected from` };
    }
    const followed = known ?? this.#follow(key, market);
    followed.feeds.add(feedUid);
    return followed.observation;
  }

  forget(feedUid: string): void {
    for (const [key, followed] of this.#markets) this.#leave(key, followed, feedUid);
  }

  stop(): void {
    for (const { cancel } of this.#markets.values()) cancel?.();
    this.#markets.clear();
  }

  #follow(key: string, market: CatalogueMarket): Followed {
    const followed: Followed = {
      market,
      feeds: new Set(),
      observation: { kind: 'unread' },
      mark: undefined,
      cancel: undefined,
    };
    this.#markets.set(key, followed);
    this.#look(key, followed);
    return followed;
  }

  #leave(key: string, followed: Followed, feedUid: string): void {
    if (!followed.feeds.delete(feedUid) || followed.feeds.size > 0) return;
    followed.cancel?.();
    this.#markets.delete(key);
  }

  #look(key: string, followed: Followed): void {
    followed.cancel = undefined;
    const isFollowed = (): boolean => this.#markets.get(key) === followed;
    void this.#read(followed).then((observation) => {
      if (!isFollowed()) return;
      followed.cancel = this.#options.clock.after(LOOK_MS, () => this.#look(key, followed));
      if (observation === undefined) return;
      followed.observation = observation;
      this.#options.onChange([...followed.feeds]);
    });
  }

  /** Undefined: nothing new. What was read before stays when a look fails. */
  async #read(followed: Followed): Promise<CatalogueObservation | undefined> {
    const { source, log } = this.#options;
    const { market, observation } = followed;
    this.counters.looks += 1;
    try {
      const mark = await source.mark(market);
      if (mark === undefined) {
        return pendingAfter(observation, 'no collector has written it yet');
      }
      if (followed.mark?.revision === mark.revision && followed.mark.writer === mark.writer) return undefined;
      const instruments = await source.read(market, MOST_INSTRUMENTS);
      this.counters.reads += 1;
      followed.mark = mark;
      return { kind: 'known', revision: mark.revision, instruments };
    } catch (error) {
      this.counters.failures += 1;
      const message = error instanceof Error ? error.message : String(error);
      log.debug({ err: error, market }, 'the catalogue could not be read');
      return pendingAfter(observation, message);
    }
  }
}

/** Undefined where that is known already, or more is. */
function pendingAfter(before: CatalogueObservation, message: string): CatalogueObservation | undefined {
  const isOld = before.kind === 'known' || (before.kind === 'pending' && before.message === message);
  return isOld ? undefined : { kind: 'pending', message };
}

const TIMEOUT_MS = 5_000;

/** Over the operator's own connection; the bucket is made where there is none, for feeds with a NATS of their own. */
export function catalogueBucket(connection: () => NatsConnection | undefined): CatalogueSource {
  const kvm = (): Kvm => {
    const nats = connection();
    if (nats === undefined) throw new Error('not connected to the control NATS');
    return new Kvm(jetstream(nats, { timeout: TIMEOUT_MS }));
  };
  return {
    async mark(market) {
      await ensureCatalogueBucket(kvm(), {});
      const bucket = await kvm().open(CATALOGUE_BUCKET);
      const entry = await bucket.get(indexKey(market));
      return entry?.operation === 'PUT' ? parseIndex(entry.string()) : undefined;
    },
    async read(market, most) {
      const bucket = await kvm().open(CATALOGUE_BUCKET);
      const found: Selectable[] = [];
      for await (const entry of await bucket.history({ key: `${instrumentPrefix(market)}>` })) {
        const listed = entry.operation === 'PUT' ? parseSelectable(entry.string()) : undefined;
        if (listed === undefined) continue;
        if (found.length >= most) throw new Error(`the catalogue has more than ${most} instruments`);
        found.push(listed);
      }
      return found;
    },
  };
}
