import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CATALOGUE_SCHEMAS } from '../../contract/catalogue.ts';
import { STREAMS } from '../../contract/feed.ts';
import { RECORD_SCHEMAS, schemaOf } from '../../contract/record.ts';
import { recordFaults } from '../../contract/schema-faults.ts';
import { RECORD_EXAMPLES } from './record-examples.ts';
import { recordsText, schemaText } from './records-doc.ts';

const DOCS = join(import.meta.dirname, '../../docs');
const SCHEMAS = { ...RECORD_SCHEMAS, ...CATALOGUE_SCHEMAS };
const IS_UPDATE = process.env['UPDATE_GOLDEN'] === '1';

test('docs/schemas holds every schema of records and catalogue as the contract has it, and no other', () => {
  mkdirSync(join(DOCS, 'schemas'), { recursive: true });
  for (const [name, schema] of Object.entries(SCHEMAS)) {
    const path = join(DOCS, 'schemas', `${name}.json`);
    if (IS_UPDATE) writeFileSync(path, schemaText(schema));
    assert.equal(readFileSync(path, 'utf8'), schemaText(schema), `${name}: \`make gen\` rewrites it`);
  }
  const files = Object.keys(SCHEMAS).map((name) => `${name}.json`);
  assert.deepEqual(readdirSync(join(DOCS, 'schemas')).toSorted(), files.toSorted());
});

test('docs/records.md says what the schemas say', () => {
  const path = join(DOCS, 'records.md');
  if (IS_UPDATE) writeFileSync(path, recordsText());
  assert.equal(readFileSync(path, 'utf8'), recordsText(), '`make gen` rewrites it');
});

test('every stream has a schema', () => {
  for (const type of STREAMS.filter((stream) => stream !== 'orderbook')) assert.ok(schemaOf({ type }), type);
  for (const action of ['snapshot', 'delta']) assert.ok(schemaOf({ type: 'orderbook', action }), action);
});

test('the example of every record follows its schema, and none of its members may be missing or another', () => {
  assert.deepEqual(Object.keys(RECORD_EXAMPLES), Object.keys(RECORD_SCHEMAS));
  for (const [name, schema] of Object.entries(RECORD_SCHEMAS)) {
    const example = RECORD_EXAMPLES[name] ?? {};
    assert.equal(schemaOf(example), schema, name);
    assert.deepEqual(recordFaults(schema, example), [], name);
    for (const member of Object.keys(example)) {
      assert.notDeepEqual(recordFaults(schema, { ...example, [member]: 1.5 }), [], `${name}.${member}`);
      const { [member]: _, ...rest } = example;
      const isRequired = (schema.required as readonly string[]).includes(member);
      assert.equal(recordFaults(schema, rest).length > 0, isRequired, `${name} without ${member}`);
    }
  }
});
