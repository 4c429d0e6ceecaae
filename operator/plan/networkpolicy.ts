import type { EffectiveFeed } from '../../contract/effective.ts';
import type { CollectorFeed } from '../../contract/feed.ts';
import type { Settings } from '../settings.ts';
import { feedLabels, feedSelector, networkPolicyName, ownerReference } from './names.ts';
import { COLLECTOR_PORT } from './pod-template.ts';
import type { KubeObject } from './types.ts';

/** Ports of the venue's own endpoints: WebSocket and REST (research/pitfalls.md §36). */
const VENUE_PORTS: Readonly<Record<EffectiveFeed['exchange'], readonly number[]>> = {
  binance: [443, 9443],
  okx: [443, 8443],
  deribit: [443],
};
const PROXY_VARIABLES = new Set(['HTTPS_PROXY', 'HTTP_PROXY', 'https_proxy', 'http_proxy']);

/** What the feed's pods may reach and who may reach them; ports only, because venues have no stable addresses. */
export function networkPolicy(feed: CollectorFeed, effective: EffectiveFeed, settings: Settings): KubeObject {
  const tcp = [
    ...new Set([...natsPorts(effective, settings), ...venuePorts(effective), ...proxyPorts(feed)]),
  ].sort((a, b) => a - b);
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: {
      name: networkPolicyName(feed.metadata.name),
      namespace: feed.metadata.namespace,
      labels: feedLabels(feed),
      ownerReferences: [ownerReference(feed)],
    },
    spec: {
      podSelector: { matchLabels: feedSelector(feed) },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ ports: [{ protocol: 'TCP', port: COLLECTOR_PORT }] }],
      egress: [
        {
          ports: [
            { protocol: 'UDP', port: 53 },
            { protocol: 'TCP', port: 53 },
          ],
        },
        { ports: tcp.map((port) => ({ protocol: 'TCP', port })) },
      ],
    },
  };
}

function natsPorts(effective: EffectiveFeed, settings: Settings): readonly number[] {
  return [...effective.nats.servers, ...settings.control.servers].map((server) =>
    urlPort(/^[a-z]+:\/\//.test(server) ? server : `nats://${server}`),
  );
}

function venuePorts(effective: EffectiveFeed): readonly number[] {
  const given = [effective.endpoints.websocket, effective.endpoints.rest];
  const own = given.filter((url) => url !== null).map(urlPort);
  return given.includes(null) ? [...VENUE_PORTS[effective.exchange], ...own] : own;
}

function proxyPorts(feed: CollectorFeed): readonly number[] {
  return (feed.spec.template?.env ?? [])
    .filter(({ name, value }) => PROXY_VARIABLES.has(name) && (value ?? '').includes('://'))
    .map(({ value }) => urlPort(value ?? ''));
}

const SCHEME_PORTS: Readonly<Record<string, number>> = {
  nats: 4222,
  tls: 4222,
  ws: 80,
  wss: 443,
  http: 80,
  https: 443,
};

/** Not `URL`: it knows no default port of `nats:` and hides that of `wss:`. */
function urlPort(url: string): number {
  const match = /^([a-z]+):\/\/(?:[^/@]*@)?(?:\[[^\]]*\]|[^/:]*)(?::(\d+))?/.exec(url);
  const [, scheme = '', port] = match ?? [];
  return port === undefined ? (SCHEME_PORTS[scheme] ?? 443) : Number(port);
}
