// The same frames with other digits: every price and size gets a number of the pass in front, so that no text of one pass
// was ever seen before. Order and removals stay; OKX's checksums are made anew, by a plain book that is not the collector's.
import { crc32 } from 'node:zlib';
import type { Item } from './recorded.ts';

/** `["price","size"`, `["new",price,size`, `[price,size`. */
const LEVEL = /(\[(?:"(?:new|change|delete)",)?"?)(\d[\d.eE+-]*)("?,"?)(\d[\d.eE+-]*)/g;
const FIELD = /"(p|q|px|sz|price|amount)":("?)(\d[\d.eE+-]*)\2(?=[,}])/g;
const ZERO = /^0+(?:\.0+)?$/;
/** Zeros that say nothing make room for the number in front: a price has as many digits as it had. */
const PADDING = /(\.\d+?)0{3}$/;

function withPrefix(text: string, prefix: string): string {
  const longer = (digits: string): string => `${prefix}${digits.replace(PADDING, '$1')}`;
  const fresh = (digits: string): string => (ZERO.test(digits) ? digits : longer(digits));
  return text
    .replace(
      LEVEL,
      (...[, before = '', price = '', between = '', size = '']: string[]) =>
        `${before}${longer(price)}${between}${fresh(size)}`,
    )
    .replace(
      FIELD,
      (_, name: string, quote: string, digits: string) => `"${name}":${quote}${fresh(digits)}${quote}`,
    );
}

type Rows = readonly (readonly [price: string, size: string])[];
interface OkxMessage {
  readonly action?: string;
  readonly arg?: { readonly instId: string };
  readonly data?: readonly { readonly bids?: Rows; readonly asks?: Rows; checksum?: number }[];
}

/** For the checksums alone. */
class PlainBook {
  readonly bids = new Map<string, string>();
  readonly asks = new Map<string, string>();

  apply(side: 'bids' | 'asks', rows: Rows): void {
    for (const [price, size] of rows) {
      if (ZERO.test(size)) this[side].delete(price);
      else this[side].set(price, size);
    }
  }

  checksum(): number {
    const bids = [...this.bids].sort(([a], [b]) => Number(b) - Number(a));
    const asks = [...this.asks].sort(([a], [b]) => Number(a) - Number(b));
    const parts: string[] = [];
    for (let rank = 0; rank < 25; rank += 1) {
      for (const level of [bids[rank], asks[rank]]) if (level !== undefined) parts.push(...level);
    }
    return crc32(parts.join(':')) | 0;
  }
}

function withChecksum(text: string, books: Map<string, PlainBook>): string {
  if (!text.includes('"checksum":')) return text;
  const { action, arg, data } = JSON.parse(text) as OkxMessage;
  const name = arg?.instId ?? '';
  const known = action === 'snapshot' ? undefined : books.get(name);
  const book = known ?? new PlainBook();
  books.set(name, book);
  let at = 0;
  return text.replace(/"checksum":-?\d+/g, () => {
    const entry = data?.[at];
    at += 1;
    book.apply('bids', entry?.bids ?? []);
    book.apply('asks', entry?.asks ?? []);
    return `"checksum":${book.checksum()}`;
  });
}

/** `pass` from 1 on. */
export function freshened(items: readonly Item[], pass: number): readonly Item[] {
  const books = new Map<string, PlainBook>();
  return items.map((item) => ({
    ...item,
    text: withChecksum(withPrefix(item.text, String(100 + pass)), books),
  }));
}
