/**
 * Deribit. Rules read in the venue's own documentation, docs.deribit.com: the pages of the channels
 * `book.(instrument_name).(interval)`, `trades…`, `deribit_volatility_index…`, of `public/subscribe`,
 * `public/set_heartbeat`, and «Rate limits».
 *
 * A book's first push is the whole book, each later one a change whose `prev_change_id` is the `change_id` before it;
 * where it is not, something is missing, and the channel is unsubscribed and subscribed again.
 *
 * JSON-RPC on one socket: an answer names our id; that to `public/subscribe` lists what was accepted and leaves out the
 * rest in silence. What is not in one of our subscriptions (heartbeats) is answered under id 0, which no frame of ours has.
 */
import type { Market } from '../../contract/feed.ts';
import { catalogueRequest, decodeCatalogue } from './deribit-catalogue.ts';
import { deribitTrades } from './deribit-trades.ts';
import { carrier, channelName, channelOf } from './deribit-channels.ts';
import { decodeBook, decodeTop, decodeTrades, decodeVolatility, wholeBook } from './deribit-frames.ts';
import { parseWithNumberText, safeInteger } from './json-numbers.ts';
import { deribitScanner } from './deribit-scan.ts';
import { deribitSources } from './deribit-sources.ts';
import { decodeTicker } from './deribit-ticker.ts';
import type { StreamSources } from './source.ts';
import {
  QUIET_OPTIONS_MS,
  type BookSnapshot,
  type Channel,
  type Malformed,
  type RestRequest,
  type Venue,
  type VenueFrame,
} from './venue.ts';
import { isObject, undecodable } from './wire.ts';

const OWN_ID = 0;
/** The least is 10; every second one comes as `test_request`, to be answered. */
const HEARTBEAT_S = 30;
/** Depths that the venue knows. */
const DEPTHS = [1, 5, 10, 20, 50, 100, 1_000, 10_000];
const TOO_MANY_REQUESTS = '10028';
const MAX_NAME = 40;
/** Channels of the venue that are not collected, by the first part of their name. */
const IGNORED = new Set([
  'announcements',
  'block_rfq',
  'block_trade_confirmations',
  'chart',
  'deribit_price_index',
  'deribit_price_ranking',
  'deribit_price_statistics',
  'estimated_expiration_price',
  'incremental_ticker',
  'instrument',
  'markprice',
  'perpetual',
  'platform_state',
  'quote',
]);

/** One for all markets: a message is worked in before the next one is read. */
const scan = deribitScanner();

export const deribitPerpetual = deribit('perpetual', deribitSources('perpetual'));
export const deribitFuture = deribit('future', deribitSources('future'));
export const deribitOption = deribit('option', deribitSources('option'));
export const deribitIndex = deribit('index', deribitSources('index'));

function deribit(market: Market, sources: StreamSources): Venue {
  return {
    exchange: 'deribit',
    market,
    settle: null,
    sources,
    limits: {
      // No number is documented; 500 is what its users name.
      streamsPerConnection: 500,
      // `public/subscribe` has a bucket of its own, 3,000 of 30,000 credits each: 3.3 a second, 10 at once. Without a login
      // it is the address's; a connection of its own does not come beyond it either.
      sends: [{ kind: 'bucket', burst: 8, perSecond: 3 }],
      sendsOfAddress: [{ kind: 'bucket', burst: 8, perSecond: 3 }],
      connects: { kind: 'bucket', burst: 2, perSecond: 2 },
      // 32, requests by HTTP included: a quarter is left to them.
      connectionsAtOnce: 24,
      connectionLifeMs: null,
      channelsPerFrame: 200,
      // A heartbeat every 30 s, and some lateness.
      silenceMs: 70_000,
      noDataMs: market === 'option' ? QUIET_OPTIONS_MS : 300_000,
      // 20 a second.
      weightPerMinute: 1_200,
      weightWindowMs: 1_000,
    },
    endpoints: { websocket: 'wss://www.deribit.com', rest: 'https://www.deribit.com' },
    socketPath: () => '/ws/api/v2',
    hasTops: market !== 'index',
    tickersApart: true,
    carrier,
    bookStart: 'stream',
    hello: [request('public/set_heartbeat', { interval: HEARTBEAT_S }, OWN_ID)],
    keepAlive: null,
    usedWeightHeader: null,
    trades: sources.trade === undefined ? null : deribitTrades,
    subscribe: (channels, id) => request('public/subscribe', { channels: channels.map(channelName) }, id),
    unsubscribe: (channels, id) => request('public/unsubscribe', { channels: channels.map(channelName) }, id),
    decode,
    scan,
    snapshotRequest,
    decodeSnapshot,
    catalogueRequest: () => catalogueRequest(market),
    decodeCatalogue: (text) => decodeCatalogue(market, text),
  };
}

function request(method: string, params: object, id: number): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params });
}

function decode(text: string): readonly VenueFrame[] {
  const message = parseWithNumberText(text);
  if (message === undefined) return [undecodable('notJson')];
  if (!isObject(message)) return [undecodable('notAnObject')];
  const { method, params } = message;
  if (method === undefined) return [decodeAnswer(message)];
  if (!isObject(params)) return [undecodable('missingField')];
  if (method === 'heartbeat') return [decodeHeartbeat(params)];
  if (method === 'subscription') return decodeNotification(params['channel'], params['data']);
  return [unknown(typeof method === 'string' ? method : 'untyped')];
}

function decodeHeartbeat({ type }: Readonly<Record<string, unknown>>): VenueFrame {
  if (type === 'heartbeat') return { kind: 'heartbeat' };
  if (type === 'test_request') return { kind: 'reply', text: request('public/test', {}, OWN_ID) };
  return unknown(typeof type === 'string' ? `heartbeat:${type}` : 'heartbeat');
}

function decodeNotification(channel: unknown, data: unknown): readonly VenueFrame[] {
  if (typeof channel !== 'string') return [undecodable('missingField')];
  const [kind = '', , , ...grouping] = channel.split('.');
  switch (kind) {
    case 'book':
      if (grouping.length === 0) return [decodeBook(data)];
      // `book.X.none.10.100ms` is a cut of the book without a chain; one level of it is the top.
      return [
        channelOf(channel)?.stream === 'top' ? decodeTop(data) : { kind: 'ignored', name: 'groupedBook' },
      ];
    case 'trades':
      return decodeTrades(data);
    case 'ticker':
      return decodeTicker(data);
    case 'deribit_volatility_index':
      return [decodeVolatility(data)];
    default:
      return [IGNORED.has(kind) ? { kind: 'ignored', name: kind } : unknown(kind)];
  }
}

/** The venue ends the session with error 10028; every other error concerns one request of ours. */
function decodeAnswer(answer: Readonly<Record<string, unknown>>): VenueFrame {
  const id = safeInteger(answer['id']) ?? null;
  const { error, result } = answer;
  if (isObject(error)) {
    const { code, message, data } = error;
    const reason = isObject(data) ? ` ${JSON.stringify(data)}` : '';
    const says = `${String(code)} ${String(message)}${reason}`;
    return code === TOO_MANY_REQUESTS
      ? { kind: 'tooManyRequests', reason: says }
      : { kind: 'ack', id, error: says };
  }
  if (result === undefined) return unknown('untyped');
  if (!Array.isArray(result)) return { kind: 'ack', id, error: null };
  const accepted = (result as unknown[])
    .map((name) => (typeof name === 'string' ? channelOf(name) : undefined))
    .filter((channel): channel is Channel => channel !== undefined);
  return { kind: 'ack', id, error: null, accepted };
}

function snapshotRequest(instrument: string, levels: number): RestRequest {
  const depth = DEPTHS.find((one) => one >= levels) ?? 10_000;
  return {
    path: `/api/v2/public/get_order_book?instrument_name=${encodeURIComponent(instrument)}&depth=${depth}`,
    weight: 1,
  };
}

function decodeSnapshot(text: string): BookSnapshot | Malformed {
  const answer = parseWithNumberText(text);
  if (answer === undefined) return undecodable('notJson');
  if (!isObject(answer)) return undecodable('notAnObject');
  return wholeBook(answer['result'], 'pairs');
}

function unknown(name: string): VenueFrame {
  return { kind: 'unknown', name: name.slice(0, MAX_NAME) };
}
