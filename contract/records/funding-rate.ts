import type { FromSchema, JsonSchema } from '../json-schema.ts';
import { DIALECT, HEAD, HEAD_REQUIRED, SIGNED_DECIMAL, TIME_OR_NULL } from './parts.ts';

export const FUNDING_RATE = {
  $schema: DIALECT,
  title: 'funding-rate',
  description: 'What holders of a perpetual contract pay each other; above zero, buyers pay sellers.',
  type: 'object',
  properties: {
    ...HEAD,
    type: { const: 'funding-rate' },
    rate: { ...SIGNED_DECIMAL, description: 'A fraction (0.0001 is 0.01 %) per interval, as rateKind says' },
    rateKind: {
      enum: ['predicted', 'fixed', 'continuous'],
      description:
        'predicted: what would be paid at nextFundingTime if it stayed as it is; it moves until then. ' +
        'fixed: what will be paid at nextFundingTime. ' +
        'continuous: paid all the time, stated for intervalSeconds',
    },
    nextFundingTime: {
      ...TIME_OR_NULL,
      description: 'When this rate is paid, microseconds since 1970; null where it is paid all the time',
    },
    intervalSeconds: {
      type: 'integer',
      minimum: 1,
      description: 'Between two payments, or what a continuous rate is stated for; where the venue tells it',
    },
    followingRate: {
      ...SIGNED_DECIMAL,
      description: 'Forecast for the payment after the next, where the venue gives one',
    },
  },
  required: [...HEAD_REQUIRED, 'rate', 'rateKind', 'nextFundingTime'],
  additionalProperties: false,
} as const satisfies JsonSchema;

export type FundingRateRecord = FromSchema<typeof FUNDING_RATE>;
