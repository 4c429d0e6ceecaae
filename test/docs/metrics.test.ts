import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { metricsText, ofCollector, ofOperator, registeredBy } from './metrics-doc.ts';

const DOC = join(import.meta.dirname, '../../docs/metrics.md');
const NO_STATE = (): never => {
  throw new Error('not scraped');
};

test('docs/metrics.md says what the code registers', () => {
  const text = metricsText();
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(DOC, text);
  assert.equal(readFileSync(DOC, 'utf8'), text, '`make gen` rewrites it');
});

test('one family of names, units spelled out, counters end in _total', () => {
  for (const { name, type } of registeredBy(ofCollector(NO_STATE))) {
    assert.match(name, /^marketprism_[a-z_]+$/);
    assert.equal(name.endsWith('_total'), type === 'counter', name);
    if (type === 'histogram') assert.match(name, /_(seconds|bytes)$/);
  }
});

test('no label can hold a symbol, a subject or a feed', () => {
  const bounded = new Set(
    'state stream stage quantile event check result version reason'
      .split(' ')
      .concat('kind namespace outcome part method code controller name'.split(' ')),
  );
  for (const metrics of [ofCollector(NO_STATE), ofOperator()])
    for (const { name, labels } of registeredBy(metrics))
      assert.deepEqual(
        labels.filter((label) => !bounded.has(label)),
        [],
        name,
      );
});
