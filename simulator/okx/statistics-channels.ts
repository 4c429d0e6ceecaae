import type { Standing } from '../market/figures.ts';
import type { MarketSymbol } from '../ports.ts';
import * as entries from './statistics-data.ts';

export interface Pace {
  readonly name: string;
  readonly everyMs: number;
  /** Said again after so long without a change. */
  readonly restMs: number;
}

interface Channel extends Pace {
  readonly offers: (symbol: MarketSymbol) => boolean;
  /** What has to differ for there to be news. */
  readonly news: (symbol: MarketSymbol, standing: Standing) => string;
  readonly entry: (symbol: MarketSymbol, standing: Standing) => object;
}

const isDerivative = ({ kind }: MarketSymbol): boolean => kind !== 'spot';

/** Paces as the venue documents them; of «30 s to 90 s» for the funding rate the shortest. */
export const CHANNELS: readonly Channel[] = [
  {
    name: 'tickers',
    everyMs: 100,
    restMs: Infinity,
    offers: () => true,
    news: (_, { bid, ask, last }) => `${bid.join()}/${ask.join()}/${last?.id}`,
    entry: entries.tickerEntry,
  },
  {
    name: 'mark-price',
    everyMs: 200,
    restMs: 10_000,
    offers: isDerivative,
    news: entries.markPriceText,
    entry: entries.markPriceEntry,
  },
  {
    name: 'open-interest',
    everyMs: 3_000,
    restMs: Infinity,
    offers: isDerivative,
    news: (_, standing) => entries.openInterestText(standing),
    entry: entries.openInterestEntry,
  },
  {
    name: 'funding-rate',
    everyMs: 30_000,
    restMs: 30_000,
    offers: ({ kind }) => kind === 'perpetual',
    news: () => '',
    entry: entries.fundingEntry,
  },
];
export const INDEX: Pace = { name: 'index-tickers', everyMs: 100, restMs: 60_000 };
export const SUMMARY: Pace = { name: 'opt-summary', everyMs: 1_000, restMs: 1_000 };
export const BLOCKS: Pace = { name: 'public-block-trades', everyMs: 20_000, restMs: 20_000 };
