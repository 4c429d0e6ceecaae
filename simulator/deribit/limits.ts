import type { VenueLimits } from '../limits.ts';

/**
 * What Deribit allows and how it times things (docs.deribit.com: articles rate-limits and
 * connection-management-best-practices, public/set_heartbeat, public/subscribe).
 */
export const DERIBIT_LIMITS: VenueLimits = {
  // The heartbeat that a client asks for stands for pings, and no life span is documented.
  pingEveryMs: Infinity,
  pongWithinMs: Infinity,
  silenceMs: Infinity,
  connectionLifeMs: Infinity,
  clientMessagesPerSecond: Infinity,
  streamsPerConnection: Infinity,
  connectsPerWindow: Infinity,
  connectWindowMs: 60_000,
  weightPerMinute: Infinity,
  ignored429: Infinity,
  banMs: 0,
  sendBufferBytes: 8 * 1_024 * 1_024,
  // Of one address, and the simulator has one.
  connections: 32,
};

export const LEAST_HEARTBEAT_S = 10;

export interface BucketLimits {
  /** Requests that a full bucket lets through at once. */
  readonly burst: number;
  readonly perSecond: number;
}

/** `public/subscribe` and `public/unsubscribe` of a connection: 3,000 credits of 30,000 each, 10,000 more a second. */
export const SUBSCRIBE_BUCKET: BucketLimits = { burst: 10, perSecond: 10 / 3 };
/** 500 credits of 50,000 each, 10,000 more a second. */
export const REQUEST_BUCKET: BucketLimits = { burst: 100, perSecond: 20 };
export const INSTRUMENTS_BUCKET: BucketLimits = { burst: 50, perSecond: 1 };

/** Credits as the venue counts them: a bucket that refills steadily. */
export class Bucket {
  readonly #limits: BucketLimits;
  #left: number;
  #atMs: number;

  constructor(limits: BucketLimits, nowMs: number) {
    this.#limits = limits;
    this.#left = limits.burst;
    this.#atMs = nowMs;
  }

  /** False: too many requests. */
  take(nowMs: number): boolean {
    const { burst, perSecond } = this.#limits;
    this.#left = Math.min(burst, this.#left + (Math.max(0, nowMs - this.#atMs) * perSecond) / 1_000);
    this.#atMs = Math.max(this.#atMs, nowMs);
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
