import { MINUS, OVERSHOOT, QUOTE, viewOf, type LevelList } from '../book/level-list.ts';

/**
 * Records share so much memory, one behind the other. Whoever keeps one of them keeps all of it: a queue that holds a few among
 * many that went on costs so much for each, which its bound does not count.
 */
const SLAB_BYTES = 1 << 14;
/** A record that is longer has memory of its own. */
const MAX_SHARED = SLAB_BYTES / 4;
/** Digits of a safe integer and its sign. */
const INTEGER_BYTES = 17;
/** Of a safe integer, the digits above it and those below are small integers each, which divide fast. */
const HALF = 1e8;
const GROUP = 10_000;
/** Of a character in UTF-8, of those that take one unit of a text. */
const MAX_CHARACTER = 3;
/** Copies of no more bytes are made by eights; the engine's own cost more to begin. */
const MAX_BY_EIGHTS = 256;

/** Four digits of every number below `GROUP`, the first one the lowest byte. */
const DIGITS = Int32Array.from({ length: GROUP }, (_, value) =>
  Buffer.from(String(value).padStart(4, '0')).readInt32LE(),
);

/** Bytes that are written again and again. */
export interface Piece {
  readonly length: number;
  /** Has `OVERSHOOT` bytes more. */
  readonly view: DataView;
}

export function piece(text: string): Piece {
  const length = Buffer.byteLength(text);
  const bytes = Buffer.alloc(length + OVERSHOOT);
  bytes.write(text);
  return { length, view: viewOf(bytes) };
}

/**
 * Puts one record after the other together. A record is written where it stays, beside others; one that turns out to be long
 * is moved to memory that is used again, and copied from there.
 */
export class ByteWriter {
  #bytes = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #view = viewOf(this.#bytes);
  #from = 0;
  #at = 0;
  /** While a long record is put together `bytes` is this. */
  #long = Buffer.alloc(0);
  #shared: { readonly bytes: Buffer<ArrayBuffer>; readonly from: number } | undefined;

  get length(): number {
    return this.#at - this.#from;
  }

  /** What was begun and not handed out is forgotten. */
  start(): void {
    if (this.#shared !== undefined) this.#backToShared();
    this.#at = this.#from;
  }

  raw({ length, view }: Piece): void {
    this.#reserve(length + OVERSHOOT);
    const into = this.#view;
    const at = this.#at;
    for (let done = 0; done < length; done += 8)
      into.setFloat64(at + done, view.getFloat64(done, true), true);
    this.#at = at + length;
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
    this.#reserve(INTEGER_BYTES + OVERSHOOT);
    if (value < 0) this.#bytes[this.#at++] = MINUS;
    const size = Math.abs(value);
    const high = Math.floor(size / HALF);
    const low = size - high * HALF;
    if (high === 0) {
      this.#first(low);
      return;
    }
    this.#first(high);
    const group = (low / GROUP) | 0;
    this.#group(group);
    this.#group(low - group * GROUP);
  }

  levels({ bytes, view, length }: LevelList): void {
    this.#reserve(length + OVERSHOOT);
    const at = this.#at;
    if (length > MAX_BY_EIGHTS) bytes.copy(this.#bytes, at, 0, length);
    else {
      const into = this.#view;
      for (let done = 0; done < length; done += 8)
        into.setFloat64(at + done, view.getFloat64(done, true), true);
    }
    this.#at = at + length;
  }

  /** From a place on that `length` told; until the next change. */
  since(from: number): Uint8Array {
    return this.#bytes.subarray(this.#from + from, this.#at);
  }

  /** The record, for whoever keeps it. */
  done(): Uint8Array {
    const { length } = this;
    if (this.#shared !== undefined || length > MAX_SHARED) {
      const own = new Uint8Array(this.#bytes.subarray(this.#from, this.#at));
      this.start();
      return own;
    }
    // Half the price of a `Buffer`.
    const record = new Uint8Array(this.#bytes.buffer, this.#from, length);
    this.#from = this.#at;
    return record;
  }

  /** Below `HALF`, without zeros in front. */
  #first(value: number): void {
    const high = (value / GROUP) | 0;
    const first = high === 0 ? value : high;
    const zeros = first >= 1_000 ? 0 : first >= 100 ? 1 : first >= 10 ? 2 : 3;
    this.#view.setInt32(this.#at, (DIGITS[first] as number) >>> (zeros * 8), true);
    this.#at += 4 - zeros;
    if (high > 0) this.#group(value - high * GROUP);
  }

  #group(value: number): void {
    this.#view.setInt32(this.#at, DIGITS[value] as number, true);
    this.#at += 4;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes > this.#bytes.length) this.#grow(bytes);
  }

  #grow(bytes: number): void {
    const { length } = this;
    const written = this.#bytes.subarray(this.#from, this.#at);
    if (this.#shared === undefined && length + bytes <= MAX_SHARED) {
      const slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      slab.set(written);
      this.#use(slab, 0);
    } else {
      this.#shared ??= { bytes: this.#bytes, from: this.#from };
      if (this.#long.length < length + bytes) this.#long = Buffer.allocUnsafeSlow((length + bytes) * 2);
      this.#long.set(written);
      this.#use(this.#long, 0);
    }
    this.#at = length;
  }

  #use(bytes: Buffer<ArrayBuffer>, from: number): void {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.#from = from;
  }

  #backToShared(): void {
    if (this.#shared !== undefined) this.#use(this.#shared.bytes, this.#shared.from);
    this.#shared = undefined;
  }
}
