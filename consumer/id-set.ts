/** More holes at once than a subject can have in good order; beyond it the oldest ids are forgotten. */
const MAX_INTERVALS = 4_096;

/** A range of ids without its ends. */
export interface Between {
  readonly fromId: number;
  readonly toId: number;
}

/** Ids seen, as intervals: a subject in order takes one, whatever its length. */
export class IdSet {
  /** First and last of each, rising. */
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #max: number;

  constructor(max = MAX_INTERVALS) {
    this.#max = max;
  }

  get first(): number | undefined {
    return this.#starts[0];
  }
  get last(): number | undefined {
    return this.#ends.at(-1);
  }

  has(id: number): boolean {
    const at = this.#search(id);
    return at < this.#starts.length && id >= (this.#starts[at] ?? Infinity);
  }

  /** False when it is there, or lies before all that is remembered. */
  add(id: number): boolean {
    const last = this.last;
    if (last === undefined || id > last) this.#append(id);
    else if (id < (this.first ?? 0) || this.has(id)) return false;
    else this.#fill(id);
    return true;
  }

  /** What is not there between two ids. */
  missing({ fromId, toId }: Between): readonly Between[] {
    const holes: Between[] = [];
    let reached = fromId;
    for (let at = this.#search(fromId + 1); at < this.#starts.length && reached < toId; at += 1) {
      const start = Math.min(this.#starts[at] ?? toId, toId);
      if (start > reached + 1) holes.push({ fromId: reached, toId: start });
      reached = Math.max(reached, this.#ends[at] ?? toId);
    }
    if (reached + 1 < toId) holes.push({ fromId: reached, toId });
    return holes;
  }

  #append(id: number): void {
    const at = this.#ends.length - 1;
    if (this.#ends[at] === id - 1) {
      this.#ends[at] = id;
      return;
    }
    this.#starts.push(id);
    this.#ends.push(id);
    if (this.#starts.length <= this.#max) return;
    this.#starts.shift();
    this.#ends.shift();
  }

  /** Into a hole between two intervals. */
  #fill(id: number): void {
    const at = this.#search(id);
    const joinsBefore = this.#ends[at - 1] === id - 1;
    const joinsBehind = this.#starts[at] === id + 1;
    if (joinsBefore && joinsBehind) {
      this.#ends[at - 1] = this.#ends[at] ?? id;
      this.#starts.splice(at, 1);
      this.#ends.splice(at, 1);
    } else if (joinsBefore) this.#ends[at - 1] = id;
    else if (joinsBehind) this.#starts[at] = id;
    else {
      this.#starts.splice(at, 0, id);
      this.#ends.splice(at, 0, id);
    }
  }

  /** Index of the first interval that ends at `id` or behind it. */
  #search(id: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ends[middle] ?? 0) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
