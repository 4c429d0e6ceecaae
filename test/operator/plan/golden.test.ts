import assert from 'node:assert/strict';
import { test } from 'node:test';
import { golden, goldenCases, render, rewrite } from './golden-case.ts';

for (const name of goldenCases()) {
  const rendered = render(name);
  if (process.env['UPDATE_GOLDEN'] === '1') rewrite(name, rendered);

  test(`${name}: ${rendered.about}`, () => {
    assert.equal(rendered.objectsYaml, golden(name, 'objects.yaml'), 'UPDATE_GOLDEN=1 rewrites it');
    assert.equal(rendered.statusYaml, golden(name, 'status.yaml'), 'UPDATE_GOLDEN=1 rewrites it');
  });

  test(`${name}: the same arguments give the same bytes`, () => {
    assert.deepEqual(render(name), rendered);
  });
}
