import { crc32 } from 'node:zlib';
import type { Book } from './book.ts';

/** Levels a side that OKX's checksum covers. */
const CHECKSUM_LEVELS = 25;

/**
 * OKX: CRC-32 (IEEE) of `bidPrice:bidSize:askPrice:askSize:…` by rank, a side that has ended left out, digits as they came
 * on the wire; read as a signed number.
 */
export function okxChecksum(book: Pick<Book, 'interleaved'>): number {
  return crc32(book.interleaved(CHECKSUM_LEVELS)) | 0;
}
