import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gapOutgoing } from '../../../collector/delivery/gap-record.ts';
import { Statistics } from '../../../collector/delivery/statistics.ts';
import { bookTailWith, tailHeaders, tailOf } from '../../../collector/delivery/tail.ts';
import { RecordWriter } from '../../../collector/pipeline/record-writer.ts';
import { effectiveFeed } from '../../../contract/effective.ts';
import {
  deltaIdentity,
  lastIdOf,
  messageId,
  snapshotIdentity,
  tradeIdentity,
} from '../../../contract/identity.ts';
import { DEFAULT_SUBJECTS } from '../../../contract/subjects.ts';

const last = (record: object, sequence = 9) => ({ sequence, payload: JSON.stringify(record) });

test('the end of a subject is read from its last record', () => {
  assert.deepEqual(tailOf(null, { kind: 'unknown' }), { kind: 'none' });
  const delta = { type: 'orderbook', action: 'delta', prevId: 4, lastId: 5, exchangeTime: 7 };
  const tail = tailOf(last(delta), { kind: 'unknown' });
  assert.deepEqual(tail, { kind: 'book', lastId: 5, sequence: 9, exchangeTimeUs: 7, resetTimeUs: null });
  assert.deepEqual(tailOf(last({ type: 'trade', id: '12', exchangeTime: null }), { kind: 'none' }), {
    kind: 'trade',
    id: 12,
    sequence: 9,
    exchangeTimeUs: null,
  });
});

test('where a venue counts trades apart from their ids, the end and the identity are the count', () => {
  const writer = new RecordWriter({
    exchange: 'deribit',
    market: 'perpetual',
    symbol: 'BTC-USD-PERP',
    instrument: 'BTC-PERPETUAL',
    sizeUnit: 'quote',
    subjects: DEFAULT_SUBJECTS,
    epoch: 'test',
  });
  const fields = { kind: 'trade', instrument: 'BTC-PERPETUAL', price: '1', size: '10', side: 'buy' } as const;
  const record = writer.trade({ ...fields, id: '267258393', sequence: 140_284_854, exchangeTimeUs: 7 }, 8);
  const payload = new TextDecoder().decode(record.payload);
  const tail = tailOf({ sequence: 9, payload }, { kind: 'none' });
  assert.equal(tail.kind === 'trade' && tail.id, 140_284_854);
  assert.deepEqual(lastIdOf(record.msgId), { kind: 'trade', id: 140_284_854 });
  const { id, sequence } = JSON.parse(payload) as Record<string, unknown>;
  assert.deepEqual([id, sequence], ['267258393', 140_284_854]);
  // Where the id itself counts, nothing is said twice.
  const counting = writer.trade({ ...fields, id: '5', sequence: 5, exchangeTimeUs: 7 }, 8);
  assert.ok(!new TextDecoder().decode(counting.payload).includes('sequence'));
});

test('a late record of another writer does not turn a known end back, a reset does', () => {
  const known = { kind: 'book', lastId: 50, sequence: 8, exchangeTimeUs: 1, resetTimeUs: null } as const;
  const late = tailOf(last({ type: 'orderbook', lastId: 30, exchangeTime: 2 }), known);
  assert.deepEqual([late.kind === 'book' && late.lastId, late.kind === 'book' && late.sequence], [50, 9]);
  const reset = tailOf(last({ type: 'orderbook', lastId: 3, exchangeTime: 2, reset: true }), known);
  assert.deepEqual(
    [reset.kind === 'book' && reset.lastId, reset.kind === 'book' && reset.resetTimeUs],
    [3, 2],
  );
});

test('who did not see the restart learns of it from the last record, and lets the higher ids go', () => {
  const before = { kind: 'book', lastId: 500, sequence: 7, exchangeTimeUs: 1, resetTimeUs: null } as const;
  const record = { type: 'orderbook', action: 'delta', prevId: 60, lastId: 65, exchangeTime: 9 };
  const anew = { kind: 'book', lastId: 65, sequence: 9, exchangeTimeUs: 9, resetTimeUs: 8 } as const;
  assert.deepEqual(tailOf({ ...last(record), resetTimeUs: 8 }, before), anew);
  assert.deepEqual(bookTailWith(before, 65, { sequence: 9, resetTimeUs: 8 }), {
    ...anew,
    exchangeTimeUs: null,
  });
  const above = { ...anew, lastId: 70 };
  assert.equal((tailOf({ ...last(record, 10), resetTimeUs: 8 }, above) as typeof above).lastId, 70);
  assert.equal(bookTailWith(above, 65, { sequence: 10, resetTimeUs: 8 }).lastId, 70);
});

test('a record of before the restart moves the sequence and not the id', () => {
  const anew = { kind: 'book', lastId: 65, sequence: 9, exchangeTimeUs: 9, resetTimeUs: 8 } as const;
  assert.deepEqual(bookTailWith(anew, 501, { sequence: 10, resetTimeUs: null }), { ...anew, sequence: 10 });
});

test('every book record behind a restart names it, no trade does', () => {
  const tail = { kind: 'book', lastId: 65, sequence: 9, exchangeTimeUs: 9, resetTimeUs: 8 } as const;
  const head = {
    subject: 's',
    msgId: 'm',
    payload: new Uint8Array(),
    symbol: 'X',
    receiveTimeUs: 1,
  } as const;
  const book = { ...head, stream: 'orderbook', exchangeTimeUs: 20, lastId: 70 } as const;
  const delta = { ...book, kind: 'delta', prevId: 65, joinOnly: false, idsMayRestart: true } as const;
  const reset = { ...book, kind: 'snapshot', role: 'reset', cause: 'venue' } as const;
  const trade = {
    ...head,
    kind: 'trade',
    stream: 'trade',
    exchangeTimeUs: 20,
    id: '1',
    sequence: 1,
  } as const;
  assert.deepEqual(tailHeaders(tail, delta), { 'Mp-Reset-Time': '8' });
  assert.deepEqual(tailHeaders(tail, reset), { 'Mp-Reset-Time': '20' });
  assert.deepEqual(tailHeaders({ ...tail, resetTimeUs: null }, delta), {});
  assert.deepEqual(tailHeaders({ kind: 'trade', id: 1, sequence: 2, exchangeTimeUs: 3 }, trade), {});
});

test('the id that an identity ends at is read back from it', () => {
  assert.deepEqual(lastIdOf(messageId('a.b', deltaIdentity('4', '7'))), {
    kind: 'book',
    id: 7,
    isSnapshot: false,
  });
  assert.deepEqual(lastIdOf(messageId('a.b', snapshotIdentity('8', '[]'))), {
    kind: 'book',
    id: 8,
    isSnapshot: true,
  });
  assert.deepEqual(lastIdOf(messageId('a.b', tradeIdentity('9'))), { kind: 'trade', id: 9 });
  assert.equal(lastIdOf('a.b|1700-0011aa-0'), undefined);
  assert.equal(lastIdOf('a.b|g4-open'), undefined);
});

test('a gap record says what is missing, on its own subject', () => {
  const effective = effectiveFeed({ spec: { exchange: 'binance', market: 'spot', streams: ['trade'] } }, {});
  const gap = gapOutgoing(effective, {
    subject: 'trade.binance.X',
    stream: 'trade',
    symbol: 'X',
    instrument: 'x',
    fromId: 4,
    fromTimeUs: 1,
    to: { id: 9, timeUs: 2, sequence: 77 },
    cause: 'network',
    missing: 4,
    receiveTimeUs: 3,
  });
  assert.equal(gap.subject, 'gap.binance.X');
  assert.equal(gap.msgId, 'gap.binance.X|g4-9');
  const record = JSON.parse(new TextDecoder().decode(gap.payload)) as Record<string, unknown>;
  assert.deepEqual(
    [
      record['fromId'],
      record['toId'],
      record['toSeq'],
      record['missing'],
      record['cause'],
      record['instrument'],
    ],
    [4, 9, 77, 4, 'network', 'x'],
  );
});

test('rate and latency are those of the last seconds', () => {
  const statistics = new Statistics();
  assert.equal(statistics.latencyMs(), null);
  for (let ms = 0; ms < 10_000; ms += 10) statistics.stored(100_000 + ms, (100_000 + ms - 8) * 1_000);
  assert.equal(statistics.perSecond(110_000), 100);
  assert.equal(statistics.perSecond(200_000), 0);
  const latency = statistics.latencyMs();
  assert.ok(latency !== null && latency.p50 >= 8 && latency.p50 < 11 && latency.p99 < 11);
});
