import { streamOf } from '../deribit/channels.ts';
import { changeData, subscriptionFrame } from '../deribit/frames.ts';
import type { ActionLevel } from '../deribit/frames.ts';
import { canonicalDay } from '../deribit/instruments.ts';
import { plainText } from '../deribit/numbers.ts';
import type { LevelText, MarketTrade } from '../ports.ts';
import type { Heard, PlaybackDialect, RecordedEvent, Seam, SymbolName } from './dialect.ts';
import { isObject, parseJson } from './line.ts';
import type { Json, Line } from './line.ts';
import type { Shift, ShiftFields } from './shift.ts';

/** `trade_id` and the match's id count by themselves, apart from `trade_seq`. */
const FIELDS: ShiftFields = {
  timestamp: 'timesMs',
  starbase_timestamp: 'timesMs',
  change_id: 'bookIds',
  prev_change_id: 'bookIds',
  trade_seq: 'tradeIds',
  trade_id: 'aggTradeIds',
  starbase_match_id: 'aggTradeIds',
};
const NANOSECONDS = 'starbase_timestamp';
/** Intervals that a login opens or that the simulated venue has not: played as the one that is open to all. */
const INTERVAL = /\.(?:raw|agg2)$/;

export const DERIBIT_PLAYBACK: PlaybackDialect = {
  title: 'Deribit',
  hear: ({ kind, msg }: Line) => {
    const message = parseJson(msg);
    if (message === undefined) return undefined;
    return kind === 'http' ? heardListing(message) : heardFrame(msg, message);
  },
  hasIds: () => true,
  symbolName,
  stepText: (digits) => (10 ** -digits).toFixed(digits),
  standsFor: () => undefined,
  renamed: (data) => data,
  shifted: shiftedText,
  seamData(symbol, seam) {
    const about = { instrument: symbol, timeMs: seam.timeMs, changeId: seam.lastId };
    return subscriptionFrame(`book.${symbol}.100ms`, changeData(about, seam.previousId, actions(seam)));
  },
};

function heardFrame(msg: string, { params }: Json): Heard | undefined {
  if (!isObject(params) || typeof params['channel'] !== 'string') return undefined;
  const recorded = params['channel'];
  const channel = recorded.replace(INTERVAL, '.100ms');
  const stream = streamOf(channel);
  if (stream === undefined) return undefined;
  const { data } = params;
  const ofInstrument = !channel.startsWith('deribit_volatility_index.');
  const symbol = ofInstrument ? (channel.split('.')[1] ?? '') : (stream.split('@')[0] ?? '');
  const text = { stream, symbol, data: msg.replace(`"${recorded}"`, `"${channel}"`), wrapped: undefined };
  const event = eventOf(stream, msg, data);
  const frame = { ...text, event, ...(ofInstrument ? {} : { ofInstrument: false as const }) };
  if (event.kind !== 'depth' || event.whole !== true) return { kind: 'frame', frame };
  const { lastId, bids, asks, eventTimeMs } = event;
  return { kind: 'book', symbol, book: { lastUpdateId: lastId, bids, asks }, timeMs: eventTimeMs, frame };
}

function eventOf(stream: string, msg: string, data: unknown): RecordedEvent {
  if (Array.isArray(data) && stream.endsWith('@trade'))
    return { kind: 'trades', trades: data.filter(isObject).map(tradeOf) };
  if (!isObject(data) || typeof data['change_id'] !== 'number') return { kind: 'other' };
  const lastId = data['change_id'];
  if (!stream.endsWith('@depth')) return { kind: 'bookTicker', updateId: lastId };
  const previous = data['prev_change_id'];
  // Frames of 2020 have no `type`; the first of a subscription is the one without `prev_change_id`.
  const isWhole = typeof previous !== 'number';
  const previousId = isWhole ? lastId - 1 : previous;
  const eventTimeMs = Number(data['timestamp']);
  const sides = { bids: levels(msg, 'bids'), asks: levels(msg, 'asks') };
  const event = {
    kind: 'depth' as const,
    firstId: previousId + 1,
    lastId,
    previousId,
    eventTimeMs,
    ...sides,
  };
  return isWhole ? { ...event, whole: true } : event;
}

/** From the text itself: the numbers of a parsed message have lost their digits. */
function levels(msg: string, side: 'bids' | 'asks'): readonly LevelText[] {
  const list = new RegExp(`"${side}"\\s*:\\s*\\[((?:\\s*\\[[^\\]]*\\]\\s*,?)*)\\s*\\]`).exec(msg)?.[1] ?? '';
  return [...list.matchAll(/\[\s*"(\w+)"\s*,\s*([^,\s]+)\s*,\s*([^\]\s]+)\s*\]/g)].map(
    ([, action, price = '', amount = '']): LevelText => [
      plainText(price),
      action === 'delete' ? '0' : plainText(amount),
    ],
  );
}

function tradeOf(trade: Json): MarketTrade {
  const { trade_id: tradeId, liquidation } = trade;
  return {
    id: Number(trade['trade_seq']),
    price: plainText(String(trade['price'])),
    size: plainText(String(trade['amount'])),
    timeMs: Number(trade['timestamp']),
    buyerIsMaker: trade['direction'] === 'sell',
    recorded: {
      tradeId: String(tradeId),
      ...(typeof liquidation === 'string' ? { liquidation } : {}),
    },
  };
}

/** Strict, as the venue's are: nothing is deleted that is not there. */
function actions({ bids, asks, from }: Seam): {
  readonly bids: readonly ActionLevel[];
  readonly asks: readonly ActionLevel[];
} {
  const worded = (changes: readonly LevelText[], held: readonly LevelText[]): readonly ActionLevel[] => {
    const prices = new Set(held.map(([price]) => price));
    return changes.flatMap(([price, size]): readonly ActionLevel[] => {
      if (size !== '0') return [[prices.has(price) ? 'change' : 'new', price, size]];
      return prices.has(price) ? [['delete', price, '0']] : [];
    });
  };
  return { bids: worded(bids, from.bids), asks: worded(asks, from.asks) };
}

function shiftedText(text: string, shift: Shift): string {
  const numbers = /"(\w+)"(\s*:\s*"?(?:[A-Z]+-)?)(\d+)(?=["\s,}\]])/g;
  return text.replace(numbers, (whole, name: string, between: string, digits: string) => {
    const part = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
    if (part === undefined) return whole;
    const by = BigInt(shift[part]) * (name === NANOSECONDS ? 1_000_000n : 1n);
    return `"${name}"${between}${BigInt(digits) + by}`;
  });
}

/** `BTC-PERPETUAL`, `BTC_USDC-PERPETUAL`, `BTC-25JUN27`, `BTC-25JUN27-20000-C`. */
function symbolName(symbol: string): SymbolName {
  const [assets = symbol, end = '', strike, right] = symbol.split('-');
  const [baseAsset = assets, quoteAsset = 'USD'] = assets.split('_');
  const expiry = canonicalDay(end);
  const dated = strike === undefined ? 'future' : 'option';
  return {
    kind: expiry === undefined ? 'perpetual' : dated,
    expiry,
    strike,
    right: right === 'C' || right === 'P' ? right : undefined,
    baseAsset,
    quoteAsset,
  };
}

function heardListing({ result }: Json): Heard | undefined {
  if (!Array.isArray(result)) return undefined;
  const named = result.filter(isObject).filter((entry) => typeof entry['instrument_name'] === 'string');
  if (named.length === 0) return undefined;
  return {
    kind: 'listing',
    entries: new Map(named.map((entry) => [String(entry['instrument_name']), entry])),
  };
}
