import type { Problem, ProblemReason } from '../contract/control.ts';
import type { StreamName } from '../contract/feed.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import { restProblem } from './rest-problem.ts';
import type { RestAnswer } from './rest.ts';
import { streamsOf } from './venues/source.ts';
import type { Venue } from './venues/venue.ts';

export interface VenueProblemsOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** The REST endpoint as used. */
  readonly restBase: string;
}

/** What a user can mend about the venue: one a reason, since it first showed. */
export class VenueProblems {
  readonly #options: VenueProblemsOptions;
  readonly #standing = new Map<ProblemReason, { readonly message: string; readonly sinceMs: number }>();

  constructor(options: VenueProblemsOptions) {
    this.#options = options;
  }

  get list(): readonly Problem[] {
    return [...this.#standing].map(([reason, problem]) => ({ reason, ...problem }));
  }

  raise(reason: ProblemReason, message: string): void {
    const sinceMs = this.#standing.get(reason)?.sinceMs ?? this.#options.clock.nowMs();
    this.#standing.set(reason, { message, sinceMs });
  }

  rest(answer: Exclude<RestAnswer, { kind: 'ok' }>, what: string): void {
    const { restBase: base, log } = this.#options;
    const { reason, message } = restProblem(answer, what, base);
    this.raise(reason, message);
    log.warn({ what, base, ...answer }, 'venue REST failed');
  }

  /** REST answers again. */
  restIsWell(): void {
    for (const reason of ['RateLimited', 'RegionRefused', 'VenueRefused', 'VenueUnreachable'] as const) {
      this.#standing.delete(reason);
    }
  }

  /** Streams that the feed asks for and the venue does not have. */
  notOffered(streams: readonly StreamName[], venue: Venue): void {
    for (const stream of streams.filter((name) => venue.sources[name] === undefined)) {
      const offered = streamsOf(venue).join(', ');
      this.raise(
        'StreamNotOffered',
        `spec.streams: ${stream} is not offered for ${venue.exchange} ${venue.market}; remove it, offered are ${offered}`,
      );
    }
  }
}
