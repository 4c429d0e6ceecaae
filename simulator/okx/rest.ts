import type { BookStamp, BookText, RestAnswer, RestFault, VenueContext } from '../ports.ts';
import { familyOf, instTypeOf } from './contracts.ts';
import { instrumentInfo } from './instruments.ts';
import type { OkxFrames } from './frames.ts';
import { sides, tradeFields } from './frames.ts';
import { BOOK_LEVELS, RATIO_PATHS, REST_PER_2_S } from './limits.ts';
import { longShortRatios } from './ratios.ts';

const WINDOW_MS = 2_000;
const INST_TYPES = ['SPOT', 'MARGIN', 'SWAP', 'FUTURES', 'OPTION'];

/** The REST interface: public instruments, books, trades and time. */
export class OkxRest {
  readonly #frames: OkxFrames;
  /** Times of the requests of the last two seconds, by address and endpoint. */
  readonly #timesMs = new Map<string, number[]>();

  constructor(frames: OkxFrames) {
    this.#frames = frames;
  }

  answer(url: URL, address: string, context: VenueContext): RestAnswer {
    const most = Object.hasOwn(REST_PER_2_S, url.pathname) ? REST_PER_2_S[url.pathname] : undefined;
    if (most === undefined) return { status: 404, headers: {}, body: { code: '404', msg: 'Not Found' } };
    const { searchParams: query } = url;
    const isRatio = RATIO_PATHS.includes(url.pathname);
    const about = isRatio ? (query.get('instId') ?? '') : '';
    if (!this.#count(`${address} ${url.pathname} ${about}`, most, context.nowMs())) {
      return okxFailure('http429');
    }
    switch (url.pathname) {
      case '/api/v5/public/time':
        return data([{ ts: String(context.nowMs()) }]);
      case '/api/v5/public/underlying':
        return underlyings(query, context);
      case '/api/v5/public/instruments':
        return instruments(query, context);
      case '/api/v5/market/history-trades':
        return historyTrades(query, context);
      default:
        return isRatio ? ratios(url, context) : this.#books(query, context);
    }
  }

  #books(query: URLSearchParams, context: VenueContext): RestAnswer {
    const instId = query.get('instId') ?? '';
    if (instId === '') return refusal('50014', 'Parameter instId can not be empty.');
    const whole = context.market.book(instId);
    if (whole === undefined)
      return refusal('51001', 'Instrument ID, Instrument ID code, or Spread ID doesn’t exist.');
    const sz = query.get('sz') ?? '1';
    const levels = Number(sz);
    if (!/^\d{1,3}$/.test(sz) || levels < 1 || levels > BOOK_LEVELS) {
      return refusal('51000', 'Parameter sz error');
    }
    const stamp = context.market.bookStamp?.(instId);
    if (stamp !== undefined) return recordedBook(context.snapshot(instId) ?? whole, levels, stamp);
    this.#frames.published(instId, () => whole);
    const book = context.snapshot(instId) ?? whole;
    const ts = String(context.marketNowMs());
    return data([{ ...sides(book, levels), ts, seqId: book.lastUpdateId }]);
  }

  #count(key: string, most: number, nowMs: number): boolean {
    for (const [known, timesMs] of this.#timesMs) {
      if ((timesMs.at(-1) ?? 0) <= nowMs - WINDOW_MS) this.#timesMs.delete(known);
    }
    const recent = (this.#timesMs.get(key) ?? []).filter((timeMs) => timeMs > nowMs - WINDOW_MS);
    if (recent.length >= most) return false;
    this.#timesMs.set(key, [...recent, nowMs]);
    return true;
  }
}

function recordedBook(book: BookText, levels: number, { timeMs = 0, hasIds }: BookStamp): RestAnswer {
  const seqId = hasIds ? { seqId: book.lastUpdateId } : {};
  return data([{ ...sides(book, levels), ts: String(timeMs), ...seqId }]);
}

export function okxFailure(kind: RestFault): RestAnswer {
  if (kind === 'http429') {
    return { status: 429, headers: {}, body: { code: '50011', msg: 'Too Many Requests', data: [] } };
  }
  const msg = 'Service temporarily unavailable. Try again later.';
  return { status: 503, headers: {}, body: { code: '50001', msg, data: [] } };
}

function underlyings(query: URLSearchParams, { market }: VenueContext): RestAnswer {
  const instType = query.get('instType') ?? '';
  if (!['SWAP', 'FUTURES', 'OPTION'].includes(instType)) return refusal('51000', 'Parameter instType error');
  const families = market.symbols.filter((known) => instTypeOf(known) === instType).map(familyOf);
  return data([[...new Set(families)]]);
}

function instruments(query: URLSearchParams, { market }: VenueContext): RestAnswer {
  const instType = query.get('instType') ?? '';
  if (instType === '') return refusal('50014', 'Parameter instType can not be empty.');
  if (!INST_TYPES.includes(instType)) return refusal('51000', 'Parameter instType error');
  const instId = query.get('instId');
  const family = query.get('instFamily');
  if (instType === 'OPTION' && family === null && instId === null) {
    return refusal('50015', 'Either parameter uly or instFamily is required');
  }
  const fits = market.symbols.filter(
    (known) =>
      instTypeOf(known) === instType &&
      (instId === null || known.symbol === instId) &&
      (family === null || familyOf(known) === family),
  );
  return data(fits.map(instrumentInfo));
}

/** Newest first. */
function ratios({ pathname, searchParams: query }: URL, { market, nowMs }: VenueContext): RestAnswer {
  const instId = query.get('instId') ?? '';
  const known = market.symbols.find(({ symbol }) => symbol === instId);
  if (known?.kind !== 'perpetual' && known?.kind !== 'future') {
    return refusal('51000', 'Parameter instId error');
  }
  const found = longShortRatios(`${pathname}/${instId}`, nowMs(), {
    period: query.get('period') ?? '5m',
    limit: query.get('limit') ?? '100',
  });
  return typeof found === 'string' ? refusal('51000', `Parameter ${found} error`) : data(found);
}

const MOST_TRADES = 100;

/** Newest first; `after` asks for older ones than this id or time, `before` (an id) for newer ones. */
function historyTrades(query: URLSearchParams, { market }: VenueContext): RestAnswer {
  const instId = query.get('instId') ?? '';
  if (instId === '') return refusal('50014', 'Parameter instId can not be empty.');
  if (!market.symbols.some(({ symbol }) => symbol === instId))
    return refusal('51001', 'Instrument ID, Instrument ID code, or Spread ID doesn’t exist.');
  const type = query.get('type') ?? '1';
  const limit = query.get('limit') ?? String(MOST_TRADES);
  if (type !== '1' && type !== '2') return refusal('51000', 'Parameter type error');
  if (!/^\d{1,9}$/.test(limit) || Number(limit) < 1) return refusal('51000', 'Parameter limit error');
  const bounds = { after: query.get('after') ?? 'Infinity', before: query.get('before') ?? '-Infinity' };
  for (const [name, value] of Object.entries(bounds))
    if (!/^(?:\d{1,16}|-?Infinity)$/.test(value)) return refusal('51000', `Parameter ${name} error`);
  const trades = market
    .trades(instId, undefined, Infinity)
    .filter(({ id, timeMs }) => (type === '1' ? id : timeMs) < Number(bounds.after))
    .filter(({ id }) => type === '2' || id > Number(bounds.before));
  const newest = trades.slice(-Math.min(Number(limit), MOST_TRADES)).toReversed();
  return data(newest.map((trade) => tradeFields(instId, trade)));
}

function data(list: readonly unknown[]): RestAnswer {
  return { status: 200, headers: {}, body: { code: '0', data: list, msg: '' } };
}

/** The venue refuses with status 200 and a code. */
function refusal(code: string, msg: string): RestAnswer {
  return { status: 200, headers: {}, body: { code, data: [], msg } };
}
