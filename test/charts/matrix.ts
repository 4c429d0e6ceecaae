// Values that users set, each rendered, linted and put before the API server.
import type { Release, Values } from './helm.ts';

export interface Variant {
  readonly what: string;
  readonly values: Values;
  readonly release?: Release;
}

export const MATRIX: readonly Variant[] = [
  { what: 'the defaults', values: {} },
  {
    what: 'the simulator beside it',
    values: { simulator: { enabled: true, symbols: ['BTC-USDT'], rate: 50, extraArgs: ['--speed=2'] } },
  },
  {
    what: 'recordings mounted into the simulator',
    values: {
      simulator: {
        enabled: true,
        extraVolumes: [{ name: 'recordings', configMap: { name: 'recordings' } }],
        extraVolumeMounts: [{ name: 'recordings', mountPath: '/recordings', readOnly: true }],
      },
    },
  },
  {
    what: 'a NATS of their own',
    values: {
      nats: { enabled: false, servers: ['tls://nats.messaging.svc:4222'] },
      control: { credentialsSecret: 'marketprism-nats' },
    },
  },
  {
    what: 'a NATS that asks who they are, over TLS',
    values: {
      control: { credentialsSecret: 'collector', operatorCredentialsSecret: 'operator' },
      nats: {
        auth: {
          nkeys: {
            operator: `U${'A'.repeat(55)}`,
            collector: `U${'B'.repeat(55)}`,
            consumer: `U${'C'.repeat(55)}`,
          },
        },
        tls: { secret: 'marketprism-nats-tls' },
      },
    },
  },
  { what: 'the whole cluster watched', values: { watch: { cluster: true } } },
  { what: 'two namespaces watched', values: { watch: { namespaces: ['default', 'kube-public'] } } },
  {
    what: 'a second release beside another',
    values: { crds: { enabled: false }, rbac: { aggregate: false }, operator: { replicas: 2 } },
    release: { name: 'second' },
  },
  {
    what: 'everything set',
    values: {
      image: { tag: '9.9.9', pullPolicy: 'Always', pullSecrets: [{ name: 'registry' }] },
      operator: {
        logLevel: 'debug',
        priorityClassName: 'system-cluster-critical',
        nodeSelector: { disk: 'ssd' },
        tolerations: [{ key: 'a', operator: 'Exists' }],
        affinity: { nodeAffinity: {} },
        podLabels: { team: 'data' },
        podAnnotations: { note: 'x' },
        serviceAccount: { name: 'mine', annotations: { role: 'r' } },
      },
      defaults: {
        jetstream: { maxAge: '7d', maxBytes: '1Gi' },
        orderbook: { snapshotEvery: '1m' },
        buffer: { memory: '32Mi' },
        sharding: { symbolsPerCollector: 50 },
        endpoints: { binance: { websocket: 'ws://sim:8090', rest: 'http://sim:8090' } },
      },
      nats: {
        jetstream: { fileStore: { size: '1.5Gi', storageClassName: 'fast' }, syncInterval: 'always' },
        priorityClassName: 'system-cluster-critical',
        nodeSelector: { disk: 'ssd' },
        tolerations: [{ operator: 'Exists' }],
        affinity: { podAntiAffinity: {} },
        podLabels: { team: 'data' },
        podAnnotations: { note: 'x' },
        networkPolicy: { consumerNamespaces: ['research'], monitorFrom: [{ podSelector: {} }] },
      },
    },
  },
  {
    what: 'a long release name',
    values: { simulator: { enabled: true } },
    release: { name: 'a-release-name-that-takes-all-fifty-three-characters1' },
  },
];
