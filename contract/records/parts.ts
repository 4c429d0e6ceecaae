/** What the schemas of the records have in common. */
import { EXCHANGES, MARKETS } from '../feed.ts';

export const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

const TIME = { type: 'integer', minimum: 0 } as const;

/** Of every record; `type` and the rest come behind. */
export const HEAD = {
  v: { const: 1, description: 'Version of the record; members may be added within one version' },
  exchange: { enum: EXCHANGES },
  market: { enum: MARKETS },
  symbol: { type: 'string', minLength: 1, description: 'Canonical, unique within the exchange' },
  instrument: { type: 'string', minLength: 1, description: "The venue's spelling" },
  exchangeTime: {
    type: ['integer', 'null'],
    minimum: 0,
    description: "The venue's time, microseconds since 1970; null where it gives none, never our clock",
  },
  receiveTime: {
    ...TIME,
    description: 'Microseconds since 1970, taken when the bytes left the socket, before parsing',
  },
} as const;
export const HEAD_REQUIRED = [
  'v',
  'type',
  'exchange',
  'market',
  'symbol',
  'instrument',
  'exchangeTime',
  'receiveTime',
] as const;

/** Prices and sizes: text, the venue's digits; a JSON number of the venue as a plain decimal of the same value. */
export const DECIMAL = { type: 'string', pattern: '^\\d+(\\.\\d+)?$' } as const;
export const SIGNED_DECIMAL = { type: 'string', pattern: '^-?\\d+(\\.\\d+)?$' } as const;
export const DECIMAL_OR_NULL = { type: ['string', 'null'], pattern: '^\\d+(\\.\\d+)?$' } as const;
export const ID = { type: 'string', minLength: 1 } as const;
/** A JSON integer below 2^53, else text. */
export const BOOK_ID = {
  type: ['integer', 'string'],
  maximum: 9_007_199_254_740_991,
} as const;
export const BOOK_ID_OR_NULL = { type: ['integer', 'string', 'null'] } as const;
export const TIME_OR_NULL = { type: ['integer', 'null'], minimum: 0 } as const;

export const SIZE_UNITS = ['base', 'quote', 'contract'] as const;
export const SIZE_UNIT = {
  enum: SIZE_UNITS,
  description: 'What sizes count: the base asset, the quote asset, or contracts of the size in the catalogue',
} as const;
export const PRICE_UNIT = {
  enum: ['base', 'quote'],
  description: 'What the price is counted in: options settled in the coin are priced in the base asset',
} as const;
export const SIDE = { enum: ['buy', 'sell'] } as const;
/** True: asked for by REST at intervals, not pushed by the venue. */
export const POLLED = {
  const: true,
  description: 'Asked for at intervals, not pushed by the venue; absent otherwise',
} as const;

/** [price, size]. */
export const LEVEL = { type: 'array', prefixItems: [DECIMAL, DECIMAL], minItems: 2, maxItems: 2 } as const;
export const LEVEL_OR_NULL = { ...LEVEL, type: ['array', 'null'] } as const;
