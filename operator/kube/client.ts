import { request, type Dispatcher } from 'undici';
import type { Clock } from '../../runtime/clock.ts';
import { collectionPath, objectPath, refOf, type ApiObject, type Kind, type ObjectRef } from './api.ts';
import type { Connection } from './connection.ts';
import { failure, faultOfResponse, success, type KubeResult } from './fault.ts';

/** One constant name for what the operator declares, so that a field that it drops is removed. */
export const FIELD_MANAGER = 'marketprism';
/** `/status` has its own, so that declared and observed fields are told apart in `managedFields`. */
export const STATUS_FIELD_MANAGER = 'marketprism-status';

/** client-go's word for it in its metrics. */
export const NO_ANSWER = '<error>';

const REQUEST_TIMEOUT_MS = 15_000;
const MAX_BODY_BYTES = 64 << 20;
const APPLY = 'application/apply-patch+yaml';
const JSON_TYPE = 'application/json';

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

export interface ListQuery {
  readonly kind: Kind;
  /** Null: all namespaces. */
  readonly namespace: string | null;
  readonly labelSelector?: string;
}

export interface ObjectList {
  readonly resourceVersion: string;
  readonly items: readonly ApiObject[];
  readonly continue?: string;
}

/** The API server in JSON, without generated types: what is read is little, what is written is data. */
export interface KubeClient {
  get(ref: ObjectRef, options?: CallOptions): Promise<KubeResult<ApiObject>>;
  /** One page; `continueAt` of the page before. */
  list(
    query: ListQuery,
    continueAt: string | undefined,
    options?: CallOptions,
  ): Promise<KubeResult<ObjectList>>;
  /** The chunks of an endless answer; the caller bounds it by `signal`. */
  watch(
    query: ListQuery,
    from: { readonly resourceVersion: string; readonly timeoutSeconds: number },
    signal: AbortSignal,
  ): Promise<KubeResult<AsyncIterable<Uint8Array>>>;
  /** Server-side apply, forced. With `metadata.resourceVersion` (or `uid`) set, another state of the object is a conflict. */
  apply(object: ApiObject, options?: CallOptions): Promise<KubeResult<ApiObject>>;
  applyStatus(object: ApiObject, options?: CallOptions): Promise<KubeResult<ApiObject>>;
  /** A conflict when it exists. */
  create(object: ApiObject, options?: CallOptions): Promise<KubeResult<ApiObject>>;
  /** Replaces; `metadata.resourceVersion` is the precondition. */
  update(object: ApiObject, options?: CallOptions): Promise<KubeResult<ApiObject>>;
  /** In the background, only that very object and state. */
  remove(
    ref: ObjectRef,
    precondition: { readonly uid: string; readonly resourceVersion?: string },
    options?: CallOptions,
  ): Promise<KubeResult<null>>;
}

export interface ClientDeps {
  readonly connection: Connection;
  readonly clock: Clock;
  /** After each answer; `code` is the HTTP status or `NO_ANSWER`. */
  readonly onRequest?: (method: string, code: string) => void;
}

interface Call extends CallOptions {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly contentType?: string;
  readonly body?: unknown;
}

export function createKubeClient(deps: ClientDeps): KubeClient {
  return { ...reads(deps), ...writes(deps) };
}

function reads(deps: ClientDeps): Pick<KubeClient, 'get' | 'list' | 'watch'> {
  return {
    get: (ref, options) => callJson(deps, { ...options, method: 'GET', path: objectPath(ref) }),
    async list(query, continueAt, options) {
      const page = { limit: '500', ...(continueAt === undefined ? {} : { continue: continueAt }) };
      const path = collectionPath(query.kind, query.namespace);
      const call: Call = { ...options, method: 'GET', path, query: { ...selectorOf(query), ...page } };
      const answer = await callJson<RawList>(deps, call);
      return answer.ok ? listOf(answer.value) : answer;
    },
    watch: (query, from, signal) => openWatch(deps, query, from, signal),
  };
}

function writes(deps: ClientDeps): Omit<KubeClient, 'get' | 'list' | 'watch'> {
  const send = (body: ApiObject, call: Omit<Call, 'body'>): Promise<KubeResult<ApiObject>> =>
    callJson(deps, { ...call, body });
  const query = { fieldManager: FIELD_MANAGER, fieldValidation: 'Strict' };
  const forced = { ...query, force: 'true' };
  return {
    apply: (body, options) =>
      send(body, {
        ...options,
        method: 'PATCH',
        path: objectPath(refOf(body)),
        query: forced,
        contentType: APPLY,
      }),
    applyStatus: (body, options) =>
      send(body, {
        ...options,
        method: 'PATCH',
        path: `${objectPath(refOf(body))}/status`,
        query: { ...forced, fieldManager: STATUS_FIELD_MANAGER },
        contentType: APPLY,
      }),
    create(body, options) {
      const { kind, namespace } = refOf(body);
      return send(body, { ...options, method: 'POST', path: collectionPath(kind, namespace), query });
    },
    update: (body, options) =>
      send(body, { ...options, method: 'PUT', path: objectPath(refOf(body)), query }),
    async remove(ref, preconditions, options) {
      const body = {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        propagationPolicy: 'Background',
        preconditions,
      };
      const answer = await callJson(deps, { ...options, method: 'DELETE', path: objectPath(ref), body });
      return answer.ok ? success(null) : answer;
    },
  };
}

interface RawList {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly ApiObject[];
}

function listOf(raw: RawList): KubeResult<ObjectList> {
  const { resourceVersion, continue: more } = raw.metadata ?? {};
  if (resourceVersion === undefined || raw.items === undefined)
    return failure('server', 'the list has no resourceVersion or items');
  return success({
    resourceVersion,
    items: raw.items,
    ...(more === undefined || more === '' ? {} : { continue: more }),
  });
}

const selectorOf = ({ labelSelector }: ListQuery): Readonly<Record<string, string>> =>
  labelSelector === undefined ? {} : { labelSelector };

async function openWatch(
  deps: ClientDeps,
  query: ListQuery,
  from: { readonly resourceVersion: string; readonly timeoutSeconds: number },
  signal: AbortSignal,
): Promise<KubeResult<AsyncIterable<Uint8Array>>> {
  const call: Call = {
    method: 'GET',
    path: collectionPath(query.kind, query.namespace),
    query: {
      ...selectorOf(query),
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: from.resourceVersion,
      timeoutSeconds: String(from.timeoutSeconds),
    },
  };
  const answer = await send(deps, call, signal);
  return answer.ok ? success(answer.value.body) : answer;
}

async function callJson<T>(deps: ClientDeps, call: Call): Promise<KubeResult<T>> {
  const deadline = new AbortController();
  const timeoutMs = call.timeoutMs ?? REQUEST_TIMEOUT_MS;
  const cancel = deps.clock.after(timeoutMs, () =>
    deadline.abort(new Error(`no answer within ${timeoutMs} ms`)),
  );
  const giveUp = (): void => deadline.abort(call.signal?.reason);
  call.signal?.addEventListener('abort', giveUp, { once: true });
  if (call.signal?.aborted === true) giveUp();
  try {
    const answer = await send(deps, call, deadline.signal);
    if (!answer.ok)
      return answer.fault.reason === 'unreachable' && call.signal?.aborted === true
        ? failure('aborted', answer.fault.message)
        : answer;
    return success(JSON.parse(await readBody(answer.value.body)) as T);
  } catch (error) {
    return failure(call.signal?.aborted === true ? 'aborted' : 'unreachable', causeOf(error));
  } finally {
    cancel();
    call.signal?.removeEventListener('abort', giveUp);
  }
}

/** Up to the headers; an answer that is no success is read to its end and becomes a fault. */
async function send(
  deps: ClientDeps,
  call: Call,
  signal: AbortSignal,
): Promise<KubeResult<Dispatcher.ResponseData>> {
  const { connection, onRequest } = deps;
  const url = new URL(connection.server + call.path);
  for (const [name, value] of Object.entries(call.query ?? {})) url.searchParams.set(name, value);
  try {
    const { headers, dispatcher } = await connection.authorize();
    const response = await request(url, {
      method: call.method,
      dispatcher,
      signal,
      headers: {
        ...headers,
        accept: JSON_TYPE,
        ...(call.body === undefined ? {} : { 'content-type': call.contentType ?? JSON_TYPE }),
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
      // Both are bounded by the signal.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    onRequest?.(call.method, String(response.statusCode));
    if (response.statusCode < 300) return success(response);
    if (response.statusCode === 401) connection.forget();
    const retryAfter = response.headers['retry-after'];
    const text = await readBody(response.body);
    return {
      ok: false,
      fault: faultOfResponse(
        response.statusCode,
        Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
        text,
      ),
    };
  } catch (error) {
    onRequest?.(call.method, NO_ANSWER);
    return failure('unreachable', causeOf(error));
  }
}

async function readBody(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Error(`the answer is longer than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** undici says «fetch failed» or «other side closed» and keeps what matters in `cause`. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return `${error.message}${cause}`;
}
