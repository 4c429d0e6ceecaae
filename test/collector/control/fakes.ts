import type { Assignment } from '../../../contract/assignment.ts';
import type { SettleReply } from '../../../contract/control.ts';
import { effectiveFeed } from '../../../contract/effective.ts';
import type { FeedSpec } from '../../../contract/feed.ts';
import type { BusMessage, ControlBus } from '../../../collector/control/bus.ts';
import type { DeliveryHooks, ShardParts } from '../../../collector/control/shard.ts';
import type {
  Delivery,
  DeliveryStatus,
  SessionStatus,
  TradesWanted,
  VenueSession,
} from '../../../collector/ports.ts';

export const SPEC: FeedSpec = {
  exchange: 'binance',
  market: 'spot',
  symbols: ['BTC-USDT', 'ETH-USDT'],
  streams: ['orderbook', 'trade'],
};

export function assignment(changes: Partial<Assignment> = {}, spec: Partial<FeedSpec> = {}): Assignment {
  const effective = effectiveFeed({ spec: { ...SPEC, ...spec } }, {});
  return {
    v: 1,
    epoch: 1,
    feed: { namespace: 'market-data', name: 'majors', uid: 'uid-1' },
    shard: 0,
    shards: 1,
    symbols: effective.symbols,
    effective,
    budget: { weightPerMinute: 4_800, connections: 4 },
    ...changes,
  };
}

export const DELIVERY_STATUS: DeliveryStatus = {
  publish: {
    connected: true,
    lastConfirmedMs: 0,
    inFlight: 0,
    queued: 0,
    spilledBytes: 0,
    dropped: 0,
    retries: 0,
  },
  ledger: null,
  orphans: [],
  perSecond: 0,
  lastMessageMs: 0,
  gaps: 0,
  lastGap: null,
  latencyMs: null,
  stages: {},
  problems: [],
  counters: {},
  gauges: { queuedBytes: 0, spillAgeMs: 0, spillUnwrittenBytes: 0 },
};

export const SESSION_STATUS: SessionStatus = {
  symbols: [],
  unknown: [],
  duplicates: [],
  connected: true,
  lastFrameMs: 0,
  flowing: true,
  resyncs: 0,
  problems: [],
  counters: {},
  gauges: { snapshotsWaiting: 0, connectsWaiting: 0, subscriptionsWaiting: 0, backfillsWaiting: 0 },
};

export class FakeSession implements VenueSession {
  readonly calls: string[];
  state: SessionStatus = SESSION_STATUS;
  constructor(calls: string[]) {
    this.calls = calls;
  }
  setSymbols(symbols: readonly string[]): void {
    this.calls.push(`setSymbols ${symbols.join(',')}`);
  }
  setBudget({ weightPerMinute, connections }: Assignment['budget']): void {
    this.calls.push(`setBudget ${weightPerMinute}/${connections}`);
  }
  status(): SessionStatus {
    return this.state;
  }
  snapshotWanted(subject: string): void {
    this.calls.push(`snapshotWanted ${subject}`);
  }
  resync(subject: string, cause: string): void {
    this.calls.push(`resync ${subject} ${cause}`);
  }
  tradesWanted({ subject, fromId, toId }: TradesWanted): undefined {
    this.calls.push(`tradesWanted ${subject} ${fromId}-${toId}`);
  }
  pause(): void {
    this.calls.push('pause');
  }
  resume(): void {
    this.calls.push('resume');
  }
  stop(): Promise<void> {
    this.calls.push('stop session');
    return Promise.resolve();
  }
}

export class FakeDelivery implements Delivery {
  readonly calls: string[];
  readonly writer: string;
  readonly hooks: DeliveryHooks;
  readonly pressed = false;
  state: DeliveryStatus = DELIVERY_STATUS;
  constructor(calls: string[], writer: string, hooks: DeliveryHooks) {
    this.calls = calls;
    this.writer = writer;
    this.hooks = hooks;
  }
  push(): void {
    this.calls.push('push');
  }
  status(): DeliveryStatus {
    return this.state;
  }
  idle(): Promise<void> {
    this.calls.push('idle');
    return Promise.resolve();
  }
  settle(writer: string): Promise<SettleReply> {
    this.calls.push(`settle ${writer}`);
    return Promise.resolve({ kind: 'settled', stored: 7 });
  }
  close(): Promise<void> {
    this.calls.push('close delivery');
    return Promise.resolve();
  }
}

export interface FakeParts extends ShardParts {
  /** What was done, in order. */
  readonly calls: string[];
  readonly deliveries: FakeDelivery[];
  readonly sessions: FakeSession[];
  /** Taken, one by one, by the next starts of delivery. */
  readonly failures: Error[];
}

export function fakeParts(): FakeParts {
  const calls: string[] = [];
  const deliveries: FakeDelivery[] = [];
  const sessions: FakeSession[] = [];
  const failures: Error[] = [];
  return {
    calls,
    deliveries,
    sessions,
    failures,
    async startDelivery(_assignment, writer, hooks) {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      calls.push(`start delivery ${writer}`);
      const delivery = new FakeDelivery(calls, writer, hooks);
      deliveries.push(delivery);
      return delivery;
    },
    startSession({ symbols, effective }, _writer) {
      calls.push(`start session ${symbols.join(',')} ${effective.streams.join('+')}`);
      const session = new FakeSession(calls);
      sessions.push(session);
      return session;
    },
  };
}

/** Core NATS in one process: what is published reaches every subscriber, replies come back. */
export class FakeBus implements ControlBus {
  connected = true;
  readonly published: { readonly subject: string; readonly payload: string }[] = [];
  flushes = 0;
  readonly #subscribers = new Map<string, Set<(message: BusMessage) => void>>();

  subscribe(subject: string, onMessage: (message: BusMessage) => void): () => void {
    const here = this.#subscribers.get(subject) ?? new Set();
    this.#subscribers.set(subject, here.add(onMessage));
    return () => here.delete(onMessage);
  }
  publish(subject: string, payload: string): void {
    this.published.push({ subject, payload });
  }
  async requestMany(subject: string, payload: string): Promise<readonly string[]> {
    const replies: string[] = [];
    for (const onMessage of this.#subscribers.get(subject) ?? [])
      onMessage({ payload, respond: (reply) => replies.push(reply) });
    for (let turns = 0; turns < 5; turns += 1) await Promise.resolve();
    return replies;
  }
  flush(): Promise<void> {
    this.flushes += 1;
    return Promise.resolve();
  }
}
