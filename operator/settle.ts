import { parseSettleReply } from '../contract/control-messages.ts';
import { settleSubject, type SettleReply } from '../contract/control.ts';
import type { Clock } from '../runtime/clock.ts';
import type { ControlRequests } from './control-requests.ts';
import type { DeadWriter } from './plan/types.ts';

/** How long a shard may take to recount, and how long until it is asked again. */
const WAIT_MS = 30_000;
const AGAIN_MS = 10_000;
/** Writers asked about at once. */
const MOST = 32;

export interface WriterSettlerOptions {
  readonly requests: ControlRequests;
  readonly clock: Clock;
}

/** Asks a shard to recount what a dead writer of it stored behind its checkpoint; its report tells when it is done. */
export class WriterSettler {
  readonly counters = { asked: 0, settled: 0, refused: 0, unanswered: 0, postponed: 0 };
  readonly #options: WriterSettlerOptions;
  /** Writer → when it may be asked about again; undefined while it is being asked about. */
  readonly #asked = new Map<string, number | undefined>();

  constructor(options: WriterSettlerOptions) {
    this.#options = options;
  }

  ensure(feedUid: string, dead: readonly DeadWriter[]): void {
    const nowMs = this.#options.clock.nowMs();
    for (const [writer, againMs] of this.#asked)
      if (againMs !== undefined && againMs <= nowMs) this.#asked.delete(writer);
    for (const { shard, writer } of dead) {
      if (this.#asked.has(writer)) continue;
      if (this.#asked.size >= MOST) {
        this.counters.postponed += 1;
        continue;
      }
      this.#asked.set(writer, undefined);
      void this.#ask(feedUid, shard, writer);
    }
  }

  async #ask(feedUid: string, shard: number, writer: string): Promise<void> {
    this.counters.asked += 1;
    let answer: SettleReply | undefined;
    await this.#options.requests.gather(settleSubject(feedUid, shard), JSON.stringify({ writer }), {
      waitMs: WAIT_MS,
      enough: (reply) => {
        answer = parseSettleReply(reply) ?? answer;
        return answer?.kind === 'settled';
      },
    });
    if (answer === undefined) this.counters.unanswered += 1;
    else this.counters[answer.kind] += 1;
    this.#asked.set(writer, this.#options.clock.nowMs() + AGAIN_MS);
  }
}
