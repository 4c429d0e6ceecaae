import { STREAMS, type CollectorFeed, type FeedSpec, type StreamName } from './feed.ts';
import { parseDurationMs } from './units.ts';

/**
 * The CEL rules of `crds/` once more in TypeScript, for `collect -f`, which has no API server at hand. A test holds
 * both lists together: the same place in the schema, the same message, nothing on one side only.
 */
export interface FeedRule {
  /** Where the rule stands in the schema: '' (the resource itself), `spec`, `spec.nats` … */
  readonly path: string;
  /** Names field and mend. */
  readonly message: string;
  /** False when broken. Not asked of a document that breaks the schema; null: a rule about a change, not a state. */
  readonly holds: ((feed: Judged) => boolean) | null;
}

export type Judged = Pick<CollectorFeed, 'spec'> & { readonly metadata: { readonly name: string } };

const MAX_NAME_LENGTH = 45;
const ZERO_DURATION = /^(0+(ms|s|m|h|d))+$/;

const onSpec = (message: string, holds: (spec: FeedSpec) => boolean): FeedRule => ({
  path: 'spec',
  message,
  holds: ({ spec }) => holds(spec),
});

const immutable = (field: 'exchange' | 'market' | 'settle'): FeedRule => ({
  path: 'spec',
  message: `spec.${field} is immutable; create another CollectorFeed`,
  holds: null,
});

/** A rule about one text; what is not set breaks none. The message begins with the path. */
const onText = (
  path: string,
  read: (spec: FeedSpec) => string | undefined,
  { says, holds }: { readonly says: string; readonly holds: (text: string) => boolean },
): FeedRule => ({
  path,
  message: `${path} ${says}`,
  holds({ spec }) {
    const text = read(spec);
    return text === undefined || holds(text);
  },
});

const notZero = (path: string, example: string, read: (spec: FeedSpec) => string | undefined): FeedRule =>
  onText(path, read, {
    says: `must be more than zero, for example ${example}`,
    holds: (text) => !ZERO_DURATION.test(text),
  });

const lacks = ({ streams }: FeedSpec, ...names: readonly StreamName[]): boolean =>
  !streams.some((stream) => names.includes(stream));
const isContract = ({ market }: FeedSpec): boolean => market === 'perpetual' || market === 'future';

export const FEED_RULES: readonly FeedRule[] = [
  {
    path: '',
    message: 'metadata.name may have at most 45 characters, objects are named after it; choose a shorter one',
    holds: ({ metadata }) => metadata.name.length <= MAX_NAME_LENGTH,
  },
  immutable('exchange'),
  immutable('market'),
  immutable('settle'),
  onSpec(
    'set exactly one of spec.symbols and spec.symbolSelector',
    ({ symbols, symbolSelector }) => (symbols === undefined) !== (symbolSelector === undefined),
  ),
  onSpec(
    'spec.settle is for exchange: binance with market: perpetual or future; remove it',
    (spec) => spec.settle === undefined || (spec.exchange === 'binance' && isContract(spec)),
  ),
  onSpec(
    'spec.market: index is offered by deribit only; set exchange: deribit, or another market',
    ({ market, exchange }) => market !== 'index' || exchange === 'deribit',
  ),
  ...streamRules(),
  onSpec(
    'spec.symbolSelector.expiryWithin needs market: future or option; remove it',
    ({ symbolSelector, market }) =>
      symbolSelector?.expiryWithin === undefined || market === 'future' || market === 'option',
  ),
  onSpec(
    'spec.nats.subjects is needed with spec.jetstream.stream, two streams of one account may not overlap; set subjects',
    ({ jetstream, nats }) => jetstream?.stream === undefined || nats?.subjects !== undefined,
  ),
  onSpec(
    'spec.orderbook.snapshotEvery must be less than a third of spec.jetstream.maxAge, else consumers may find no snapshot; lower the one or raise the other',
    snapshotsOutliveAge,
  ),
  onSpec(
    'spec.sharding.collectors may not be more than there are symbols; lower it or add symbols',
    ({ sharding, symbols }) => (sharding?.collectors ?? 0) <= (symbols?.length ?? Number.POSITIVE_INFINITY),
  ),
  notZero('spec.symbolSelector.expiryWithin', '30d', ({ symbolSelector }) => symbolSelector?.expiryWithin),
  notZero('spec.orderbook.interval', '1s', ({ orderbook }) => orderbook?.interval),
  notZero('spec.orderbook.snapshotEvery', '5m', ({ orderbook }) => orderbook?.snapshotEvery),
  {
    path: 'spec.nats',
    message:
      'spec.nats.servers may hold no user and no password; put them into a Secret and name it in spec.nats.credentialsSecret',
    holds: ({ spec }) => !(spec.nats?.servers ?? []).some((server) => server.includes('@')),
  },
  ...[...STREAMS, 'gap' as const].flatMap(templateRules),
  onText('spec.endpoints.websocket', ({ endpoints }) => endpoints?.websocket, {
    says: 'must be a URL that begins with ws:// or wss://',
    holds: (text) => /^wss?:\/\/[^/\s]/.test(text),
  }),
  onText('spec.endpoints.rest', ({ endpoints }) => endpoints?.rest, {
    says: 'must be a URL that begins with http:// or https://',
    holds: (text) => /^https?:\/\/[^/\s]/.test(text),
  }),
];

/** Which market has which stream. */
function streamRules(): readonly FeedRule[] {
  return [
    onSpec(
      'spec.streams: volatility-index needs market: index with symbols: [BTC, ETH]; collect it in a feed of its own, or remove it',
      (spec) => spec.market === 'index' || lacks(spec, 'volatility-index'),
    ),
    onSpec(
      'spec.streams: market: index has volatility-index only; remove the other streams',
      ({ market, streams }) => market !== 'index' || streams.every((stream) => stream === 'volatility-index'),
    ),
    onSpec(
      'spec.streams: option-summary needs market: option; remove it',
      (spec) => spec.market === 'option' || lacks(spec, 'option-summary'),
    ),
    onSpec(
      'spec.streams: funding-rate needs market: perpetual or future; remove it',
      (spec) => isContract(spec) || lacks(spec, 'funding-rate'),
    ),
    onSpec(
      'spec.streams: open-interest needs market: perpetual, future or option; remove it',
      (spec) => spec.market !== 'spot' || lacks(spec, 'open-interest'),
    ),
    onSpec(
      'spec.streams: long-short-ratio needs exchange: binance or okx with market: perpetual or future; remove it',
      (spec) => (spec.exchange !== 'deribit' && isContract(spec)) || lacks(spec, 'long-short-ratio'),
    ),
    onSpec(
      'spec.streams: binance spot has no mark-price and no liquidation; remove them',
      (spec) =>
        spec.exchange !== 'binance' || spec.market !== 'spot' || lacks(spec, 'mark-price', 'liquidation'),
    ),
  ];
}

function snapshotsOutliveAge({ orderbook, jetstream }: FeedSpec): boolean {
  const everyMs = parseDurationMs(orderbook?.snapshotEvery ?? '');
  const ageMs = parseDurationMs(jetstream?.maxAge ?? '');
  // An age of 0 is none: nothing expires.
  if (everyMs === undefined || ageMs === undefined || ageMs === 0 || orderbook?.mode === 'snapshot')
    return true;
  return everyMs * 3 < ageMs;
}

function templateRules(stream: StreamName | 'gap'): readonly FeedRule[] {
  const rule = (says: string, holds: (template: string) => boolean): FeedRule =>
    onText(`spec.nats.subjects.${stream}`, ({ nats }) => nats?.subjects?.[stream], { says, holds });
  return [
    rule(
      'needs {symbol} or {instrument}, so that every instrument has a subject of its own; add one',
      (template) => template.includes('{symbol}') || template.includes('{instrument}'),
    ),
    rule(
      'has an unknown placeholder; use only {exchange} {market} {symbol} {instrument} {stream}',
      (template) => /^([^{}]|[{](exchange|market|symbol|instrument|stream)[}])*$/.test(template),
    ),
    rule(
      'may have no wildcard and no space, records are published to it; remove * > and spaces',
      (template) => !/[*>\s]/.test(template),
    ),
    rule(
      "is no subject: no token may be empty, and $ and _ at the beginning are the server's own; mend it",
      (template) => !/^[.]|[.]$|[.][.]|^[$_]/.test(template),
    ),
  ];
}
