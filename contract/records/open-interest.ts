import type { FromSchema, JsonSchema } from '../json-schema.ts';
import { DECIMAL, DIALECT, HEAD, HEAD_REQUIRED, POLLED, SIZE_UNIT } from './parts.ts';

export const OPEN_INTEREST = {
  $schema: DIALECT,
  title: 'open-interest',
  description: 'Contracts that are open, one side counted.',
  type: 'object',
  properties: {
    ...HEAD,
    type: { const: 'open-interest' },
    openInterest: { ...DECIMAL, description: 'In sizeUnit' },
    sizeUnit: SIZE_UNIT,
    openInterestBase: { ...DECIMAL, description: 'The same in the base asset, where the venue states it' },
    openInterestUsd: { ...DECIMAL, description: 'The same in US dollars, where the venue states it' },
    polled: POLLED,
  },
  required: [...HEAD_REQUIRED, 'openInterest', 'sizeUnit'],
  additionalProperties: false,
} as const satisfies JsonSchema;

export type OpenInterestRecord = FromSchema<typeof OPEN_INTEREST>;
