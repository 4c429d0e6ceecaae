import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { MALLOC_OPTIONS, YOUNG_OPTION } from '../../contract/process.ts';

for (const file of ['bin/marketprism.js', 'Dockerfile']) {
  it(`${file} starts the process as the operator's pods are started`, () => {
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
    assert.ok(text.includes(YOUNG_OPTION), YOUNG_OPTION);
    for (const [name, value] of Object.entries(MALLOC_OPTIONS))
      assert.match(text, new RegExp(`${name}(=|: ')${value}\\b`));
  });
}
