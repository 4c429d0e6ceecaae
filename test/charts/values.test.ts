import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { template, type Values } from './helm.ts';

const REFUSED: readonly (readonly [string, Values, RegExp])[] = [
  ['a misspelt value', { simulater: {} }, /'simulater' not allowed/],
  [
    'a misspelt value deep inside',
    { nats: { jetstream: { filestore: {} } } },
    /\/nats\/jetstream.*'filestore' not allowed/,
  ],
  [
    'replicas that are no number',
    { operator: { replicas: 'two' } },
    /\/operator\/replicas': got string, want integer/,
  ],
  ['an unknown log level', { operator: { logLevel: 'loud' } }, /\/operator\/logLevel/],
  [
    'a volume size in GB',
    { nats: { jetstream: { fileStore: { size: '10GB' } } } },
    /\/nats\/jetstream\/fileStore\/size': '10GB' does not match/,
  ],
  [
    'a volume size as a number',
    { nats: { jetstream: { fileStore: { size: 1024 } } } },
    /fileStore\/size': got number, want string/,
  ],
  [
    'a memory limit in GB',
    { nats: { resources: { limits: { memory: '1GB' } } } },
    /1GB is no quantity of bytes; write it like 512Mi or 10Gi/,
  ],
  ['a namespace in capitals', { watch: { namespaces: ['Market'] } }, /\/watch\/namespaces\/0/],
  ['a pull policy that does not exist', { image: { pullPolicy: 'Sometimes' } }, /\/image\/pullPolicy/],
  ['no NATS at all', { nats: { enabled: false } }, /nats\.servers is empty: set nats\.servers, for example/],
  [
    'a password in a server',
    { nats: { enabled: false, servers: ['nats://me:secret@nats:4222'] } },
    /\/nats\/servers\/0/,
  ],
  [
    'a duration without a unit',
    { defaults: { orderbook: { snapshotEvery: '300' } } },
    /\/defaults\/orderbook\/snapshotEvery/,
  ],
  [
    'a default that is no field of a feed',
    { defaults: { orderbook: { snapshots: '5m' } } },
    /'snapshots' not allowed/,
  ],
  ['a venue that is not offered', { defaults: { endpoints: { kraken: {} } } }, /'kraken' not allowed/],
  [
    'an HTTP address for a WebSocket',
    { defaults: { endpoints: { binance: { websocket: 'https://x' } } } },
    /\/defaults\/endpoints\/binance\/websocket/,
  ],
  [
    'one nkey without the others',
    { nats: { auth: { nkeys: { operator: `U${'A'.repeat(55)}` } } } },
    /nats\.auth\.nkeys\.collector is empty: nk -gen user -pubout .*set all three/,
  ],
  [
    'a seed where the public key belongs',
    { nats: { auth: { nkeys: { operator: `SU${'A'.repeat(56)}` } } } },
    /\/nats\/auth\/nkeys\/operator/,
  ],
  ['a rate of nothing', { simulator: { rate: 0 } }, /\/simulator\/rate/],
  [
    'a sync interval in words',
    { nats: { jetstream: { syncInterval: 'often' } } },
    /\/nats\/jetstream\/syncInterval/,
  ],
];

describe('the chart refuses', () => {
  for (const [what, values, says] of REFUSED) {
    it(what, async () => {
      const result = await template(values);
      assert.equal(result.kind, 'refused');
      if (result.kind === 'refused') assert.match(result.message, says);
    });
  }
});
