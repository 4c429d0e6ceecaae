// The book and trade frames of the recordings, as they came from the socket, with the REST books in their place.
import { readFileSync } from 'node:fs';
import { parseLine } from '../../collector/replay/recording.ts';
import { recordedApi } from '../../collector/replay/recorded-venues.ts';
import { venueOf } from '../../collector/venues/registry.ts';
import type { Venue } from '../../collector/venues/venue.ts';

export const RECORDINGS = new URL('../../../shared/recordings/', import.meta.url);

export interface Item {
  readonly kind: 'frame' | 'snapshot';
  /** Of a snapshot. */
  readonly instrument: string;
  readonly timeUs: number;
  readonly text: string;
}

export interface BenchVenue {
  readonly name: string;
  readonly venue: Venue;
  /** Each is played into a session of its own. */
  readonly files: readonly string[];
}

function venue(exchange: Venue['exchange'], market: Venue['market'], settle: Venue['settle']): Venue {
  const found = venueOf({ exchange, market, settle });
  if (found === undefined) throw new Error(`${exchange} ${market} is not offered`);
  return found;
}

export const BENCH_VENUES: readonly BenchVenue[] = [
  {
    name: 'Binance spot',
    venue: venue('binance', 'spot', null),
    files: [
      'binance-spot/hft-20240808-btc-eth-all-30s',
      'binance-spot/hft-20240808-btc-depth-180s',
      'binance-spot/cf-20210404-btc-eth-dot',
    ],
  },
  {
    name: 'Binance USD-M',
    venue: venue('binance', 'perpetual', 'linear'),
    files: ['binance-usdm/hft-20240808-btc-depth-trade-60s', 'binance-usdm/hft-20240808-btc-eth-all-15s'],
  },
  {
    name: 'Binance COIN-M',
    venue: venue('binance', 'perpetual', 'inverse'),
    files: [
      'binance-coinm/hft-20240808-btc-eth-perp-all-30s',
      'binance-coinm/hft-20240808-btc-perp-depth-60s',
    ],
  },
  {
    name: 'OKX',
    venue: venue('okx', 'perpetual', null),
    files: ['okx/cf-20210722-books-l2-tbt', 'okx/cf-20220513-books-checksum'],
  },
  {
    name: 'Deribit',
    venue: venue('deribit', 'option', null),
    files: ['deribit/cf-20210405-options-119s', 'deribit/cf-20210417-options-31s'],
  },
];

const WANTED = new Set(['depth', 'state', 'trade', 'notTrade']);

/** Whether it is a book's or a single trade's: sums of trades are not collected. */
function isWanted(venue: Venue, text: string): boolean {
  return venue
    .decode(text)
    .some((frame) => WANTED.has(frame.kind) && !(frame.kind === 'trade' && frame.aggregate !== undefined));
}

export function recorded(venue: Venue, file: string): readonly Item[] {
  const items: Item[] = [];
  for (const text of readFileSync(new URL(`${file}.jsonl`, RECORDINGS), 'utf8').split('\n')) {
    if (text === '') continue;
    const line = parseLine(text);
    if (typeof line === 'string') throw new Error(`${file}: a line is ${line}`);
    const { direction, kind, message, url } = line;
    const timeUs = Math.round(line.timeMs * 1_000);
    if (direction === 'send') continue;
    if (kind === 'ws') {
      if (isWanted(venue, message)) items.push({ kind: 'frame', instrument: '', timeUs, text: message });
      continue;
    }
    const rest = recordedApi(url)?.rest(new URL(url));
    if (rest?.kind === 'depth')
      items.push({ kind: 'snapshot', instrument: rest.instrument, timeUs, text: message });
  }
  return items;
}
