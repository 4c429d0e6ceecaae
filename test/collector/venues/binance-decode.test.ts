import assert from 'node:assert/strict';
import { test } from 'node:test';
import { binanceSpot } from '../../../collector/venues/binance.ts';
import type { VenueFrame } from '../../../collector/venues/venue.ts';

/** The one event of a message: spot never sends more. */
function decode(value: unknown): VenueFrame {
  const [frame, ...more] = binanceSpot.decode(typeof value === 'string' ? value : JSON.stringify(value));
  assert.ok(frame !== undefined && more.length === 0);
  return frame;
}

const DEPTH = { e: 'depthUpdate', E: 1_700_000_000_123, s: 'BTCUSDT', U: 11, u: 12, b: [], a: [] };
const TRADE = {
  e: 'trade',
  E: 1_700_000_000_125,
  s: 'BTCUSDT',
  t: 7,
  p: '0.00001230',
  q: '1.10',
  T: 1_700_000_000_124,
  m: true,
  M: true,
};

test('levels keep their digits, and every spelling of zero is the removal', () => {
  const zeros = ['0', '0.0', '0.00000000'].map((size, index) => [`${index + 1}.50`, size]);
  const frame = decode({ ...DEPTH, b: [['1.10', '0.00000001'], ...zeros] });
  assert.ok(frame.kind === 'depth');
  assert.deepEqual(frame.bids, [
    ['1.10', '0.00000001'],
    ['1.50', '0'],
    ['2.50', '0'],
    ['3.50', '0'],
  ]);
  assert.deepEqual([frame.prevId, frame.lastId, frame.exchangeTimeUs], [10, 12, 1_700_000_000_123_000]);
});

test('combined and raw frames are the same', () => {
  assert.deepEqual(decode({ stream: 'btcusdt@trade', data: TRADE }), decode(TRADE));
});

test('the taker sold when the buyer was the maker, at the time of the trade', () => {
  const sold = decode(TRADE);
  const bought = decode({ ...TRADE, m: false });
  assert.ok(sold.kind === 'trade' && bought.kind === 'trade');
  assert.deepEqual([sold.side, bought.side], ['sell', 'buy']);
  assert.deepEqual([sold.price, sold.size, sold.id], ['0.00001230', '1.10', '7']);
  assert.equal(sold.exchangeTimeUs, 1_700_000_000_124_000);
});

test('what is not exactly as the venue writes it is refused, never guessed', () => {
  const bad: readonly (readonly [unknown, string])[] = [
    ['{"e":"trade"', 'notJson'],
    ['[1]', 'notAnObject'],
    [{ ...DEPTH, u: 2 ** 53 }, 'unsafeId'],
    [{ ...DEPTH, U: 1.5 }, 'unsafeId'],
    [{ ...DEPTH, U: '11' }, 'unsafeId'],
    [{ ...DEPTH, E: 1.5 }, 'missingField'],
    [{ ...DEPTH, b: [['1e5', '1']] }, 'badLevel'],
    [{ ...DEPTH, b: [['-1', '1']] }, 'badLevel'],
    [{ ...DEPTH, b: [[1, 2]] }, 'badLevel'],
    [{ ...DEPTH, b: [['1.0', '']] }, 'badLevel'],
    [{ ...DEPTH, a: undefined }, 'badLevel'],
    [{ ...TRADE, t: '11' }, 'unsafeId'],
    [{ ...TRADE, t: 1e21 }, 'unsafeId'],
    [{ ...TRADE, p: 'NaN' }, 'missingField'],
    [{ ...TRADE, m: undefined }, 'missingField'],
  ];
  for (const [value, reason] of bad) {
    assert.deepEqual(decode(value), { kind: 'undecodable', reason }, JSON.stringify(value));
  }
});

test('answers, errors, notices and kinds nobody asked for are told apart', () => {
  assert.deepEqual(decode({ result: null, id: 3 }), { kind: 'ack', id: 3, error: null });
  const refusal = decode({ error: { code: 2, msg: 'Invalid request' }, id: 3 });
  assert.deepEqual(refusal, { kind: 'ack', id: 3, error: '2 Invalid request' });
  assert.deepEqual(decode({ code: 3, msg: 'Invalid JSON' }), {
    kind: 'ack',
    id: null,
    error: '3 Invalid JSON',
  });
  assert.deepEqual(decode({ stream: '!serverShutdown', data: { e: 'serverShutdown', E: 1 } }), {
    kind: 'shutdown',
  });
  assert.deepEqual(decode({ e: 'kline', s: 'BTCUSDT' }), { kind: 'ignored', name: 'kline' });
  assert.deepEqual(decode({ e: 'brandNew' }), { kind: 'unknown', name: 'brandNew' });
});
