import type { Problem } from '../contract/control.ts';
import type { StreamName } from '../contract/feed.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import { PolledPoints } from './polled-points.ts';
import { restProblem } from './rest-problem.ts';
import type { RestAnswer, RestClient } from './rest.ts';
import type { Poll, PollRequest } from './venues/poll.ts';
import type { Venue, VenueFrame } from './venues/venue.ts';

/** Requests under way at once: polls are spread in time and never in a hurry. */
const MAX_PARALLEL = 2;
/** The first answer about an instrument comes within this, budget allowing. */
const FIRST_WITHIN_MS = 5_000;
/** Where the budget is spent, it is looked at again after this at the latest. */
const LOOK_AGAIN_MS = 1_000;

interface PacedPoll {
  readonly poll: Poll;
  readonly everyMs: number;
}

/** The venue's polls that a feed needs, each at the pace of its most frequent stream. */
export function pacedPolls(
  venue: Pick<Venue, 'polls' | 'sources'>,
  wanted: readonly StreamName[],
): readonly PacedPoll[] {
  return (venue.polls ?? []).flatMap((poll) => {
    const paces = poll.streams
      .filter((stream) => wanted.includes(stream))
      .map((one) => venue.sources[one]?.pace);
    const everyMs = Math.min(...paces.map((pace) => (pace?.kind === 'polled' ? pace.everyMs : Infinity)));
    return Number.isFinite(everyMs) ? [{ poll, everyMs }] : [];
  });
}

export interface PollerOptions {
  readonly polls: readonly PacedPoll[];
  readonly rest: Pick<RestClient, 'get' | 'waitMs'>;
  /** Where `rest` asks, for messages. */
  readonly base: string;
  /** REST weight that polls leave for book snapshots. */
  readonly reservedWeight: () => number;
  /** See `PolledPoints`. */
  readonly publishesTimedOnly: boolean;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly onFrame: (frame: VenueFrame, receiveTimeUs: number) => void;
}

interface Scheduled extends PacedPoll {
  readonly request: PollRequest;
  readonly points: PolledPoints;
  dueMs: number;
  asked: number;
  isUnderWay: boolean;
  problem: Problem | undefined;
}

/**
 * Asks for what a venue tells by REST only: each question at its own pace, spread over the interval with jitter, under the
 * weight budget, behind the book snapshots. Bounded by the number of instruments.
 */
export class Poller {
  readonly #options: PollerOptions;
  readonly #scheduled = new Map<string, Scheduled>();
  readonly #counts = { polls: 0, pollsFailed: 0, pollsLate: 0, pollsRepeated: 0, pollsOfOtherReplica: 0 };
  #instruments: ReadonlySet<string> = new Set();
  #underWay = 0;
  #lastAnswerMs = 0;
  #cancelTimer: (() => void) | undefined;
  #stopped = false;

  constructor(options: PollerOptions) {
    this.#options = options;
  }

  get counters(): Readonly<Record<string, number>> {
    return this.#options.polls.length === 0 ? {} : this.#counts;
  }
  /** When the venue last answered; 0: never. */
  get lastSignMs(): number {
    return this.#lastAnswerMs;
  }
  get connected(): boolean {
    return this.#lastAnswerMs > 0;
  }
  /** Longest silence of polls that go well. */
  get silenceMs(): number {
    return 2 * Math.min(...this.#options.polls.map(({ everyMs }) => everyMs));
  }
  /** Of the question that has failed for longest. */
  get failure(): Problem | undefined {
    const problems = [...this.#scheduled.values()].flatMap(({ problem }) => problem ?? []);
    return problems.toSorted((x, y) => x.sinceMs - y.sinceMs)[0];
  }

  /** Questions that stay keep their time. */
  setInstruments(instruments: readonly string[]): void {
    const { clock, random, polls, publishesTimedOnly } = this.#options;
    this.#instruments = new Set(instruments);
    const gone = new Set(this.#scheduled.keys());
    for (const { poll, everyMs } of polls) {
      for (const request of instruments.length === 0 ? [] : poll.requests(instruments)) {
        if (gone.delete(request.path) || this.#scheduled.has(request.path)) continue;
        const points = new PolledPoints(publishesTimedOnly);
        const dueMs = clock.nowMs() + random() * Math.min(everyMs, FIRST_WITHIN_MS);
        const state = { dueMs, asked: 0, isUnderWay: false, problem: undefined };
        this.#scheduled.set(request.path, { poll, everyMs, request, points, ...state });
      }
    }
    for (const path of gone) this.#scheduled.delete(path);
    this.#next();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer?.();
    this.#scheduled.clear();
  }

  #next(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const { clock, rest, reservedWeight } = this.#options;
    while (!this.#stopped && this.#underWay < MAX_PARALLEL) {
      const next = this.#soonest();
      if (next === undefined) return;
      const untilDueMs = next.dueMs - clock.nowMs();
      const untilFreeMs = Math.min(rest.waitMs(next.request.weight + reservedWeight()), LOOK_AGAIN_MS);
      const waitMs = Math.max(untilDueMs, untilFreeMs);
      if (waitMs > 0) {
        this.#cancelTimer = clock.after(waitMs, () => this.#next());
        return;
      }
      void this.#ask(next);
    }
  }

  #soonest(): Scheduled | undefined {
    let soonest: Scheduled | undefined;
    for (const one of this.#scheduled.values()) {
      if (!one.isUnderWay && (soonest === undefined || one.dueMs < soonest.dueMs)) soonest = one;
    }
    return soonest;
  }

  async #ask(one: Scheduled): Promise<void> {
    const { clock, rest } = this.#options;
    one.isUnderWay = true;
    this.#underWay += 1;
    this.#counts.polls += 1;
    this.#plan(one, clock.nowMs());
    const answer = await rest.get(one.request);
    one.isUnderWay = false;
    this.#underWay -= 1;
    if (this.#stopped) return;
    if (answer.kind === 'ok') this.#read(one, answer.body, answer.receiveTimeUs);
    else this.#failed(one, answer);
    this.#next();
  }

  /** The second question falls anywhere in the interval, so that what was first asked together is spread; then it stays. */
  #plan(one: Scheduled, nowMs: number): void {
    const { random } = this.#options;
    one.asked += 1;
    if (nowMs - one.dueMs > one.everyMs) this.#counts.pollsLate += 1;
    const share = one.asked === 1 ? 0.25 + random() * 0.75 : 0.95 + random() * 0.1;
    const gapMs = one.everyMs * share;
    // From when it was due: lateness does not add up. What was missed is not made up for.
    one.dueMs = one.dueMs + gapMs > nowMs ? one.dueMs + gapMs : nowMs + gapMs;
  }

  #failed(one: Scheduled, answer: Exclude<RestAnswer, { kind: 'ok' }>): void {
    const { clock, log, base } = this.#options;
    const { streams } = one.poll;
    const { instrument } = one.request;
    const what = instrument === null ? streams.join(', ') : `${streams.join(', ')} of ${instrument}`;
    this.#counts.pollsFailed += 1;
    one.problem = { ...restProblem(answer, what, base), sinceMs: one.problem?.sinceMs ?? clock.nowMs() };
    log.warn({ what, base, ...answer }, 'a poll failed');
  }

  #read(one: Scheduled, body: string, receiveTimeUs: number): void {
    const { onFrame, clock } = this.#options;
    const frames = one.poll.decode(body, one.request);
    const malformed = frames.find((frame) => frame.kind === 'undecodable');
    if (malformed !== undefined) {
      const detail = `the answer is malformed (${malformed.reason})`;
      this.#failed(one, { kind: 'refused', status: 200, detail });
    } else {
      one.problem = undefined;
      this.#lastAnswerMs = clock.nowMs();
    }
    const ours = frames.filter((frame) => frame.kind !== 'value' || this.#instruments.has(frame.instrument));
    const verdicts = one.points.judge(ours);
    ours.forEach((frame, index) => {
      const verdict = verdicts[index];
      if (verdict === 'new') onFrame(frame, receiveTimeUs);
      if (verdict === 'repeated') this.#counts.pollsRepeated += 1;
      if (verdict === 'otherReplica') this.#counts.pollsOfOtherReplica += 1;
    });
  }
}
