import { parseAssignment, type Assignment } from '../../contract/assignment.ts';
import { parseHandover, parseSettle } from '../../contract/control-messages.ts';
import {
  assignSubject,
  handoverSubject,
  settleSubject,
  type AssignmentAck,
  type HandoverReply,
  type Replica,
  type SettleReply,
} from '../../contract/control.ts';
import type { Logger } from '../../runtime/log.ts';
import type { VenueSession } from '../ports.ts';
import type { ControlBus } from './bus.ts';
import type { Offer, Shard } from './shard.ts';

export interface ChannelOptions {
  readonly bus: ControlBus;
  readonly shard: Pick<Shard, 'assignment' | 'session' | 'delivery' | 'writer'>;
  /** Puts a pushed assignment in force, if it is to be. */
  readonly offer: (assignment: Assignment) => Offer;
  readonly pod: string;
  readonly replica: Replica;
  readonly isTerminating: () => boolean;
  readonly log: Logger;
}

export interface ChannelCounters {
  pushesAccepted: number;
  pushesOlder: number;
  pushesRefused: number;
  handoversAnswered: number;
  settlesAnswered: number;
  malformed: number;
}

/** Answers the operator and the other pods of the shard; follows the feed and shard of the assignment in force. */
export class ControlChannel {
  readonly counters: ChannelCounters = {
    pushesAccepted: 0,
    pushesOlder: 0,
    pushesRefused: 0,
    handoversAnswered: 0,
    settlesAnswered: 0,
    malformed: 0,
  };
  readonly #options: ChannelOptions;
  #of = '';
  #ends: readonly (() => void)[] = [];

  constructor(options: ChannelOptions) {
    this.#options = options;
  }

  /** Subscribes for this feed and shard; nothing happens when it already does. */
  follow({ feed, shard }: Assignment): void {
    const { bus, replica } = this.#options;
    const of = `${feed.uid}/${shard}`;
    if (of === this.#of) return;
    this.close();
    this.#of = of;
    this.#ends = [
      bus.subscribe(assignSubject(feed.uid, shard), ({ payload, respond }) => {
        respond(JSON.stringify(this.#onAssign(payload)));
      }),
      bus.subscribe(handoverSubject(feed.uid, shard, replica), ({ payload, respond }) => {
        const reply = this.#onHandover(payload);
        if (reply !== undefined) respond(JSON.stringify(reply));
      }),
      bus.subscribe(settleSubject(feed.uid, shard), ({ payload, respond }) => {
        void this.#onSettle(payload).then((reply) => {
          if (reply !== undefined) respond(JSON.stringify(reply));
        });
      }),
    ];
  }

  close(): void {
    for (const end of this.#ends) end();
    this.#ends = [];
    this.#of = '';
  }

  /** Whatever came, the answer is the epoch that is in force now. */
  #onAssign(payload: string): AssignmentAck {
    const { shard, pod, log, isTerminating } = this.#options;
    const assignment = parseAssignment(payload);
    if ('reason' in assignment) {
      this.counters.pushesRefused += 1;
      log.warn({ reason: assignment.reason, detail: assignment.detail }, 'a pushed assignment is refused');
    } else {
      const offer = this.#options.offer(assignment);
      if (offer === 'accepted') this.counters.pushesAccepted += 1;
      else if (offer === 'older') this.counters.pushesOlder += 1;
      else {
        this.counters.pushesRefused += 1;
        log.warn(
          { feed: assignment.feed, shard: assignment.shard },
          'a pushed assignment is of another shard',
        );
      }
    }
    return { pod, epoch: shard.assignment?.epoch ?? 0, terminating: isTerminating() };
  }

  #onHandover(payload: string): HandoverReply | undefined {
    const { pod, shard, isTerminating } = this.#options;
    const request = parseHandover(payload);
    if (request === undefined) {
      this.counters.malformed += 1;
      return undefined;
    }
    if (request.pod === pod) return undefined;
    this.counters.handoversAnswered += 1;
    const have = new Set(inSyncInstruments(shard.session));
    const missing = request.inSync.filter((instrument) => !have.has(instrument)).length;
    // Nothing asked for does not make a pod without a session a successor.
    const waits = shard.session === undefined ? Math.max(missing, 1) : missing;
    return { pod, terminating: isTerminating(), missing: waits };
  }

  async #onSettle(payload: string): Promise<SettleReply | undefined> {
    const { shard, isTerminating, log } = this.#options;
    const request = parseSettle(payload);
    if (request === undefined) {
      this.counters.malformed += 1;
      return undefined;
    }
    if (request.writer === shard.writer) return { kind: 'refused', reason: 'stillMine' };
    // One reply is enough, and the pod that stays is the one to give it.
    if (shard.delivery === undefined || isTerminating()) return undefined;
    this.counters.settlesAnswered += 1;
    try {
      return await shard.delivery.settle(request.writer);
    } catch (error) {
      log.warn({ err: error, writer: request.writer }, 'settling a writer failed');
      return { kind: 'refused', reason: 'unreachable' };
    }
  }
}

export function inSyncInstruments(session: VenueSession | undefined): readonly string[] {
  const symbols = session?.status().symbols ?? [];
  return symbols.filter(({ state }) => state === 'inSync').map(({ instrument }) => instrument);
}
