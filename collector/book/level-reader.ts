import type { Level } from '../../contract/record.ts';
import {
  CLOSE,
  COMMA,
  DIGIT_0,
  LevelList,
  OPEN,
  OVERSHOOT,
  POINT,
  QUOTE,
  viewOf,
  type ReadLevel,
} from './level-list.ts';
import { firstDigits, fourDigits, leadingDigits, POWERS, unzeroed } from './swar.ts';

const FIRST_BYTES = 1 << 16;
/** Behind the message: room for what is read too far, and for a number in another spelling. */
const SLACK = 512 + OVERSHOOT;
/** `["`, `",` and `"]`, the first byte lowest. */
const OPEN_QUOTE = 0x225b;
const QUOTE_COMMA = 0x2c22;
const QUOTE_CLOSE = 0x5d22;

/**
 * Reads levels from a message, front to back. The message is copied, so that it ends in bytes that mean nothing: four and
 * eight may be read at once wherever it has bytes.
 */
export class LevelReader implements ReadLevel {
  bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  view = viewOf(this.bytes);
  /** Of the message. */
  length = 0;
  at = 0;
  priceFrom = 0;
  priceTo = 0;
  sizeFrom = 0;
  sizeTo = 0;
  mantissa = 0.5;
  decimals = 0;
  isRemoval = false;
  /** The number that was read last. */
  value = 0.5;
  /** Of it behind the point. */
  fraction = 0;

  start(message: Buffer): void {
    this.#reserve(message.length);
    message.copy(this.bytes, 0);
    this.#end(message.length);
  }

  /** Levels that are known to be plain decimals, as if they had come as `[["price","size"],…]`. */
  startWith(levels: readonly Level[]): void {
    let bound = 2;
    for (const [price, size] of levels) bound += price.length + size.length + 8;
    this.#reserve(bound);
    const { bytes } = this;
    let at = 0;
    bytes[at++] = OPEN;
    for (const [price, size] of levels) {
      if (at > 1) bytes[at++] = COMMA;
      bytes[at++] = OPEN;
      at = writeText(bytes, at, price);
      bytes[at++] = COMMA;
      at = writeText(bytes, at, size);
      bytes[at++] = CLOSE;
    }
    bytes[at++] = CLOSE;
    this.#end(at);
  }

  /** `[["price","size"],…]`, without a blank. False: it is not; the place is where it was. */
  pairs(into: LevelList): boolean {
    const { view } = this;
    into.begin();
    let at = this.at;
    if (view.getUint8(at) !== OPEN) return false;
    at += 1;
    if (view.getUint8(at) !== CLOSE) {
      for (;;) {
        const sizeTo = this.pair(at);
        if (sizeTo === 0 || view.getUint16(sizeTo, true) !== QUOTE_CLOSE) return false;
        into.add(this);
        at = sizeTo + 2;
        const next = view.getUint8(at);
        if (next === CLOSE) break;
        if (next !== COMMA) return false;
        at += 1;
      }
    }
    into.end();
    this.at = at + 1;
    return true;
  }

  /** `["price","size` at `from`; where the size ends, 0 where there is no such thing. */
  protected pair(from: number): number {
    const { view } = this;
    if (view.getUint16(from, true) !== OPEN_QUOTE) return 0;
    const priceTo = this.decimal(from + 2);
    if (priceTo === 0 || view.getUint16(priceTo, true) !== QUOTE_COMMA) return 0;
    this.mantissa = this.value;
    this.decimals = this.fraction;
    const sizeFrom = priceTo + 3;
    if (view.getUint8(sizeFrom - 1) !== QUOTE) return 0;
    const sizeTo = this.decimal(sizeFrom);
    if (sizeTo === 0) return 0;
    this.priceFrom = from + 2;
    this.priceTo = priceTo;
    this.sizeFrom = sizeFrom;
    this.sizeTo = sizeTo;
    this.isRemoval = this.value === 0;
    return sizeTo;
  }

  /** Digits, with a point between two of them at most; where they end, 0 where there are none. Sets `value`, `fraction`. */
  protected decimal(from: number): number {
    const { view } = this;
    let at = from;
    let value = 0;
    let pointAt = -1;
    for (;;) {
      const values = unzeroed(view.getInt32(at, true));
      const digits = leadingDigits(values);
      if (digits === 4) {
        value = value * 10_000 + fourDigits(values);
        at += 4;
        continue;
      }
      if (digits > 0) value = value * (POWERS[digits] as number) + firstDigits(values, digits);
      const next = ((values >>> (digits * 8)) & 0xff) ^ DIGIT_0;
      at += digits;
      if (next !== POINT || pointAt !== -1) break;
      pointAt = at;
      at += 1;
    }
    this.value = value;
    this.fraction = pointAt === -1 ? 0 : at - pointAt - 1;
    return at === from || pointAt === from || pointAt === at - 1 ? 0 : at;
  }

  /** Digits without a point; where they end, 0 where there are none. */
  protected digits(from: number): number {
    let at = from;
    for (;;) {
      const digits = leadingDigits(unzeroed(this.view.getInt32(at, true)));
      at += digits;
      if (digits < 4) return at === from ? 0 : at;
    }
  }

  #reserve(length: number): void {
    if (length + SLACK <= this.bytes.length) return;
    this.bytes = Buffer.allocUnsafeSlow((length + SLACK) * 2);
    this.view = viewOf(this.bytes);
  }

  /** Eight zeros behind it: no digit, and nothing that a message goes on with. */
  #end(length: number): void {
    this.length = length;
    this.at = 0;
    this.view.setFloat64(length, 0);
  }
}

function writeText(into: Buffer, from: number, text: string): number {
  let at = from;
  into[at++] = QUOTE;
  for (let index = 0; index < text.length; index += 1) into[at++] = text.charCodeAt(index);
  into[at++] = QUOTE;
  return at;
}

const reader = new LevelReader();
const bids = new LevelList();
const asks = new LevelList();

/** Of levels that are known to be plain decimals; what is handed out lasts until the next call for the same side. */
export function listOf(side: 'bids' | 'asks', levels: readonly Level[]): LevelList {
  const list = side === 'bids' ? bids : asks;
  reader.startWith(levels);
  if (!reader.pairs(list)) throw new Error(`a level is no plain decimal: ${JSON.stringify(levels)}`);
  return list;
}
