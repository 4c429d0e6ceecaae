import { parseAck } from '../contract/control-messages.ts';
import { assignSubject, type AssignmentAck } from '../contract/control.ts';
import type { Clock } from '../runtime/clock.ts';
import type { ControlRequests } from './control-requests.ts';

export interface AssignmentPusherOptions {
  readonly requests: ControlRequests;
  readonly clock: Clock;
  /** The acknowledged epochs of a feed changed. */
  readonly onChange: (feedUid: string) => void;
}

export interface Push {
  readonly feedUid: string;
  readonly shard: number;
  readonly epoch: number;
  /** The bytes of the ConfigMap, after it was written. */
  readonly payload: string;
  /** Running pods of the shard, terminating ones included: both pods of a handover obey. */
  readonly pods: readonly string[];
}

/** How long answers are gathered, then how long until those who did not answer are asked again. */
const GATHER_MS = 1_000;
const RETRY_MS = [250, 1_000, 5_000, 15_000] as const;
/** Pods remembered a shard: both letters and a handover of each, with room. */
const KEPT_ACKS = 16;

interface ShardPush {
  latest: Push;
  /** Of the last push that was sent. */
  sentEpoch: number;
  attempts: number;
  gathering: boolean;
  cancelRetry: (() => void) | undefined;
  readonly acks: Map<string, AssignmentAck>;
}

/**
 * Brings an assignment to its pods faster than the kubelet refreshes the mount. Lost pushes cost only time: the
 * ConfigMap is the truth, and the report tells which epoch a pod obeys.
 */
export class AssignmentPusher {
  readonly counters = { pushes: 0, acks: 0, malformed: 0, refused: 0, unanswered: 0 };
  readonly #options: AssignmentPusherOptions;
  /** By feed, then by shard. */
  readonly #feeds = new Map<string, Map<number, ShardPush>>();

  constructor(options: AssignmentPusherOptions) {
    this.#options = options;
  }

  /** Pushes unless every pod has acknowledged this epoch; called at each reconcile, it repeats nothing by itself. */
  ensure(push: Push): void {
    const shards = this.#feeds.get(push.feedUid) ?? new Map<number, ShardPush>();
    this.#feeds.set(push.feedUid, shards);
    let shard = shards.get(push.shard);
    if (shard === undefined) {
      shard = {
        latest: push,
        sentEpoch: 0,
        attempts: 0,
        gathering: false,
        cancelRetry: undefined,
        acks: new Map(),
      };
      shards.set(push.shard, shard);
    }
    // A cache that is behind still shows the one before.
    if (push.epoch < shard.latest.epoch) return;
    shard.latest = push;
    for (const pod of shard.acks.keys()) if (!push.pods.includes(pod)) shard.acks.delete(pod);
    if (push.epoch > shard.sentEpoch) shard.attempts = 0;
    if (this.#missing(shard).length > 0 && (shard.cancelRetry === undefined || push.epoch > shard.sentEpoch))
      this.#send(shard);
  }

  /** Per shard the lowest epoch acknowledged by pods that are not terminating. */
  acknowledged(feedUid: string): Readonly<Record<number, number>> {
    const result: Record<number, number> = {};
    for (const { latest, acks } of this.#feeds.get(feedUid)?.values() ?? []) {
      const epochs = [...acks.values()].filter(({ terminating }) => !terminating).map(({ epoch }) => epoch);
      if (epochs.length > 0) result[latest.shard] = Math.min(...epochs);
    }
    return result;
  }

  /** The feed is gone; what it had last is returned, so that its pods can be told. */
  forget(feedUid: string): readonly Push[] {
    const gone = [...(this.#feeds.get(feedUid)?.values() ?? [])];
    this.#feeds.delete(feedUid);
    for (const { cancelRetry } of gone) cancelRetry?.();
    return gone.map(({ latest }) => latest);
  }

  /** One push without waiting for anybody, for the pods of a feed that is gone. */
  async tell(push: Push): Promise<void> {
    this.counters.pushes += 1;
    await this.#options.requests.gather(assignSubject(push.feedUid, push.shard), push.payload, {
      waitMs: GATHER_MS,
      enough: () => false,
    });
  }

  stop(): void {
    for (const shards of this.#feeds.values()) for (const { cancelRetry } of shards.values()) cancelRetry?.();
    this.#feeds.clear();
  }

  #missing(shard: ShardPush): readonly string[] {
    return shard.latest.pods.filter((pod) => (shard.acks.get(pod)?.epoch ?? 0) < shard.latest.epoch);
  }

  #send(shard: ShardPush): void {
    shard.cancelRetry?.();
    shard.cancelRetry = undefined;
    if (shard.gathering) return;
    shard.gathering = true;
    void this.#gather(shard).finally(() => {
      shard.gathering = false;
      if (!this.#isCurrent(shard)) return;
      if (shard.latest.epoch > shard.sentEpoch) this.#send(shard);
      else if (this.#missing(shard).length > 0) this.#retryLater(shard);
    });
  }

  async #gather(shard: ShardPush): Promise<void> {
    const { latest } = shard;
    shard.sentEpoch = latest.epoch;
    this.counters.pushes += 1;
    const before = this.acknowledged(latest.feedUid)[latest.shard];
    const replies = await this.#options.requests.gather(
      assignSubject(latest.feedUid, latest.shard),
      latest.payload,
      {
        waitMs: GATHER_MS,
        enough: (reply) => {
          this.#take(shard, reply);
          return this.#missing(shard).length === 0 || shard.latest.epoch > latest.epoch;
        },
      },
    );
    if (replies === 0) this.counters.unanswered += 1;
    if (this.#isCurrent(shard) && this.acknowledged(latest.feedUid)[latest.shard] !== before)
      this.#options.onChange(latest.feedUid);
  }

  #take(shard: ShardPush, reply: string): void {
    const ack = parseAck(reply);
    if (ack === undefined) {
      this.counters.malformed += 1;
      return;
    }
    if (!shard.acks.has(ack.pod) && shard.acks.size >= KEPT_ACKS) {
      this.counters.refused += 1;
      return;
    }
    this.counters.acks += 1;
    shard.acks.set(ack.pod, ack);
  }

  #retryLater(shard: ShardPush): void {
    const delayMs = RETRY_MS[Math.min(shard.attempts, RETRY_MS.length - 1)] ?? GATHER_MS;
    shard.attempts += 1;
    shard.cancelRetry = this.#options.clock.after(delayMs, () => {
      shard.cancelRetry = undefined;
      if (this.#isCurrent(shard) && this.#missing(shard).length > 0) this.#send(shard);
    });
  }

  #isCurrent(shard: ShardPush): boolean {
    return this.#feeds.get(shard.latest.feedUid)?.get(shard.latest.shard) === shard;
  }
}
