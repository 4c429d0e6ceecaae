// What the API server must take and what it must refuse, with the field it names and the words it says.
export interface Accepted {
  readonly what: string;
  readonly spec: unknown;
  /** CEL cannot read it; `collect` and the operator do, and may refuse it. */
  readonly judgedLater?: true;
}
export interface Refused extends Accepted {
  readonly name?: string;
  readonly field: string;
  readonly says: RegExp;
}

const spot = { exchange: 'binance', market: 'spot', symbols: ['BTC-USDT', 'ETH-USDT'], streams: ['trade'] };
const swap = { ...spot, market: 'perpetual' };
const option = {
  exchange: 'okx',
  market: 'option',
  symbols: ['BTC-USD-20261225-100000-C'],
  streams: ['trade'],
};
const index = {
  exchange: 'deribit',
  market: 'index',
  symbols: ['BTC', 'ETH'],
  streams: ['volatility-index'],
};
const { symbols: _symbols, ...unlisted } = swap;
const many = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `S${i}-USDT`);
const subjects = { trade: 'mine.trade.{symbol}', gap: 'mine.gap.{symbol}' };
const pace = (snapshotEvery: string, maxAge: string): unknown => ({
  ...spot,
  orderbook: { snapshotEvery },
  jetstream: { maxAge },
});
const subject = (template: string): unknown => ({ ...spot, nats: { subjects: { trade: template } } });
const servers = (...list: readonly string[]): unknown => ({ ...spot, nats: { servers: list } });

export const ACCEPTED: readonly Accepted[] = [
  { what: 'the smallest feed', spec: spot },
  { what: 'the README example', spec: { ...spot, streams: ['orderbook', 'trade'] } },
  {
    what: "the venue's own spelling",
    spec: { ...spot, symbols: ['BTCUSDT', '1000SATSUSDT', 'DOGE-240426-0.15-C'] },
  },
  { what: 'symbols that are not ASCII', spec: { ...spot, symbols: ['币安人生USDT'] } },
  { what: '2000 symbols', spec: { ...spot, symbols: many(2000) } },
  { what: 'a volatility index', spec: index },
  { what: 'COIN-M', spec: { ...swap, settle: 'inverse', symbols: ['BTC-USD-PERP'] } },
  {
    what: 'a selector',
    spec: { ...unlisted, symbolSelector: { quote: 'USDT', match: 'B*-PERP', maxSymbols: 10 } },
  },
  {
    what: 'a selector of options that expire',
    spec: { ...option, symbols: undefined, symbolSelector: { base: 'BTC', expiryWithin: '30d' } },
  },
  {
    what: 'option summaries',
    spec: { ...option, streams: ['option-summary', 'open-interest', 'mark-price'] },
  },
  {
    what: 'every stream of a swap',
    spec: {
      ...swap,
      streams: [
        'orderbook',
        'trade',
        'ticker',
        'mark-price',
        'funding-rate',
        'open-interest',
        'liquidation',
        'long-short-ratio',
      ],
    },
  },
  {
    what: 'a stream of its own',
    spec: {
      ...spot,
      nats: { subjects },
      jetstream: {
        stream: 'MINE',
        maxAge: '7d',
        maxBytes: '1.5Gi',
        maxMessages: 9007199254740991,
        replicas: 3,
      },
    },
  },
  { what: 'snapshots at less than a third of the age', spec: pace('7h59m', '1d') },
  { what: 'snapshots at less than a third of the age in days', spec: pace('2d', '7d') },
  { what: 'any pace when no age limits the stream', spec: pace('1h', '0s') },
  { what: 'days beside other units', spec: pace('1d1h', '2d'), judgedLater: true },
  { what: 'a duration that CEL cannot hold', spec: pace('5m', '999999999h') },
  {
    what: 'snapshots only, with any pace',
    spec: {
      ...(pace('1h', '1h') as object),
      orderbook: { mode: 'snapshot', snapshotEvery: '1h', depth: 5000, interval: '250ms' },
    },
  },
  { what: 'as many collectors as symbols', spec: { ...spot, sharding: { collectors: 2 } } },
  {
    what: 'unlimited reconnects',
    spec: { ...spot, nats: { maxReconnectAttempts: -1, reconnectTimeWait: '250ms' } },
  },
  {
    what: 'credentials',
    spec: {
      ...spot,
      nats: {
        servers: ['tls://a.b:4222', 'nats-1'],
        credentialsSecret: { name: 'c' },
        tlsSecret: { name: 't' },
        inboxPrefix: '_INBOX.me',
        jetstreamDomain: 'hub',
        name: 'feed',
      },
    },
  },
  {
    what: "Kubernetes' own types in the template",
    spec: {
      ...spot,
      template: {
        tolerations: [{ key: 'a', operator: 'Exists' }],
        affinity: { nodeAffinity: { any: { thing: [1] } } },
        topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone' }],
        securityContext: { runAsUser: 1000 },
        resources: { limits: { cpu: 1, memory: '512Mi' }, requests: { cpu: '100m' } },
        labels: { a: 'b' },
        annotations: { c: 'd' },
        nodeSelector: { e: 'f' },
        env: [{ name: 'HTTPS_PROXY', value: 'http://proxy:3128' }],
        caBundle: { configMap: 'ca' },
      },
    },
  },
  {
    what: 'the simulator as venue',
    spec: { ...spot, endpoints: { websocket: 'ws://sim:8090', rest: 'http://sim:8090' } },
  },
  {
    what: 'the whole buffer',
    spec: {
      ...spot,
      buffer: { memory: '64Mi', disk: '1G', whenFull: 'stop' },
      redundancy: 2,
      paused: true,
      venueSecret: { name: 'v' },
    },
  },
];

export const REFUSED: readonly Refused[] = [
  { what: 'no spec', spec: undefined, field: 'spec', says: /Required value/ },
  {
    what: 'no exchange',
    spec: { ...spot, exchange: undefined },
    field: 'spec.exchange',
    says: /Required value/,
  },
  { what: 'no market', spec: { ...spot, market: undefined }, field: 'spec.market', says: /Required value/ },
  {
    what: 'no streams',
    spec: { ...spot, streams: undefined },
    field: 'spec.streams',
    says: /Required value/,
  },
  {
    what: 'an unknown venue',
    spec: { ...spot, exchange: 'kraken' },
    field: 'spec.exchange',
    says: /"kraken": supported values: "binance", "okx", "deribit"/,
  },
  {
    what: 'an unknown market',
    spec: { ...spot, market: 'swap' },
    field: 'spec.market',
    says: /"swap": supported values: "spot", "perpetual"/,
  },
  {
    what: 'an unknown stream',
    spec: { ...spot, streams: ['trades'] },
    field: 'spec.streams[0]',
    says: /"trades": supported values: "orderbook", "trade"/,
  },
  {
    what: 'a misspelt field',
    spec: { ...spot, symbol: ['BTC-USDT'] },
    field: '',
    says: /unknown field "spec\.symbol"/,
  },
  {
    what: 'a name of 46 characters',
    name: 'n'.repeat(46),
    spec: spot,
    field: '<nil>',
    says: /metadata\.name may have at most 45 characters.*choose a shorter one/,
  },
  {
    what: 'neither symbols nor a selector',
    spec: unlisted,
    field: 'spec',
    says: /set exactly one of spec\.symbols and spec\.symbolSelector/,
  },
  {
    what: 'symbols and a selector',
    spec: { ...spot, symbolSelector: { quote: 'USDT' } },
    field: 'spec',
    says: /set exactly one of/,
  },
  {
    what: 'no symbol',
    spec: { ...spot, symbols: [] },
    field: 'spec.symbols',
    says: /should have at least 1 items/,
  },
  {
    what: '2001 symbols',
    spec: { ...spot, symbols: many(2001) },
    field: 'spec.symbols',
    says: /Too many: 2001: must have at most 2000 items/,
  },
  {
    what: 'a symbol twice',
    spec: { ...spot, symbols: ['BTC-USDT', 'BTC-USDT'] },
    field: 'spec.symbols[1]',
    says: /Duplicate value: "BTC-USDT"/,
  },
  {
    what: 'a symbol with a wildcard',
    spec: { ...spot, symbols: ['BTC-*'] },
    field: 'spec.symbols[0]',
    says: /should match/,
  },
  {
    what: 'a symbol with a slash',
    spec: { ...spot, symbols: ['BTC/USDT'] },
    field: 'spec.symbols[0]',
    says: /should match/,
  },
  {
    what: 'a symbol of 65 characters',
    spec: { ...spot, symbols: ['S'.repeat(65)] },
    field: 'spec.symbols[0]',
    says: /Too long: may not be more than 64 bytes/,
  },
  {
    what: 'an empty selector',
    spec: { ...unlisted, symbolSelector: {} },
    field: 'spec.symbolSelector',
    says: /should have at least 1 properties/,
  },
  {
    what: 'an expiry of what never expires',
    spec: { ...unlisted, symbolSelector: { expiryWithin: '30d' } },
    field: 'spec',
    says: /expiryWithin needs market: future or option; remove it/,
  },
  {
    what: 'an expiry within nothing',
    spec: { ...option, symbols: undefined, symbolSelector: { expiryWithin: '0s' } },
    field: 'spec.symbolSelector.expiryWithin',
    says: /more than zero, for example 30d/,
  },
  {
    what: 'settle on OKX',
    spec: { ...swap, exchange: 'okx', settle: 'linear' },
    field: 'spec',
    says: /spec\.settle is for exchange: binance with market: perpetual or future; remove it/,
  },
  {
    what: 'settle on spot',
    spec: { ...spot, settle: 'linear' },
    field: 'spec',
    says: /spec\.settle is for exchange: binance/,
  },
  {
    what: 'a volatility index on spot',
    spec: { ...spot, streams: ['volatility-index'] },
    field: 'spec',
    says: /volatility-index needs market: index with symbols: \[BTC, ETH\]/,
  },
  {
    what: 'an index market on Binance',
    spec: { ...index, exchange: 'binance' },
    field: 'spec',
    says: /market: index is offered by deribit only; set exchange: deribit/,
  },
  {
    what: 'trades of an index',
    spec: { ...index, streams: ['volatility-index', 'trade'] },
    field: 'spec',
    says: /market: index has volatility-index only; remove the other streams/,
  },
  {
    what: 'option summaries of a swap',
    spec: { ...swap, streams: ['option-summary'] },
    field: 'spec',
    says: /option-summary needs market: option; remove it/,
  },
  {
    what: 'funding of spot',
    spec: { ...spot, streams: ['funding-rate'] },
    field: 'spec',
    says: /funding-rate needs market: perpetual or future; remove it/,
  },
  {
    what: 'open interest of spot',
    spec: { ...spot, streams: ['open-interest'] },
    field: 'spec',
    says: /open-interest needs market: perpetual, future or option; remove it/,
  },
  {
    what: 'long/short ratios of Deribit',
    spec: { ...swap, exchange: 'deribit', streams: ['long-short-ratio'] },
    field: 'spec',
    says: /long-short-ratio needs exchange: binance or okx/,
  },
  {
    what: 'mark prices of Binance spot',
    spec: { ...spot, streams: ['mark-price'] },
    field: 'spec',
    says: /binance spot has no mark-price and no liquidation; remove them/,
  },
  {
    what: 'a stream of its own without subjects',
    spec: { ...spot, jetstream: { stream: 'MINE' } },
    field: 'spec',
    says: /spec\.nats\.subjects is needed with spec\.jetstream\.stream.*set subjects/,
  },
  {
    what: 'a stream name with a dot',
    spec: { ...spot, nats: { subjects }, jetstream: { stream: 'A.B' } },
    field: 'spec.jetstream.stream',
    says: /should match/,
  },
  {
    what: 'snapshots at a third of the age',
    spec: pace('8h', '1d'),
    field: 'spec',
    says: /snapshotEvery must be less than a third of spec\.jetstream\.maxAge.*lower the one or raise the other/,
  },
  {
    what: 'snapshots rarer than the age',
    spec: pace('10m', '20m'),
    field: 'spec',
    says: /less than a third/,
  },
  {
    what: 'snapshots at a third of the age in days',
    spec: pace('1d', '3d'),
    field: 'spec',
    says: /less than a third/,
  },
  {
    what: 'daily snapshots in a stream of hours',
    spec: pace('1d', '48h'),
    field: 'spec',
    says: /less than a third/,
  },
  {
    what: 'a duration without a unit',
    spec: { ...spot, orderbook: { snapshotEvery: '300' } },
    field: 'spec.orderbook.snapshotEvery',
    says: /should match/,
  },
  {
    what: 'snapshots without a pause',
    spec: { ...spot, orderbook: { snapshotEvery: '0s' } },
    field: 'spec.orderbook.snapshotEvery',
    says: /more than zero, for example 5m/,
  },
  {
    what: 'an interval of nothing',
    spec: { ...spot, orderbook: { mode: 'snapshot', interval: '0ms' } },
    field: 'spec.orderbook.interval',
    says: /more than zero, for example 1s/,
  },
  {
    what: 'a depth of nothing',
    spec: { ...spot, orderbook: { depth: 0 } },
    field: 'spec.orderbook.depth',
    says: /greater than or equal to 1/,
  },
  {
    what: 'a quantity with an unknown unit',
    spec: { ...spot, buffer: { memory: '64MB' } },
    field: 'spec.buffer.memory',
    says: /should match/,
  },
  {
    what: 'a quantity that is a number',
    spec: { ...spot, buffer: { disk: 1024 } },
    field: 'spec.buffer.disk',
    says: /must be of type string/,
  },
  {
    what: 'a subject without a symbol',
    spec: subject('mine.trade'),
    field: 'spec.nats.subjects.trade',
    says: /needs \{symbol\} or \{instrument\}.*add one/,
  },
  {
    what: 'a subject with a wildcard',
    spec: subject('mine.*.{symbol}'),
    field: 'spec.nats.subjects.trade',
    says: /no wildcard and no space/,
  },
  {
    what: 'a subject with a space',
    spec: subject('my trades.{symbol}'),
    field: 'spec.nats.subjects.trade',
    says: /no wildcard and no space/,
  },
  {
    what: 'a subject with an unknown placeholder',
    spec: subject('{venue}.{symbol}'),
    field: 'spec.nats.subjects.trade',
    says: /unknown placeholder; use only \{exchange\}/,
  },
  {
    what: 'a subject with an empty token',
    spec: subject('mine..{symbol}'),
    field: 'spec.nats.subjects.trade',
    says: /no token may be empty/,
  },
  {
    what: "a subject of the server's own",
    spec: subject('$JS.{symbol}'),
    field: 'spec.nats.subjects.trade',
    says: /the server's own; mend it/,
  },
  {
    what: 'an unknown key of subjects',
    spec: { ...spot, nats: { subjects: { trades: 'a.{symbol}' } } },
    field: '',
    says: /unknown field "spec\.nats\.subjects\.trades"/,
  },
  {
    what: 'a password in a server',
    spec: servers('nats://me:secret@nats:4222'),
    field: 'spec.nats',
    says: /no user and no password.*credentialsSecret/,
  },
  {
    what: 'a server of another protocol',
    spec: servers('http://nats:4222'),
    field: 'spec.nats.servers[0]',
    says: /should match/,
  },
  {
    what: 'an inbox prefix with a wildcard',
    spec: { ...spot, nats: { inboxPrefix: 'a.>' } },
    field: 'spec.nats.inboxPrefix',
    says: /should match/,
  },
  {
    what: 'a Secret without a name',
    spec: { ...spot, nats: { credentialsSecret: {} } },
    field: 'spec.nats.credentialsSecret.name',
    says: /Required value/,
  },
  {
    what: 'more collectors than symbols',
    spec: { ...spot, sharding: { collectors: 3 } },
    field: 'spec',
    says: /collectors may not be more than there are symbols; lower it or add symbols/,
  },
  {
    what: 'no collector',
    spec: { ...spot, sharding: { collectors: 0 } },
    field: 'spec.sharding.collectors',
    says: /greater than or equal to 1/,
  },
  {
    what: 'redundancy 3',
    spec: { ...spot, redundancy: 3 },
    field: 'spec.redundancy',
    says: /Unsupported value: 3: supported values: "1", "2"/,
  },
  {
    what: 'an HTTP address for the WebSocket',
    spec: { ...spot, endpoints: { websocket: 'https://sim' } },
    field: 'spec.endpoints.websocket',
    says: /begins with ws:\/\/ or wss:\/\//,
  },
  {
    what: 'a WebSocket address for REST',
    spec: { ...spot, endpoints: { rest: 'wss://sim' } },
    field: 'spec.endpoints.rest',
    says: /begins with http:\/\/ or https:\/\//,
  },
  {
    what: 'a resource that is no quantity',
    spec: { ...spot, template: { resources: { limits: { cpu: 'much' } } } },
    field: 'spec.template.resources.limits.cpu',
    says: /should match/,
  },
  {
    what: 'a Secret as environment variable',
    spec: { ...spot, template: { env: [{ name: 'A', valueFrom: {} }] } },
    field: '',
    says: /unknown field "spec\.template\.env\[0\]\.valueFrom"/,
  },
  {
    what: 'an environment variable twice',
    spec: { ...spot, template: { env: [{ name: 'A' }, { name: 'A' }] } },
    field: 'spec.template.env[1]',
    says: /Duplicate value/,
  },
];
