/** The requests of a market-stream connection and the venue's answers to them. */

type RequestId = number | string | null;

export type StreamRequest =
  | {
      readonly kind: 'subscribe' | 'unsubscribe';
      readonly id: RequestId;
      readonly streams: readonly string[];
    }
  | { readonly kind: 'list'; readonly id: RequestId }
  | { readonly kind: 'setCombined'; readonly id: RequestId; readonly combined: boolean }
  | { readonly kind: 'getCombined'; readonly id: RequestId }
  | { readonly kind: 'refused'; readonly answer: string };

const MOST_ID_CHARACTERS = 36;
const METHODS = 'SUBSCRIBE, UNSUBSCRIBE, LIST_SUBSCRIPTIONS, SET_PROPERTY, GET_PROPERTY';

export function resultAnswer(id: RequestId, result: unknown): string {
  return JSON.stringify({ result, id });
}

export function errorAnswer(code: number, msg: string, id?: RequestId): string {
  return JSON.stringify(id === undefined ? { error: { code, msg } } : { error: { code, msg }, id });
}

export function parseStreamRequest(text: string): StreamRequest {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return refused(3, 'Invalid JSON: expected value at line 1 column 1');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    return refused(2, 'Invalid request: expected an object');
  }
  const request = parsed as Readonly<Record<string, unknown>>;
  if (!isRequestId(request['id']))
    return refused(2, 'Invalid request: request ID must be an unsigned integer');
  return requestOf(request, request['id']);
}

function requestOf(request: Readonly<Record<string, unknown>>, id: RequestId): StreamRequest {
  const params = request['params'];
  switch (request['method']) {
    case 'SUBSCRIBE':
    case 'UNSUBSCRIBE': {
      if (!isStreamList(params)) return refused(2, 'Invalid request: invalid stream', id);
      return { kind: request['method'] === 'SUBSCRIBE' ? 'subscribe' : 'unsubscribe', id, streams: params };
    }
    case 'LIST_SUBSCRIPTIONS':
      return { kind: 'list', id };
    case 'SET_PROPERTY': {
      const [name, combined] = Array.isArray(params) ? (params as readonly unknown[]) : [];
      if (name !== 'combined') return refused(0, 'Unknown property', id);
      if (typeof combined !== 'boolean') return refused(1, 'Invalid value type: expected Boolean', id);
      return { kind: 'setCombined', id, combined };
    }
    case 'GET_PROPERTY': {
      const [name] = Array.isArray(params) ? (params as readonly unknown[]) : [];
      return name === 'combined' ? { kind: 'getCombined', id } : refused(0, 'Unknown property', id);
    }
    case undefined:
      return refused(2, 'Invalid request: missing field `method`', id);
    default:
      return refused(2, `Invalid request: unknown variant, expected one of ${METHODS}`, id);
  }
}

function refused(code: number, msg: string, id?: RequestId): StreamRequest {
  return { kind: 'refused', answer: errorAnswer(code, msg, id) };
}

function isRequestId(id: unknown): id is RequestId {
  if (id === null) return true;
  if (typeof id === 'string') return id.length <= MOST_ID_CHARACTERS;
  return Number.isSafeInteger(id);
}

/** A stream name need not exist to be accepted, but it has the form of one. */
function isStreamList(params: unknown): params is readonly string[] {
  return (
    Array.isArray(params) &&
    params.length > 0 &&
    params.every((name) => typeof name === 'string' && /^[!\w.-]+(@[\w.:+-]+)*$/u.test(name))
  );
}
