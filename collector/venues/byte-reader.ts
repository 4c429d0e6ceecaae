import { LevelReader } from '../book/level-reader.ts';
import { DIGIT_0, MINUS, OVERSHOOT, POINT, QUOTE, viewOf, type LevelList } from '../book/level-list.ts';
import { plainDecimal } from './json-numbers.ts';
import { firstDigits, fourDigits, leadingDigits, POWERS, unzeroed } from '../book/swar.ts';

/** Digits of an integer that a double holds whatever they are. */
const SAFE_DIGITS = 15;
/** Names kept, so that an instrument's is made once; beyond it they are made anew. */
const MAX_NAMES = 4_096;
/** 2^32 over the golden ratio: spreads the bits of a hash. */
const SPREAD = 0x9e3779b1;

/** Bytes that a message has to have at a place; ASCII. */
export interface Literal {
  readonly length: number;
  /** Four bytes each. */
  readonly words: Int32Array;
  /** What is left over, and the bits of a word that it takes. */
  readonly rest: number;
  readonly restBits: number;
}

export function literal(text: string): Literal {
  const bytes = Buffer.alloc(text.length + OVERSHOOT);
  bytes.write(text, 'latin1');
  const view = viewOf(bytes);
  const words = Int32Array.from({ length: text.length >>> 2 }, (_, word) => view.getInt32(word * 4, true));
  const left = text.length % 4;
  const rest = view.getInt32(words.length * 4, true);
  return { length: text.length, words, rest, restBits: left === 0 ? 0 : -1 >>> (32 - left * 8) };
}

const OPEN_LIST = literal('[');
const CLOSE_LIST = literal(']');
const COMMA = literal(',');
/** OKX's third member of a level has no meaning any more. */
const UNUSED = literal('","0","');
const CLOSE_ROW = literal('"]');
const NEW = literal('["new",');
const CHANGE = literal('["change",');
const DELETE = literal('["delete",');
/** Sets the bit of a small letter. */
const LOWER = 0x20;
const EXPONENT = 0x65;
const NUMBER = /^(?:0|[1-9]\d*)(?:\.\d+)?[eE][+-]?\d+(?![\d.eE+-])/;
/** Digits that a number with an exponent may become; none that is known has a quarter of them. */
const MAX_SPELLED = 120;
const MAX_EXACT = 1e15;

interface Name {
  /** With the closing quote. */
  readonly literal: Literal;
  readonly text: string;
  readonly dots: number;
}

/**
 * Reads one message front to back, each piece exactly as a venue writes it: a piece that is not there leaves the place as it
 * is and says so. What is read this way is JSON, and means what `JSON.parse` finds in it.
 */
export class ByteReader extends LevelReader {
  readonly #names = new Map<number, Name>();
  #hash = 0;
  #numberFrom = 0;
  #numberTo = 0;
  /** Points in the name that was read last. */
  dots = 0;

  get isAtEnd(): boolean {
    return this.at === this.length;
  }

  has({ length, words, rest, restBits }: Literal): boolean {
    const { view } = this;
    let from = this.at;
    for (let word = 0; word < words.length; word += 1, from += 4)
      if (view.getInt32(from, true) !== words[word]) return false;
    if ((view.getInt32(from, true) & restBits) !== rest) return false;
    this.at += length;
    return true;
  }

  /** Not negative; -1: none, or none that is exact. */
  integer(): number {
    const { view } = this;
    const from = this.at;
    let at = from;
    let value = 0;
    for (;;) {
      const values = unzeroed(view.getInt32(at, true));
      const digits = leadingDigits(values);
      at += digits;
      if (digits === 4) {
        value = value * 10_000 + fourDigits(values);
        continue;
      }
      if (digits > 0) value = value * (POWERS[digits] as number) + firstDigits(values, digits);
      break;
    }
    const length = at - from;
    if (length === 0 || length > SAFE_DIGITS || (length > 1 && view.getUint8(from) === DIGIT_0)) return -1;
    this.at = at;
    return value;
  }

  /** With or without a minus; NaN: none, or none that is exact. */
  signed(): number {
    const from = this.at;
    const isNegative = this.view.getUint8(from) === MINUS;
    if (isNegative) this.at = from + 1;
    const value = this.integer();
    if (value >= 0) return isNegative ? -value : value;
    this.at = from;
    return Number.NaN;
  }

  /** A plain decimal in quotes, as text; `''`: none. */
  decimalText(): string {
    const { view, at } = this;
    const to = view.getUint8(at) === QUOTE ? this.decimal(at + 1) : 0;
    if (to === 0 || view.getUint8(to) !== QUOTE) return '';
    this.at = to + 1;
    return this.bytes.toString('latin1', at + 1, to);
  }

  /** `[["price","size","0","orders"],…]`, without a blank. False: it is not. */
  rows(into: LevelList): boolean {
    into.begin();
    if (!this.has(OPEN_LIST)) return false;
    if (!this.has(CLOSE_LIST)) {
      do {
        const sizeTo = this.pair(this.at);
        if (sizeTo === 0) return false;
        this.at = sizeTo;
        if (!this.has(UNUSED)) return false;
        const ordersTo = this.digits(this.at);
        if (ordersTo === 0) return false;
        this.at = ordersTo;
        if (!this.has(CLOSE_ROW)) return false;
        into.add(this);
      } while (this.has(COMMA));
      if (!this.has(CLOSE_LIST)) return false;
    }
    into.end();
    return true;
  }

  /** `[["new",price,amount],…]` of numbers, without a blank. False: it is not. */
  changes(into: LevelList): boolean {
    into.begin();
    if (!this.has(OPEN_LIST)) return false;
    if (!this.has(CLOSE_LIST)) {
      do {
        const isDelete = this.has(DELETE);
        if (!isDelete && !this.has(NEW) && !this.has(CHANGE)) return false;
        if (!this.#numbers(isDelete)) return false;
        into.add(this);
      } while (this.has(COMMA));
      if (!this.has(CLOSE_LIST)) return false;
    }
    into.end();
    return true;
  }

  /** `[[price,amount],…]` of numbers, without a blank. False: it is not. */
  numberPairs(into: LevelList): boolean {
    into.begin();
    if (!this.has(OPEN_LIST)) return false;
    if (!this.has(CLOSE_LIST)) {
      do {
        if (!this.has(OPEN_LIST) || !this.#numbers(false)) return false;
        into.add(this);
      } while (this.has(COMMA));
      if (!this.has(CLOSE_LIST)) return false;
    }
    into.end();
    return true;
  }

  /** A number, as the plain decimal that it is; `''`: none that is one, or another piece of JSON. */
  numberText(): string {
    const end = this.#number(this.at);
    if (end === 0) return '';
    this.at = end;
    return this.bytes.toString('latin1', this.#numberFrom, this.#numberTo);
  }

  /** Any number without a sign. */
  skipNumber(): boolean {
    const end = this.#number(this.at);
    if (end > 0) this.at = end;
    return end > 0;
  }

  /** `price,size]`. */
  #numbers(isDelete: boolean): boolean {
    const priceEnd = this.#number(this.at);
    if (priceEnd === 0) return false;
    this.priceFrom = this.#numberFrom;
    this.priceTo = this.#numberTo;
    this.mantissa = this.value;
    this.decimals = this.fraction;
    this.at = priceEnd;
    if (!this.has(COMMA)) return false;
    const sizeEnd = this.#number(this.at);
    if (sizeEnd === 0) return false;
    this.sizeFrom = this.#numberFrom;
    this.sizeTo = this.#numberTo;
    this.isRemoval = isDelete || this.value === 0;
    this.at = sizeEnd;
    return this.has(CLOSE_LIST);
  }

  /**
   * A number of JSON that is not negative; where it ends, 0 where there is none. Sets where its digits are, without zeros that
   * add nothing.
   */
  #number(from: number): number {
    const { view } = this;
    const end = this.decimal(from);
    if (end === 0) return 0;
    const isZeroFirst = view.getUint8(from) === DIGIT_0;
    if (isZeroFirst && end > from + 1 && view.getUint8(from + 1) !== POINT) return 0;
    if ((view.getUint8(end) | LOWER) === EXPONENT) return this.#spelled(from);
    this.#numberFrom = from;
    this.#numberTo = end;
    if (this.fraction > 0 && view.getUint8(end - 1) === DIGIT_0) this.#trim();
    return end;
  }

  #trim(): void {
    const { view } = this;
    // Of more digits than a double holds, it is not known which remain.
    let value = this.value < MAX_EXACT ? this.value : Number.POSITIVE_INFINITY;
    let to = this.#numberTo;
    while (this.fraction > 0 && view.getUint8(to - 1) === DIGIT_0) {
      to -= 1;
      this.fraction -= 1;
      value /= 10;
    }
    this.value = value;
    this.#numberTo = this.fraction === 0 ? to - 1 : to;
  }

  /** With an exponent: its plain decimal is written behind the message, and read there. */
  #spelled(from: number): number {
    const { bytes, length } = this;
    const [source] = NUMBER.exec(bytes.toString('latin1', from, Math.min(length, from + MAX_SPELLED))) ?? [];
    const text = source === undefined ? undefined : plainDecimal(source);
    if (source === undefined || text === undefined || text.length > MAX_SPELLED) return 0;
    this.#numberFrom = length + OVERSHOOT;
    // Always apart from the other of a level.
    if (this.#numberFrom === this.priceFrom) this.#numberFrom += MAX_SPELLED + OVERSHOOT;
    this.#numberTo = this.#numberFrom + text.length;
    bytes.write(`${text}\0\0\0\0`, this.#numberFrom, 'latin1');
    return this.decimal(this.#numberFrom) === 0 ? 0 : from + source.length;
  }

  /** Letters without escapes in quotes; `''`: none. What comes again and again is one and the same text. */
  name(): string {
    const from = this.at;
    const to = this.#nameEnd();
    if (to === 0) return '';
    const known = this.#names.get(this.#hash);
    this.at = from + 1;
    if (known !== undefined && this.has(known.literal)) {
      this.dots = known.dots;
      return known.text;
    }
    this.at = to + 1;
    const text = this.bytes.toString('latin1', from + 1, to);
    this.dots = text.split('.').length - 1;
    if (known === undefined && this.#names.size < MAX_NAMES)
      this.#names.set(this.#hash, { literal: literal(`${text}"`), text, dots: this.dots });
    return text;
  }

  /** A name that comes once. */
  text(): string {
    const from = this.at;
    const to = this.#nameEnd();
    if (to === 0) return '';
    this.at = to + 1;
    return this.bytes.toString('latin1', from + 1, to);
  }

  /** The same, whatever it is. */
  skipName(): boolean {
    const to = this.#nameEnd();
    if (to > 0) this.at = to + 1;
    return to > 0;
  }

  /** Where the closing quote is of a name that begins here; 0: there is none, or it is empty. */
  #nameEnd(): number {
    const { view } = this;
    const from = this.at + 1;
    let at = from;
    let hash = 0;
    if (view.getUint8(this.at) !== QUOTE) return 0;
    for (;;) {
      const word = view.getInt32(at, true);
      const marks = marksOf(word);
      if (marks === 0) {
        hash = Math.imul(hash ^ word, SPREAD);
        hash ^= hash >>> 15;
        at += 4;
        continue;
      }
      const before = (31 - Math.clz32(marks & -marks)) >>> 3;
      at += before;
      if (((word >>> (before * 8)) & 0xff) !== QUOTE || at === from) return 0;
      this.#hash = before === 0 ? hash : Math.imul(hash ^ (word << (32 - before * 8)), SPREAD);
      return at;
    }
  }
}

const ONES = 0x01010101;
const HIGHEST_BITS = 0x80808080;

/**
 * The lowest bit that is set is the highest of the first byte that is a quote, a backslash, below a blank, or no ASCII; 0:
 * none of the four is.
 */
function marksOf(word: number): number {
  const quotes = word ^ 0x22222222;
  const backslashes = word ^ 0x5c5c5c5c;
  const found =
    ((quotes - ONES) & ~quotes) |
    ((backslashes - ONES) & ~backslashes) |
    ((word - 0x20202020) & ~word) |
    word;
  return found & HIGHEST_BITS;
}
