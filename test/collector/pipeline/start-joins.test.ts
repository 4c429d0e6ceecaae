import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULTS } from '../../../contract/effective.ts';
import { DEFAULT_SUBJECTS } from '../../../contract/subjects.ts';
import { decideDelta, decideSnapshot, type Tail } from '../../../collector/delivery/chain.ts';
import { Pipeline } from '../../../collector/pipeline/pipeline.ts';
import type { SnapshotCommand } from '../../../collector/pipeline/book-start.ts';
import type { Outgoing } from '../../../collector/ports.ts';
import { binanceSpot } from '../../../collector/venues/binance.ts';

const INSTRUMENT = 'BTCUSDT';

/** Events 1–10, 11–20, … 51–60 are buffered, then the snapshot of `snapshotId` comes. */
function synced(snapshotId: number): readonly Outgoing[] {
  const records: Outgoing[] = [];
  const commands: SnapshotCommand[] = [];
  const pipeline = new Pipeline({
    venue: binanceSpot,
    feed: {
      exchange: 'binance',
      market: 'spot',
      streams: ['orderbook'],
      orderbook: { mode: 'delta', ...DEFAULTS.orderbook },
      nats: { subjects: DEFAULT_SUBJECTS } as never,
    },
    epoch: 'test',
    emit: (record) => records.push(record),
    command: (command) => commands.push(command),
  });
  pipeline.add({ instrument: INSTRUMENT, symbol: 'BTC-USDT', sizeUnit: 'base' }, 1);
  for (let u = 10; u <= 60; u += 10) {
    const event = { e: 'depthUpdate', E: u, s: INSTRUMENT, U: u - 9, u, b: [['1.0', String(u)]], a: [] };
    for (const frame of binanceSpot.decode(JSON.stringify(event))) pipeline.frame(frame, u, 1);
  }
  const body = { lastUpdateId: snapshotId, bids: [['1.0', '5']], asks: [] };
  const snapshot = binanceSpot.decodeSnapshot(JSON.stringify(body));
  const command = commands[0];
  assert.ok(command !== undefined && snapshot.kind === 'snapshot');
  pipeline.snapshot(command, snapshot, 61, 1);
  return records;
}

/** What delivery stores of it behind a stream that ends at `tailId`; null: an empty one. */
function stored(records: readonly Outgoing[], tailId: number | null): readonly string[] {
  const tailAt = (lastId: number): Tail => ({
    kind: 'book',
    lastId,
    sequence: 1,
    exchangeTimeUs: null,
    resetTimeUs: null,
  });
  let tail: Tail = tailId === null ? { kind: 'none' } : tailAt(tailId);
  const out: string[] = [];
  for (const record of records) {
    if (record.kind !== 'delta' && record.kind !== 'snapshot') continue;
    const state = { tail, fresh: true, awaitingStart: false, snapshotsOnly: false };
    const decision = record.kind === 'delta' ? decideDelta(state, record) : decideSnapshot(state, record);
    assert.notEqual(decision.kind, 'resync', `a hole before ${record.lastId}`);
    if (decision.kind !== 'publish') continue;
    const hole = record.kind === 'snapshot' && tail.kind === 'book';
    out.push(`${hole ? 'hole, ' : ''}${record.kind === 'delta' ? `${record.prevId}-` : '='}${record.lastId}`);
    tail = tailAt(record.lastId);
  }
  return out;
}

test('an empty stream starts at the snapshot and holds every event behind it', () => {
  assert.deepEqual(stored(synced(30), null), ['=30', '30-40', '40-50', '50-60']);
  assert.deepEqual(stored(synced(35), null), ['=35', '30-40', '40-50', '50-60']);
});

test('a stream that ends within the buffered events is continued without a hole, wherever the snapshot lies', () => {
  for (const snapshotId of [10, 25, 30, 35, 59, 60]) {
    const records = synced(snapshotId);
    assert.deepEqual(stored(records, 20), ['20-30', '30-40', '40-50', '50-60'], `snapshot ${snapshotId}`);
    assert.deepEqual(stored(records, 50), ['50-60'], `snapshot ${snapshotId}`);
    assert.deepEqual(stored(records, 60), [], `snapshot ${snapshotId}`);
  }
});

test('a stream that ends before the buffered events has one hole, up to the snapshot and not further', () => {
  // Events begin at 1, so a tail at −5 is before all of them.
  assert.deepEqual(stored(synced(35), -5), ['hole, =35', '30-40', '40-50', '50-60']);
});
