import type { StreamName } from '../../contract/feed.ts';

/** How a loss, or a wrong value, is seen. */
export interface StreamCheck {
  /**
   * `sequence`: ids say whether something is missing; `checksum`: the venue's own sum over the book; `top`: its best bid
   * and ask at the same id; `audit`: its REST answer now and then.
   */
  readonly by: 'sequence' | 'checksum' | 'top' | 'audit';
  /** The rule, in the venue's field names. */
  readonly rule: string;
}

/** Where a market's stream comes from and what is verified of it, for people: `docs/venues.md` is printed from it. */
export interface StreamSource {
  /** The venue's channel or REST path; `<…>` stands for what is filled in. */
  readonly channel: string;
  readonly pace:
    | { readonly kind: 'pushed'; readonly every: string }
    | { readonly kind: 'polled'; readonly everyMs: number };
  /** None: the venue gives nothing to verify it with. */
  readonly checks: readonly StreamCheck[];
  /** What prices and sizes, or values, count. */
  readonly units: string;
  /** What needs a login; null: all of it is public. */
  readonly login: string | null;
}

/** Every stream that a market offers, and nothing else. */
export type StreamSources = Readonly<Partial<Record<StreamName, StreamSource>>>;

/** Those of the wanted streams that are subscribed; the others are polled. */
export const pushedOf = (sources: StreamSources, wanted: readonly StreamName[]): readonly StreamName[] =>
  wanted.filter((stream) => sources[stream]?.pace.kind === 'pushed');

export const streamsOf = ({ sources }: { readonly sources: StreamSources }): readonly StreamName[] =>
  Object.keys(sources) as StreamName[];
