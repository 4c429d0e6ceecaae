import { hash } from 'node:crypto';
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, ProxyAgent, type buildConnector, type Dispatcher } from 'undici';
import type { Clock } from '../../runtime/clock.ts';

/** Where the API server is and how one is let in. */
export interface Connection {
  /** Base URL without a trailing slash. */
  readonly server: string;
  /** Namespace of the kubeconfig's context or of the service account. */
  readonly namespace: string | undefined;
  authorize(): Promise<{
    readonly headers: Readonly<Record<string, string>>;
    readonly dispatcher: Dispatcher;
  }>;
  /** After a 401: read the credential again. */
  forget(): void;
  close(): Promise<void>;
}

/** Tokens are read again this often, as client-go does; exec plugins keep their own expiry. */
const AUTHORIZATION_MS = 60_000;
const CONNECT_TIMEOUT_MS = 5_000;

export type ConfigResult = { readonly config: KubeConfig } | { readonly message: string };

/** `KUBECONFIG`, `~/.kube/config`, else the pod's service account, as kubectl looks for them. */
export function loadKubeConfig(): ConfigResult {
  const config = new KubeConfig();
  try {
    config.loadFromDefault();
  } catch (error) {
    return {
      message: `the kubeconfig cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
  const server = config.getCurrentCluster()?.server;
  if (server === undefined || server === 'http://localhost:8080')
    return { message: 'no cluster is configured: set KUBECONFIG, or run in a pod with a service account' };
  return { config };
}

export function connectTo(config: KubeConfig, clock: Clock): Connection {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('the kubeconfig has no current cluster');
  let known: { headers: Record<string, string>; untilMs: number } | undefined;
  let agent: KnownAgent | undefined;
  return {
    server: cluster.server.replace(/\/+$/, ''),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
    async authorize() {
      if (known === undefined || agent === undefined || clock.nowMs() >= known.untilMs) {
        const options: RequestOptions = {};
        // Not `applySecurityAuthentication`: that one makes a new agent, so a new TLS connection, at each call.
        await config.applyToHTTPSOptions(options);
        known = { headers: headersOf(options), untilMs: clock.nowMs() + AUTHORIZATION_MS };
        agent = agentFor(config, options, agent);
      }
      return { headers: known.headers, dispatcher: agent.dispatcher };
    },
    forget() {
      known = undefined;
    },
    async close() {
      await agent?.dispatcher.destroy();
    },
  };
}

function headersOf(options: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name] = String(value);
  if (typeof options.auth === 'string')
    headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  return headers;
}

interface KnownAgent {
  readonly print: string;
  readonly dispatcher: Dispatcher;
}

/** One agent as long as certificates stay the same; what still runs on the old one ends there. */
function agentFor(config: KubeConfig, options: RequestOptions, before: KnownAgent | undefined): KnownAgent {
  const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
  const tls = { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername };
  const print = hash('sha256', JSON.stringify(tls), 'hex');
  if (before?.print === print) return before;
  void before?.dispatcher.close();
  return { print, dispatcher: makeAgent(config, tls) };
}

function makeAgent(
  config: KubeConfig,
  tls: Parameters<KubeConfig['createDispatcherOptions']>[1],
): Dispatcher {
  const made = config.createDispatcherOptions(config.getCurrentCluster(), tls);
  // One HTTP/1.1 connection a watch: a stalled one does not hold the others, and closing it is felt at once.
  const common = { allowH2: false };
  const timeout = { timeout: CONNECT_TIMEOUT_MS };
  // client-node writes its types in terms of node:tls, undici in terms of its own; the fields are the same.
  switch (made.type) {
    case 'none':
      return new Agent({ ...common, connect: timeout });
    case 'agent':
      return new Agent({
        ...common,
        connect: { ...(made.connect as buildConnector.BuildOptions), ...timeout },
      });
    case 'proxy':
      return new ProxyAgent({
        ...common,
        uri: made.uri,
        requestTls: made.requestTls as buildConnector.BuildOptions,
      });
    case 'socks':
      throw new Error('proxy-url with socks is not supported: use an http proxy');
    default:
      return made satisfies never;
  }
}
