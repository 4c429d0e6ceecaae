import type { FromSchema, JsonSchema } from '../json-schema.ts';
import { BOOK_ID, DECIMAL_OR_NULL, DIALECT, HEAD, HEAD_REQUIRED, LEVEL, SIZE_UNIT } from './parts.ts';

const EPOCH = {
  type: 'string',
  description: "Names the writer's chain; informative, no consumer rule uses it",
} as const;
const LEVELS = { type: 'array', items: LEVEL } as const;

export const ORDERBOOK_DELTA = {
  $schema: DIALECT,
  title: 'orderbook delta',
  description: 'A change of the book. Apply where prevId ≤ the book’s id < lastId.',
  type: 'object',
  properties: {
    ...HEAD,
    type: { const: 'orderbook' },
    action: { const: 'delta' },
    prevId: { ...BOOK_ID, description: 'Id of the state that this change continues' },
    lastId: { ...BOOK_ID, description: 'Id of the state that it leads to' },
    bids: { ...LEVELS, description: '[price, size]: sizes are absolute, "0" removes the level' },
    asks: { ...LEVELS, description: 'As bids' },
    sizeUnit: SIZE_UNIT,
    epoch: EPOCH,
  },
  required: [...HEAD_REQUIRED, 'action', 'prevId', 'lastId', 'bids', 'asks', 'sizeUnit', 'epoch'],
  additionalProperties: false,
} as const satisfies JsonSchema;

export const ORDERBOOK_SNAPSHOT = {
  $schema: DIALECT,
  title: 'orderbook snapshot',
  description:
    'The book, or its known part. It replaces the book; one with a lower lastId is skipped unless reset.',
  type: 'object',
  properties: {
    ...HEAD,
    type: { const: 'orderbook' },
    action: { const: 'snapshot' },
    lastId: { ...BOOK_ID, description: 'Id of this state' },
    bids: { ...LEVELS, description: '[price, size], best first' },
    asks: { ...LEVELS, description: '[price, size], best first' },
    sizeUnit: SIZE_UNIT,
    epoch: EPOCH,
    completeFrom: {
      ...DECIMAL_OR_NULL,
      description: 'Lowest bid price down to which every level is known; null: the whole side',
    },
    completeTo: {
      ...DECIMAL_OR_NULL,
      description: 'Highest ask price up to which every level is known; null: the whole side',
    },
    reset: { const: true, description: 'The venue restarted its ids with this state' },
  },
  required: [
    ...HEAD_REQUIRED,
    'action',
    'lastId',
    'bids',
    'asks',
    'sizeUnit',
    'epoch',
    'completeFrom',
    'completeTo',
  ],
  additionalProperties: false,
} as const satisfies JsonSchema;

export type DeltaRecord = FromSchema<typeof ORDERBOOK_DELTA>;
export type SnapshotRecord = FromSchema<typeof ORDERBOOK_SNAPSHOT>;
