import assert from 'node:assert/strict';
import type { Outgoing } from '../../../collector/ports.ts';

export interface Book {
  readonly lastUpdateId: number;
  readonly bids: readonly (readonly [string, string])[];
  readonly asks: readonly (readonly [string, string])[];
}

/** Holds what is published by the consumer's rule; a hole must have been announced. */
export class Consumer {
  id = 0;
  starts = 0;
  interruptions = 0;
  trades = new Set<string>();
  readonly #symbol: string;
  readonly #sides = { bids: new Map<string, string>(), asks: new Map<string, string>() };
  /** Text of the book at recent ids, to compare with the venue's at the very same id. */
  readonly at = new Map<number, string>();

  constructor(symbol: string) {
    this.#symbol = symbol;
  }

  take(record: Outgoing): void {
    if (record.symbol !== this.#symbol) return;
    if (record.kind === 'interrupted') this.interruptions += 1;
    if (record.kind === 'trade') this.trades.add(record.id);
    if (record.kind !== 'delta' && record.kind !== 'snapshot') return;
    const fields = JSON.parse(new TextDecoder().decode(record.payload)) as Book & { lastId: number };
    if (record.kind === 'snapshot') {
      if (record.role === 'start') this.starts += 1;
      this.#sides.bids = new Map(fields.bids);
      this.#sides.asks = new Map(fields.asks);
    } else {
      if (record.joinOnly || record.lastId <= this.id) return;
      assert.ok(record.prevId <= this.id, `${record.prevId} follows ${this.id}`);
      for (const side of ['bids', 'asks'] as const) {
        for (const [price, size] of fields[side]) {
          if (size === '0') this.#sides[side].delete(price);
          else this.#sides[side].set(price, size);
        }
      }
    }
    this.id = fields.lastId;
    this.at.set(this.id, booksText(this.#sides.bids, this.#sides.asks));
    if (this.at.size > 2_000) this.at.delete(this.at.keys().next().value ?? 0);
  }
}

export function booksText(
  bids: Iterable<readonly [string, string]>,
  asks: Iterable<readonly [string, string]>,
): string {
  const side = (levels: Iterable<readonly [string, string]>): string =>
    [...levels]
      .map(([price, size]) => `${price} ${size}`)
      .toSorted()
      .join('\n');
  return `${side(bids)}\n\n${side(asks)}`;
}
