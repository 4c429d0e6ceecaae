// A delivery against a real server, and a small market that makes records for it.
import { setTimeout as delay } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { startDelivery } from '../../../collector/delivery/delivery.ts';
import type { DeliveryOptions } from '../../../collector/delivery/options.ts';
import type { DeliveryTuning } from '../../../collector/delivery/tuning.ts';
import type {
  Delivery,
  Outgoing,
  OutgoingDelta,
  OutgoingSnapshot,
  OutgoingTrade,
} from '../../../collector/ports.ts';
import { effectiveFeed, type EffectiveFeed } from '../../../contract/effective.ts';
import type { FeedSpec } from '../../../contract/feed.ts';
import { ledgerSums, ledgerThrough } from '../../../contract/ledger.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { createLogger } from '../../../runtime/log.ts';

export const UID = 'uid-1';
export const STREAM = 'MARKET_DATA';
export const GAP_STREAM = 'MARKET_DATA_GAPS';
export const clock = systemClock();

const spec: FeedSpec = {
  exchange: 'binance',
  market: 'spot',
  symbols: ['X'],
  streams: ['orderbook', 'trade'],
};

export const feedOf = (over: Partial<FeedSpec> = {}): EffectiveFeed =>
  effectiveFeed({ spec: { ...spec, ...over } }, {});

/** Short periods, so that a test need not wait for those of production. */
export const QUICK: Partial<DeliveryTuning> = {
  ackTimeoutMs: 1_000,
  checkpointMs: 100,
  settleMs: 100,
  retryFirstMs: 10,
  retryMaxMs: 100,
  resyncMinMs: 2_000,
};

export interface RigOptions {
  readonly connection: NatsConnection | Promise<NatsConnection>;
  readonly pod?: string;
  readonly mark?: string;
  readonly effective?: EffectiveFeed;
  readonly tuning?: Partial<DeliveryTuning>;
  readonly ensureStreams?: boolean;
  readonly spill?: DeliveryOptions['spill'];
  readonly shard?: number;
  readonly onResync?: DeliveryOptions['onResync'];
  readonly onSnapshotWanted?: DeliveryOptions['onSnapshotWanted'];
  readonly onTradesWanted?: DeliveryOptions['onTradesWanted'];
  readonly onPressure?: DeliveryOptions['onPressure'];
}

export function startRig(options: RigOptions): Promise<Delivery> {
  const pod = options.pod ?? 'pod-a';
  return startDelivery({
    feed: { namespace: 'n', name: 'f', uid: UID },
    shard: options.shard ?? 0,
    shards: () => 1,
    replica: 'a',
    pod,
    writer: `${pod}.${options.mark ?? '1'}`,
    connection: options.connection,
    effective: options.effective ?? feedOf(),
    clock,
    log: createLogger('test', process.env['LOG_LEVEL'] ?? 'silent'),
    onSnapshotWanted: options.onSnapshotWanted ?? (() => undefined),
    onResync: options.onResync ?? (() => undefined),
    onTradesWanted: options.onTradesWanted ?? (() => undefined),
    onPressure: options.onPressure ?? (() => undefined),
    ensureStreams: options.ensureStreams ?? true,
    spill: options.spill ?? null,
    tuning: { ...QUICK, ...options.tuning },
  });
}

export async function until(
  what: string,
  test: () => boolean | Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await test())) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await delay(10);
  }
}

/** What the status claims: all counted, and the sequence through which that is everything. */
export function claim(delivery: Delivery): {
  readonly total: number;
  readonly base: number;
  readonly through: number;
} {
  const { ledger } = delivery.status();
  if (ledger === null) return { total: 0, base: 0, through: 0 };
  return {
    total: ledger.base + ledgerSums(ledger).stored,
    base: ledger.base,
    through: ledgerThrough(ledger) ?? 0,
  };
}

/** Records of this writer that JetStream had already. */
export const duplicatesOf = (delivery: Delivery, writer = 'pod-a.1'): number | undefined =>
  delivery.status().ledger?.writers[writer]?.duplicates;

const encoder = new TextEncoder();
const nowUs = (): number => Date.now() * 1_000;

/** One symbol of a market that counts its trades and book updates without holes. */
export class Market {
  readonly symbol: string;
  readonly book: string;
  readonly trades: string;
  tradeId = 1_000;
  bookId = 100;

  constructor(symbol: string) {
    this.symbol = symbol;
    this.book = `orderbook.binance.${symbol}`;
    this.trades = `trade.binance.${symbol}`;
  }

  #record(subject: string, identity: string, body: Record<string, unknown>, padding = 0) {
    const timeUs = nowUs();
    const head = {
      v: 1,
      exchange: 'binance',
      market: 'spot',
      symbol: this.symbol,
      instrument: this.symbol.toLowerCase(),
    };
    const pad = padding === 0 ? {} : { pad: 'x'.repeat(padding) };
    const record = { ...head, ...body, ...pad, exchangeTime: timeUs, receiveTime: timeUs };
    return {
      subject,
      msgId: `${subject}|${identity}`,
      payload: encoder.encode(JSON.stringify(record)),
      symbol: this.symbol,
      exchangeTimeUs: timeUs,
      receiveTimeUs: timeUs,
    };
  }

  trade(id = (this.tradeId += 1), padding = 0): OutgoingTrade {
    const head = this.#record(
      this.trades,
      `t${id}`,
      { type: 'trade', id: String(id), price: '1', size: '1' },
      padding,
    );
    return { ...head, kind: 'trade', stream: 'trade', id: String(id), sequence: id };
  }

  snapshot(role: OutgoingSnapshot['role'] = 'start', lastId = this.bookId): OutgoingSnapshot {
    const body = { type: 'orderbook', action: 'snapshot', lastId, bids: [['1', String(lastId)]], asks: [] };
    const head = this.#record(this.book, `s${lastId}-00`, body);
    return { ...head, kind: 'snapshot', stream: 'orderbook', role, lastId, cause: 'restart' };
  }

  delta(by = 1, joinOnly = false): OutgoingDelta {
    const prevId = this.bookId;
    this.bookId += by;
    return this.deltaOf(prevId, this.bookId, joinOnly);
  }

  deltaOf(prevId: number, lastId: number, joinOnly = false): OutgoingDelta {
    const body = {
      type: 'orderbook',
      action: 'delta',
      prevId,
      lastId,
      bids: [['1', String(lastId)]],
      asks: [],
    };
    const head = this.#record(this.book, `d${prevId}-${lastId}`, body);
    return { ...head, kind: 'delta', stream: 'orderbook', prevId, lastId, joinOnly, idsMayRestart: false };
  }
}

/** A flow of trades and deltas over `markets`, starting with a snapshot each; ends by `stop`. */
export function flow(
  push: (record: Outgoing) => void,
  markets: readonly Market[],
  perTick: number,
): { readonly pushed: () => number; readonly stop: () => void } {
  let pushed = 0;
  for (const market of markets) push(market.snapshot());
  pushed += markets.length;
  const stop = clock.every(5, () => {
    for (let index = 0; index < perTick; index += 1) {
      const market = markets[pushed % markets.length];
      if (market === undefined) continue;
      push(pushed % 3 === 0 ? market.trade() : market.delta());
      pushed += 1;
    }
  });
  return { pushed: () => pushed, stop };
}
