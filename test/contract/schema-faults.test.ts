import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FromSchema, JsonSchema } from '../../contract/json-schema.ts';
import { RECORD_SCHEMAS, schemaOf } from '../../contract/record.ts';
import { recordFaults } from '../../contract/schema-faults.ts';

const SCHEMA = {
  type: 'object',
  properties: {
    v: { const: 1 },
    side: { enum: ['buy', 'sell'] },
    price: { type: 'string', pattern: '^\\d+$' },
    name: { type: 'string', minLength: 1 },
    time: { type: ['integer', 'null'], minimum: 0, maximum: 9 },
    levels: {
      type: 'array',
      items: { type: 'array', prefixItems: [{ const: 1 }, { type: 'boolean' }], minItems: 2, maxItems: 2 },
    },
  },
  required: ['v', 'levels'],
  additionalProperties: false,
} as const satisfies JsonSchema;

const GOOD = { v: 1, side: 'buy', price: '12', name: 'x', time: null, levels: [[1, true]] };

const BAD: readonly (readonly [change: Record<string, unknown>, path: string, message: RegExp])[] = [
  [{ v: 2 }, 'v', /2 is not 1/],
  [{ v: undefined }, 'v', /is not 1/],
  [{ side: 'hold' }, 'side', /"hold" is none of "buy", "sell"/],
  [{ price: '1e5' }, 'price', /does not match/],
  [{ price: 12 }, 'price', /is no string/],
  [{ name: '' }, 'name', /fewer than 1/],
  [{ time: 1.5 }, 'time', /is no integer or null/],
  [{ time: -1 }, 'time', /less than 0/],
  [{ time: 10 }, 'time', /more than 9/],
  [{ levels: {} }, 'levels', /is no array/],
  [{ levels: [[1]] }, 'levels[0]', /has 1 members/],
  [{ levels: [[1, true, 2]] }, 'levels[0]', /has 3 members/],
  [{ levels: [[1, 'true']] }, 'levels[0][1]', /is no boolean/],
  [{ other: 1 }, 'other', /is not known/],
];

test('what follows the schema has no fault', () => {
  assert.deepEqual(recordFaults(SCHEMA, GOOD), []);
  const { v, levels } = GOOD;
  assert.deepEqual(recordFaults(SCHEMA, { v, levels }), [], 'the others are optional');
});

test('every fault is named with its place', () => {
  for (const [change, path, message] of BAD) {
    const faults = recordFaults(SCHEMA, { ...GOOD, ...change });
    assert.deepEqual(
      faults.map((fault) => fault.path),
      [path],
      JSON.stringify(change),
    );
    assert.match(faults[0]?.message ?? '', message);
  }
  assert.deepEqual(recordFaults(SCHEMA, {}), [
    { path: 'v', message: 'is missing' },
    { path: 'levels', message: 'is missing' },
  ]);
});

test('schemas use no keyword that is not judged', () => {
  const judged = new Set(
    (
      '$schema title description type const enum pattern minimum maximum minLength items prefixItems minItems ' +
      'maxItems properties required additionalProperties'
    ).split(' '),
  );
  const walk = (schema: JsonSchema, at: string): void => {
    for (const key of Object.keys(schema)) assert.ok(judged.has(key), `${at}: ${key}`);
    // A list of exactly so many: what lies behind them would not be judged.
    if (schema.prefixItems !== undefined) assert.equal(schema.maxItems, schema.prefixItems.length, at);
    for (const [name, member] of Object.entries(schema.properties ?? {})) walk(member, `${at}.${name}`);
    for (const member of schema.prefixItems ?? []) walk(member, at);
    if (schema.items !== undefined) walk(schema.items, at);
    for (const name of schema.required ?? [])
      assert.ok(Object.hasOwn(schema.properties ?? {}, name), `${at}: ${name} is required and not there`);
  };
  for (const [name, schema] of Object.entries(RECORD_SCHEMAS)) walk(schema, name);
});

test('a record finds its schema by its type', () => {
  assert.equal(schemaOf({ type: 'orderbook', action: 'delta' }), RECORD_SCHEMAS['orderbook-delta']);
  assert.equal(schemaOf({ type: 'gap' }), RECORD_SCHEMAS.gap);
  assert.equal(schemaOf({ type: 'constructor' }), undefined);
  assert.equal(schemaOf({}), undefined);
});

/** Compiles only while the type of a schema is what it allows. */
type Equal<A, B> =
  (<T>(value: T) => T extends A ? 1 : 2) extends <T>(value: T) => T extends B ? 1 : 2 ? true : false;
interface Written {
  readonly v: 1;
  readonly levels: readonly (readonly [1, boolean])[];
  readonly side?: 'buy' | 'sell';
  readonly price?: string;
  readonly name?: string;
  readonly time?: number | null;
}
type Flat<T> = { [K in keyof T]: T[K] };

test('types are those of the schema', () => {
  const isEqual: Equal<FromSchema<typeof SCHEMA>, Flat<Written>> = true;
  const isDifferent: Equal<FromSchema<typeof SCHEMA>, Flat<Omit<Written, 'side'>>> = false;
  assert.deepEqual([isEqual, isDifferent], [true, false]);
});
