import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lane, type Item } from '../../../collector/delivery/lane.ts';
import { ReadBack } from '../../../collector/delivery/read-back.ts';
import type { RangeStart } from '../../../collector/delivery/stream-reader.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { tradeOf } from './spill/records.ts';

const FRESH_MS = 30_000;

class Rig {
  readonly clock = new ManualClock();
  readonly lane = new Lane('trade.binance.X', false);
  readonly starts: RangeStart[] = [];
  /** Where the stream ends when it is read. */
  end = 0;
  readonly readBack = new ReadBack({
    clock: this.clock,
    freshMs: FRESH_MS,
    streamOf: () => 'MARKET_DATA',
    spilling: () => false,
    onReached: () => undefined,
    reader: {
      range: (_stream, start) => {
        this.starts.push(start);
        return Promise.resolve(this.end);
      },
    },
  });

  item(over: Partial<Item> = {}): Item {
    return {
      record: tradeOf(1),
      pushedMs: this.clock.nowMs(),
      bytes: 0,
      serial: 1,
      floor: undefined,
      unclear: false,
      triedMs: -Infinity,
      afterDrop: undefined,
      lostBefore: 0,
      ticket: undefined,
      ...over,
    };
  }

  async read(item: Item): Promise<void> {
    const done = this.readBack.request(this.lane, item);
    await this.clock.advance(100);
    await done;
  }
}

test('what this writer stores meanwhile hides nothing that another stored before it', async () => {
  const rig = new Rig();
  const waiting = rig.item();
  await rig.clock.advance(FRESH_MS + 1);
  rig.end = 100;
  await rig.read(waiting);
  rig.readBack.reached(150);
  await rig.clock.advance(FRESH_MS + 1);
  assert.equal(rig.readBack.isDue(rig.lane, waiting), true);
  await rig.read(waiting);
  assert.deepEqual(rig.starts.at(-1), { sequence: 101 });
});

test('a record that came after the last read is looked for from before it came, by this clock', async () => {
  const rig = new Rig();
  rig.readBack.reached(10);
  await rig.clock.advance(70_000);
  rig.readBack.reached(500);
  await rig.clock.advance(1);
  const item = rig.item();
  await rig.clock.advance(FRESH_MS + 1);
  await rig.read(item);
  assert.deepEqual(rig.starts, [{ sequence: 11 }]);
});

test('where nothing is known of so early, the time decides; what was sent is looked for behind its floor too', async () => {
  const rig = new Rig();
  const pushedMs = rig.clock.nowMs();
  rig.readBack.reached(10);
  await rig.read(rig.item({ floor: 7, unclear: true }));
  assert.deepEqual(rig.starts, [{ timeMs: pushedMs - 60_000 }, { sequence: 8 }]);
});

test('sequences of a stream that is no more are forgotten', async () => {
  const rig = new Rig();
  rig.readBack.reached(1_000);
  await rig.clock.advance(70_000);
  rig.readBack.streamReplaced();
  const item = rig.item();
  await rig.read(item);
  assert.deepEqual(rig.starts, [{ timeMs: item.pushedMs - 60_000 }]);
});

test('a value that the venue said long ago is looked for from then on, once, and news are not', async () => {
  const rig = new Rig();
  await rig.clock.advance(1);
  const saidMs = rig.clock.nowMs() - 3_600_000;
  const value = (timeMs: number, more: object = {}): Item => {
    const { payload, symbol, receiveTimeUs } = tradeOf(1);
    const head = { kind: 'other', subject: rig.lane.subject, stream: 'ticker', msgId: `v${timeMs}` } as const;
    return rig.item({
      record: { ...head, payload, symbol, receiveTimeUs, exchangeTimeUs: timeMs * 1_000, ...more },
    });
  };
  const repeated = value(saidMs);
  assert.equal(rig.readBack.isDue(rig.lane, repeated), true, 'a predecessor may have stored it');
  await rig.read(repeated);
  assert.deepEqual(rig.starts, [{ timeMs: saidMs - 60_000 }]);
  assert.equal(rig.readBack.isDue(rig.lane, repeated), false, 'the read told of it');
  rig.lane.storedTimeUs = saidMs * 1_000;
  await rig.clock.advance(1);
  assert.equal(rig.readBack.isDue(rig.lane, value(saidMs)), true, 'subscribed anew');
  assert.equal(rig.readBack.isDue(rig.lane, value(saidMs + 1)), false, 'the time moves on');
  assert.equal(
    rig.readBack.isDue(rig.lane, value(saidMs + 1, { polled: true })),
    true,
    'asked for by another',
  );
  const young = value(rig.clock.nowMs() - FRESH_MS, { polled: true });
  assert.equal(rig.readBack.isDue(rig.lane, young), false, 'the duplicate window knows it');
});

test('what was fetched later is looked for from when it happened, and is due however young it is here', async () => {
  const rig = new Rig();
  await rig.clock.advance(1);
  await rig.read(rig.item());
  await rig.clock.advance(1);
  const happenedMs = rig.clock.nowMs() - 3_600_000;
  const fetched = rig.item({
    record: { ...tradeOf(2), backfilled: true, exchangeTimeUs: happenedMs * 1_000 },
  });
  assert.equal(rig.readBack.isDue(rig.lane, fetched), true);
  assert.equal(rig.readBack.isDue(rig.lane, rig.item()), false);
  await rig.read(fetched);
  assert.deepEqual(rig.starts.at(-1), { timeMs: happenedMs - 60_000 });
  assert.equal(rig.readBack.isDue(rig.lane, fetched), false, 'the read told of it');
});
