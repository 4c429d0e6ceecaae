import { KeptBook } from '../kept-book.ts';
import type { BookText, LevelText } from '../ports.ts';
import type { RecordedEvent, Seam } from './dialect.ts';
import type { RecordedFrame, Recording } from './recording.ts';
import type { Shift } from './shift.ts';

/**
 * What joins the end of one loop to the beginning of the next.
 *
 * Frames are absolute, so they could simply be sent again; but the book at the end is another than at the beginning,
 * and levels left over would cross it. So each loop but the last ends with one depth frame more, the seam, which
 * turns the book at the end into the one at the beginning and whose ids fill the range between.
 *
 * The book at the beginning is not recorded: the snapshot came some frames later. Its levels that none of those frames
 * touches did not change since the beginning; the others become known as the frames set them. So the beginning is a
 * true part of the real book, which is why it cannot cross, and once the snapshot's id is reached the two are equal.
 */
export interface SymbolLoop {
  readonly symbol: string;
  /** The diff stream that the kept book follows. */
  readonly depthStream: string | undefined;
  /** The stream that it stands in for, if any. */
  readonly depthAlias: string | undefined;
  /** Before the first loop. */
  readonly begin: BookText;
  readonly shift: Shift;
  readonly seam: Seam | undefined;
}

type DepthEvent = Extract<RecordedEvent, { kind: 'depth' }>;
type Chain = readonly [DepthEvent, ...DepthEvent[]];

export function symbolLoop(recording: Recording, symbol: string, periodMs: number): SymbolLoop {
  const frames = recording.frames.filter((frame) => frame.symbol === symbol);
  const [depthStream, chain] = depthChain(frames) ?? [undefined, undefined];
  const snapshot = recording.snapshots.get(symbol)?.book;
  const ids = idRanges(frames, snapshot);
  const shift = { bookIds: ids.book, tradeIds: ids.trade, aggTradeIds: ids.aggTrade, timesMs: periodMs };
  const nothing = { lastUpdateId: chain?.[0].previousId ?? 0, bids: [], asks: [] };
  const begin = snapshot !== undefined && snapshot.lastUpdateId >= nothing.lastUpdateId ? snapshot : nothing;
  const depthAlias = frames.find(({ stream }) => stream === depthStream)?.alias;
  const head = { symbol, depthStream, depthAlias, begin };
  if (depthStream === undefined) return { ...head, shift, seam: undefined };
  const again = untouched(begin, chain);
  const to = { ...again, lastUpdateId: nothing.lastUpdateId };
  const from = played(begin, chain);
  const ends = [from, played(to, chain)];
  const bids = difference(
    ends.map((end) => end.bids),
    again.bids,
  );
  const asks = difference(
    ends.map((end) => end.asks),
    again.asks,
  );
  const last = chain.at(-1) ?? chain[0];
  // Room for one id a change, and for the ids of the book ticker, which runs ahead of the last depth frame.
  const least = last.lastId + Math.max(1, bids.length + asks.length) - chain[0].previousId;
  const bookIds = Math.max(shift.bookIds, least);
  const seam: Seam = {
    firstId: last.lastId + 1,
    lastId: chain[0].previousId + bookIds,
    previousId: last.lastId,
    timeMs: last.eventTimeMs + 1,
    bids,
    asks,
    from,
    to,
  };
  return { ...head, shift: { ...shift, bookIds }, seam };
}

/** The diff stream with the most frames; undefined: none is recorded. */
function depthChain(frames: readonly RecordedFrame[]): readonly [stream: string, chain: Chain] | undefined {
  const byStream = new Map<string, DepthEvent[]>();
  for (const { stream, event } of frames) {
    if (event.kind !== 'depth') continue;
    const events = byStream.get(stream);
    if (events === undefined) byStream.set(stream, [event]);
    else events.push(event);
  }
  const [longest] = [...byStream].sort(([, left], [, right]) => right.length - left.length);
  const [first, ...rest] = longest?.[1] ?? [];
  return longest === undefined || first === undefined ? undefined : [longest[0], [first, ...rest]];
}

/** How far each kind of id moves on in one loop, so that the next begins behind the highest of this one. */
function idRanges(
  frames: readonly RecordedFrame[],
  snapshot: BookText | undefined,
): { readonly book: number; readonly trade: number; readonly aggTrade: number } {
  const book: number[] = snapshot === undefined ? [] : [snapshot.lastUpdateId];
  const trade: number[] = [];
  const aggTrade: number[] = [];
  for (const { event } of frames) {
    if (event.kind === 'depth') book.push(event.previousId, event.lastId);
    else if (event.kind === 'bookTicker') book.push(event.updateId);
    else if (event.kind === 'trades') {
      trade.push(...event.trades.map(({ id }) => id));
      aggTrade.push(
        ...event.trades.flatMap(({ recorded }) => (recorded === undefined ? [] : [ownId(recorded.tradeId)])),
      );
    } else if (event.kind === 'aggTrade') {
      aggTrade.push(event.trade.id);
      trade.push(event.trade.firstTradeId, event.trade.lastTradeId);
    }
  }
  return { book: width(book), trade: width(trade), aggTrade: width(aggTrade) };
}

/** `ETH-2372` counts with its digits. */
const ownId = (tradeId: string): number => Number(/\d+$/.exec(tradeId)?.[0] ?? 0);

function width(ids: readonly number[]): number {
  if (ids.length === 0) return 0;
  let [least, most] = [Infinity, -Infinity];
  for (const id of ids) {
    least = Math.min(least, id);
    most = Math.max(most, id);
  }
  return most - least + 1;
}

function untouched(begin: BookText, chain: Chain): BookText {
  const before = chain.filter((event) => event.firstId <= begin.lastUpdateId);
  const keep = (side: readonly LevelText[], touched: ReadonlySet<string>): readonly LevelText[] =>
    side.filter(([price]) => !touched.has(price));
  const prices = (side: 'bids' | 'asks'): Set<string> =>
    new Set(before.flatMap((event) => event[side].map(([price]) => price)));
  return {
    lastUpdateId: begin.lastUpdateId,
    bids: keep(begin.bids, prices('bids')),
    asks: keep(begin.asks, prices('asks')),
  };
}

function played(begin: BookText, chain: Chain): BookText {
  const book = new KeptBook(begin);
  for (const { lastId, bids, asks, whole } of chain) {
    const change = { lastUpdateId: lastId, bids, asks };
    if (whole === true) book.replace(change);
    else if (lastId > book.lastUpdateId) book.apply(change);
  }
  return book.text();
}

/** The changes that turn each of the books `from` into `to`: deleting what one of them does not hold does no harm. */
function difference(from: readonly (readonly LevelText[])[], to: readonly LevelText[]): LevelText[] {
  const wanted = new Map(to);
  const changes = new Map<string, string>();
  for (const side of from) {
    const held = new Map(side);
    for (const price of held.keys()) if (!wanted.has(price)) changes.set(price, '0');
    for (const [price, size] of wanted) if (held.get(price) !== size) changes.set(price, size);
  }
  return [...changes];
}
