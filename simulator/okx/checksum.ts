import { crc32 } from 'node:zlib';
import type { BookText, LevelText } from '../ports.ts';

const RANKS = 25;

/** CRC-32, read as signed, of the best 25 levels: bid and ask by turns, price and size each, a missing one left out. */
export function bookChecksum({ bids, asks }: Pick<BookText, 'bids' | 'asks'>): number {
  const parts: string[] = [];
  const add = (level: LevelText | undefined): void => {
    if (level !== undefined) parts.push(`${level[0]}:${level[1]}`);
  };
  for (let rank = 0; rank < RANKS; rank += 1) {
    add(bids[rank]);
    add(asks[rank]);
  }
  return crc32(parts.join(':')) | 0;
}
