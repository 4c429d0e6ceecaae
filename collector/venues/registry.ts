import type { Exchange, Market } from '../../contract/feed.ts';
import { binanceSpot } from './binance.ts';
import {
  binanceInverseFuture,
  binanceInversePerpetual,
  binanceLinearFuture,
  binanceLinearPerpetual,
} from './binance-futures.ts';
import { binanceOption } from './binance-options.ts';
import { deribitFuture, deribitIndex, deribitOption, deribitPerpetual } from './deribit.ts';
import { okxFuture, okxOption, okxPerpetual, okxSpot } from './okx.ts';
import type { Venue } from './venue.ts';

export const VENUES: readonly Venue[] = [
  binanceSpot,
  binanceLinearPerpetual,
  binanceLinearFuture,
  binanceInversePerpetual,
  binanceInverseFuture,
  binanceOption,
  okxSpot,
  okxPerpetual,
  okxFuture,
  okxOption,
  deribitPerpetual,
  deribitFuture,
  deribitOption,
  deribitIndex,
];

/** The venue's market, or undefined where it is not offered yet. */
export function venueOf(feed: {
  readonly exchange: Exchange;
  readonly market: Market;
  readonly settle: 'linear' | 'inverse' | null;
}): Venue | undefined {
  return VENUES.find(
    ({ exchange, market, settle }) =>
      exchange === feed.exchange && market === feed.market && (settle === null || settle === feed.settle),
  );
}
