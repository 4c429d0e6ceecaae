import type { FromSchema, JsonSchema } from '../json-schema.ts';
import { BOOK_ID, DECIMAL, DIALECT, HEAD, HEAD_REQUIRED, LEVEL_OR_NULL, SIZE_UNIT } from './parts.ts';

export const TICKER = {
  $schema: DIALECT,
  title: 'ticker',
  description: 'The best bid and ask as the venue itself states them.',
  type: 'object',
  properties: {
    ...HEAD,
    type: { const: 'ticker' },
    bid: { ...LEVEL_OR_NULL, description: '[price, size]; null: nobody bids' },
    ask: { ...LEVEL_OR_NULL, description: '[price, size]; null: nobody asks' },
    sizeUnit: SIZE_UNIT,
    bookId: {
      ...BOOK_ID,
      description:
        'The state of the order book that this is the top of, comparable with lastId; where stated',
    },
    lastPrice: { ...DECIMAL, description: 'Of the last trade, where the venue sends it in the same message' },
    lastSize: { ...DECIMAL, description: 'Of the last trade, where the venue sends it in the same message' },
  },
  required: [...HEAD_REQUIRED, 'bid', 'ask', 'sizeUnit'],
  additionalProperties: false,
} as const satisfies JsonSchema;

export type TickerRecord = FromSchema<typeof TICKER>;
