import type { EffectiveFeed } from '../contract/effective.ts';
import { pushedOf } from './venues/source.ts';
import type { Channel, Venue } from './venues/venue.ts';

/** What is subscribed for one instrument: what the feed wants, and the best bid and ask that its book is checked with. */
export function wantedChannels(
  venue: Venue,
  { streams, orderbook }: Pick<EffectiveFeed, 'streams' | 'orderbook'>,
  instrument: string,
): readonly Channel[] {
  const channels: Channel[] = pushedOf(venue.sources, streams).map((stream) => ({ instrument, stream }));
  const isChecked = venue.hasTops && orderbook.topCheck && streams.includes('orderbook');
  const top: Channel = { instrument, stream: 'top' };
  // One of the feed's own streams may be that channel.
  const same = (channel: Channel): boolean => venue.subscribe([channel], 0) === venue.subscribe([top], 0);
  return isChecked && !channels.some(same) ? [...channels, top] : channels;
}

/** The first few of them, for people. */
export const namesOf = (channels: readonly Channel[]): string =>
  channels
    .slice(0, 5)
    .map(({ instrument, stream }) => `${instrument} ${stream}`)
    .join(', ');
