import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { OFFERED } from '../../contract/offered.ts';
import { venuesText } from './venues-doc.ts';

const DOC = join(import.meta.dirname, '../../docs/venues.md');

test('docs/venues.md says what the code says', () => {
  const text = venuesText();
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(DOC, text);
  assert.equal(readFileSync(DOC, 'utf8'), text, '`make gen` rewrites it');
});

test('docs/venues.md has a row for every stream that is offered, and no other', () => {
  const rows = readFileSync(DOC, 'utf8')
    .split('\n')
    .filter((line) => /^\| (binance|okx|deribit) /.test(line))
    .map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, 4)
        .join(' '),
    );
  const offered = OFFERED.flatMap(({ exchange, market, settle, streams }) =>
    streams.map((stream) => `${exchange} ${settle === null ? market : `${market} (${settle})`} ${stream}`),
  );
  assert.deepEqual(rows, offered);
});
