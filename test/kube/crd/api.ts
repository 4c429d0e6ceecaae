// Speaks to the API server itself, so that its answer is seen whole: code, field and message of every cause.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { text } from 'node:stream/consumers';
import { KubeConfig } from '@kubernetes/client-node';
import { kubectl, requireCluster } from '../../support/cluster.ts';

export const FEEDS = (namespace: string): string =>
  `/apis/marketprism.io/v1alpha1/namespaces/${namespace}/collectorfeeds`;

export interface Answer {
  readonly code: number;
  readonly message: string;
  readonly causes: readonly { readonly field: string; readonly message: string }[];
  readonly warnings: readonly string[];
  readonly body: Readonly<Record<string, unknown>>;
}

interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
}

interface StatusBody {
  readonly message?: string;
  readonly details?: { readonly causes?: readonly { readonly field?: string; readonly message?: string }[] };
}

export async function call({ method, path, body }: Call): Promise<Answer> {
  const config = new KubeConfig();
  config.loadFromDefault();
  const url = new URL(path, config.getCurrentCluster()?.server);
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const options: RequestOptions = { method, headers: { 'content-type': type, accept: 'application/json' } };
  await config.applyToHTTPSOptions(options);
  const sent = request(url, options);
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const parsed = JSON.parse(await text(response)) as Readonly<Record<string, unknown>>;
  const status = parsed as StatusBody;
  return {
    code: response.statusCode ?? 0,
    message: status.message ?? '',
    causes: (status.details?.causes ?? []).map(({ field = '', message = '' }) => ({ field, message })),
    warnings: [response.headers['warning'] ?? []].flat(),
    body: parsed,
  };
}

export const feed = (name: string, namespace: string, spec: unknown): unknown => ({
  apiVersion: 'marketprism.io/v1alpha1',
  kind: 'CollectorFeed',
  metadata: { name, namespace },
  spec,
});

/** Judged by the server, an unknown field is a fault, nothing is stored. */
export function judge(namespace: string, name: string, spec: unknown): Promise<Answer> {
  return call({
    method: 'POST',
    path: `${FEEDS(namespace)}?dryRun=All&fieldValidation=Strict`,
    body: feed(name, namespace, spec),
  });
}

/** Another one at every run, because the last one may still be ending. */
export const freshNamespace = (name: string): string => `${name}-${process.pid}`;

/** The CRD as in this checkout, and an empty namespace. */
export async function prepare(namespace: string): Promise<void> {
  requireCluster();
  await kubectl(['apply', '--server-side', '--force-conflicts', '-f', 'crds']);
  await kubectl([
    'wait',
    '--for=condition=Established',
    'crd/collectorfeeds.marketprism.io',
    '--timeout=30s',
  ]);
  await kubectl(['create', 'namespace', namespace]);
}

export async function cleanUp(namespace: string): Promise<void> {
  await kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--wait=false']);
}
