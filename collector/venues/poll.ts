import type { StreamName } from '../../contract/feed.ts';
import type { RestRequest, VenueFrame } from './venue.ts';

/** A question about one instrument, or about more at once. */
export interface PollRequest extends RestRequest {
  /** Null: the answer names its instruments. */
  readonly instrument: string | null;
}

/** What a venue tells by REST only; asked again at the pace that `sources` states for its streams. */
export interface Poll {
  /** What its answers hold. */
  readonly streams: readonly StreamName[];
  /** For all of these; one that covers several instruments is there once. Told apart by their paths. */
  requests(instruments: readonly string[]): readonly PollRequest[];
  /** Values, oldest first, or what is wrong with the answer. */
  decode(text: string, asked: PollRequest): readonly VenueFrame[];
}
