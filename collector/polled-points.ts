import type { VenueFrame } from './venues/venue.ts';

export type PointVerdict = 'new' | 'repeated' | 'otherReplica';

/**
 * Which of one question's answers say something new: a point of the venue's time once, and of what lies before the first
 * question only the last point. Bounded by the instruments that an answer names.
 */
export class PolledPoints {
  readonly #lastUs = new Map<string, number>();
  readonly #publishesTimedOnly: boolean;

  /** `publishesTimedOnly`: what has no time of the venue has no identity either, and another collector publishes it. */
  constructor(publishesTimedOnly: boolean) {
    this.#publishesTimedOnly = publishesTimedOnly;
  }

  /** Of one answer, oldest first; what is no value is always new. */
  judge(frames: readonly VenueFrame[]): readonly PointVerdict[] {
    const newest = new Map<string, number>();
    frames.forEach((frame, index) => newest.set(keyOf(frame), index));
    return frames.map((frame, index): PointVerdict => {
      if (frame.kind !== 'value') return 'new';
      const { exchangeTimeUs } = frame;
      if (exchangeTimeUs === null) return this.#publishesTimedOnly ? 'otherReplica' : 'new';
      const key = keyOf(frame);
      const lastUs = this.#lastUs.get(key);
      if (lastUs === undefined ? newest.get(key) !== index : exchangeTimeUs <= lastUs) return 'repeated';
      this.#lastUs.set(key, exchangeTimeUs);
      return 'new';
    });
  }
}

const keyOf = (frame: VenueFrame): string =>
  frame.kind === 'value' ? `${frame.stream}/${frame.instrument}` : '';
