import type { Assignment } from '../contract/assignment.ts';
import type { GapCause } from '../contract/record.ts';
import type { CollectorReport, SettleReply, SymbolState } from '../contract/control.ts';
import type { StreamName } from '../contract/feed.ts';
import type { HistogramReading } from '../runtime/histogram.ts';

/**
 * The seams of the collector. Venue side (socket, REST, pipeline) → `Outgoing` → delivery (publisher).
 * The venue side knows nothing of NATS; delivery knows nothing of venues.
 */
interface OutgoingHead {
  readonly subject: string;
  /** `<subject>|<identity>`, the value of `Nats-Msg-Id`. */
  readonly msgId: string;
  /** The record, UTF-8 JSON. */
  readonly payload: Uint8Array;
  readonly stream: StreamName;
  readonly symbol: string;
  readonly exchangeTimeUs: number | null;
  readonly receiveTimeUs: number;
}

/**
 * A delta in the writer's own chain. `joinOnly`: it precedes the snapshot that the chain was synced with, so it may be
 * published only where it continues what the stream holds; else it is left out, and nothing is missing by that.
 */
export interface OutgoingDelta extends OutgoingHead {
  readonly kind: 'delta';
  readonly prevId: number;
  readonly lastId: number;
  readonly joinOnly: boolean;
  /** The venue's ids may have begun anew unseen: lower ones at a later time than the stream's end prove that they have. */
  readonly idsMayRestart: boolean;
}

/** Where a writer's own chain was, by the venue's stream itself and not by what a snapshot says of its time. */
export interface ChainPoint {
  readonly lastId: number;
  readonly timeUs: number;
}

/**
 * `start`: the first state after a (re)sync: delivery compares it with the stream and states the gap, if there is one,
 * with this cause. `periodic`: left out silently when the stream is not exactly at the state's predecessor; delivery
 * then calls `VenueSession.snapshotWanted`. A `reset` replaces ids that the venue restarted.
 */
export interface OutgoingSnapshot extends OutgoingHead {
  readonly kind: 'snapshot';
  readonly role: 'start' | 'periodic' | 'reset';
  readonly lastId: number;
  /** Of a `start` where the venue's ids may have begun anew unseen: lower ones at a later time are no older state. */
  readonly chain?: ChainPoint;
  /** Of a `reset`: it was a `start` like that, and what the stream lacks before it is a hole. */
  readonly behindHole?: true;
  readonly cause: GapCause;
}

/** `sequence`: grows with the instrument's trades, without holes unless it `mayJump`; null where the ids tell nothing. */
export interface OutgoingTrade extends OutgoingHead {
  readonly kind: 'trade';
  readonly id: string;
  readonly sequence: number | null;
  /** No source says that the venue counts without holes: only its own list of trades tells a hole from a jump. */
  readonly mayJump?: true;
  /** Nothing came before it on its connection. */
  readonly first?: true;
  /** First of the ids directly before this one that the venue gave to what is no trade. */
  readonly skippedFrom?: number;
  /** Fetched later: exempt from order. */
  readonly backfilled?: true;
}

/** A hole in the trades of a subject: what lies between two ids that the stream holds, and is not `held` there itself. */
export interface TradesWanted {
  readonly subject: string;
  readonly fromId: number;
  readonly toId: number;
  readonly held: ReadonlySet<number>;
}

/**
 * `whole`: the venue's list reaches over the hole, what it does not name is not to be had; `part`: it reaches over some of
 * it; `failed`: it was not read.
 */
export interface TradesFetched {
  readonly outcome: 'whole' | 'part' | 'failed';
  /** Ids in between that belong to no trade, as the list proves. */
  readonly noTrades: number;
}

/** The symbol's data is interrupted on the venue's side: delivery states an open gap when no `start` comes in 5 s. */
export interface OutgoingInterrupted {
  readonly kind: 'interrupted';
  readonly subject: string;
  readonly stream: StreamName;
  readonly symbol: string;
  readonly cause: GapCause;
  readonly receiveTimeUs: number;
}

/** What needs no chain: ticker, mark price and the like. */
export interface OutgoingOther extends OutgoingHead {
  readonly kind: 'other';
  /** Asked for: another writer may have asked for it long before, or long after. */
  readonly polled?: true;
}

export type Outgoing = OutgoingDelta | OutgoingSnapshot | OutgoingTrade | OutgoingOther | OutgoingInterrupted;

/** Where the venue side hands its records to. Never throws, never blocks; bounded behind it. */
export interface OutgoingSink {
  push(record: Outgoing): void;
  /** True while the bounded window and queue ask the socket readers to pause. */
  readonly pressed: boolean;
}

export interface SymbolStatus {
  /** As written in the spec. */
  readonly symbol: string;
  readonly instrument: string;
  readonly state: SymbolState;
  readonly sinceMs: number;
  readonly reason: string;
}

export interface SessionStatus {
  /** Set where the session itself resolves a selector; pending: no list of instruments was read yet. */
  readonly selection?: 'pending' | 'made';
  readonly symbols: readonly SymbolStatus[];
  readonly unknown: readonly { readonly symbol: string; readonly reason: string }[];
  readonly duplicates: readonly { readonly symbol: string; readonly of: string }[];
  readonly connected: boolean;
  readonly lastFrameMs: number;
  readonly flowing: boolean;
  readonly resyncs: number;
  readonly problems: readonly {
    readonly reason: string;
    readonly message: string;
    readonly sinceMs: number;
  }[];
  /** Monotonic counters by name, for `/metrics` and `/api/v1/status`: frames, bytes, undecodable by kind, … */
  readonly counters: Readonly<Record<string, number>>;
  /** What goes up and down. */
  readonly gauges: {
    /** REST snapshots that wait for their turn. */
    readonly snapshotsWaiting: number;
    /** Connections that wait for the venue's limit of connects. */
    readonly connectsWaiting: number;
    /** Channels that wait to be subscribed, for the venue's limits of requests or of connections. */
    readonly subscriptionsWaiting: number;
    /** Holes in trades that are being fetched. */
    readonly backfillsWaiting: number;
  };
}

/** One venue connection set and its pipeline; made by `collector/session.ts`. */
export interface VenueSession {
  /** Diff-subscribes: symbols that stay see nothing. */
  setSymbols(symbols: readonly string[]): void;
  /** Another share of what the venue grants the address, without a break. */
  setBudget(budget: Assignment['budget']): void;
  status(): SessionStatus;
  /** Delivery could not store a periodic snapshot of this subject: make one at the next delta. */
  snapshotWanted(subject: string): void;
  /** Delivery dropped or met a hole that only a fresh book can mend: resync this subject's symbol. */
  resync(subject: string, cause: GapCause): void;
  /**
   * Delivery met a hole: fetch these trades from the venue. They are pushed as `backfilled` before the answer resolves, which
   * it always does. Undefined: they cannot be fetched.
   */
  tradesWanted(wanted: TradesWanted): Promise<TradesFetched> | undefined;
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

/** What delivery says of itself; the report takes it over field by field. */
export interface DeliveryStatus {
  readonly publish: CollectorReport['publish'];
  readonly ledger: CollectorReport['ledger'];
  readonly orphans: CollectorReport['orphans'];
  readonly perSecond: number;
  readonly lastMessageMs: number;
  readonly gaps: number;
  readonly lastGap: CollectorReport['lastGap'];
  readonly latencyMs: CollectorReport['latencyMs'];
  /** Seconds that stored records took, by stage; since the start. */
  readonly stages: Readonly<Record<string, HistogramReading>>;
  readonly problems: SessionStatus['problems'];
  /** Monotonic while the process lives. */
  readonly counters: Readonly<Record<string, number>>;
  /** What goes up and down. */
  readonly gauges: {
    readonly queuedBytes: number;
    /** Age of the oldest record on disk; 0: nothing is there. */
    readonly spillAgeMs: number;
    /** Of the spill, not in a file yet. */
    readonly spillUnwrittenBytes: number;
  };
}

/** Made by `collector/delivery/delivery.ts`; starts without NATS and waits for it behind its bounded queue. */
export interface Delivery extends OutgoingSink {
  status(): DeliveryStatus;
  /** Resolves once nothing is queued, spilled or unacknowledged. */
  idle(): Promise<void>;
  /** Recounts a dead writer of this shard. */
  settle(writer: string): Promise<SettleReply>;
  /** Writes the closing checkpoint; what is still queued stays in the spill. */
  close(): Promise<void>;
}
