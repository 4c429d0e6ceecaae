import type { Level } from '../../contract/record.ts';
import { plainDecimal, safeInteger } from './json-numbers.ts';
import type { BookSnapshot, Malformed, TradeFrame, TradeMark, VenueFrame } from './venue.ts';
import { isObject, undecodable, type Fields } from './wire.ts';

const US_PER_MS = 1_000;
/** The stream sends every level that the venue has: no side is ever cut. */
export const WHOLE = Number.MAX_SAFE_INTEGER;

/** Frames of 2020 have no `type`; the first of a subscription is the one without `prev_change_id`. */
export function decodeBook(data: unknown): VenueFrame {
  if (!isObject(data)) return undecodable('missingField');
  const { instrument_name: instrument, type, prev_change_id: previous } = data;
  const timeUs = microseconds(data['timestamp']);
  if (typeof instrument !== 'string' || timeUs === undefined) return undecodable('missingField');
  if (type === 'snapshot' || (type === undefined && previous === undefined)) {
    const snapshot = wholeBook(data, 'changes');
    return snapshot.kind === 'snapshot' ? { kind: 'state', instrument, snapshot } : snapshot;
  }
  const lastId = safeInteger(data['change_id']);
  const prevId = safeInteger(previous);
  if (lastId === undefined || prevId === undefined) return undecodable('unsafeId');
  const bids = changes(data['bids']);
  const asks = changes(data['asks']);
  if (bids === undefined || asks === undefined) return undecodable('badLevel');
  return { kind: 'depth', instrument, lastId, prevId, exchangeTimeUs: timeUs, bids, asks };
}

/** In the stream levels are changes, `["new", price, amount]`; REST answers with `[price, amount]`. */
export function wholeBook(data: unknown, form: 'changes' | 'pairs'): BookSnapshot | Malformed {
  if (!isObject(data)) return undecodable('missingField');
  const timeUs = microseconds(data['timestamp']);
  if (timeUs === undefined) return undecodable('missingField');
  const lastId = safeInteger(data['change_id']);
  if (lastId === undefined) return undecodable('unsafeId');
  const read = form === 'changes' ? changes : pairs;
  const bids = read(data['bids']);
  const asks = read(data['asks']);
  if (bids === undefined || asks === undefined) return undecodable('badLevel');
  const book = { kind: 'snapshot', lastId, exchangeTimeUs: timeUs, bids, asks } as const;
  return form === 'changes' ? { ...book, limit: WHOLE } : book;
}

/** A grouped book of one level, `[price, amount]`; an empty side has none. */
export function decodeTop(data: unknown): VenueFrame {
  if (!isObject(data) || typeof data['instrument_name'] !== 'string') return undecodable('missingField');
  const exchangeTimeUs = microseconds(data['timestamp']);
  if (exchangeTimeUs === undefined) return undecodable('missingField');
  const lastId = safeInteger(data['change_id']);
  if (lastId === undefined) return undecodable('unsafeId');
  const [bids, asks] = [pairs(data['bids']), pairs(data['asks'])];
  if (bids === undefined || asks === undefined) return undecodable('badLevel');
  const [[bid = null], [ask = null]] = [bids, asks];
  return { kind: 'top', instrument: data['instrument_name'], lastId, exchangeTimeUs, bid, ask };
}

const ACTIONS = new Set<unknown>(['new', 'change', 'delete']);

function changes(value: unknown): readonly Level[] | undefined {
  return levels(value, (entry) => {
    const [action, price, amount] = entry;
    return ACTIONS.has(action) ? [price, action === 'delete' ? '0' : amount] : [undefined, undefined];
  });
}

const pairs = (value: unknown): readonly Level[] | undefined =>
  levels(value, ([price, amount]) => [price, amount]);

function levels(
  value: unknown,
  read: (entry: readonly unknown[]) => readonly [price: unknown, amount: unknown],
): readonly Level[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const out: Level[] = [];
  for (const entry of value as unknown[]) {
    if (!Array.isArray(entry)) return undefined;
    const [price, size] = read(entry as readonly unknown[]).map(plainDecimal);
    if (price === undefined || size === undefined) return undefined;
    out.push([price, size]);
  }
  return out;
}

/** Trades of one push; `trade_seq` counts an instrument's trades without holes, `trade_id` names each within a currency. */
export function decodeTrades(data: unknown): readonly VenueFrame[] {
  if (!Array.isArray(data)) return [undecodable('missingField')];
  if (data.length === 0) return [{ kind: 'ignored', name: 'noTrades' }];
  return (data as unknown[]).flatMap((trade) => {
    const frame = decodeDeribitTrade(trade);
    return frame.kind === 'trade' ? [frame, ...liquidations(frame, trade as Fields)] : [frame];
  });
}

const FORCED_SIDES: ReadonlyMap<unknown, readonly ('taker' | 'maker')[]> = new Map([
  ['T', ['taker']],
  ['M', ['maker']],
  ['MT', ['maker', 'taker']],
] as const);

/** The venue has no stream of them: `liquidation` of a trade says whose order was forced, the maker's, the taker's, or both. */
function liquidations(trade: TradeFrame, { liquidation }: Fields): readonly VenueFrame[] {
  if (liquidation === undefined) return [];
  const forced = FORCED_SIDES.get(liquidation);
  if (forced === undefined) return [undecodable('missingField')];
  const { instrument, exchangeTimeUs, id, price, size, side } = trade;
  const opposite = side === 'buy' ? 'sell' : 'buy';
  return forced.map((who) => {
    const forcedSide = who === 'taker' ? side : opposite;
    const fields = { side: forcedSide, price, priceKind: 'trade', size, tradeId: id } as const;
    return { kind: 'value', stream: 'liquidation', instrument, exchangeTimeUs, fields };
  });
}

export function decodeDeribitTrade(trade: unknown): TradeFrame | Malformed {
  if (!isObject(trade)) return undecodable('missingField');
  const { instrument_name: instrument, trade_id: id, direction: side } = trade;
  const price = plainDecimal(trade['price']);
  const size = plainDecimal(trade['amount']);
  const exchangeTimeUs = microseconds(trade['timestamp']);
  if (typeof instrument !== 'string' || typeof id !== 'string' || id === '')
    return undecodable('missingField');
  if (price === undefined || size === undefined || exchangeTimeUs === undefined) {
    return undecodable('missingField');
  }
  // `direction` is the taker's.
  if (side !== 'buy' && side !== 'sell') return undecodable('missingField');
  const counted = trade['trade_seq'];
  if (typeof counted !== 'string' || !/^\d+$/.test(counted)) return undecodable('unsafeId');
  // Beyond 2^53 it cannot be counted with; the trade has its own id.
  const sequence = safeInteger(counted) ?? null;
  const marks = marksOf(trade);
  const frame = { kind: 'trade', instrument, id, sequence, price, size, side, exchangeTimeUs } as const;
  return marks.length > 0 ? { ...frame, marks } : frame;
}

/**
 * `liquidation` is `M`, `T` or `MT`, the side that was liquidated. Such trades, blocks and legs of combos have their place in
 * the count of the instrument's trades and stay in the tape, marked.
 */
function marksOf(trade: Fields): readonly TradeMark[] {
  const marks: TradeMark[] = [];
  if (typeof trade['block_trade_id'] === 'string') marks.push('block');
  if (typeof trade['combo_id'] === 'string') marks.push('combo');
  if (typeof trade['liquidation'] === 'string') marks.push('liquidation');
  return marks;
}

export function decodeVolatility(data: unknown): VenueFrame {
  if (!isObject(data)) return undecodable('missingField');
  const { index_name: instrument } = data;
  const value = plainDecimal(data['volatility']);
  const exchangeTimeUs = microseconds(data['timestamp']);
  if (typeof instrument !== 'string' || value === undefined || exchangeTimeUs === undefined) {
    return undecodable('missingField');
  }
  return { kind: 'value', stream: 'volatility-index', instrument, exchangeTimeUs, fields: { value } };
}

/** Undefined where the milliseconds are none that can be counted in microseconds. */
export function microseconds(source: unknown): number | undefined {
  const value = (safeInteger(source) ?? Number.NaN) * US_PER_MS;
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
