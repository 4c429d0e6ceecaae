import type { Level } from '../../contract/record.ts';
import { MAX_TEXT, OVERSHOOT, REMOVAL, viewOf, type LevelList } from './level-list.ts';

/** Bytes a level takes: the lengths of the price and of `price","size`, then that text. */
const STRIDE = 48;
const HEAD = 2;
const BETWEEN_BYTES = 3;
const COLON = 0x3a;
/** What a side begins with: most options never have more. So many doubles are made without asking the system for memory. */
const FIRST_LEVELS = 8;
const SLAB_BYTES = FIRST_LEVELS * STRIDE * 42;
/** So far a place that is free is looked for, each way; further away the move of all that is better is no dearer. */
const NEAR = 24;
/** Free places that a side may have beside as many as it has levels. */
const FREE_PLACES = 64;
/** Of `price:size:`, and what a copy writes behind it. */
export const MAX_COPIED = MAX_TEXT + OVERSHOOT;

interface Text {
  readonly bytes: Buffer;
  readonly view: DataView;
  /** Where the side's own part begins. */
  readonly base: number;
}

let slab = Buffer.alloc(0);
let slabView = viewOf(slab);
let slabUsed = SLAB_BYTES;

/** Part of what many small sides share: a system's allocation costs more than a message. */
function firstText(): Text {
  if (slabUsed === SLAB_BYTES) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    slabView = viewOf(slab);
    slabUsed = 0;
  }
  const text = { bytes: slab, view: slabView, base: slabUsed };
  slabUsed += FIRST_LEVELS * STRIDE;
  return text;
}

/**
 * One side in order, worst first, in places. A price is the integer that it is at the side's scale (digits behind the point),
 * exact in a double up to 2^53; its text and the size's are kept digit for digit. A level that goes leaves its place free, in
 * order: one that comes takes a free place near, and moves the few levels between. So an update costs the search, which begins
 * at the level before it, whatever the depth.
 */
export class SortedSide {
  /** 1: higher is better; -1. */
  readonly #sign: 1 | -1;
  /** By place: `sign` · price · 10^scale, of a free one too; each is more than the one before. */
  #keys = new Float64Array(FIRST_LEVELS);
  /** By place: where its level is in the text; the complement of it where the place is free. */
  #slots = new Int32Array(FIRST_LEVELS);
  #text = firstText();
  /** Places in use, free ones among them; the last one never is, it has the best level. */
  #places = 0;
  #count = 0;
  #scale = 0;
  /** The key of the worst level that is watched; a change there or above it is seen. */
  #watched = Number.NEGATIVE_INFINITY;
  #isTouched = true;

  constructor(sign: 1 | -1) {
    this.#sign = sign;
    this.#ownSlots(0);
  }

  get size(): number {
    return this.#count;
  }

  /** The place of the best level; -1: there is none. */
  get bestPlace(): number {
    return this.#places - 1;
  }

  /** Since `watch`: a level was set or removed among those that were watched, or better than they. */
  get isTouched(): boolean {
    return this.#isTouched;
  }

  /** From the best level down to the one at this place; all levels where it is -1. */
  watch(worst: number): void {
    this.#watched = worst < 0 ? Number.NEGATIVE_INFINITY : (this.#keys[worst] as number);
    this.#isTouched = false;
  }

  clear(): void {
    this.#isTouched = true;
    this.#places = 0;
    this.#count = 0;
    this.#scale = 0;
    this.#ownSlots(0);
  }

  /**
   * Sizes are absolute, zero removes. `worstFirst`: from the list's end. False: a level is none that this side can hold, and
   * those behind it are not applied.
   */
  apply(list: LevelList, worstFirst = false): boolean {
    const { count, mantissas, shapes } = list;
    let place = this.#places;
    for (let number = 0; number < count; number += 1) {
      const index = worstFirst ? count - 1 - number : number;
      const shape = shapes[index] as number;
      const decimals = (shape >>> 16) & 0xff;
      const mantissa = mantissas[index] as number;
      const key = decimals === this.#scale ? mantissa * this.#sign : this.#key(mantissa, decimals);
      if (Number.isNaN(key)) return false;
      if (key >= this.#watched) this.#isTouched = true;
      place = this.#find(key, place);
      const isThere = place < this.#places && this.#keys[place] === key;
      if (shape >= REMOVAL) {
        if (isThere && (this.#slots[place] as number) >= 0) this.#remove(place);
        continue;
      }
      if (!isThere) place = this.#placeFor(key, place);
      let slot = this.#slots[place] as number;
      if (slot < 0) {
        slot = ~slot;
        this.#slots[place] = slot;
        this.#count += 1;
      }
      this.#write(slot, list, index);
    }
    return true;
  }

  /** The place of the next level that is worse; -1: there is none. */
  worse(place: number): number {
    const slots = this.#slots;
    let next = place - 1;
    while (next >= 0 && (slots[next] as number) < 0) next -= 1;
    return next;
  }

  best(): Level | undefined {
    return this.#places === 0 ? undefined : this.#level(this.#places - 1);
  }

  /** Best first. */
  levels(count: number): Level[] {
    const levels: Level[] = [];
    for (let place = this.bestPlace; place >= 0 && levels.length < count; place = this.worse(place))
      levels.push(this.#level(place));
    return levels;
  }

  /** Best first, at most `count`, as text. */
  write(into: LevelList, count: number): void {
    const { view } = this.#text;
    into.begin();
    for (let place = this.bestPlace; place >= 0 && into.count < count; place = this.worse(place)) {
      const slot = this.#slots[place] as number;
      into.addText(view, slot + HEAD, view.getUint8(slot + 1));
    }
    into.end();
  }

  /** `price:size:` of a place; returns where it ends. There must be room for `MAX_COPIED` bytes. */
  copy(place: number, into: DataView, start: number): number {
    const { view } = this.#text;
    const slot = this.#slots[place] as number;
    const priceLength = view.getUint8(slot);
    const from = slot + HEAD;
    for (let done = 0; done < priceLength; done += 8)
      into.setFloat64(start + done, view.getFloat64(from + done, true), true);
    let at = start + priceLength;
    into.setUint8(at, COLON);
    at += 1;
    const sizeFrom = from + priceLength + BETWEEN_BYTES;
    const sizeLength = from + view.getUint8(slot + 1) - sizeFrom;
    for (let done = 0; done < sizeLength; done += 8)
      into.setFloat64(at + done, view.getFloat64(sizeFrom + done, true), true);
    at += sizeLength;
    into.setUint8(at, COLON);
    return at + 1;
  }

  #level(place: number): Level {
    const { bytes } = this.#text;
    const slot = this.#slots[place] as number;
    const from = slot + HEAD;
    const priceTo = from + (bytes[slot] as number);
    const to = from + (bytes[slot + 1] as number);
    return [bytes.toString('latin1', from, priceTo), bytes.toString('latin1', priceTo + BETWEEN_BYTES, to)];
  }

  /** NaN where no exact number is. */
  #key(mantissa: number, decimals: number): number {
    if (Number.isNaN(mantissa) || (decimals > this.#scale && !this.#rescale(decimals))) return Number.NaN;
    const key = mantissa * 10 ** (this.#scale - decimals);
    return Number.isSafeInteger(key) ? key * this.#sign : Number.NaN;
  }

  #rescale(decimals: number): boolean {
    const factor = 10 ** (decimals - this.#scale);
    const [first = 0] = this.#keys;
    const last = this.#keys[this.#places - 1] ?? 0;
    if (this.#places > 0 && !(Number.isSafeInteger(first * factor) && Number.isSafeInteger(last * factor)))
      return false;
    for (let place = 0; place < this.#places; place += 1)
      this.#keys[place] = (this.#keys[place] as number) * factor;
    this.#scale = decimals;
    this.#isTouched = true;
    return true;
  }

  /** The first place whose key is not below; looked for from a place near it, in steps that double. */
  #find(key: number, near: number): number {
    const keys = this.#keys;
    const places = this.#places;
    let low = 0;
    let high = near < places ? near : places;
    let step = 1;
    if (high > 0 && (keys[high - 1] as number) >= key) {
      high -= 1;
      low = high - 1;
      while (low >= 0 && (keys[low] as number) >= key) {
        high = low;
        step *= 2;
        low -= step;
      }
      low = low < 0 ? 0 : low + 1;
    } else {
      low = high;
      while (high < places && (keys[high] as number) < key) {
        low = high + 1;
        high += step;
        step *= 2;
      }
      if (high > places) high = places;
    }
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((keys[middle] as number) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** A free place with this key, `place` being the first whose key is above. */
  #placeFor(key: number, place: number): number {
    const slots = this.#slots;
    const places = this.#places;
    for (let step = 0; step < NEAR; step += 1) {
      const above = place + step;
      if (above >= places) break;
      if ((slots[above] as number) < 0) return this.#moved(key, above, place);
      const below = place - 1 - step;
      if (below >= 0 && (slots[below] as number) < 0) return this.#moved(key, below, place - 1);
    }
    if (places === this.#keys.length) this.#grow();
    this.#places = places + 1;
    return this.#moved(key, places, place);
  }

  /** Moves what lies between a free place and the one that is wanted; the free one's slot goes along. */
  #moved(key: number, free: number, wanted: number): number {
    const keys = this.#keys;
    const slots = this.#slots;
    const slot = slots[free] as number;
    if (free - wanted > NEAR) {
      keys.copyWithin(wanted + 1, wanted, free);
      slots.copyWithin(wanted + 1, wanted, free);
    } else {
      for (let to = free; to > wanted; to -= 1) {
        keys[to] = keys[to - 1] as number;
        slots[to] = slots[to - 1] as number;
      }
    }
    for (let to = free; to < wanted; to += 1) {
      keys[to] = keys[to + 1] as number;
      slots[to] = slots[to + 1] as number;
    }
    keys[wanted] = key;
    slots[wanted] = slot;
    return wanted;
  }

  #remove(place: number): void {
    const slots = this.#slots;
    slots[place] = ~(slots[place] as number);
    this.#count -= 1;
    while (this.#places > 0 && (slots[this.#places - 1] as number) < 0) this.#places -= 1;
    if (this.#places - this.#count > this.#count + FREE_PLACES) this.#close();
  }

  /** Every free place goes behind all that are not. */
  #close(): void {
    const keys = this.#keys;
    const slots = this.#slots;
    let to = 0;
    for (let place = 0; place < this.#places; place += 1) {
      const slot = slots[place] as number;
      if (slot < 0) continue;
      slots[place] = slots[to] as number;
      slots[to] = slot;
      keys[to] = keys[place] as number;
      to += 1;
    }
    this.#places = to;
  }

  /** Places from here on are free, and have the slots of their number. */
  #ownSlots(from: number): void {
    for (let place = from; place < this.#slots.length; place += 1)
      this.#slots[place] = ~(this.#text.base + place * STRIDE);
  }

  /** Only ever when all places are in use: they have all slots among them. */
  #grow(): void {
    const from = this.#keys.length;
    const length = from * (from < 512 ? 4 : 2);
    const keys = new Float64Array(length);
    keys.set(this.#keys);
    const slots = new Int32Array(length);
    const { bytes, base } = this.#text;
    for (let place = 0; place < from; place += 1) {
      const slot = this.#slots[place] as number;
      slots[place] = slot < 0 ? slot + base : slot - base;
    }
    const text = Buffer.allocUnsafeSlow(length * STRIDE);
    bytes.copy(text, 0, base, base + from * STRIDE);
    this.#keys = keys;
    this.#slots = slots;
    this.#text = { bytes: text, view: viewOf(text), base: 0 };
    this.#ownSlots(from);
  }

  #write(slot: number, list: LevelList, index: number): void {
    const { view } = this.#text;
    const from = list.view;
    const start = list.starts[index] as number;
    const shape = list.shapes[index] as number;
    const length = (shape >>> 8) & 0xff;
    // Both lengths.
    view.setUint16(slot, shape, true);
    for (let done = 0; done < length; done += 8)
      view.setFloat64(slot + HEAD + done, from.getFloat64(start + done, true), true);
  }
}
