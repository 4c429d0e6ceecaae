// The consumer's rule, written down a second time from the consumers' contract alone.

export interface BookRecord {
  readonly action: 'snapshot' | 'delta';
  readonly prevId: number;
  readonly lastId: number;
  readonly reset?: boolean;
  readonly exchangeTime: number | null;
  readonly bids: readonly (readonly [string, string])[];
  readonly asks: readonly (readonly [string, string])[];
}

/** One book as a consumer has it, record after record. */
export class FollowedBook {
  /** Undefined before the first snapshot. */
  id: number | undefined;
  bids = new Map<string, string>();
  asks = new Map<string, string>();
  /** Places where a delta began behind the book's id. */
  readonly gaps: { readonly sequence: number; readonly fromId: number; readonly toPrevId: number }[] = [];
  /** Snapshots that went over ids that no delta had brought: holes that the stream does not hide. */
  readonly jumps: { readonly sequence: number; readonly fromId: number; readonly toId: number }[] = [];
  /** Deltas that added nothing. */
  overlaps = 0;
  /** Deltas before the first snapshot, of a chain that says that it began in another stream. */
  waiting = 0;
  snapshots = 0;
  deltas = 0;
  #resetTime = -Infinity;

  /** `continues`: the record says that it continues what lies in no stream any more. */
  apply(record: BookRecord, sequence: number, continues = false): void {
    if (this.id === undefined && record.action === 'delta' && (continues || this.waiting > 0))
      this.waiting += 1;
    else if (record.action === 'snapshot') this.#replace(record, sequence);
    else this.#change(record, sequence);
  }

  #replace(record: BookRecord, sequence: number): void {
    this.snapshots += 1;
    if ((record.exchangeTime ?? Infinity) < this.#resetTime) return;
    if (this.id !== undefined && record.lastId < this.id && record.reset !== true) return;
    if (record.reset === true) this.#resetTime = record.exchangeTime ?? -Infinity;
    if (this.id !== undefined && record.lastId > this.id) {
      this.jumps.push({ sequence, fromId: this.id, toId: record.lastId });
    }
    this.bids = new Map(record.bids);
    this.asks = new Map(record.asks);
    this.id = record.lastId;
  }

  #change(record: BookRecord, sequence: number): void {
    if (this.id === undefined) {
      this.gaps.push({ sequence, fromId: -1, toPrevId: record.prevId });
      return;
    }
    if (record.lastId <= this.id) {
      this.overlaps += 1;
      return;
    }
    if (record.prevId > this.id) {
      if ((record.exchangeTime ?? Infinity) <= this.#resetTime) return;
      this.gaps.push({ sequence, fromId: this.id, toPrevId: record.prevId });
      return;
    }
    setLevels(this.bids, record.bids);
    setLevels(this.asks, record.asks);
    this.id = record.lastId;
    this.deltas += 1;
  }
}

function setLevels(side: Map<string, string>, levels: readonly (readonly [string, string])[]): void {
  for (const [price, size] of levels) {
    if (Number(size) === 0) side.delete(price);
    else side.set(price, size);
  }
}
