import type { FromSchema, JsonSchema } from '../json-schema.ts';
import { DECIMAL, DIALECT, HEAD, HEAD_REQUIRED, ID, SIDE, SIZE_UNIT } from './parts.ts';

export const LIQUIDATION = {
  $schema: DIALECT,
  title: 'liquidation',
  description: 'A position that the venue closes.',
  type: 'object',
  properties: {
    ...HEAD,
    type: { const: 'liquidation' },
    side: { ...SIDE, description: 'Of the liquidating order: sell closes a long position' },
    price: { ...DECIMAL, description: 'As priceKind says' },
    priceKind: {
      enum: ['order', 'bankruptcy', 'trade'],
      description:
        'order: the limit of the liquidating order. bankruptcy: where the position is worth nothing. ' +
        'trade: what was paid',
    },
    size: { ...DECIMAL, description: 'Of the order; of the trade where priceKind is trade' },
    sizeUnit: SIZE_UNIT,
    averagePrice: { ...DECIMAL, description: 'Of what was filled, where stated' },
    filledSize: { ...DECIMAL, description: 'What was filled so far, where stated' },
    tradeId: { ...ID, description: 'The trade that it is, where the venue marks trades' },
    sampled: {
      const: true,
      description:
        'The venue sends at most one a second and instrument: more may have happened. Absent: all are sent',
    },
  },
  required: [...HEAD_REQUIRED, 'side', 'price', 'priceKind', 'size', 'sizeUnit'],
  additionalProperties: false,
} as const satisfies JsonSchema;

export type LiquidationRecord = FromSchema<typeof LIQUIDATION>;
