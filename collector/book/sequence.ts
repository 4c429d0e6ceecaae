/**
 * What a change is to a book at `heldId`: nothing new, the venue's word that nothing changed, its continuation, or proof that
 * something between is missing.
 */
export type Verdict = 'stale' | 'idle' | 'continues' | 'gap';

export interface Change {
  readonly prevId: number;
  readonly lastId: number;
}

/** Where ids grow: `prevId` ≤ held < `lastId`. */
export function judge(heldId: number, change: Change): Verdict {
  if (change.lastId <= heldId) return 'stale';
  return change.prevId > heldId ? 'gap' : 'continues';
}

/** Changes that are known as repetitions when they come again. */
const REMEMBERED = 64;

/** A stream lies behind a book of REST's by seconds at most: 6 s of a book that is sent every 100 ms. */
const MOST_BEFORE_BRIDGE = 64;

/**
 * Where ids identify a state and may restart: only equality continues. A lower id proves nothing, it may follow a restart
 * that was lost; so only what is known to have been applied is a repetition.
 */
export class LinkedSequence {
  readonly #applied: Change[] = [];
  /** Changes that may still come before the one that spans the book's id. */
  #bridging = 0;

  /** `bridging`: the book came beside the stream, so the first change spans its id instead of continuing it. */
  begin(bridging: boolean): void {
    this.#applied.length = 0;
    this.#bridging = bridging ? MOST_BEFORE_BRIDGE : 0;
  }

  judge(heldId: number, change: Change): Verdict {
    const { prevId, lastId } = change;
    if (prevId === heldId) return lastId === heldId ? 'idle' : 'continues';
    if (this.#bridging > 0) return this.#bridge(heldId, change);
    const repeats = (one: Change): boolean =>
      one.lastId === lastId && (one.prevId === prevId || prevId === lastId);
    return this.#applied.some(repeats) ? 'stale' : 'gap';
  }

  /** A stream that goes on below the book's id and never gets there counts other ids than the book. */
  #bridge(heldId: number, change: Change): Verdict {
    const verdict = judge(heldId, change);
    if (verdict !== 'stale') return verdict;
    this.#bridging -= 1;
    return this.#bridging === 0 ? 'gap' : 'stale';
  }

  applied({ prevId, lastId }: Change): void {
    this.#bridging = 0;
    this.#applied.push({ prevId, lastId });
    if (this.#applied.length > REMEMBERED) this.#applied.shift();
  }
}
