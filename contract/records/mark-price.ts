import type { FromSchema, JsonSchema } from '../json-schema.ts';
import { DECIMAL, DIALECT, HEAD, HEAD_REQUIRED, PRICE_UNIT } from './parts.ts';

export const MARK_PRICE = {
  $schema: DIALECT,
  title: 'mark-price',
  description: 'The price that the venue values positions with.',
  type: 'object',
  properties: {
    ...HEAD,
    type: { const: 'mark-price' },
    markPrice: DECIMAL,
    priceUnit: { ...PRICE_UNIT, description: `${PRICE_UNIT.description}. Of markPrice and settlePrice` },
    indexPrice: {
      ...DECIMAL,
      description: 'The underlying index in the quote asset, where the venue sends it in the same message',
    },
    settlePrice: {
      ...DECIMAL,
      description:
        'Estimate of the price that the contract settles at, where the venue sends it in the same message; ' +
        'Binance: of use in the last hour before settlement only',
    },
  },
  required: [...HEAD_REQUIRED, 'markPrice', 'priceUnit'],
  additionalProperties: false,
} as const satisfies JsonSchema;

export type MarkPriceRecord = FromSchema<typeof MARK_PRICE>;
