import type { FromSchema, JsonSchema } from '../json-schema.ts';
import { DECIMAL, DIALECT, HEAD, HEAD_REQUIRED, POLLED } from './parts.ts';

export const LONG_SHORT_RATIO = {
  $schema: DIALECT,
  title: 'long-short-ratio',
  description: "How the venue's customers are positioned over a period; exchangeTime is the period's.",
  type: 'object',
  properties: {
    ...HEAD,
    type: { const: 'long-short-ratio' },
    measure: {
      enum: ['accounts', 'topAccounts', 'topPositions'],
      description:
        'What is counted: all accounts, the accounts of the largest traders, or the sizes of their positions',
    },
    covers: {
      enum: ['instrument', 'pair', 'base'],
      description:
        'What the figure is about: this instrument, all contracts of its pair, or all contracts on its base asset',
    },
    ratio: { ...DECIMAL, description: 'Long divided by short' },
    longShare: { ...DECIMAL, description: 'A fraction, where the venue states it' },
    shortShare: { ...DECIMAL, description: 'A fraction, where the venue states it' },
    periodSeconds: { type: 'integer', minimum: 1 },
    polled: POLLED,
  },
  required: [...HEAD_REQUIRED, 'measure', 'covers', 'ratio', 'periodSeconds', 'polled'],
  additionalProperties: false,
} as const satisfies JsonSchema;

export type LongShortRatioRecord = FromSchema<typeof LONG_SHORT_RATIO>;
