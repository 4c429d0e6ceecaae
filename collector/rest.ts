import { allowanceOf, type Allowance, type AllowanceRule } from '../runtime/allowance.ts';
import type { Clock } from '../runtime/clock.ts';
import { HttpClient } from '../runtime/http-client.ts';
import type { RestRequest } from './venues/venue.ts';

const TIMEOUT_MS = 15_000;
/** The largest body seen is a full exchange list of some 15 MB. */
const MAX_BODY_BYTES = 64 << 20;
const MINUTE_MS = 60_000;
/** The rest of the address's budget is for rolls, and for others behind it. */
const SHARE_OF_ADDRESS = 0.8;
const DEFAULT_RETRY_AFTER_MS = 60_000;
const MAX_RETRY_AFTER_MS = 3 * 86_400_000;

export type RestAnswer =
  | { readonly kind: 'ok'; readonly body: string; readonly receiveTimeUs: number }
  | { readonly kind: 'limited'; readonly retryAfterMs: number; readonly status: number }
  | { readonly kind: 'regionRefused'; readonly status: number; readonly detail: string }
  | { readonly kind: 'refused'; readonly status: number; readonly detail: string }
  | { readonly kind: 'unreachable'; readonly detail: string };

export interface RestOptions {
  readonly base: string;
  readonly clock: Clock;
  readonly proxy?: URL | undefined;
  /** This collector's share of the venue's weight a minute. */
  readonly weightPerMinute: number;
  /** The time over which the venue counts. */
  readonly weightWindowMs: number;
  /** What the venue allows the whole address. */
  readonly addressWeightPerMinute: number;
  readonly usedWeightHeader: string | null;
}

/** The venue's REST side under a weight budget: it waits rather than asks too much, and obeys 429 and 418. */
export class RestClient {
  readonly #options: RestOptions;
  readonly #weights: readonly Allowance[];
  readonly #http: HttpClient;
  #weightPerMinute: number;
  #blockedUntilMs = 0;

  constructor(options: RestOptions) {
    this.#options = options;
    // In any minute: the venue's own begins when it likes. A venue that counts by the second takes no minute's worth at once.
    this.#weightPerMinute = options.weightPerMinute;
    this.#weights = this.#rules().map(allowanceOf);
    const { base, proxy } = options;
    this.#http = new HttpClient({
      secure: base.startsWith('https:'),
      proxy,
      silenceMs: TIMEOUT_MS,
      totalMs: 2 * TIMEOUT_MS,
    });
  }

  get weightPerMinute(): number {
    return this.#weightPerMinute;
  }

  /** Another share of the venue's weight; what was spent stays spent. */
  setWeight(perMinute: number): void {
    this.#weightPerMinute = perMinute;
    this.#rules().forEach((rule, index) => this.#weights[index]?.become(rule));
  }

  /** Milliseconds until `weight` may be spent; 0: now. */
  waitMs(weight: number): number {
    const nowMs = this.#options.clock.nowMs();
    const waits = this.#weights.map((allowance) => allowance.waitMs(weight, nowMs));
    return Math.max(0, this.#blockedUntilMs - nowMs, ...waits);
  }

  close(): void {
    this.#http.close();
  }

  /** The weight is spent when asked, whatever comes back. */
  async get(asked: RestRequest): Promise<RestAnswer> {
    const { base, clock } = this.#options;
    for (const allowance of this.#weights) allowance.take(asked.weight, clock.nowMs());
    try {
      const response = await this.#http.get(`${base}${asked.path}`);
      const { headers, statusCode = 0 } = response;
      this.#noteAddressWeight(headers);
      const receiveTimeUs = clock.nowUs();
      const body = await limitedText(response);
      if (statusCode === 200) return { kind: 'ok', body, receiveTimeUs };
      return this.#failed(statusCode, headers, body.slice(0, 200));
    } catch (error) {
      return { kind: 'unreachable', detail: detailOf(error) };
    }
  }

  #rules(): readonly AllowanceRule[] {
    return [...new Set([MINUTE_MS, this.#options.weightWindowMs])].map((windowMs) => {
      const count = Math.max(1, Math.floor((this.#weightPerMinute * windowMs) / MINUTE_MS));
      return { kind: 'window', count, windowMs };
    });
  }

  #failed(status: number, headers: Readonly<Record<string, unknown>>, detail: string): RestAnswer {
    if (status === 429 || status === 418) {
      const nowMs = this.#options.clock.nowMs();
      const retryAfterMs = retryAfter(headers['retry-after'], nowMs) ?? DEFAULT_RETRY_AFTER_MS;
      this.#blockedUntilMs = Math.max(this.#blockedUntilMs, nowMs + retryAfterMs);
      return { kind: 'limited', retryAfterMs, status };
    }
    return { kind: status === 403 || status === 451 ? 'regionRefused' : 'refused', status, detail };
  }

  /** The header counts the whole address: above 80 % of what it may use, everybody waits for the next minute. */
  #noteAddressWeight(headers: Readonly<Record<string, unknown>>): void {
    const { usedWeightHeader, addressWeightPerMinute, clock } = this.#options;
    if (usedWeightHeader === null) return;
    const used = Number(headers[usedWeightHeader]);
    if (used > addressWeightPerMinute * SHARE_OF_ADDRESS) {
      const nowMs = clock.nowMs();
      this.#blockedUntilMs = Math.max(this.#blockedUntilMs, nowMs + MINUTE_MS - (nowMs % MINUTE_MS));
    }
  }
}

/** Seconds, or a date (RFC 9110); a ban of Binance's (418) lasts three days at most. */
function retryAfter(value: unknown, nowMs: number): number | undefined {
  if (typeof value !== 'string') return undefined;
  const waitMs = /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) * 1_000 : Date.parse(value) - nowMs;
  return waitMs > 0 ? Math.min(waitMs, MAX_RETRY_AFTER_MS) : undefined;
}

/** A host with several addresses fails with an error a piece, and a whole that says nothing. */
function detailOf(error: unknown): string {
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  const one = first ?? error;
  return one instanceof Error ? one.message : String(one);
}

async function limitedText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) throw new Error(`the answer is over ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
