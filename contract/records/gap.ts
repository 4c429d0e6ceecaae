import { STREAMS } from '../feed.ts';
import type { FromSchema, JsonSchema } from '../json-schema.ts';
import { BOOK_ID_OR_NULL, DIALECT, HEAD, HEAD_REQUIRED, TIME_OR_NULL } from './parts.ts';

export const GAP_CAUSES = ['venue', 'network', 'overflow', 'restart', 'unassigned'] as const;
export type GapCause = (typeof GAP_CAUSES)[number];

export const GAP = {
  $schema: DIALECT,
  title: 'gap',
  description: 'What the stream lacks between two records of one subject.',
  type: 'object',
  properties: {
    ...HEAD,
    type: { const: 'gap' },
    subject: { type: 'string', minLength: 1, description: 'The subject that the gap is in' },
    stream: { enum: STREAMS },
    fromId: { ...BOOK_ID_OR_NULL, description: 'Last id held; null where the stream held nothing' },
    fromTime: { ...TIME_OR_NULL, description: 'exchangeTime of the last record held' },
    toId: { ...BOOK_ID_OR_NULL, description: 'Id of the record that ends the gap; null while open' },
    toTime: { ...TIME_OR_NULL, description: 'Its exchangeTime' },
    toSeq: {
      type: ['integer', 'null'],
      description: 'Stream sequence of the record that ends the gap; null while open',
    },
    cause: { enum: GAP_CAUSES },
    missing: {
      type: 'integer',
      minimum: 0,
      description: 'How many records, where ids count without holes; 0: nothing is missing',
    },
  },
  required: [...HEAD_REQUIRED, 'subject', 'stream', 'fromId', 'fromTime', 'toId', 'toTime', 'toSeq', 'cause'],
  additionalProperties: false,
} as const satisfies JsonSchema;

export type GapRecord = FromSchema<typeof GAP>;
