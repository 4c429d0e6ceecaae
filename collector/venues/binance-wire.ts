/** What Binance's spot and futures APIs write alike. */
import type { Instrument } from '../../contract/instrument.ts';
import { parseWithNumberText } from './json-numbers.ts';
import type { Channel, ChannelStream, Malformed, TradeFrame, VenueFrame } from './venue.ts';
import { isDecimal, isObject, levels, stepOrNull, undecodable, type Fields } from './wire.ts';

export type Suffixes = Readonly<Partial<Record<ChannelStream, string>>>;
const SUFFIX: Suffixes = {
  orderbook: 'depth@100ms',
  trade: 'trade',
  top: 'bookTicker',
  ticker: 'bookTicker',
  'mark-price': 'markPrice@1s',
  liquidation: 'forceOrder',
};
export const US_PER_MS = 1_000;
/** 300 connects in 5 minutes and address, as many at once as one likes, each for 24 hours. */
export const BINANCE_CONNECTIONS = {
  connects: { kind: 'window', count: 300, windowMs: 300_000 },
  connectionsAtOnce: null,
  connectionLifeMs: 24 * 3_600_000,
} as const;

export function request(
  method: 'SUBSCRIBE' | 'UNSUBSCRIBE',
  channels: readonly Channel[],
  id: number,
  suffixes = SUFFIX,
): string {
  const params = channels.map(
    ({ instrument, stream }) => `${instrument.toLowerCase()}@${suffixes[stream] ?? stream}`,
  );
  return JSON.stringify({ method, params, id });
}

/** Undefined where the milliseconds are none that can be counted in microseconds. */
export function microseconds(milliseconds: unknown): number | undefined {
  const value = typeof milliseconds === 'number' ? milliseconds * US_PER_MS : Number.NaN;
  const isTime = Number.isSafeInteger(milliseconds) && Number.isSafeInteger(value) && value >= 0;
  return isTime ? value : undefined;
}

/** Where the APIs differ. */
export interface Dialect {
  depth(event: Fields): VenueFrame;
  trade(event: Fields): VenueFrame;
  /** Kinds that only this API has. */
  readonly others?: ReadonlyMap<string, (event: Fields) => readonly VenueFrame[]>;
  /** Where one message may hold events of many instruments. */
  readonly list?: (events: readonly unknown[]) => readonly VenueFrame[];
  /** Kinds of frames that the API has and that are not collected. */
  readonly ignored: ReadonlySet<string>;
}

export function decodeMessage(text: string, dialect: Dialect): readonly VenueFrame[] {
  const value = parse(text);
  if (!isObject(value)) return [undecodable(value === undefined ? 'notJson' : 'notAnObject')];
  // Combined endpoints wrap the event as {"stream","data"}.
  const { data } = value;
  if (dialect.list !== undefined && Array.isArray(data)) return dialect.list(data);
  const event = isObject(data) ? data : value;
  const type = event['e'];
  const other = typeof type === 'string' ? dialect.others?.get(type) : undefined;
  if (other !== undefined) return other(event);
  const isTrade = type === 'trade' || type === 'aggTrade';
  return [decodeEvent(type, isTrade ? exactIds(text, event) : event, dialect)];
}

function decodeEvent(type: unknown, event: Fields, dialect: Dialect): VenueFrame {
  switch (type) {
    case 'depthUpdate':
      return dialect.depth(event);
    case 'trade':
      return dialect.trade(event);
    case 'aggTrade':
      return decodeAggregate(event);
    case 'bookTicker':
      return decodeTop(event);
    case 'serverShutdown':
      return { kind: 'shutdown' };
    default:
      if (typeof type !== 'string') return decodeUntyped(event);
      return dialect.ignored.has(type)
        ? { kind: 'ignored', name: type }
        : { kind: 'unknown', name: type.slice(0, 40) };
  }
}

/** Frames without `e`: spot's best bid and ask, answers to our requests, errors. */
function decodeUntyped(event: Fields): VenueFrame {
  if ('u' in event && 'b' in event && 'B' in event) return decodeTop(event);
  const id = typeof event['id'] === 'number' ? event['id'] : null;
  const error = isObject(event['error'])
    ? event['error']
    : 'code' in event && 'msg' in event
      ? event
      : undefined;
  if (error !== undefined) {
    return { kind: 'ack', id, error: `${String(error['code'])} ${String(error['msg'])}` };
  }
  return 'result' in event ? { kind: 'ack', id, error: null } : { kind: 'unknown', name: 'untyped' };
}

const IDS = ['t', 'a', 'f', 'l'] as const;

/** Ids that a double rounds are read again from the text. The venue is far from them. */
function exactIds(text: string, event: Fields): Fields {
  if (IDS.every((name) => !isRounded(event[name]))) return event;
  const message = parseWithNumberText(text);
  const inner = isObject(message) && isObject(message['data']) ? message['data'] : message;
  if (!isObject(inner)) return event;
  const exact = IDS.filter((name) => isRounded(event[name]) && /^\d+$/.test(String(inner[name])));
  return { ...event, ...Object.fromEntries(exact.map((name) => [name, BigInt(inner[name] as string)])) };
}

const isRounded = (id: unknown): boolean => Number.isInteger(id) && !Number.isSafeInteger(id);

/** As text, exact; a number as well while it can be counted with. */
export function tradeId(id: unknown): Pick<TradeFrame, 'id' | 'sequence'> | undefined {
  if (typeof id === 'bigint') return { id: String(id), sequence: null };
  return Number.isSafeInteger(id) ? { id: String(id), sequence: id as number } : undefined;
}

export function decodeTrade(event: Fields): VenueFrame {
  const { s, t, p, q, T, m } = event;
  if (typeof s !== 'string' || !isDecimal(p) || !isDecimal(q)) return undecodable('missingField');
  const exchangeTimeUs = microseconds(T);
  if (exchangeTimeUs === undefined || typeof m !== 'boolean') return undecodable('missingField');
  const ids = tradeId(t);
  if (ids === undefined) return undecodable('unsafeId');
  return {
    kind: 'trade',
    instrument: s,
    ...ids,
    price: p,
    size: q,
    side: takerSide(m),
    exchangeTimeUs,
  };
}

function decodeAggregate(event: Fields): VenueFrame {
  const { s, a, f, l, p, q, T, m } = event;
  if (typeof s !== 'string' || !isDecimal(p) || !isDecimal(q)) return undecodable('missingField');
  const exchangeTimeUs = microseconds(T);
  if (exchangeTimeUs === undefined || typeof m !== 'boolean') return undecodable('missingField');
  const ids = tradeId(a);
  const first = tradeId(f);
  const last = tradeId(l);
  if (ids === undefined || first === undefined || last === undefined) return undecodable('unsafeId');
  return {
    kind: 'trade',
    instrument: s,
    id: ids.id,
    // Aggregates count apart from the single trades that share their subject.
    sequence: null,
    price: p,
    size: q,
    side: takerSide(m),
    exchangeTimeUs,
    aggregate: { firstTradeId: first.id, lastTradeId: last.id },
  };
}

/** `m`: the buyer was the maker, so the taker sold. */
export const takerSide = (buyerIsMaker: boolean): 'buy' | 'sell' => (buyerIsMaker ? 'sell' : 'buy');

/** Spot's has no time. An empty side comes as zeros. */
function decodeTop(event: Fields): VenueFrame {
  const { s, u, b, B, a, A, T = null } = event;
  const exchangeTimeUs = T === null ? null : microseconds(T);
  if (typeof s !== 'string' || exchangeTimeUs === undefined) return undecodable('missingField');
  if (!Number.isSafeInteger(u)) return undecodable('unsafeId');
  const sides = levels([
    [b, B],
    [a, A],
  ]);
  const [bid, ask] = sides ?? [];
  if (bid === undefined || ask === undefined) return undecodable('badLevel');
  return {
    kind: 'top',
    instrument: s,
    lastId: u as number,
    exchangeTimeUs,
    bid: bid[1] === '0' ? null : bid,
    ask: ask[1] === '0' ? null : ask,
  };
}

/** Undefined where it is no JSON. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The entries of a list in `/exchangeInfo`, each an object. */
export function decodeSymbols(text: string, name = 'symbols'): readonly Fields[] | Malformed {
  const value = parse(text);
  if (value === undefined) return undecodable('notJson');
  if (!isObject(value) || !Array.isArray(value[name])) return undecodable('missingField');
  const symbols = value[name] as readonly unknown[];
  return symbols.every(isObject) ? symbols : undecodable('notAnObject');
}

/** Steps of prices and sizes, which all APIs state as filters; a step of 0 is none. */
export function stepsOf({ filters }: Fields): Pick<Instrument, 'tick' | 'lot' | 'minSize'> {
  const list = Array.isArray(filters) ? (filters as readonly unknown[]).filter(isObject) : [];
  const filter = (type: string): Fields => list.find(({ filterType }) => filterType === type) ?? {};
  const lots = filter('LOT_SIZE');
  return {
    tick: stepOrNull(filter('PRICE_FILTER')['tickSize']),
    lot: stepOrNull(lots['stepSize']),
    minSize: stepOrNull(lots['minQty']),
  };
}
