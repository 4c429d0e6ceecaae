import assert from 'node:assert/strict';
import type { Outgoing } from '../../../collector/ports.ts';
import type { ModelVenue } from './model-venue.ts';
import type { Levels } from './wire.ts';

/** Follows the published rule with a naive book of its own, and compares it with the venue's after every record. */
export class ModelConsumer {
  readonly #venue: ModelVenue;
  #bids = new Map<string, string>();
  #asks = new Map<string, string>();
  #id: number | undefined;
  #awaitsStart = true;
  starts = 0;
  deltas = 0;
  interruptions = 0;

  constructor(venue: ModelVenue) {
    this.#venue = venue;
  }

  get id(): number | undefined {
    return this.#awaitsStart ? undefined : this.#id;
  }

  take(record: Outgoing): void {
    if (record.kind === 'interrupted') {
      assert.equal(this.#awaitsStart, false, 'an interruption of what was not flowing');
      this.#awaitsStart = true;
      this.interruptions += 1;
      return;
    }
    if (record.kind !== 'delta' && record.kind !== 'snapshot') return;
    const fields = JSON.parse(new TextDecoder().decode(record.payload)) as {
      readonly prevId: number;
      readonly lastId: number;
      readonly bids: Levels;
      readonly asks: Levels;
    };
    if (record.kind === 'snapshot') {
      if (record.role === 'start') {
        assert.ok(this.#awaitsStart, 'a second start without an interruption');
        this.#awaitsStart = false;
        this.starts += 1;
      }
      assert.equal(this.#awaitsStart, false, `a ${record.role} snapshot before the start`);
      this.#bids = new Map(fields.bids);
      this.#asks = new Map(fields.asks);
    } else {
      assert.ok(record.joinOnly || !this.#awaitsStart, 'a delta of a chain that is not proved');
      if (this.#id === undefined || fields.lastId <= this.#id) return;
      if (fields.prevId > this.#id) {
        assert.ok(record.joinOnly, `a hole without an interruption: ${fields.prevId} follows ${this.#id}`);
        return;
      }
      this.deltas += 1;
      set(this.#bids, fields.bids);
      set(this.#asks, fields.asks);
    }
    this.#id = fields.lastId;
    const truth = this.#venue.at(this.#id);
    assert.deepEqual([byPrice(this.#bids), byPrice(this.#asks)], [byPrice(truth.bids), byPrice(truth.asks)]);
  }
}

function set(side: Map<string, string>, levels: Levels): void {
  for (const [price, size] of levels) {
    if (size === '0') side.delete(price);
    else side.set(price, size);
  }
}

const byPrice = (levels: Iterable<readonly [string, string]>): unknown =>
  [...levels].sort(([a], [b]) => Number(a) - Number(b));
