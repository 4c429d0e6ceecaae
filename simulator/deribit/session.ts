import type { ConnectionPort, MarketFrame, Session, VenueContext } from '../ports.ts';
import { streamOf } from './channels.ts';
import { Heartbeat } from './heartbeat.ts';
import { Bucket, LEAST_HEARTBEAT_S, REQUEST_BUCKET, SUBSCRIBE_BUCKET } from './limits.ts';
import { answerMethod } from './methods.ts';
import {
  RAW_NEEDS_LOGIN,
  TOO_MANY_REQUESTS,
  channelsOf,
  failure,
  invalidParams,
  parseRpcRequest,
  result,
  rpcAnswer,
} from './rpc.ts';
import type { RpcParams, RpcResult } from './rpc.ts';

/** What the session asks of the venue's channels. */
export interface Channels {
  /** True: a fault, the next request is one too many. */
  refuses(): boolean;
  /** Whether this can be subscribed without a login. */
  offers(channel: string): boolean;
  /** The notification that a subscription begins with, where it does: a book's snapshot, a ticker as it stands. */
  opening(channel: string): string | undefined;
}

const CLOSE_NORMAL = 1000;
const MOST_HEARTBEAT_S = 3_600;
const SUBSCRIPTION_METHODS = ['public/subscribe', 'public/unsubscribe', 'public/unsubscribe_all'];

/** One connection at `/ws/api/v2`, without a login. */
export class DeribitSession implements Session {
  readonly form = 'deribit';
  readonly #connection: ConnectionPort;
  readonly #context: VenueContext;
  readonly #channels: Channels;
  readonly #heartbeat: Heartbeat;
  readonly #subscribeBucket: Bucket;
  readonly #requestBucket: Bucket;
  /** By the name that the rest of the simulator has for it. */
  readonly #channelByStream = new Map<string, string>();

  constructor(connection: ConnectionPort, context: VenueContext, channels: Channels) {
    this.#connection = connection;
    this.#context = context;
    this.#channels = channels;
    this.#heartbeat = new Heartbeat(connection, () => connection.close(CLOSE_NORMAL, 'closed.noTest'));
    this.#subscribeBucket = new Bucket(SUBSCRIBE_BUCKET, context.nowMs());
    this.#requestBucket = new Bucket(REQUEST_BUCKET, context.nowMs());
  }

  text({ data }: MarketFrame): string {
    return data;
  }

  receive(text: string): string {
    const request = parseRpcRequest(text);
    const nowMs = this.#context.nowMs();
    const answer = (answered: RpcResult): void => {
      const body = rpcAnswer(request.id, answered, nowMs * 1_000, this.#context.nowMs() * 1_000);
      this.#connection.send(JSON.stringify(body));
    };
    if (request.kind === 'refused') {
      answer(failure(request.error));
      return 'refused';
    }
    const { method, params } = request;
    const bucket = SUBSCRIPTION_METHODS.includes(method) ? this.#subscribeBucket : this.#requestBucket;
    if (!bucket.take(nowMs) || this.#channels.refuses()) {
      answer(failure(TOO_MANY_REQUESTS));
      this.#connection.close(CLOSE_NORMAL, 'closed.tooManyRequests');
      return 'tooMany';
    }
    if (method === 'public/subscribe') this.#subscribe(params, answer);
    else answer(this.#answer(method, params));
    return method;
  }

  /** The venue has no word for it. */
  farewell(): undefined {
    return undefined;
  }

  #answer(method: string, params: RpcParams): RpcResult {
    switch (method) {
      case 'public/unsubscribe': {
        const channels = channelsOf(params);
        if (channels === undefined) return invalidParams('channels', 'must be a list of strings');
        return result(this.#unsubscribe(channels));
      }
      case 'public/unsubscribe_all':
        this.#unsubscribe([...this.#channelByStream.values()]);
        return result('ok');
      case 'public/set_heartbeat':
        return this.#setHeartbeat(params['interval']);
      case 'public/disable_heartbeat':
        this.#heartbeat.stop();
        return result('ok');
      default:
        if (method === 'public/test') this.#heartbeat.answered();
        return answerMethod(method, params, this.#context);
    }
  }

  /** Unknown channels are left out without a word; one `raw` channel fails the whole request. */
  #subscribe(params: RpcParams, answer: (answered: RpcResult) => void): void {
    const channels = channelsOf(params);
    if (channels === undefined) return answer(invalidParams('channels', 'must be a list of strings'));
    if (channels.some((channel) => /^(book|trades|ticker)\..+\.raw$/.test(channel))) {
      return answer(failure(RAW_NEEDS_LOGIN));
    }
    const accepted = [...new Set(channels)].filter((channel) => this.#channels.offers(channel));
    const fresh = accepted.filter((channel) => !this.#channelByStream.has(streamOf(channel) ?? ''));
    const streams = fresh.map((channel) => streamOf(channel) ?? '');
    for (const [index, stream] of streams.entries()) this.#channelByStream.set(stream, fresh[index] ?? '');
    const served = streams.length === 0 ? [] : this.#connection.subscribe(streams);
    // The venue lists them in an order of its own.
    answer(result([...accepted].sort().reverse()));
    for (const stream of served) {
      const opening = this.#channels.opening(this.#channelByStream.get(stream) ?? '');
      if (opening !== undefined) this.#connection.send(opening);
    }
  }

  #unsubscribe(channels: readonly string[]): readonly string[] {
    const left = channels.filter((channel) => this.#channelByStream.delete(streamOf(channel) ?? ''));
    this.#connection.unsubscribe(left.map((channel) => streamOf(channel) ?? ''));
    return left;
  }

  #setHeartbeat(interval: unknown): RpcResult {
    if (typeof interval !== 'number' || interval > MOST_HEARTBEAT_S) {
      return invalidParams('interval', 'invalid value');
    }
    if (interval < LEAST_HEARTBEAT_S)
      return invalidParams('interval', `value must be >= ${LEAST_HEARTBEAT_S}`);
    this.#heartbeat.start(interval * 1_000);
    return result('ok');
  }
}
