import type { BookText, LevelText } from '../ports.ts';
import type { ActionLevel } from './frames.ts';

/** The book as the last frame left it: what a new subscriber gets, and what the next change is told against. */
export class PublishedBook {
  #changeId: number;
  readonly #bids: Map<string, string>;
  readonly #asks: Map<string, string>;

  constructor({ lastUpdateId, bids, asks }: BookText) {
    this.#changeId = lastUpdateId;
    this.#bids = new Map(bids);
    this.#asks = new Map(asks);
  }

  get changeId(): number {
    return this.#changeId;
  }

  /** What really changed: neither a level born and gone in between nor one that is as it was. Undefined: nothing. */
  apply(
    changeId: number,
    bids: readonly LevelText[],
    asks: readonly LevelText[],
  ): { readonly bids: readonly ActionLevel[]; readonly asks: readonly ActionLevel[] } | undefined {
    const actions = { bids: put(this.#bids, bids), asks: put(this.#asks, asks) };
    if (actions.bids.length === 0 && actions.asks.length === 0) return undefined;
    this.#changeId = changeId;
    return actions;
  }

  text(): BookText {
    return { lastUpdateId: this.#changeId, bids: sorted(this.#bids, -1), asks: sorted(this.#asks, 1) };
  }

  /** One level a side, none of an empty one. */
  best(): BookText {
    return { lastUpdateId: this.#changeId, bids: first(this.#bids, -1), asks: first(this.#asks, 1) };
  }
}

function first(side: ReadonlyMap<string, string>, order: 1 | -1): LevelText[] {
  let best: LevelText | undefined;
  for (const level of side) {
    if (best === undefined || order * (Number(level[0]) - Number(best[0])) < 0) best = level;
  }
  return best === undefined ? [] : [best];
}

function put(side: Map<string, string>, levels: readonly LevelText[]): ActionLevel[] {
  const actions: ActionLevel[] = [];
  for (const [price, size] of levels) {
    const known = side.get(price);
    if (known === size || (known === undefined && size === '0')) continue;
    actions.push([size === '0' ? 'delete' : known === undefined ? 'new' : 'change', price, size]);
    if (size === '0') side.delete(price);
    else side.set(price, size);
  }
  return actions;
}

function sorted(side: ReadonlyMap<string, string>, order: 1 | -1): LevelText[] {
  return [...side].sort(([left], [right]) => order * (Number(left) - Number(right)));
}
