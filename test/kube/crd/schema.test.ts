import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { crdText, definition, rootSchema, walk } from './definition.ts';
import { referenceText } from './print-reference.ts';
import { schemaTypesText } from './print-types.ts';

const MAX_BYTES = 200_000;
const placed = walk(rootSchema());
const typesPath = new URL('schema-types.ts', import.meta.url).pathname;
const referencePath = new URL('../../../docs/resource.md', import.meta.url).pathname;

describe('the schema of CollectorFeed', () => {
  it('is small enough for client-side apply', () => {
    assert.ok(crdText.length < MAX_BYTES);
    assert.ok(JSON.stringify(definition).length < MAX_BYTES);
  });

  it('describes every field', () => {
    const silent = placed.filter(
      ({ path, schema }) => schema.description === undefined && !/(\[\]|\.\*)$|^metadata$/.test(path),
    );
    assert.deepEqual(
      silent.map(({ path }) => path),
      [],
    );
  });

  it('sets no default but redundancy and paused', () => {
    const defaults = placed
      .filter(({ schema }) => schema.default !== undefined)
      .map(({ path, schema }) => [path, schema.default]);
    assert.deepEqual(defaults, [
      ['spec.redundancy', 1],
      ['spec.paused', false],
    ]);
  });

  it('bounds every list and every text of the spec that a rule reads', () => {
    const unbounded = placed.filter(
      ({ path, schema }) =>
        path.startsWith('spec.') &&
        ((schema.type === 'array' && schema.maxItems === undefined) ||
          (schema['x-kubernetes-validations'] !== undefined &&
            schema.type === 'string' &&
            schema.maxLength === undefined)),
    );
    assert.deepEqual(
      unbounded.map(({ path }) => path),
      [],
    );
  });

  it('has no rule over the items of symbols', () => {
    const symbols = placed.filter(({ path }) => path.startsWith('spec.symbols'));
    assert.ok(symbols.every(({ schema }) => schema['x-kubernetes-validations'] === undefined));
    const readers = placed
      .flatMap(({ schema }) => schema['x-kubernetes-validations'] ?? [])
      .filter(({ rule }) => /symbols\.(all|exists|map|filter)/.test(rule));
    assert.deepEqual(readers, []);
  });

  it('says in every message which field it is about', () => {
    for (const { schema } of placed) {
      for (const { message } of schema['x-kubernetes-validations'] ?? [])
        assert.match(message, /\b(spec|metadata)\.[a-z]/);
    }
  });

  it('has the TypeScript types that equal-types.ts compares with contract/feed.ts', async () => {
    assert.equal(
      readFileSync(typesPath, 'utf8'),
      await schemaTypesText(typesPath),
      'run node test/kube/crd/print-types.ts > test/kube/crd/schema-types.ts',
    );
  });

  it('is what docs/resource.md says', async () => {
    assert.equal(
      readFileSync(referencePath, 'utf8'),
      await referenceText(referencePath),
      'run node test/kube/crd/print-reference.ts > docs/resource.md',
    );
  });
});
