import { collectorsWithoutBudget } from '../../contract/budget.ts';
import type { EffectiveFeed } from '../../contract/effective.ts';
import type { CollectorFeed, StreamName } from '../../contract/feed.ts';
import { offeredMarkets, offerOf } from '../../contract/offered.ts';
import { duplicateWindowShort } from '../../contract/streams.ts';
import {
  DEFAULT_SUBJECTS,
  expandSubject,
  subjectFilter,
  templateFault,
  type TemplateFault,
} from '../../contract/subjects.ts';
import { parseQuantityBytes } from '../../contract/units.ts';
import type { Settings } from '../settings.ts';
import { MAX_FEED_NAME } from './names.ts';
import type { Reason } from './reasons.ts';
import type { Fault, Neighbourhood } from './types.ts';

export interface CheckInput {
  readonly feed: CollectorFeed;
  readonly effective: EffectiveFeed;
  readonly settings: Settings;
  readonly neighbours: Neighbourhood;
}
type Check = (input: CheckInput) => Fault | undefined;

/** In this order; schema and CEL have judged before, so these are what they cannot know. */
const CHECKS: readonly Check[] = [
  nameTooLong,
  venueNotOffered,
  noSymbols,
  noOfferedStream,
  subjectTemplateWrong,
  subjectsMerge,
  ownStreamOverlapsShared,
  streamNotOffered,
  streamLimitsWithoutStream,
  snapshotsTooRare,
  windowTooShort,
  bufferAboveMemory,
  budgetExhausted,
];

export function checkFeed(input: CheckInput): readonly Fault[] {
  return CHECKS.map((check) => check(input)).filter((fault) => fault !== undefined);
}

const stalled = (reason: Reason, message: string): Fault => ({ reason, message, severity: 'stalled' });
const partial = (reason: Reason, message: string): Fault => ({ reason, message, severity: 'partial' });

function nameTooLong({ feed }: CheckInput): Fault | undefined {
  const { name } = feed.metadata;
  if (name.length <= MAX_FEED_NAME) return undefined;
  return stalled(
    'NameTooLong',
    `metadata.name ${name} has ${name.length} characters; use at most ${MAX_FEED_NAME}`,
  );
}

function venueNotOffered({ effective }: CheckInput): Fault | undefined {
  if (offerOf(effective) !== undefined) return undefined;
  return stalled(
    'VenueNotOffered',
    `spec.exchange ${effective.exchange} with spec.market ${effective.market} cannot be collected by this version; it offers ${offeredMarkets()}: create a feed with one of these, or wait for a version that offers yours`,
  );
}

function noSymbols({ feed, effective }: CheckInput): Fault | undefined {
  if (effective.symbols.length > 0 || feed.spec.symbolSelector !== undefined) return undefined;
  return stalled('NoSymbols', 'spec.symbols is empty; list at least one instrument, such as BTC-USDT');
}

/** Empty where the market itself is not offered: another check says so. */
const offeredStreams = (effective: EffectiveFeed): readonly StreamName[] => offerOf(effective)?.streams ?? [];

const unoffered = (effective: EffectiveFeed): readonly StreamName[] =>
  effective.streams.filter((stream) => !offeredStreams(effective).includes(stream));

/** What of `spec.streams` is collected. */
export function checkedStreams(effective: EffectiveFeed): readonly StreamName[] {
  return effective.streams.filter((stream) => offeredStreams(effective).includes(stream));
}

const offerText = (effective: EffectiveFeed): string =>
  `for ${effective.exchange} ${effective.market} it offers ${offeredStreams(effective).join(', ')}`;

function noOfferedStream({ effective }: CheckInput): Fault | undefined {
  if (offerOf(effective) === undefined) return undefined;
  if (unoffered(effective).length < effective.streams.length) return undefined;
  return stalled(
    'StreamNotOffered',
    `none of spec.streams (${effective.streams.join(', ')}) can be collected by this version; ${offerText(effective)}`,
  );
}

function streamNotOffered({ effective }: CheckInput): Fault | undefined {
  const missing = unoffered(effective);
  if (missing.length === 0 || missing.length === effective.streams.length) return undefined;
  return partial(
    'StreamNotOffered',
    `spec.streams ${missing.join(', ')} cannot be collected by this version and is left out; ${offerText(effective)}`,
  );
}

const TEMPLATE_MENDS: Readonly<Record<TemplateFault, string>> = {
  unknownPlaceholder: 'use only {exchange} {market} {symbol} {instrument} {stream}',
  noSymbol: 'add {symbol} or {instrument}, so that every instrument has a subject of its own',
  wildcard: 'remove * and >: records are published to it',
  emptyToken: 'remove the empty token between two dots',
  space: 'remove the space',
};

/** Templates that this feed publishes to. */
function usedTemplates(effective: EffectiveFeed): readonly (readonly [StreamName | 'gap', string])[] {
  return [...effective.streams, 'gap' as const].map((key) => [key, effective.nats.subjects[key]]);
}

function subjectTemplateWrong({ effective }: CheckInput): Fault | undefined {
  for (const [key, template] of usedTemplates(effective)) {
    const fault = templateFault(template);
    if (fault !== undefined)
      return stalled(
        'SubjectTemplateInvalid',
        `spec.nats.subjects.${key} ${template}: ${TEMPLATE_MENDS[fault]}`,
      );
  }
  return undefined;
}

function subjectsMerge({ effective }: CheckInput): Fault | undefined {
  const seen = new Map<string, string>();
  for (const [key, template] of usedTemplates(effective)) {
    const { exchange, market } = effective;
    const stream = key === 'gap' ? ('gap' as StreamName) : key;
    const subject = expandSubject(template, { exchange, market, symbol: 'S', instrument: 'I', stream });
    const other = seen.get(subject);
    if (other !== undefined)
      return stalled(
        'SubjectsMerge',
        `spec.nats.subjects.${key} and spec.nats.subjects.${other} give the same subjects (${template}); add {stream} or a token of its own to one`,
      );
    seen.set(subject, key);
  }
  return undefined;
}

const firstToken = (template: string): string => template.split('.')[0] ?? '';
/** The shared streams take `<name>.>` of every default template. */
const SHARED_TOKENS = new Set(Object.values(DEFAULT_SUBJECTS).map(firstToken));

/** Two streams of one account may not overlap (JetStream error 10065). */
function ownStreamOverlapsShared({ effective }: CheckInput): Fault | undefined {
  if (effective.stream.scope === 'shared' || effective.nats.own) return undefined;
  const overlap = usedTemplates(effective).find(([, template]) => {
    const token = firstToken(subjectFilter(template));
    return token === '*' || SHARED_TOKENS.has(token);
  });
  if (overlap === undefined) return undefined;
  const [key, template] = overlap;
  return stalled(
    'StreamOverlap',
    `spec.jetstream.stream ${effective.stream.name} would take ${template}, which the installation's stream takes already; set spec.nats.subjects.${key} to a subject outside it, such as ${effective.stream.name.toLowerCase()}.{stream}.{symbol}`,
  );
}

function streamLimitsWithoutStream({ feed }: CheckInput): Fault | undefined {
  const { jetstream } = feed.spec;
  if (jetstream === undefined || jetstream.stream !== undefined) return undefined;
  const [field] = Object.keys(jetstream);
  if (field === undefined) return undefined;
  return partial(
    'StreamLimitsIgnored',
    `spec.jetstream.${field} has no effect on the installation's stream; set spec.jetstream.stream for a stream of the feed's own, or remove it`,
  );
}

/** A consumer must always find a snapshot that no limit has taken. */
function snapshotsTooRare({ effective }: CheckInput): Fault | undefined {
  const { snapshotEveryMs, mode } = effective.orderbook;
  const { maxAgeMs } = effective.stream;
  if (mode !== 'delta' || maxAgeMs === 0 || snapshotEveryMs * 3 < maxAgeMs) return undefined;
  return partial(
    'SnapshotsTooRare',
    `orderbook.snapshotEvery ${snapshotEveryMs / 1_000}s is not less than a third of the stream's maxAge ${maxAgeMs / 1_000}s: consumers may find no snapshot; lower the one or raise the other`,
  );
}

function windowTooShort({ effective }: CheckInput): Fault | undefined {
  const { duplicateWindowMs, maxAgeMs } = effective.stream;
  const window = maxAgeMs === 0 ? duplicateWindowMs : Math.min(duplicateWindowMs, maxAgeMs);
  const short = duplicateWindowShort(window);
  return short === undefined ? undefined : partial('DuplicateWindowShort', short);
}

function bufferAboveMemory({ feed, effective, settings }: CheckInput): Fault | undefined {
  const resources = feed.spec.template?.resources ?? settings.collector.resources;
  const limit = resources.limits?.['memory'];
  const limitBytes = limit === undefined ? undefined : parseQuantityBytes(String(limit));
  if (limitBytes === undefined || effective.buffer.memoryBytes <= limitBytes / 2) return undefined;
  return partial(
    'BufferAboveMemory',
    `buffer.memory ${effective.buffer.memoryBytes} bytes is more than half of the memory limit ${limit}: the kernel would end the collector when NATS is away; lower the one or raise the other`,
  );
}

/** Every collector gets at least one connection and one request a minute, so the rest of them exceeds what is granted. */
function budgetExhausted({ effective, neighbours }: CheckInput): Fault | undefined {
  const without = collectorsWithoutBudget(effective, neighbours.collectors);
  if (without === undefined) return undefined;
  return partial(
    'BudgetExhausted',
    `more collectors of ${effective.exchange} ${effective.market} share one address than its ${without.most} shares of the venue's limits: they wait for each other; lower spec.sharding.collectors or redundancy of some, or give some another way out (HTTPS_PROXY in spec.template.env)`,
  );
}
