import type { Level } from '../../contract/record.ts';

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const MINUS = 0x2d;
export const POINT = 0x2e;
export const DIGIT_0 = 0x30;
export const OPEN = 0x5b;
export const CLOSE = 0x5d;
/** Copies go by eight bytes: what stands behind the copied ones is read and written over too. */
export const OVERSHOOT = 8;
/** Of `price","size` in a side that keeps prices as numbers; all that is known is half as long. */
export const MAX_TEXT = 38;

/** In a level's shape; nothing is above it. */
export const REMOVAL = 1 << 24;

/** `["`, `","`, `"],` and `0"],`, the first byte lowest. */
const BEFORE_PRICE = 0x225b;
const BETWEEN = 0x222c22;
const BEHIND_SIZE = 0x2c5d22;
const REMOVED = 0x2c5d2230;
const BETWEEN_BYTES = 3;
/** Around the digits of a level. */
const PUNCTUATION = 8;
/** Digits that a price may have had: below it every integer is exact, and one more digit still compares as larger. */
const MAX_MANTISSA = 1e15;
const FIRST_LEVELS = 512;
const FIRST_BYTES = 1 << 14;

/** A level as it stands in the text that it is read from. */
export interface ReadLevel {
  /** May be read for `OVERSHOOT` bytes behind each of the two. */
  readonly view: DataView;
  readonly priceFrom: number;
  readonly priceTo: number;
  readonly sizeFrom: number;
  readonly sizeTo: number;
  /** The price's digits as one number, right up to 1e15. */
  readonly mantissa: number;
  /** Of them behind the point. */
  readonly decimals: number;
  /** The size is zero. */
  readonly isRemoval: boolean;
}

/**
 * Levels of one side, read once: their text as a record has it, and each price as a number. Its memory is used again, so what
 * is in it lasts until it is begun anew.
 */
export class LevelList {
  /** `[["price","size"],…]`, each a plain decimal, the size of a removal `0`; up to `length`. */
  bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  view = viewOf(this.bytes);
  length = 0;
  count = 0;
  /** By level: the price's digits as one number; NaN where no side holds the level, for its price or its length. */
  mantissas = new Float64Array(FIRST_LEVELS);
  /** Where the price begins in `bytes`. */
  starts = new Int32Array(FIRST_LEVELS);
  /** The length of the price, of `price","size`, the price's decimals, a byte each, lowest first; `REMOVAL` if it is one. */
  shapes = new Int32Array(FIRST_LEVELS);

  begin(): void {
    this.count = 0;
    this.length = 1;
    this.bytes[0] = OPEN;
  }

  end(): void {
    // In the place of the last comma, if there is one.
    if (this.count === 0) this.length = 2;
    this.bytes[this.length - 1] = CLOSE;
  }

  /** `length` bytes of `price","size`, of no removal: text alone, no number for a side. */
  addText(view: DataView, from: number, length: number): void {
    const index = this.count;
    if (index === this.starts.length) this.#growLevels();
    if (this.length + length + PUNCTUATION + OVERSHOOT > this.bytes.length) this.#growBytes(length);
    const into = this.view;
    const at = this.length + 2;
    into.setInt16(this.length, BEFORE_PRICE, true);
    this.starts[index] = at;
    for (let done = 0; done < length; done += 8)
      into.setFloat64(at + done, view.getFloat64(from + done, true), true);
    into.setInt32(at + length, BEHIND_SIZE, true);
    this.length = at + length + 3;
    this.mantissas[index] = Number.NaN;
    this.count = index + 1;
  }

  add(level: ReadLevel): void {
    const { view, priceFrom, sizeFrom, isRemoval } = level;
    const priceLength = level.priceTo - priceFrom;
    const sizeLength = isRemoval ? 1 : level.sizeTo - sizeFrom;
    const text = priceLength + BETWEEN_BYTES + sizeLength;
    const index = this.count;
    if (index === this.starts.length) this.#growLevels();
    if (this.length + text + PUNCTUATION + OVERSHOOT > this.bytes.length) this.#growBytes(text);
    const into = this.view;
    let at = this.length;
    into.setInt16(at, BEFORE_PRICE, true);
    at += 2;
    this.starts[index] = at;
    for (let done = 0; done < priceLength; done += 8)
      into.setFloat64(at + done, view.getFloat64(priceFrom + done, true), true);
    at += priceLength;
    into.setInt32(at, BETWEEN, true);
    at += BETWEEN_BYTES;
    if (isRemoval) into.setInt32(at, REMOVED, true);
    else {
      for (let done = 0; done < sizeLength; done += 8)
        into.setFloat64(at + done, view.getFloat64(sizeFrom + done, true), true);
      into.setInt32(at + sizeLength, BEHIND_SIZE, true);
    }
    this.length = at + sizeLength + 3;
    let { mantissa, decimals } = level;
    if (mantissa >= MAX_MANTISSA) {
      decimals -= zerosAtEnd(view, level.priceTo, decimals);
      mantissa = digitsOf(view, priceFrom, level.priceTo - (level.decimals - decimals));
    }
    this.mantissas[index] = mantissa < MAX_MANTISSA && text <= MAX_TEXT ? mantissa : Number.NaN;
    this.shapes[index] = priceLength | (text << 8) | (decimals << 16) | (isRemoval ? REMOVAL : 0);
    this.count = index + 1;
  }

  get first(): Level | undefined {
    return this.count === 0 ? undefined : this.#level(0);
  }
  get lastPrice(): string | undefined {
    return this.count === 0 ? undefined : this.#level(this.count - 1)[0];
  }

  /** As text. */
  levels(): readonly Level[] {
    return Array.from({ length: this.count }, (_, index) => this.#level(index));
  }

  #level(index: number): Level {
    const { bytes } = this;
    const start = this.starts[index] as number;
    const priceTo = bytes.indexOf(QUOTE, start);
    const sizeFrom = priceTo + BETWEEN_BYTES;
    const sizeTo = bytes.indexOf(QUOTE, sizeFrom);
    return [bytes.toString('latin1', start, priceTo), bytes.toString('latin1', sizeFrom, sizeTo)];
  }

  #growLevels(): void {
    const length = this.starts.length * 2;
    this.mantissas = grown(new Float64Array(length), this.mantissas);
    this.starts = grown(new Int32Array(length), this.starts);
    this.shapes = grown(new Int32Array(length), this.shapes);
  }

  #growBytes(more: number): void {
    const larger = Buffer.allocUnsafeSlow((this.bytes.length + more) * 2);
    larger.set(this.bytes);
    this.bytes = larger;
    this.view = viewOf(larger);
  }
}

/** Of so many decimals that end there. Binance pads every price to eight: those of BTC in rupiah have 18 digits, ten that count. */
function zerosAtEnd(view: DataView, to: number, decimals: number): number {
  let zeros = 0;
  while (zeros < decimals && view.getUint8(to - 1 - zeros) === DIGIT_0) zeros += 1;
  return zeros;
}

/** The digits of a decimal as one number, its point left out; right up to 1e15. */
function digitsOf(view: DataView, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const byte = view.getUint8(at);
    if (byte !== POINT) value = value * 10 + byte - DIGIT_0;
  }
  return value;
}

function grown<T extends Float64Array | Int32Array>(larger: T, values: T): T {
  larger.set(values);
  return larger;
}

export const viewOf = ({ buffer, byteOffset, byteLength }: Buffer): DataView =>
  new DataView(buffer, byteOffset, byteLength);
