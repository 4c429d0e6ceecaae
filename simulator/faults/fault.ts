/** What can be asked to go wrong. Milliseconds are true ones, not the market's. */
export const FAULT_KINDS = [
  'drop',
  'gap',
  'repeat',
  'swap',
  'cut',
  'delay',
  'stall',
  'halfOpen',
  'ackSilent',
  'disconnect',
  'shutdown',
  'lifeEnd',
  'connectRefused',
  'tooManyRequests',
  'wrongLevel',
  'secondSnapshot',
  'noSnapshot',
  'sequenceReset',
  'wrongChecksum',
  'checksumZero',
  'snapshotLag',
  'restError',
  'http429',
  'http418',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Only some venues have these; a protocol names its own. */
const VENUE_FAULTS: readonly FaultKind[] = [
  'lifeEnd',
  'tooManyRequests',
  'secondSnapshot',
  'noSnapshot',
  'sequenceReset',
  'wrongChecksum',
  'checksumZero',
  'http418',
];

/** What a fault may be about at this venue. */
export interface FaultScope {
  readonly symbols: readonly string[];
  /** Of the faults that only some venues have. */
  readonly venueFaults: readonly FaultKind[];
}

/** About a connection, before any symbol is named on it. */
const CONNECTION_FAULTS: readonly FaultKind[] = ['connectRefused', 'tooManyRequests'];

const STREAM_FAMILIES = ['depth', 'trade', 'bookTicker', 'any'] as const;
export type StreamFamily = (typeof STREAM_FAMILIES)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** Undefined: any. */
  readonly symbol: string | undefined;
  readonly stream: StreamFamily;
  /** Frames, answers, subscriptions or connections; infinite where all are meant. */
  readonly count: number;
  readonly ms: number;
}

const MOST_COUNT = 1_000_000;
const MOST_MS = 3_600_000;

/** What stands for a `count` or `ms` that is not given. */
const DEFAULTS: Readonly<Record<FaultKind, { readonly count: number; readonly ms: number }>> = {
  drop: { count: 1, ms: 0 },
  gap: { count: 10, ms: 0 },
  repeat: { count: 1, ms: 0 },
  swap: { count: 1, ms: 0 },
  cut: { count: 1, ms: 0 },
  delay: { count: 1, ms: 1_000 },
  stall: { count: 1, ms: 5_000 },
  halfOpen: { count: Infinity, ms: 0 },
  ackSilent: { count: 1, ms: 0 },
  disconnect: { count: Infinity, ms: 0 },
  shutdown: { count: Infinity, ms: 10_000 },
  lifeEnd: { count: Infinity, ms: 0 },
  connectRefused: { count: 1, ms: 0 },
  tooManyRequests: { count: 1, ms: 0 },
  wrongLevel: { count: 1, ms: 0 },
  secondSnapshot: { count: 1, ms: 0 },
  noSnapshot: { count: 1, ms: 0 },
  sequenceReset: { count: 1, ms: 0 },
  wrongChecksum: { count: 1, ms: 0 },
  checksumZero: { count: 1, ms: 0 },
  snapshotLag: { count: 1, ms: 0 },
  restError: { count: 1, ms: 0 },
  http429: { count: 1, ms: 1_000 },
  http418: { count: 1, ms: 2_000 },
};

/** Text: what is wrong with it. */
export function parseFault(value: unknown, { symbols, venueFaults }: FaultScope): Fault | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'a fault is an object with "kind"';
  const given = value as Readonly<Record<string, unknown>>;
  const kind = FAULT_KINDS.find((known) => known === given['kind']);
  if (kind === undefined) return `kind must be one of ${FAULT_KINDS.join(', ')}`;
  if (VENUE_FAULTS.includes(kind) && !venueFaults.includes(kind)) return `this venue has no ${kind}`;
  const unknown = Object.keys(given).find(
    (name) => !['kind', 'symbol', 'stream', 'count', 'ms'].includes(name),
  );
  if (unknown !== undefined) return `${unknown} is not a field of a fault`;
  const symbol = given['symbol'];
  if (symbol !== undefined && !(typeof symbol === 'string' && symbols.includes(symbol))) {
    return `symbol must be one of ${symbols.join(', ')}`;
  }
  if (symbol !== undefined && CONNECTION_FAULTS.includes(kind))
    return `${kind} is about no symbol; leave it out`;
  const stream = STREAM_FAMILIES.find(
    (known) => known === (given['stream'] ?? (kind === 'gap' ? 'any' : 'depth')),
  );
  if (stream === undefined) return `stream must be one of ${STREAM_FAMILIES.join(', ')}`;
  const { count = DEFAULTS[kind].count, ms = DEFAULTS[kind].ms } = given;
  if (!isWithin(count, 1, MOST_COUNT)) return `count must be a whole number from 1 to ${MOST_COUNT}`;
  if (!isWithin(ms, 0, MOST_MS)) return `ms must be a whole number from 0 to ${MOST_MS}`;
  return { kind, symbol, stream, count, ms };
}

function isWithin(value: unknown, least: number, most: number): value is number {
  if (value === Infinity) return true;
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

/** `btcusdt@depth@100ms` → depth; undefined: a stream that only `any` meets. */
export function familyOf(stream: string): StreamFamily | undefined {
  const channel = stream.split('@')[1] ?? '';
  if (/^(?:depth|book)(?:$|[^T])/.test(channel)) return 'depth';
  if (/^(?:aggT|optionT|t)rade/.test(channel)) return 'trade';
  return /^(?:bookTicker|bbo)/.test(channel) ? 'bookTicker' : undefined;
}
