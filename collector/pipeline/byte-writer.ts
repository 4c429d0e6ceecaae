import { DIGIT_0, MINUS, QUOTE, type LevelList } from '../book/level-list.ts';

const FIRST_BYTES = 1 << 14;
/** Digits of a safe integer and its sign. */
const INTEGER_BYTES = 17;
/** Below it both parts of an integer are small ones, which divide fast. */
const HALF = 1e8;
/** Of a character in UTF-8, of those that take one unit of a text. */
const MAX_CHARACTER = 3;

/** Puts a record together in bytes that are used again; `done` hands out a copy. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #at = 0;

  get length(): number {
    return this.#at;
  }

  start(): void {
    this.#at = 0;
  }

  raw(bytes: Buffer): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  text(text: string): void {
    this.#reserve(text.length * MAX_CHARACTER);
    this.#at += this.#bytes.write(text, this.#at);
  }

  /** Short, of ASCII, that needs no escape. */
  quoted(text: string): void {
    this.#reserve(text.length + 2);
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = QUOTE;
    for (let index = 0; index < text.length; index += 1) bytes[at++] = text.charCodeAt(index);
    bytes[at++] = QUOTE;
    this.#at = at;
  }

  /** A safe one. */
  integer(value: number): void {
    this.#reserve(INTEGER_BYTES);
    if (value < 0) this.#bytes[this.#at++] = MINUS;
    const size = Math.abs(value);
    const high = Math.floor(size / HALF);
    const low = size - high * HALF;
    if (high >= HALF) {
      this.#small(Math.floor(high / HALF), 0);
      this.#small(high % HALF, 8);
    } else if (high > 0) this.#small(high, 0);
    this.#small(low, high > 0 ? 8 : 0);
  }

  levels({ bytes, length }: LevelList): void {
    this.#reserve(length);
    bytes.copy(this.#bytes, this.#at, 0, length);
    this.#at += length;
  }

  /** From a place on that `length` told; until the next change. */
  since(from: number): Uint8Array {
    return this.#bytes.subarray(from, this.#at);
  }

  done(): Uint8Array {
    const copy = Buffer.allocUnsafe(this.#at);
    this.#bytes.copy(copy, 0, 0, this.#at);
    return copy;
  }

  /** Below 10^8; `digits`: at least so many, with zeros in front. */
  #small(value: number, digits: number): void {
    let count = 1;
    for (let power = 10; power <= value; power *= 10) count += 1;
    if (count < digits) count = digits;
    const bytes = this.#bytes;
    let rest = value | 0;
    for (let at = this.#at + count - 1; at >= this.#at; at -= 1) {
      const tenth = (rest / 10) | 0;
      bytes[at] = DIGIT_0 + rest - tenth * 10;
      rest = tenth;
    }
    this.#at += count;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow((this.#at + bytes) * 2);
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
  }
}
