import type { FromSchema, JsonSchema } from '../json-schema.ts';
import { DECIMAL, DIALECT, HEAD, HEAD_REQUIRED } from './parts.ts';

export const VOLATILITY_INDEX = {
  $schema: DIALECT,
  title: 'volatility-index',
  description: 'A volatility index as the venue computes it.',
  type: 'object',
  properties: {
    ...HEAD,
    type: { const: 'volatility-index' },
    value: { ...DECIMAL, description: 'Annualised volatility in percent' },
  },
  required: [...HEAD_REQUIRED, 'value'],
  additionalProperties: false,
} as const satisfies JsonSchema;

export type VolatilityIndexRecord = FromSchema<typeof VOLATILITY_INDEX>;
