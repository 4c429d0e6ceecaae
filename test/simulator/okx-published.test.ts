import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PublishedBook } from '../../simulator/okx/published.ts';
import type { BookText } from '../../simulator/ports.ts';

const book = (lastUpdateId: number): BookText => ({
  lastUpdateId,
  bids: [['9', String(lastUpdateId)]],
  asks: [],
});

test('an id of the market has one id on the wire, that of its time, however often ids began anew', () => {
  const published = new PublishedBook(book(100));
  published.moveTo(book(110), () => false);
  assert.equal(published.moveTo(book(120), () => true)?.seqId, 3);
  // Beyond the number that the restart took away.
  assert.equal(published.moveTo(book(400), () => false)?.seqId, 283);
  assert.equal(published.moveTo(book(500), () => true)?.seqId, 3);
  assert.deepEqual(
    [110, 120, 400, 499, 500, 510].map((id) => published.wireId(id)),
    [110, 3, 283, 382, 3, 13],
  );
  assert.equal(published.book.lastUpdateId, 3);
});
