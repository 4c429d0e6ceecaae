import type { FromSchema, JsonSchema } from '../json-schema.ts';
import { DECIMAL, DIALECT, HEAD, HEAD_REQUIRED, ID, SIDE, SIZE_UNIT } from './parts.ts';

/**
 * How a trade came about, where it was not an order meeting another in the book: agreed apart (`block`), a leg of a combo,
 * or forced (`liquidation`).
 */
const TRADE_MARKS = ['block', 'combo', 'liquidation'] as const;
export type TradeMark = (typeof TRADE_MARKS)[number];

export const TRADE = {
  $schema: DIALECT,
  title: 'trade',
  description: 'One trade, or, where the venue hands out no other, the sum of a taker’s fills at one price.',
  type: 'object',
  properties: {
    ...HEAD,
    type: { const: 'trade' },
    id: { ...ID, description: "The venue's id; the aggregate's where aggregated" },
    sequence: {
      type: 'integer',
      description: "Counts the instrument's trades without holes, where the venue counts apart from id",
    },
    skippedFrom: {
      type: 'integer',
      description:
        'First of the ids directly before this one that the venue gave to what is no trade: nothing is missing there',
    },
    price: DECIMAL,
    size: DECIMAL,
    sizeUnit: SIZE_UNIT,
    side: { ...SIDE, description: "The taker's side" },
    aggregated: { const: true, description: 'A sum of fills; single trades are not at hand' },
    firstTradeId: ID,
    lastTradeId: ID,
    marks: {
      type: 'array',
      items: { enum: TRADE_MARKS },
      minItems: 1,
      description: 'Agreed apart, a leg of a combo, or forced; absent where an order met another in the book',
    },
    backfilled: { const: true, description: 'Fetched later; exempt from order' },
  },
  required: [...HEAD_REQUIRED, 'id', 'price', 'size', 'sizeUnit', 'side'],
  additionalProperties: false,
} as const satisfies JsonSchema;

export type TradeRecord = FromSchema<typeof TRADE>;
