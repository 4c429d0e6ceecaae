import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { feedSchema } from '../../cli/crd.ts';
import type { Schema } from '../../cli/schema.ts';
import { FEED_RULES } from '../../contract/feed-rules.ts';

/** What `cli/schema.ts` judges by, and what judges nothing. */
const KNOWN_KEYWORDS = new Set(
  (
    'type properties required additionalProperties items enum pattern nullable minLength maxLength minItems maxItems ' +
    'minProperties maxProperties minimum maximum description default x-kubernetes-validations x-kubernetes-map-type ' +
    'x-kubernetes-int-or-string x-kubernetes-preserve-unknown-fields x-kubernetes-list-type x-kubernetes-list-map-keys'
  ).split(' '),
);
const UNJUDGED_FORMATS = new Set(['int32', 'int64', 'date-time']);

function* nodes(schema: Schema, path = ''): Generator<{ readonly path: string; readonly schema: Schema }> {
  yield { path, schema };
  for (const [name, member] of Object.entries(schema.properties ?? {}))
    yield* nodes(member, path === '' ? name : `${path}.${name}`);
  if (schema.items !== undefined) yield* nodes(schema.items, `${path}[]`);
  if (typeof schema.additionalProperties === 'object') yield* nodes(schema.additionalProperties, `${path}{}`);
}

describe('collect judges by the CRD', () => {
  it('every CEL rule of the CRD has its twin with the same message at the same place, and no other exists', () => {
    const ofCrd = [...nodes(feedSchema())].flatMap(({ path, schema }) =>
      (schema['x-kubernetes-validations'] ?? []).map(({ message }) => `${path} | ${message}`),
    );
    const ours = FEED_RULES.map(({ path, message }) => `${path} | ${message}`);
    assert.ok(ofCrd.length > 10);
    assert.deepEqual(ours.sort(), ofCrd.sort());
  });

  it('exactly the rules about a change have no test', () => {
    const transitions = [...nodes(feedSchema())].flatMap(({ schema }) =>
      (schema['x-kubernetes-validations'] ?? []).filter(({ rule }) => rule.includes('oldSelf')),
    );
    assert.deepEqual(
      FEED_RULES.filter(({ holds }) => holds === null).map(({ message }) => message),
      transitions.map(({ message }) => message),
    );
  });

  it('the CRD uses no keyword and no format that the walker does not know', () => {
    for (const { path, schema } of nodes(feedSchema())) {
      for (const keyword of Object.keys(schema)) {
        if (keyword === 'format')
          assert.ok(UNJUDGED_FORMATS.has(String(schema.format)), `${path}: ${schema.format}`);
        else assert.ok(KNOWN_KEYWORDS.has(keyword), `${path}: ${keyword}`);
      }
    }
  });
});
