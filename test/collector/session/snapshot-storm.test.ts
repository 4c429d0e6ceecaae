import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { budgetOf } from '../../../contract/budget.ts';
import { Snapshots } from '../../../collector/snapshots.ts';
import { restOf } from '../../../collector/venue-rest.ts';
import { binanceSpot } from '../../../collector/venues/binance.ts';
import { binanceLinearPerpetual } from '../../../collector/venues/binance-futures.ts';
import { deribitPerpetual } from '../../../collector/venues/deribit.ts';
import { okxPerpetual } from '../../../collector/venues/okx.ts';
import type { Venue } from '../../../collector/venues/venue.ts';
import { ManualClock } from './tiny-venue.ts';

const BOOKS = 250;
const DEPTH = 1_000;

/** Counts as the venues do, in windows that begin when they like: 429 is what must never come. */
class StrictServer {
  readonly #server: Server;
  readonly #clock: ManualClock;
  readonly #taken: { readonly atMs: number; readonly weight: number }[] = [];
  answered = 0;
  refused = 0;

  constructor(clock: ManualClock, venue: Venue) {
    this.#clock = clock;
    const { limits } = venue;
    const { weight } = venue.snapshotRequest('X', DEPTH);
    const most = (limits.weightPerMinute * limits.weightWindowMs) / 60_000;
    this.#server = createServer((_, response) => {
      const nowMs = clock.nowMs();
      this.#taken.push({ atMs: nowMs, weight });
      const used = this.#taken
        .filter(({ atMs }) => atMs > nowMs - limits.weightWindowMs)
        .reduce((sum, one) => sum + one.weight, 0);
      this.answered += 1;
      if (used > most) this.refused += 1;
      response.writeHead(used > most ? 429 : 200).end('{}');
    });
  }

  async listen(t: TestContext): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    t.after(() => {
      this.#server.closeAllConnections();
      this.#server.close();
    });
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get spanMs(): number {
    return this.#clock.nowMs() - (this.#taken[0]?.atMs ?? 0);
  }
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

for (const venue of [binanceSpot, binanceLinearPerpetual, okxPerpetual, deribitPerpetual]) {
  const { exchange, market } = venue;

  test(`${exchange} ${market}: ${BOOKS} books that lost their connection are asked for within the venue's limit, none is forgotten`, async (t) => {
    const clock = new ManualClock();
    const server = new StrictServer(clock, venue);
    const budget = budgetOf({ exchange, market, collectors: 1, redundancy: 1 });
    const rest = restOf(venue, { base: await server.listen(t), clock, budget });
    t.after(() => rest.close());
    const got = new Set<string>();
    const failures: string[] = [];
    const snapshots = new Snapshots({
      rest,
      clock,
      random: () => 0.5,
      request: (instrument) => venue.snapshotRequest(instrument, DEPTH),
      onBody: ({ instrument }) => got.add(instrument).size > 0,
      onFailure: ({ kind }) => void failures.push(kind),
    });
    const names = Array.from({ length: BOOKS }, (_, index) => `I${index}`);
    names.forEach((instrument, generation) => {
      snapshots.ask({ kind: 'snapshot', instrument, generation, attempt: 0 });
    });
    assert.equal(snapshots.waiting, BOOKS);
    let namedMost = 0;
    for (let left = snapshots.waiting, seen = 0; left > 0; left = snapshots.waiting) {
      const named = names.filter((instrument) => snapshots.budgetWaitOf(instrument) !== undefined).length;
      namedMost = Math.max(namedMost, named);
      // Time moves on once what was asked is answered.
      if (seen === server.answered) clock.advance(250);
      seen = server.answered;
      for (let once = 0; once < 4; once += 1) await turn();
    }
    assert.equal(got.size, BOOKS);
    assert.deepEqual([server.refused, failures], [0, []]);
    assert.ok(namedMost > BOOKS / 10, `${namedMost} were named as waiting`);
    const { weight } = venue.snapshotRequest('X', DEPTH);
    const leastMs = ((BOOKS * weight) / budget.weightPerMinute - 1) * 60_000;
    assert.ok(server.spanMs >= leastMs && server.spanMs <= leastMs + 130_000, `${server.spanMs} ms`);
    snapshots.stop();
  });
}
