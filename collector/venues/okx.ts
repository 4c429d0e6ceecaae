/**
 * OKX spot, perpetual swaps, futures and options. Rules read in the venue's documentation, «OKX API v5», sections
 * «WebSocket / Order book channel» and «Public data», and its changelog and notices up to 2026-09.
 *
 * The order book, its steps in our words:
 *  1. Subscribe `books` (400 levels, every 100 ms). The first push is `action: snapshot`, with `prevSeqId: -1`.
 *  2. Every push is `action: update`; its `prevSeqId` is the `seqId` of the push before. The ids identify, they do not
 *     count: only equality says that nothing is missing. Else: unsubscribe and subscribe again, that instrument alone.
 *  3. `seqId` = `prevSeqId` with empty sides: nothing changed for about 60 s.
 *  4. `seqId` < `prevSeqId`, and `prevSeqId` is the id held: the venue restarted its ids; the book goes on from the new one.
 *  5. Sizes are absolute, 0 removes. A level that leaves the 400 best is removed, one that enters them is sent.
 *  6. `checksum`: 0 since 2026-06-23, then it says nothing (notice of 2026-05-21). Before: `book/checksum.ts`.
 *  7. Announced (changelog of 2026-02): no first push any more; then `GET /api/v5/market/books` with its `seqId` S, drop
 *     `seqId` ≤ S, the first update has `prevSeqId` ≤ S < `seqId`. Both are followed, by what arrives.
 *  8. Before 2023 there were no ids: such pushes are marked `timed`.
 *
 * Trades: `trades-all` is every fill; `trades` sums a taker's fills at one price, its `tradeId` is the last of `count`.
 * Whether their ids are consecutive: `okx-rest.ts`.
 */
import type { Market } from '../../contract/feed.ts';
import { argumentOf, carrierOf } from './okx-channels.ts';
import { decodeOkx } from './okx-decode.ts';
import { okxRatioPolls } from './okx-polls.ts';
import { decodeOkxCatalogue, decodeOkxFamilies, decodeOkxSnapshot, okxTrades } from './okx-rest.ts';
import { okxScanner } from './okx-scan.ts';
import { okxSources } from './okx-sources.ts';
import { OKX_WINDOW } from './okx-wire.ts';
import { QUIET_OPTIONS_MS, type Channel, type Malformed, type RestRequest, type Venue } from './venue.ts';

/** One for all markets: a message is worked in before the next one is read. */
const scan = okxScanner();

export const okxSpot = okx('spot', 'SPOT');
export const okxPerpetual = okx('perpetual', 'SWAP');
export const okxFuture = okx('future', 'FUTURES');
export const okxOption = okx('option', 'OPTION');

/** Options are listed family by family. */
const FAMILIES = '/api/v5/public/underlying?instType=OPTION';
const LIST_WEIGHT = 2;

function listsOf(list: string, text: string): readonly RestRequest[] | Malformed {
  const families = decodeOkxFamilies(text);
  if ('kind' in families) return families;
  return families.map((family) => ({ path: `${list}&instFamily=${family}`, weight: LIST_WEIGHT }));
}

function okx(market: Market, instrumentType: string): Venue {
  const list = `/api/v5/public/instruments?instType=${instrumentType}`;
  return {
    exchange: 'okx',
    market,
    settle: null,
    sources: okxSources(market),
    limits: {
      // The venue advises fewer than 30 order books a connection; of other channels it names no number.
      booksPerConnection: 25,
      streamsPerConnection: 200,
      // 480 requests to subscribe or unsubscribe an hour and connection; a resync is two.
      sends: [
        { kind: 'window', count: 460, windowMs: 3_600_000 },
        { kind: 'window', count: 3, windowMs: 1_000 },
      ],
      sendsOfAddress: [],
      // 3 a second, one after the other.
      connects: { kind: 'bucket', burst: 1, perSecond: 3 },
      connectionsAtOnce: null,
      // None is documented; upgrades are announced (64008).
      connectionLifeMs: null,
      // 64 KB of arguments a frame; 100 of the longest names are 8 KB.
      channelsPerFrame: 100,
      // Cut after 30 s of silence, our `ping` included.
      silenceMs: 30_000,
      noDataMs: market === 'option' ? QUIET_OPTIONS_MS : 300_000,
      // 40 books in 2 s and address.
      weightPerMinute: 1_200,
      weightWindowMs: 2_000,
    },
    endpoints: { websocket: 'wss://ws.okx.com:8443', rest: 'https://www.okx.com' },
    socketPath: (stream) => (stream === 'trade' ? '/ws/v5/business' : '/ws/v5/public'),
    hasTops: true,
    carrier: (channel) => carrierOf(market, channel),
    polls: market === 'perpetual' || market === 'future' ? okxRatioPolls : [],
    bookStart: 'stream',
    hello: [],
    keepAlive: { everyMs: 20_000, text: 'ping' },
    usedWeightHeader: null,
    trades: okxTrades,
    subscribe: (channels, id) => request('subscribe', channels, id),
    unsubscribe: (channels, id) => request('unsubscribe', channels, id),
    decode: decodeOkx,
    scan,
    // As many as the stream keeps: of a level that REST left out, no change would tell.
    snapshotRequest: (instrument): RestRequest => ({
      path: `/api/v5/market/books?instId=${instrument}&sz=${OKX_WINDOW}`,
      weight: 1,
    }),
    decodeSnapshot: decodeOkxSnapshot,
    // 20 lists in 2 s and address.
    catalogueRequest: () => ({ path: market === 'option' ? FAMILIES : list, weight: LIST_WEIGHT }),
    ...(market === 'option' ? { catalogueLists: (text: string) => listsOf(list, text) } : {}),
    decodeCatalogue: decodeOkxCatalogue,
  };
}

function request(op: string, channels: readonly Channel[], id: number): string {
  return JSON.stringify({ id: String(id), op, args: channels.map(argumentOf) });
}
