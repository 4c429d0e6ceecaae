import assert from 'node:assert/strict';
import type { Verdict } from '../../verify/judge.ts';
import type { PythonVerdict } from './python.ts';

/** What the Python examples say of a stream is what verify says of it: books, holes, trades that are missing. */
export function assertAgree({ subjects }: Pick<Verdict, 'subjects'>, python: PythonVerdict): void {
  const books = subjects.flatMap(({ subject, book, gaps }) =>
    book === null || book.id === null
      ? []
      : [[subject, { id: book.id, digest: book.digest, gaps: gaps.recorded + gaps.unrecorded }] as const],
  );
  const said = Object.entries(python.books).map(
    ([subject, { id, digest, gaps }]) => [subject, { id, digest, gaps: gaps.length }] as const,
  );
  assert.deepEqual(Object.fromEntries(said), Object.fromEntries(books));
  const counted = subjects.filter(({ trades }) => trades !== null && trades.firstId !== null);
  assert.deepEqual(
    python.missingTrades,
    Object.fromEntries(counted.map(({ subject, gaps }) => [subject, gaps.missingTrades])),
  );
}
