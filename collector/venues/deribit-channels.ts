import type { StreamName } from '../../contract/feed.ts';
import type { Channel } from './venue.ts';

/** `raw` needs a login (error 13778, and the whole request fails); 100 ms is the fastest public interval. */
const INTERVAL = '100ms';
/**
 * Ungrouped and one level deep: the only best bid and ask that comes with the book's `change_id`; `ticker` and `quote` have
 * none.
 */
const TOP = 'none.1';

/** The venue's name of a channel. */
export function channelName({ instrument, stream }: Channel): string {
  switch (stream) {
    case 'orderbook':
      return `book.${instrument}.${INTERVAL}`;
    case 'trade':
      return `trades.${instrument}.${INTERVAL}`;
    case 'top':
      return `book.${instrument}.${TOP}.${INTERVAL}`;
    case 'volatility-index':
      return `deribit_volatility_index.${instrument}`;
    default:
      return `${stream}.${instrument}.${INTERVAL}`;
  }
}

/** The channel that a name of ours stands for; undefined for all others. */
export function channelOf(name: string): Channel | undefined {
  const [kind, instrument = '', interval, ...more] = name.split('.');
  if (instrument === '') return undefined;
  if (kind === 'book' && name.endsWith(`.${TOP}.${INTERVAL}`)) return { instrument, stream: 'top' };
  if (more.length > 0) return undefined;
  if (kind === 'deribit_volatility_index') {
    return interval === undefined ? { instrument, stream: 'volatility-index' } : undefined;
  }
  if (interval !== INTERVAL) return undefined;
  const stream = STREAMS.get(kind ?? '');
  return stream === undefined ? undefined : { instrument, stream };
}

const STREAMS: ReadonlyMap<string, StreamName> = new Map([
  ['book', 'orderbook'],
  ['trades', 'trade'],
  ['ticker', 'ticker'],
]);

/** `ticker` brings all that the venue says beside book and trades; liquidations are marks on trades. */
export function carrier({ instrument, stream }: Channel): Channel {
  switch (stream) {
    case 'mark-price':
    case 'funding-rate':
    case 'open-interest':
    case 'option-summary':
      return { instrument, stream: 'ticker' };
    case 'liquidation':
      return { instrument, stream: 'trade' };
    default:
      return { instrument, stream };
  }
}
