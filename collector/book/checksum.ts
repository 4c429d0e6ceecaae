import type { Book } from './book.ts';

/** Levels a side that OKX's checksum covers. */
const CHECKSUM_LEVELS = 25;

/**
 * OKX: CRC-32 (IEEE) of `bidPrice:bidSize:askPrice:askSize:…` by rank, a side that has ended left out, digits as they came
 * on the wire; read as a signed number.
 */
export function okxChecksum(book: Pick<Book, 'interleaved'>): number {
  const bytes = book.interleaved(CHECKSUM_LEVELS);
  let crc = -1;
  for (let at = 0; at < bytes.length; at += 1) {
    crc = (TABLE[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8);
  }
  return ~crc;
}

/** The reversed polynomial of IEEE 802.3. */
const POLYNOMIAL = 0xedb88320;
const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc;
});
