import { channelOf, namedChannel } from './okx-channels.ts';
import { decodeValues } from './okx-values.ts';
import { microseconds, OKX_WINDOW } from './okx-wire.ts';
import type { BookSnapshot, Malformed, TradeFrame, VenueFrame } from './venue.ts';
import { isDecimal, isObject, levels, undecodable, type Fields } from './wire.ts';

/** Levels a side of the channels that send changes. */
export const OKX_WINDOWS: ReadonlyMap<string, number> = new Map([
  ['books', OKX_WINDOW],
  ['books-l2-tbt', OKX_WINDOW],
  ['books50-l2-tbt', 50],
]);
/** Channels that the venue has and that are not collected. */
const IGNORED = new Set([
  'books5',
  'index-tickers',
  'option-trades',
  'price-limit',
  'estimated-price',
  'instruments',
  'status',
  'public-block-trades',
]);
/** ~30 s before an upgrade closes the connection. */
const UPGRADE = '64008';
const MAX_NAME = 40;

export function decodeOkx(text: string): readonly VenueFrame[] {
  if (text === 'pong') return [{ kind: 'heartbeat' }];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [undecodable('notJson')];
  }
  if (!isObject(value)) return [undecodable('notAnObject')];
  if (typeof value['event'] === 'string') return [decodeEvent(value['event'], value)];
  const { arg, data } = value;
  if (!isObject(arg) || typeof arg['channel'] !== 'string') return [unknown('untyped')];
  if (!Array.isArray(data)) return [undecodable('missingField')];
  return decodeData(arg['channel'], value, data as unknown[]);
}

const unknown = (name: string): VenueFrame => ({ kind: 'unknown', name: name.slice(0, MAX_NAME) });

/** `{"id","event","arg","connId"}`; a subscription is answered argument by argument. */
function decodeEvent(event: string, fields: Fields): VenueFrame {
  const id =
    typeof fields['id'] === 'string' && /^\d{1,15}$/.test(fields['id']) ? Number(fields['id']) : null;
  switch (event) {
    case 'subscribe': {
      const channel = channelOf(fields['arg']);
      return channel === undefined ? { kind: 'ack', id: null, error: null } : { kind: 'opened', channel };
    }
    case 'unsubscribe':
      return { kind: 'ack', id, error: null };
    case 'error':
      return decodeError(id, fields);
    case 'notice':
      return fields['code'] === UPGRADE
        ? { kind: 'shutdown', reason: said(fields) }
        : unknown(`notice ${String(fields['code']).slice(0, MAX_NAME)}`);
    case 'channel-conn-count':
      return { kind: 'ignored', name: event };
    default:
      return unknown(`event ${event}`);
  }
}

function said({ code, msg }: Fields): string {
  return `${typeof code === 'string' ? code : ''} ${typeof msg === 'string' ? msg : ''}`.trim();
}

function decodeError(id: number | null, fields: Fields): VenueFrame {
  const error = said(fields);
  const refused = channelOf(fields['arg']) ?? namedChannel(error);
  return refused === undefined ? { kind: 'ack', id, error } : { kind: 'refused', channel: refused, error };
}

function decodeData(channel: string, message: Fields, data: readonly unknown[]): readonly VenueFrame[] {
  const values = decodeValues(channel, data);
  if (values !== undefined)
    return values.length > 0 ? values : [{ kind: 'ignored', name: `${channel} empty` }];
  const window = OKX_WINDOWS.get(channel);
  const decodeEntry = window === undefined ? ENTRIES.get(channel) : bookEntry(window, message['action']);
  if (decodeEntry === undefined) {
    return [IGNORED.has(channel) ? { kind: 'ignored', name: channel } : unknown(channel)];
  }
  if (data.length === 0) return [{ kind: 'ignored', name: `${channel} empty` }];
  const { instId } = message['arg'] as Fields;
  return data.map((entry) => {
    if (!isObject(entry)) return undecodable('notAnObject');
    return typeof instId === 'string' ? decodeEntry(instId, entry) : undecodable('missingField');
  });
}

type EntryDecoder = (instrument: string, entry: Fields) => VenueFrame;

const ENTRIES: ReadonlyMap<string, EntryDecoder> = new Map<string, EntryDecoder>([
  ['trades-all', (instrument, entry) => decodeOkxTrade(instrument, entry, false)],
  ['trades', (instrument, entry) => decodeOkxTrade(instrument, entry, true)],
  ['bbo-tbt', decodeTop],
]);

function bookEntry(window: number, action: unknown): EntryDecoder {
  return (instrument, entry) => decodeBook(instrument, entry, { window, action });
}

function decodeBook(
  instrument: string,
  entry: Fields,
  { window, action }: { readonly window: number; readonly action: unknown },
): VenueFrame {
  const { seqId, prevSeqId, ts, checksum } = entry;
  const exchangeTimeUs = microseconds(ts);
  if (exchangeTimeUs === undefined || (action !== 'snapshot' && action !== 'update')) {
    return undecodable('missingField');
  }
  const isTimed = seqId === undefined && prevSeqId === undefined;
  if (!isTimed && !(Number.isSafeInteger(seqId) && Number.isSafeInteger(prevSeqId)))
    return undecodable('unsafeId');
  const bids = levels(entry['bids']);
  const asks = levels(entry['asks']);
  if (bids === undefined || asks === undefined) return undecodable('badLevel');
  const lastId = isTimed ? exchangeTimeUs : (seqId as number);
  const prevId = isTimed ? exchangeTimeUs : (prevSeqId as number);
  const marks = {
    ...(isTimed ? { timed: true as const } : {}),
    // 0 is none. It is a signed 32-bit number, anything else is compared with in vain.
    ...(typeof checksum === 'number' && checksum !== 0 ? { checksum } : {}),
  };
  if (action === 'snapshot') {
    const snapshot: BookSnapshot = { kind: 'snapshot', lastId, exchangeTimeUs, window, ...marks, bids, asks };
    return { kind: 'state', instrument, snapshot };
  }
  const reset = lastId < prevId ? { reset: true as const } : {};
  return { kind: 'depth', instrument, lastId, prevId, ...reset, ...marks, exchangeTimeUs, bids, asks };
}

/** A sum's `tradeId` is that of the last of its fills. */
export function decodeOkxTrade(instrument: string, entry: Fields, isSum: boolean): TradeFrame | Malformed {
  const { tradeId, px, sz, side, ts, count } = entry;
  const exchangeTimeUs = microseconds(ts);
  if (typeof tradeId !== 'string' || tradeId === '' || !isDecimal(px) || !isDecimal(sz)) {
    return undecodable('missingField');
  }
  if (exchangeTimeUs === undefined || (side !== 'buy' && side !== 'sell')) return undecodable('missingField');
  if (!/^\d{1,19}$/.test(tradeId)) return undecodable('unsafeId');
  // The first of several fills is not named.
  const first = count === '1' ? { firstTradeId: tradeId } : {};
  return {
    kind: 'trade',
    instrument,
    id: tradeId,
    sequence: isSum ? null : sequenceOf(tradeId),
    price: px,
    size: sz,
    side,
    exchangeTimeUs,
    ...(isSum ? { aggregate: { ...first, lastTradeId: tradeId } } : {}),
  };
}

/** Where the number is the id, digit for digit, and exact. */
function sequenceOf(tradeId: string): number | null {
  const value = Number(tradeId);
  return Number.isSafeInteger(value) && String(value) === tradeId ? value : null;
}

function decodeTop(instrument: string, entry: Fields): VenueFrame {
  if (!Number.isSafeInteger(entry['seqId'])) return undecodable('unsafeId');
  const exchangeTimeUs = microseconds(entry['ts']);
  if (exchangeTimeUs === undefined) return undecodable('missingField');
  const bids = levels(entry['bids']);
  const asks = levels(entry['asks']);
  if (bids === undefined || asks === undefined) return undecodable('badLevel');
  const [bid = null] = bids;
  const [ask = null] = asks;
  return { kind: 'top', instrument, lastId: entry['seqId'] as number, exchangeTimeUs, bid, ask };
}
