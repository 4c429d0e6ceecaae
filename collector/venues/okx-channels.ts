import type { Market } from '../../contract/feed.ts';
import type { Channel, ChannelStream } from './venue.ts';
import { isObject } from './wire.ts';

type Target = 'instId' | 'instFamily' | 'instType';

/** The channel that each stream comes in, and what of the instrument names it there. */
const CHANNELS = {
  orderbook: { channel: 'books', target: 'instId' },
  trade: { channel: 'trades-all', target: 'instId' },
  // Its `seqId` is that of `books`.
  top: { channel: 'bbo-tbt', target: 'instId' },
  ticker: { channel: 'bbo-tbt', target: 'instId' },
  'mark-price': { channel: 'mark-price', target: 'instId' },
  'funding-rate': { channel: 'funding-rate', target: 'instId' },
  'open-interest': { channel: 'open-interest', target: 'instId' },
  liquidation: { channel: 'liquidation-orders', target: 'instType' },
  'option-summary': { channel: 'opt-summary', target: 'instFamily' },
} as const satisfies Partial<Record<ChannelStream, { readonly channel: string; readonly target: Target }>>;
type Subscribed = keyof typeof CHANNELS;

/** Carriers alone. */
const STREAMS: ReadonlyMap<string, Subscribed> = new Map(
  Object.entries(CHANNELS)
    .filter(([stream]) => stream !== 'ticker')
    .map(([stream, { channel }]) => [channel, stream as Subscribed]),
);
const INSTRUMENT_TYPES: Readonly<Partial<Record<Market, string>>> = { perpetual: 'SWAP', future: 'FUTURES' };

/**
 * Liquidations come for all instruments of a type in one subscription, summaries for all options of a family; the top that
 * a book is held against is a ticker.
 */
export function carrierOf(market: Market, { instrument, stream }: Channel): Channel {
  if (stream === 'ticker') return { instrument, stream: 'top' };
  if (stream === 'liquidation') return { instrument: INSTRUMENT_TYPES[market] ?? instrument, stream };
  if (stream === 'option-summary') return { instrument: familyOf(instrument), stream };
  return { instrument, stream };
}

/** `BTC-USD` of `BTC-USD-261225-100000-C`. */
const familyOf = (instrument: string): string => instrument.split('-').slice(0, 2).join('-');

/** The argument of a subscription. */
export function argumentOf({ instrument, stream }: Channel): Readonly<Record<string, string>> {
  const { channel, target } = CHANNELS[stream as Subscribed];
  return { channel, [target]: instrument };
}

/** The channel of ours that an argument stands for; undefined for all others. */
export function channelOf(argument: unknown): Channel | undefined {
  if (!isObject(argument) || typeof argument['channel'] !== 'string') return undefined;
  const stream = STREAMS.get(argument['channel']);
  if (stream === undefined) return undefined;
  const instrument = argument[CHANNELS[stream].target];
  return typeof instrument === 'string' ? { instrument, stream } : undefined;
}

/** The text of error 60018 names the one argument that is wrong; the others of the frame are answered apart. */
const NAMED = /channel:([\w-]+),\s*(instId|instFamily|instType):([\w.-]+)/;

export function namedChannel(error: string): Channel | undefined {
  const [, channel, target = '', name] = NAMED.exec(error) ?? [];
  return channelOf({ channel, [target]: name });
}
