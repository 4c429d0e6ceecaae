import { createHash } from 'node:crypto';
import type { Book } from './book.ts';

/**
 * 16 hex digits that two readers of the same stream must agree on: of SHA-256 over the id and every level, best first, bids
 * before asks, a line each: `1027`, `bid 100.10 2.5`, `ask 100.20 1`.
 */
export function bookDigest(book: Book): string {
  const hash = createHash('sha256');
  hash.update(`${book.id}\n`);
  for (const [price, size] of book.bids.levels()) hash.update(`bid ${price} ${size}\n`);
  for (const [price, size] of book.asks.levels()) hash.update(`ask ${price} ${size}\n`);
  return hash.digest('hex').slice(0, 16);
}
