import type {
  BufferSpec,
  CollectorFeed,
  EndpointsSpec,
  FeedSpec,
  JetstreamSpec,
  OrderbookSpec,
  StreamName,
  SymbolSelector,
} from './feed.ts';
import type { EffectiveSelector } from './selector.ts';
import { DEFAULT_SUBJECTS } from './subjects.ts';
import { parseDurationMs, parseQuantityBytes } from './units.ts';

/** What the chart's values may change of the defaults; read by the operator from a mounted file, by `collect` never. */
export interface DefaultsOverlay {
  readonly nats?: { readonly servers?: readonly string[] };
  readonly jetstream?: JetstreamSpec;
  readonly orderbook?: OrderbookSpec;
  readonly buffer?: BufferSpec;
  readonly sharding?: { readonly symbolsPerCollector?: number };
  readonly endpoints?: Readonly<Partial<Record<FeedSpec['exchange'], EndpointsSpec>>>;
}

export interface EffectiveStream {
  readonly name: string;
  /** `shared`: the installation's stream; `feed`: the feed has its own. */
  readonly scope: 'shared' | 'feed';
  readonly maxAgeMs: number;
  /** 0: no limit of its own. */
  readonly maxBytes: number;
  /** 0: no limit. */
  readonly maxMessages: number;
  readonly replicas: number;
  readonly storage: 'file' | 'memory';
  readonly compression: 'none' | 's2';
  readonly discard: 'old' | 'new';
  readonly duplicateWindowMs: number;
}

/** A feed with every default filled in: what is planned, shown in `status.effective`, and collected. */
export interface EffectiveFeed {
  readonly exchange: FeedSpec['exchange'];
  readonly market: FeedSpec['market'];
  readonly settle: 'linear' | 'inverse' | null;
  readonly symbols: readonly string[];
  /** Where `symbols` come from, unless the spec lists them. */
  readonly selector: EffectiveSelector | null;
  readonly streams: readonly StreamName[];
  readonly orderbook: {
    readonly mode: 'delta' | 'snapshot';
    readonly depth: number;
    readonly intervalMs: number;
    readonly snapshotEveryMs: number;
    readonly restDepth: number;
    readonly topCheck: boolean;
    /** 0: never. */
    readonly auditEveryMs: number;
  };
  readonly nats: {
    readonly servers: readonly string[];
    /** True when the feed names its own servers: the operator holds no credential for them. */
    readonly own: boolean;
    readonly credentialsSecret: string | null;
    readonly tlsSecret: string | null;
    readonly inboxPrefix: string | null;
    readonly jetstreamDomain: string | null;
    readonly name: string | null;
    /** -1: unlimited. */
    readonly maxReconnectAttempts: number;
    readonly reconnectTimeWaitMs: number;
    readonly subjects: Readonly<Record<StreamName | 'gap', string>>;
  };
  readonly stream: EffectiveStream;
  readonly gapStream: EffectiveStream;
  readonly buffer: {
    readonly memoryBytes: number;
    readonly diskBytes: number;
    readonly whenFull: 'dropOldest' | 'stop';
  };
  readonly collectors: number;
  readonly redundancy: 1 | 2;
  readonly paused: boolean;
  readonly endpoints: { readonly websocket: string | null; readonly rest: string | null };
}

export const DEFAULT_STREAM = 'MARKET_DATA';
export const DEFAULT_GAP_STREAM = 'MARKET_DATA_GAPS';
export const STATE_BUCKET = 'MARKETPRISM';

const HOUR_MS = 3_600_000;
const MIB = 1 << 20;

/** Every default in one place. Sizes in bytes, times in milliseconds. */
export const DEFAULTS = {
  orderbook: {
    depth: 20,
    intervalMs: 1_000,
    snapshotEveryMs: 300_000,
    restDepth: 1_000,
    topCheck: true,
    auditEveryMs: 300_000,
  },
  nats: { servers: ['nats://127.0.0.1:4222'], maxReconnectAttempts: -1, reconnectTimeWaitMs: 2_000 },
  stream: {
    maxAgeMs: 24 * HOUR_MS,
    maxBytes: 0,
    maxMessages: 0,
    replicas: 1,
    storage: 'file',
    compression: 's2',
    discard: 'old',
    duplicateWindowMs: 120_000,
  },
  gapStream: { maxAgeMs: 90 * 24 * HOUR_MS },
  buffer: { memoryBytes: 64 * MIB, diskBytes: 512 * MIB, whenFull: 'dropOldest' },
  symbolsPerCollector: 200,
} as const;

/**
 * Schema, then CEL, have judged the spec; what is left unset here takes the overlay's value, else ours. `selected` is what
 * `spec.symbolSelector` stands for at present.
 */
export function effectiveFeed(
  feed: Pick<CollectorFeed, 'spec'>,
  overlay: DefaultsOverlay,
  selected: readonly string[] = [],
): EffectiveFeed {
  const { spec } = feed;
  const symbols = spec.symbols ?? selected;
  const shared = effectiveStream(DEFAULT_STREAM, 'shared', overlay.jetstream ?? {});
  const ownStream = spec.jetstream?.stream;
  const endpoints = { ...overlay.endpoints?.[spec.exchange], ...spec.endpoints };
  return {
    exchange: spec.exchange,
    market: spec.market,
    settle: spec.settle ?? (spec.exchange === 'binance' && isContract(spec.market) ? 'linear' : null),
    symbols,
    selector: spec.symbolSelector === undefined ? null : effectiveSelector(spec.symbolSelector),
    streams: spec.streams,
    orderbook: effectiveOrderbook(spec, overlay),
    nats: effectiveNats(spec, overlay),
    stream:
      ownStream === undefined
        ? shared
        : effectiveStream(ownStream, 'feed', { ...overlay.jetstream, ...spec.jetstream }),
    gapStream: {
      ...shared,
      name: ownStream === undefined ? `${shared.name}_GAPS` : `${ownStream}_GAPS`,
      scope: ownStream === undefined ? 'shared' : 'feed',
      maxAgeMs: DEFAULTS.gapStream.maxAgeMs,
      maxBytes: 0,
    },
    buffer: {
      memoryBytes: bytes(spec.buffer?.memory ?? overlay.buffer?.memory, DEFAULTS.buffer.memoryBytes),
      diskBytes: bytes(spec.buffer?.disk ?? overlay.buffer?.disk, DEFAULTS.buffer.diskBytes),
      whenFull: spec.buffer?.whenFull ?? overlay.buffer?.whenFull ?? DEFAULTS.buffer.whenFull,
    },
    collectors: collectorCount(spec, overlay, symbols.length),
    redundancy: spec.redundancy ?? 1,
    paused: spec.paused ?? false,
    endpoints: { websocket: endpoints.websocket ?? null, rest: endpoints.rest ?? null },
  };
}

function effectiveSelector(selector: SymbolSelector): EffectiveSelector {
  const { base, quote, match, expiryWithin, maxSymbols } = selector;
  return {
    base: base ?? null,
    quote: quote ?? null,
    match: match ?? null,
    expiryWithinMs: expiryWithin === undefined ? null : (parseDurationMs(expiryWithin) ?? null),
    maxSymbols: maxSymbols ?? null,
  };
}

const isContract = (market: FeedSpec['market']): boolean => market === 'perpetual' || market === 'future';

function effectiveOrderbook(spec: FeedSpec, overlay: DefaultsOverlay): EffectiveFeed['orderbook'] {
  const book = { ...overlay.orderbook, ...spec.orderbook };
  return {
    mode: book.mode ?? 'delta',
    depth: book.depth ?? DEFAULTS.orderbook.depth,
    intervalMs: duration(book.interval, DEFAULTS.orderbook.intervalMs),
    snapshotEveryMs: duration(book.snapshotEvery, DEFAULTS.orderbook.snapshotEveryMs),
    restDepth: book.restDepth ?? DEFAULTS.orderbook.restDepth,
    topCheck: book.topCheck ?? DEFAULTS.orderbook.topCheck,
    auditEveryMs: duration(book.auditEvery, DEFAULTS.orderbook.auditEveryMs),
  };
}

function effectiveNats(spec: FeedSpec, overlay: DefaultsOverlay): EffectiveFeed['nats'] {
  const { nats } = spec;
  return {
    servers: nats?.servers ?? overlay.nats?.servers ?? DEFAULTS.nats.servers,
    own: nats?.servers !== undefined,
    credentialsSecret: nats?.credentialsSecret?.name ?? null,
    tlsSecret: nats?.tlsSecret?.name ?? null,
    inboxPrefix: nats?.inboxPrefix ?? null,
    jetstreamDomain: nats?.jetstreamDomain ?? null,
    name: nats?.name ?? null,
    maxReconnectAttempts: nats?.maxReconnectAttempts ?? DEFAULTS.nats.maxReconnectAttempts,
    reconnectTimeWaitMs: duration(nats?.reconnectTimeWait, DEFAULTS.nats.reconnectTimeWaitMs),
    subjects: { ...DEFAULT_SUBJECTS, ...nats?.subjects },
  };
}

function effectiveStream(name: string, scope: 'shared' | 'feed', limits: JetstreamSpec): EffectiveStream {
  return {
    name: limits.stream ?? name,
    scope,
    maxAgeMs: duration(limits.maxAge, DEFAULTS.stream.maxAgeMs),
    maxBytes: bytes(limits.maxBytes, DEFAULTS.stream.maxBytes),
    maxMessages: limits.maxMessages ?? DEFAULTS.stream.maxMessages,
    replicas: limits.replicas ?? DEFAULTS.stream.replicas,
    storage: limits.storage ?? DEFAULTS.stream.storage,
    compression: limits.compression ?? DEFAULTS.stream.compression,
    discard: limits.discard ?? DEFAULTS.stream.discard,
    duplicateWindowMs: duration(limits.duplicateWindow, DEFAULTS.stream.duplicateWindowMs),
  };
}

function collectorCount(spec: FeedSpec, overlay: DefaultsOverlay, symbols: number): number {
  const per =
    spec.sharding?.symbolsPerCollector ??
    overlay.sharding?.symbolsPerCollector ??
    DEFAULTS.symbolsPerCollector;
  return spec.sharding?.collectors ?? Math.max(1, Math.ceil(symbols / per));
}

function duration(text: string | undefined, fallbackMs: number): number {
  return text === undefined ? fallbackMs : (parseDurationMs(text) ?? fallbackMs);
}

function bytes(text: string | undefined, fallback: number): number {
  return text === undefined ? fallback : (parseQuantityBytes(text) ?? fallback);
}
