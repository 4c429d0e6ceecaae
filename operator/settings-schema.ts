import { EXCHANGES } from '../contract/feed.ts';
import { parseDurationMs, parseQuantityBytes } from '../contract/units.ts';

/** A rule for one value: what is wrong with it, or undefined. Null and absent take the default, so rules never see them. */
type Rule = (value: unknown, path: string) => readonly string[];

const show = (value: unknown): string => JSON.stringify(value) ?? 'nothing';
const fault = (path: string, value: unknown, wanted: string): readonly string[] => [
  `${path}: ${show(value)} must be ${wanted}`,
];

const is =
  (test: (value: unknown) => boolean, wanted: string): Rule =>
  (value, path) =>
    test(value) ? [] : fault(path, value, wanted);

const text = is((value) => typeof value === 'string' && value !== '', 'a text');
const flag = is((value) => typeof value === 'boolean', 'true or false');
const count = (from: number, to: number): Rule =>
  is((value) => Number.isInteger(value) && Number(value) >= from && Number(value) <= to, `${from}..${to}`);
const oneOf = (...names: readonly string[]): Rule =>
  is((value) => typeof value === 'string' && names.includes(value), names.join(' or '));
const duration = is(
  (value) => typeof value === 'string' && parseDurationMs(value) !== undefined,
  'a duration such as 90s, 5m or 24h',
);
const quantity = is(
  (value) => typeof value === 'string' && parseQuantityBytes(value) !== undefined,
  'a quantity such as 512Mi or 2Gi',
);
const server = is(
  (value) => typeof value === 'string' && /^((nats|tls|ws|wss):\/\/)?[^\s/]+$/.test(value),
  'a server such as nats://nats.messaging:4222',
);

const list =
  (item: Rule, least = 0): Rule =>
  (value, path) => {
    if (!Array.isArray(value) || value.length < least)
      return fault(path, value, least === 0 ? 'a list' : `a list of at least ${least}`);
    return value.flatMap((entry, index) => item(entry, `${path}[${index}]`));
  };

const map =
  (fields: Readonly<Record<string, Rule>>, required: readonly string[] = []): Rule =>
  (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return fault(path || 'settings', value, 'a map');
    const at = (key: string): string => (path === '' ? key : `${path}.${key}`);
    const missing = required
      .filter((key) => (value as Record<string, unknown>)[key] === undefined)
      .map((key) => `${at(key)} is missing`);
    const wrong = Object.entries(value).flatMap(([key, entry]) => {
      const rule = fields[key];
      if (rule === undefined)
        return [`${at(key)} is not known here; known are ${Object.keys(fields).join(', ')}`];
      return entry === null || entry === undefined ? [] : rule(entry, at(key));
    });
    return [...missing, ...wrong];
  };

/** Kubernetes takes a plain number for a quantity as well. */
const quantities: Rule = (value, path) =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every((v) => typeof v === 'string' || typeof v === 'number')
    ? []
    : fault(path, value, 'a map of quantities, such as {cpu: "500m", memory: 512Mi}');

const endpoints = map({ websocket: text, rest: text });

const jetstream = map({
  stream: text,
  maxAge: duration,
  maxBytes: quantity,
  maxMessages: count(0, Number.MAX_SAFE_INTEGER),
  replicas: count(1, 5),
  storage: oneOf('file', 'memory'),
  compression: oneOf('none', 's2'),
  discard: oneOf('old', 'new'),
  duplicateWindow: duration,
});

const SETTINGS = map(
  {
    installation: is(
      (value) => typeof value === 'string' && /^[^/\s]+\/[^/\s]+$/.test(value),
      '<namespace>/<fullname>',
    ),
    watch: map({ namespaces: list(text), cluster: flag }),
    collector: map(
      {
        image: text,
        imagePullPolicy: oneOf('Always', 'IfNotPresent', 'Never'),
        imagePullSecrets: list(map({ name: text }, ['name'])),
        resources: map({ limits: quantities, requests: quantities }),
        serviceAccountName: text,
        rollDeadlineSeconds: count(30, 7_200),
      },
      ['image'],
    ),
    control: map({ servers: list(server, 1), credentialsSecret: text, credentialsDir: text }),
    defaults: map({
      nats: map({ servers: list(server, 1) }),
      jetstream,
      orderbook: map({
        mode: oneOf('delta', 'snapshot'),
        depth: count(1, 5_000),
        interval: duration,
        snapshotEvery: duration,
        restDepth: count(1, 5_000),
        topCheck: flag,
        auditEvery: duration,
      }),
      buffer: map({ memory: quantity, disk: quantity, whenFull: oneOf('dropOldest', 'stop') }),
      sharding: map({ symbolsPerCollector: count(1, 2_000) }),
      endpoints: map(Object.fromEntries(EXCHANGES.map((exchange) => [exchange, endpoints]))),
    }),
    leaderElection: map({
      enabled: flag,
      leaseName: text,
      leaseSeconds: count(1, 300),
      renewDeadlineSeconds: count(1, 300),
      retrySeconds: count(1, 60),
    }),
    http: map({ port: count(1, 65_535) }),
  },
  ['installation', 'collector'],
);

export function settingsFaults(value: unknown): readonly string[] {
  return SETTINGS(value, '');
}
