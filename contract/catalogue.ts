import type { EffectiveFeed } from './effective.ts';
import { EXCHANGES, MARKETS, type Exchange, type Market } from './feed.ts';
import { digest } from './identity.ts';
import type { Instrument } from './instrument.ts';
import type { FromSchema, JsonSchema } from './json-schema.ts';
import { DIALECT, SIZE_UNIT } from './records/parts.ts';
import { recordFaults } from './schema-faults.ts';
import type { Selectable } from './selector.ts';
import { escapeToken } from './subjects.ts';

/** What the venues list, for consumers and for the operator: one key an instrument, one index a market. */
export const CATALOGUE_BUCKET = 'MARKETPRISM_INSTRUMENTS';

/** One list of instruments: a market of a venue at one address. */
export interface CatalogueMarket {
  readonly exchange: Exchange;
  readonly market: Market;
  readonly settle: 'linear' | 'inverse' | null;
  /** The second token of the keys: `spot`, `perpetual-linear`; behind another address than the venue's also a mark of it. */
  readonly name: string;
}

export function catalogueMarket(
  feed: Pick<EffectiveFeed, 'exchange' | 'market' | 'settle' | 'endpoints'>,
): CatalogueMarket {
  const { exchange, market, settle, endpoints } = feed;
  const plain = settle === null ? market : `${market}-${settle}`;
  // A testnet's or a simulator's instruments are not the venue's.
  const mark = endpoints.rest === null ? '' : `_${digest(endpoints.rest.replace(/\/$/, '')).slice(0, 8)}`;
  return { exchange, market, settle, name: `${plain}${mark}` };
}

export const instrumentPrefix = ({ exchange, name }: CatalogueMarket): string => `${exchange}.${name}.`;
export const instrumentKey = (market: CatalogueMarket, symbol: string): string =>
  `${instrumentPrefix(market)}${escapeToken(symbol)}`;
/** Written last: whoever has read it can read every instrument that it counts. */
export const indexKey = ({ exchange, name }: CatalogueMarket): string => `index.${exchange}.${name}`;

const TEXT_OR_NULL = { type: ['string', 'null'] } as const;
const STEP_OR_NULL = { type: ['string', 'null'], pattern: '^\\d+(\\.\\d+)?$' } as const;
const NAME = { type: 'string', minLength: 1 } as const;
const MARKET_HEAD = {
  v: { const: 1 },
  exchange: { enum: EXCHANGES },
  market: { enum: MARKETS },
  settlement: { enum: ['linear', 'inverse', null], description: 'Of contracts of Binance, else null' },
} as const;

export const INSTRUMENT = {
  $schema: DIALECT,
  title: 'instrument',
  description: "An instrument as the venue's list has it; null is what the venue does not say.",
  type: 'object',
  properties: {
    ...MARKET_HEAD,
    symbol: { ...NAME, description: 'Canonical, unique within the exchange' },
    instrument: { ...NAME, description: "The venue's spelling" },
    base: TEXT_OR_NULL,
    quote: { ...TEXT_OR_NULL, description: "The venue's family, as in the symbol: USD_UM is not USD" },
    priceCurrency: { ...TEXT_OR_NULL, description: 'What prices count' },
    settle: { ...TEXT_OR_NULL, description: 'Settlement currency' },
    expiry: {
      type: ['integer', 'null'],
      minimum: 0,
      description: 'Microseconds since 1970; null also of what never expires',
    },
    strike: STEP_OR_NULL,
    optionType: { enum: ['call', 'put', null] },
    tick: { ...STEP_OR_NULL, description: 'Step of prices, the smallest where it depends on the price' },
    lot: { ...STEP_OR_NULL, description: 'Step of sizes, in sizeUnit' },
    minSize: { ...STEP_OR_NULL, description: 'Smallest size of an order, in sizeUnit' },
    contractSize: { ...STEP_OR_NULL, description: 'What one contract is worth, in contractUnit' },
    contractUnit: TEXT_OR_NULL,
    sizeUnit: SIZE_UNIT,
    status: { ...NAME, description: "The venue's word" },
    trading: { type: 'boolean', description: 'Whether it can be collected' },
  },
  required: [
    'v',
    'exchange',
    'market',
    'settlement',
    'symbol',
    'instrument',
    'base',
    'quote',
    'priceCurrency',
    'settle',
    'expiry',
    'strike',
    'optionType',
    'tick',
    'lot',
    'minSize',
    'contractSize',
    'contractUnit',
    'sizeUnit',
    'status',
    'trading',
  ],
  additionalProperties: false,
} as const satisfies JsonSchema;
export type InstrumentEntry = FromSchema<typeof INSTRUMENT>;

export const CATALOGUE_INDEX = {
  $schema: DIALECT,
  title: 'catalogue-index',
  description: 'What is known of the list of one market; written after its instruments.',
  type: 'object',
  properties: {
    ...MARKET_HEAD,
    revision: { type: 'integer', minimum: 1, description: 'One more with every change of an instrument' },
    instruments: { type: 'integer', minimum: 0 },
    trading: { type: 'integer', minimum: 0, description: 'Those that can be collected' },
    readTime: {
      type: 'integer',
      minimum: 0,
      description: 'Microseconds since 1970: when the venue was asked last',
    },
    writer: { ...NAME, description: 'UID of the feed whose first collector writes it' },
  },
  required: [
    'v',
    'exchange',
    'market',
    'settlement',
    'revision',
    'instruments',
    'trading',
    'readTime',
    'writer',
  ],
  additionalProperties: false,
} as const satisfies JsonSchema;
export type CatalogueIndex = FromSchema<typeof CATALOGUE_INDEX>;

/** By the name of the file in `docs/schemas/`. */
export const CATALOGUE_SCHEMAS = {
  instrument: INSTRUMENT,
  'catalogue-index': CATALOGUE_INDEX,
} as const satisfies Readonly<Record<string, JsonSchema>>;

export function instrumentEntry(market: CatalogueMarket, instrument: Instrument): InstrumentEntry {
  return { v: 1, exchange: market.exchange, market: market.market, settlement: market.settle, ...instrument };
}

/** What came from the bucket; undefined: something else stands there. */
export function parseIndex(text: string): CatalogueIndex | undefined {
  const value = parse(text);
  return recordFaults(CATALOGUE_INDEX, value).length === 0 ? (value as CatalogueIndex) : undefined;
}

/** As much of an entry as a selector reads. */
export function parseSelectable(text: string): Selectable | undefined {
  const value = parse(text) as Partial<Selectable> | null | undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  const { symbol, base, quote, expiry, trading } = value;
  const isText = (one: unknown): one is string | null => one === null || typeof one === 'string';
  if (typeof symbol !== 'string' || typeof trading !== 'boolean') return undefined;
  if (!isText(base) || !isText(quote)) return undefined;
  return expiry === null || typeof expiry === 'number' ? { symbol, base, quote, expiry, trading } : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
