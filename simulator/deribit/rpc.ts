/** JSON-RPC 2.0 as the venue speaks it, over WebSocket and, for the same methods, over HTTP. */

export type RpcId = number | string | null;
export type RpcParams = Readonly<Record<string, unknown>>;

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: Readonly<Record<string, string>>;
}

export type RpcResult =
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'error'; readonly error: RpcError };

export type RpcRequest =
  | {
      readonly kind: 'request';
      readonly id: RpcId | undefined;
      readonly method: string;
      readonly params: RpcParams;
    }
  | { readonly kind: 'refused'; readonly id: RpcId | undefined; readonly error: RpcError };

export const TOO_MANY_REQUESTS: RpcError = { code: 10_028, message: 'too_many_requests' };
/** The whole request fails with it, its valid channels too. */
export const RAW_NEEDS_LOGIN: RpcError = {
  code: 13_778,
  message: 'raw_subscriptions_not_available_for_unauthorized',
};

export function parseRpcRequest(text: string): RpcRequest {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { kind: 'refused', id: undefined, error: { code: -32_700, message: 'Parse error' } };
  }
  if (!isObject(parsed)) {
    return { kind: 'refused', id: undefined, error: { code: -32_600, message: 'Invalid Request' } };
  }
  const { id, method, params = {} } = parsed;
  const knownId = typeof id === 'number' || typeof id === 'string' || id === null ? id : undefined;
  if (typeof method !== 'string' || !isObject(params)) {
    return { kind: 'refused', id: knownId, error: { code: -32_600, message: 'Invalid Request' } };
  }
  return { kind: 'request', id: knownId, method, params };
}

/** The venue's stamps are in microseconds. */
export function rpcAnswer(id: RpcId | undefined, answer: RpcResult, inUs: number, outUs: number): unknown {
  return {
    jsonrpc: '2.0',
    ...(id === undefined ? {} : { id }),
    ...(answer.kind === 'result' ? { result: answer.result } : { error: answer.error }),
    usIn: inUs,
    usOut: outUs,
    usDiff: outUs - inUs,
    testnet: true,
  };
}

export function result(value: unknown): RpcResult {
  return { kind: 'result', result: value };
}

export function failure(error: RpcError): RpcResult {
  return { kind: 'error', error };
}

export function invalidParams(param: string, reason: string): RpcResult {
  return failure({ code: -32_602, message: 'Invalid params', data: { reason, param } });
}

export function methodNotFound(): RpcResult {
  return failure({ code: -32_601, message: 'Method not found' });
}

/** Undefined: not a list of names. */
export function channelsOf(params: RpcParams): readonly string[] | undefined {
  const { channels } = params;
  if (!Array.isArray(channels)) return undefined;
  const names = channels.filter((name) => typeof name === 'string');
  return names.length === channels.length && names.length > 0 ? names : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
