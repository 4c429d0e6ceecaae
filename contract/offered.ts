import type { Exchange, Market, StreamName } from './feed.ts';

/** A market that this version collects, and what of it. */
export interface Offer {
  readonly exchange: Exchange;
  readonly market: Market;
  /** Binance's contracts only. */
  readonly settle: 'linear' | 'inverse' | null;
  readonly streams: readonly StreamName[];
}

/** What venues have of every contract. */
const CONTRACT = ['orderbook', 'trade', 'ticker', 'mark-price', 'open-interest'] as const;

const BINANCE_FUTURE: readonly StreamName[] = [...CONTRACT, 'liquidation'];
const BINANCE_PERPETUAL: readonly StreamName[] = [...BINANCE_FUTURE, 'funding-rate', 'long-short-ratio'];

/** Kept equal to the venue registry of the collector by a test; the operator judges feeds by it. */
export const OFFERED: readonly Offer[] = [
  { exchange: 'binance', market: 'spot', settle: null, streams: ['orderbook', 'trade', 'ticker'] },
  { exchange: 'binance', market: 'perpetual', settle: 'linear', streams: BINANCE_PERPETUAL },
  { exchange: 'binance', market: 'future', settle: 'linear', streams: BINANCE_FUTURE },
  { exchange: 'binance', market: 'perpetual', settle: 'inverse', streams: BINANCE_PERPETUAL },
  { exchange: 'binance', market: 'future', settle: 'inverse', streams: BINANCE_FUTURE },
  {
    exchange: 'binance',
    market: 'option',
    settle: null,
    streams: [...CONTRACT, 'option-summary'],
  },
  { exchange: 'okx', market: 'spot', settle: null, streams: ['orderbook', 'trade', 'ticker'] },
  {
    exchange: 'okx',
    market: 'perpetual',
    settle: null,
    streams: [...CONTRACT, 'liquidation', 'long-short-ratio', 'funding-rate'],
  },
  {
    exchange: 'okx',
    market: 'future',
    settle: null,
    streams: [...CONTRACT, 'liquidation', 'long-short-ratio'],
  },
  { exchange: 'okx', market: 'option', settle: null, streams: [...CONTRACT, 'option-summary'] },
  {
    exchange: 'deribit',
    market: 'perpetual',
    settle: null,
    streams: [...CONTRACT, 'liquidation', 'funding-rate'],
  },
  { exchange: 'deribit', market: 'future', settle: null, streams: [...CONTRACT, 'liquidation'] },
  {
    exchange: 'deribit',
    market: 'option',
    settle: null,
    streams: [...CONTRACT, 'liquidation', 'option-summary'],
  },
  { exchange: 'deribit', market: 'index', settle: null, streams: ['volatility-index'] },
];

export function offerOf(feed: Omit<Offer, 'streams'>): Offer | undefined {
  return OFFERED.find(
    ({ exchange, market, settle }) =>
      exchange === feed.exchange && market === feed.market && (settle === null || settle === feed.settle),
  );
}

const nameOf = ({ exchange, market, settle }: Offer): string =>
  settle === null ? `${exchange} ${market}` : `${exchange} ${market} (settle: ${settle})`;

/** For messages: every market that can be named in a feed. */
export function offeredMarkets(): string {
  return OFFERED.map(nameOf).join(', ');
}
