import type { Ids, Levels, Sides, Wire } from './wire.ts';

/**
 * A venue whose true book at every id is known: single changes with ids by the venue's own rule, grouped into frames as it
 * groups them. It shares no code with the collector.
 */
export type IdRule = 'consecutive' | 'jumping' | 'restarting';

interface Change {
  readonly side: 'bids' | 'asks';
  readonly price: string;
  readonly size: string;
}

export interface Frame extends Ids {
  /** Nothing but a sign of life: `prev` = `last`. */
  readonly isIdle: boolean;
  readonly sides: Sides;
}

interface Book {
  readonly bids: Map<string, string>;
  readonly asks: Map<string, string>;
}

/** A new floor is so far below the last that no id is ever used twice. */
const FLOOR_STEP = 100_000;

export class ModelVenue {
  readonly frames: Frame[] = [];
  /** Ids that a book of REST may have: after each single change, also within a frame. */
  readonly ids: number[] = [];
  readonly #books = new Map<number, Sides>();

  constructor(rule: IdRule, seeds: readonly number[], groups: readonly number[]) {
    const book: Book = { bids: new Map([['99', '1']]), asks: new Map([['101', '1']]) };
    let floor = FLOOR_STEP * 1_000;
    let id = floor;
    this.#note(id, book);
    for (let at = 0, index = 0; at < seeds.length; index += 1) {
      const group = seeds.slice(at, at + 1 + (groups[index % groups.length] ?? 0));
      at += group.length;
      const prev = id;
      const touched: Book = { bids: new Map(), asks: new Map() };
      const restarts = rule === 'restarting' && (group[0] ?? 0) % 13 === 5;
      if (restarts) id = floor -= FLOOR_STEP;
      for (const seed of group) {
        const { side, price, size } = changeOf(seed);
        id += rule === 'consecutive' ? 1 : 1 + (seed % 4);
        if (size === '0') book[side].delete(price);
        else book[side].set(price, size);
        touched[side].set(price, size);
        this.#note(id, book);
      }
      this.frames.push({ prev, last: id, timeMs: index + 1, isIdle: false, sides: levelsOf(touched) });
      if (rule === 'restarting' && (group[0] ?? 0) % 11 === 3) {
        this.frames.push({ prev: id, last: id, timeMs: index + 1, isIdle: true, sides: NO_LEVELS });
      }
    }
  }

  at(id: number): Sides {
    const sides = this.#books.get(id);
    if (sides === undefined) throw new Error(`the venue never had the id ${id}`);
    return sides;
  }

  /** The id that it has once these frames were made. */
  idAfter(frames: number): number {
    return this.frames[Math.min(frames, this.frames.length) - 1]?.last ?? this.ids[0] ?? 0;
  }

  /** So many single changes behind or before an id. */
  idNear(id: number, steps: number): number {
    const at = Math.max(0, Math.min(this.ids.length - 1, this.ids.indexOf(id) + steps));
    return this.ids[at] ?? id;
  }

  topText(wire: Wire, id: number): string | undefined {
    const { bids, asks } = this.at(id);
    const [bid] = bids;
    const [ask] = asks;
    return bid === undefined || ask === undefined ? undefined : wire.top(id, bid, ask);
  }

  #note(id: number, book: Book): void {
    this.ids.push(id);
    this.#books.set(id, levelsOf(book));
  }
}

const NO_LEVELS: Sides = { bids: [], asks: [] };

function changeOf(seed: number): Change {
  const isBid = seed % 2 === 0;
  const step = (seed >> 1) % 9;
  const size = (seed >> 5) % 3 === 0 ? '0' : String(1 + ((seed >> 7) % 8));
  return { side: isBid ? 'bids' : 'asks', price: String(isBid ? 99 - step : 101 + step), size };
}

/** Best first. */
function levelsOf({ bids, asks }: Book): Sides {
  const sorted = (side: ReadonlyMap<string, string>, order: number): Levels =>
    [...side].sort(([a], [b]) => order * (Number(a) - Number(b)));
  return { bids: sorted(bids, -1), asks: sorted(asks, 1) };
}
