import type { RestAnswer, RestFault, VenueContext } from '../ports.ts';
import { Bucket, INSTRUMENTS_BUCKET, REQUEST_BUCKET } from './limits.ts';
import type { BucketLimits } from './limits.ts';
import { answerMethod } from './methods.ts';
import { TOO_MANY_REQUESTS, failure, rpcAnswer } from './rpc.ts';
import type { RpcResult } from './rpc.ts';

const PREFIX = '/api/v2/';
/** Addresses times methods; a simulator has few of either. */
const MOST_BUCKETS = 1_000;

/** `/api/v2/public/get_instruments?currency=BTC`: the methods over HTTP, parameters in the query. */
export class DeribitRest {
  readonly #buckets = new Map<string, Bucket>();

  answer(url: URL, address: string, context: VenueContext): RestAnswer {
    if (!url.pathname.startsWith(PREFIX)) return { status: 404, headers: {}, body: {} };
    const method = url.pathname.slice(PREFIX.length);
    const nowMs = context.nowMs();
    const isList = method === 'public/get_instruments';
    const limits = isList ? INSTRUMENTS_BUCKET : REQUEST_BUCKET;
    const bucket = this.#bucket(`${address} ${isList ? method : ''}`, limits, nowMs);
    const answered = bucket.take(nowMs)
      ? answerMethod(method, Object.fromEntries(url.searchParams), context)
      : failure(TOO_MANY_REQUESTS);
    const body = rpcAnswer(undefined, answered, nowMs * 1_000, context.nowMs() * 1_000);
    return { status: statusOf(answered), headers: {}, body };
  }

  #bucket(key: string, limits: BucketLimits, nowMs: number): Bucket {
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      if (this.#buckets.size >= MOST_BUCKETS) this.#buckets.clear();
      bucket = new Bucket(limits, nowMs);
      this.#buckets.set(key, bucket);
    }
    return bucket;
  }
}

/** What the faults `restError` and `http429` answer. */
export function deribitFailure(kind: RestFault, retryAfterMs: number): RestAnswer {
  if (kind === 'http429') {
    const headers = { 'Retry-After': String(Math.ceil(retryAfterMs / 1_000)) };
    return { status: 429, headers, body: rpcAnswer(undefined, failure(TOO_MANY_REQUESTS), 0, 0) };
  }
  const error = { code: 11_094, message: 'internal_server_error' };
  return { status: 500, headers: {}, body: rpcAnswer(undefined, failure(error), 0, 0) };
}

function statusOf(answered: RpcResult): number {
  if (answered.kind === 'result') return 200;
  if (answered.error.code === TOO_MANY_REQUESTS.code) return 429;
  return answered.error.code === -32_601 ? 404 : 400;
}
