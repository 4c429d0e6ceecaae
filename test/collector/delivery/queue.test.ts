import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Buffer } from '../../../collector/delivery/buffer.ts';
import { Queue } from '../../../collector/delivery/queue.ts';
import type { SpillFiles } from '../../../collector/delivery/spill/files.ts';
import { Spill } from '../../../collector/delivery/spill/spill.ts';
import type { OutgoingOther } from '../../../collector/ports.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { OWNER, tradeOf } from './spill/records.ts';

const full = (): Promise<never> => Promise.reject(new Error('ENOSPC'));
/** A disk that takes nothing. */
const FULL_DISK: SpillFiles = {
  create: full,
  read: full,
  remove: () => Promise.resolve(),
  list: async () => [],
};

const gap = (id: number): OutgoingOther => ({
  ...tradeOf(id, 'gap.binance.X'),
  kind: 'other',
  stream: 'trade',
  msgId: `gap.binance.X|g${id}-${id + 9}`,
});

test('a gap record waits in memory while others wait for the disk, so no bound of the disk can lose it', async () => {
  const clock = new ManualClock();
  const buffer = new Buffer({
    maxBytes: 100_000,
    maxItems: 1_000,
    whenFull: 'dropOldest',
    onPressure: () => undefined,
  });
  let isConnected = false;
  const queue = new Queue({
    clock,
    buffer,
    connected: () => isConnected,
    kick: () => undefined,
    loadPerSecond: 1_000,
    spill: (owner) =>
      new Spill({
        files: FULL_DISK,
        owner: OWNER,
        maxBytes: 1 << 20,
        maxUnwrittenBytes: 2_000,
        whenFull: 'dropOldest',
        clock,
        onRecord: (spilled, ticket) => owner.onRecord(spilled, ticket),
        onDropped: (count) => owner.onDropped(count),
        onLost: (lost) => owner.onLost(lost),
        onPressure: () => undefined,
        bump: () => undefined,
        onDisk: () => undefined,
      }),
  });
  const trades = buffer.lane('trade.binance.X', false);
  queue.push(trades, tradeOf(0));
  await clock.advance(2_000);
  for (let id = 1; id < 30; id += 1) queue.push(trades, tradeOf(id));
  assert.ok(queue.spilling);
  isConnected = true;
  const gaps = buffer.lane('gap.binance.X', true);
  queue.push(gaps, gap(1));
  for (let id = 30; id < 90; id += 1) queue.push(trades, tradeOf(id));
  assert.ok(buffer.dropped > 0, 'the bound was met');
  assert.deepEqual(
    gaps.items().map(({ record }) => record.msgId),
    ['gap.binance.X|g1-10'],
  );
});
