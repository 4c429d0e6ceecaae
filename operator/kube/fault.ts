/** Everything that a call to the API server can come back with instead of an object. */
export interface KubeFault {
  readonly reason:
    | 'notFound'
    /** A precondition (resourceVersion, uid) does not hold, or the object exists already. */
    | 'conflict'
    /** The resourceVersion to watch from, or the page to go on at, is compacted. */
    | 'gone'
    | 'tooManyRequests'
    | 'unauthorized'
    | 'forbidden'
    /** The object was judged and refused: trying again without a change is in vain. */
    | 'invalid'
    /** Nobody answered, or the answer broke off, or not in time. */
    | 'unreachable'
    | 'server'
    /** We gave up ourselves: shutdown or lost lease. */
    | 'aborted';
  readonly message: string;
  /** What the server asked to wait. */
  readonly retryAfterMs?: number;
}

export type KubeResult<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: KubeFault };

export const success = <T>(value: T): KubeResult<T> => ({ ok: true, value });
export const failure = (reason: KubeFault['reason'], message: string): { ok: false; fault: KubeFault } => ({
  ok: false,
  fault: { reason, message },
});

interface StatusBody {
  readonly message?: string;
  readonly code?: number;
  readonly details?: { readonly retryAfterSeconds?: number };
}

/** Longest Retry-After that is obeyed; a proxy's slip must not put the operator to sleep for a day. */
const MAX_RETRY_AFTER_MS = 60_000;

/** A field that the schema does not know, in an apply: the API server answers 500, although it is the sender's fault. */
const UNTYPED_PATCH = /failed to create typed patch object|field not declared in schema/;

/** From an HTTP status and the `Status` object in its body. */
export function faultOfResponse(status: number, retryAfter: string | undefined, body: string): KubeFault {
  const parsed = parseStatus(body);
  const seconds = Number(retryAfter ?? parsed.details?.retryAfterSeconds ?? Number.NaN);
  return {
    reason: UNTYPED_PATCH.test(parsed.message ?? '') ? 'invalid' : reasonOf(status),
    message: parsed.message ?? `HTTP ${status}: ${body.slice(0, 200)}`,
    ...(Number.isFinite(seconds) && seconds > 0
      ? { retryAfterMs: Math.min(MAX_RETRY_AFTER_MS, seconds * 1_000) }
      : {}),
  };
}

/** From the `ERROR` event of a watch, whose object is a `Status`. */
export function faultOfStatus(object: unknown): KubeFault {
  const status = (object ?? {}) as StatusBody;
  return { reason: reasonOf(status.code ?? 500), message: status.message ?? 'watch error without a message' };
}

function parseStatus(body: string): StatusBody {
  try {
    return (JSON.parse(body) as StatusBody | null) ?? {};
  } catch {
    return {}; // Not from the API server but from something before it: the caller shows the text itself.
  }
}

function reasonOf(status: number): KubeFault['reason'] {
  switch (status) {
    case 400:
    case 405:
    case 413:
    case 415:
    case 422:
      return 'invalid';
    case 401:
      return 'unauthorized';
    case 403:
      return 'forbidden';
    case 404:
      return 'notFound';
    case 409:
      return 'conflict';
    case 410:
      return 'gone';
    case 429:
      return 'tooManyRequests';
    default:
      return 'server';
  }
}
