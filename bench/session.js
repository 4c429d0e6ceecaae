// An entry for comparisons by others: the collector's own pipeline, as built by `npm run build`, with a sink that counts.
import { CountingSession } from '../dist/collector/replay/counting-session.js';
import { venueOf } from '../dist/collector/venues/registry.js';

/**
 * `market` is spot, perpetual, future or option; `settle` is linear or inverse for Binance's contracts, else null or left out.
 * The session has `frame(buf, receiveTimeUs)` for a message of the socket, `snapshot(buf, symbol)` for the body of a REST
 * book (`symbol` as the venue spells it, before or after it is needed), and `report()`: `messages` by type, `tops` by
 * instrument (`bid` and `ask`, each `[price, size]` as text or null), `bytes` and the pipeline's `counters`.
 */
export function newSession({ exchange, market, settle = null }) {
  const venue = venueOf({ exchange, market, settle });
  if (venue === undefined) {
    throw new Error(
      `exchange "${exchange}", market "${market}", settle "${settle}": no such market is offered`,
    );
  }
  return new CountingSession(venue, ['orderbook', 'trade']);
}
