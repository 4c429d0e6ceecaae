import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { effectiveFeed } from '../../../contract/effective.ts';
import type { Assignment } from '../../../contract/assignment.ts';
import { startSession } from '../../../collector/session.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { createLogger } from '../../../runtime/log.ts';
import { booksText, Consumer, type Book } from './book-consumer.ts';
import { until } from './tiny-venue.ts';

/** The simulator as another process: it shares no code with the collector, and knows its own true book. */
const MAIN = new URL('../../../cli/main.ts', import.meta.url).pathname;
const SYMBOL = 'BTC-USDT';
const INSTRUMENT = 'BTCUSDT';

test('the simulated venue breaks in every way, and each time the published book is its true book again', async (t) => {
  const child = spawn(
    process.execPath,
    [MAIN, 'simulate', '--port', '0', '--symbols', `${SYMBOL},ETH-USDT`],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  t.after(async () => {
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const port = /127\.0\.0\.1:(\d+)/.exec(line)?.[1] ?? '';
  const rest = `http://127.0.0.1:${port}`;
  const consumer = new Consumer(SYMBOL);
  const effective = effectiveFeed(
    {
      spec: {
        exchange: 'binance',
        market: 'spot',
        symbols: [SYMBOL, 'ETH-USDT'],
        streams: ['orderbook', 'trade'],
        orderbook: { restDepth: 5_000, auditEvery: '2s' },
        endpoints: { websocket: `ws://127.0.0.1:${port}`, rest },
      },
    },
    {},
  );
  const assignment: Assignment = {
    v: 1,
    epoch: 1,
    feed: { namespace: 'test', name: 'test', uid: 'uid' },
    shard: 0,
    shards: 1,
    symbols: effective.symbols,
    effective,
    budget: { weightPerMinute: 4_800, connections: 240 },
  };
  const session = startSession({
    assignment,
    sink: { push: (record) => consumer.take(record), pressed: false },
    clock: systemClock(),
    random: Math.random,
    log: createLogger('test', 'silent'),
    replica: 'a',
    writerEpoch: 'w1',
  });
  t.after(() => session.stop());
  const inSync = (): boolean => session.status().symbols.every(({ state }) => state === 'inSync');
  const isTrue = async (): Promise<void> => {
    const book = (await (await fetch(`${rest}/admin/book?symbol=${INSTRUMENT}`)).json()) as Book;
    await until(`at id ${book.lastUpdateId} or past it`, () => consumer.id >= book.lastUpdateId);
    const ours = consumer.at.get(book.lastUpdateId);
    // Events are grouped, so not every id of the venue is an id of ours: then look again.
    if (ours === undefined) return isTrue();
    assert.equal(ours, booksText(book.bids, book.asks));
  };
  const fault = async (body: unknown): Promise<void> => {
    const answer = await fetch(`${rest}/admin/fault`, { method: 'POST', body: JSON.stringify(body) });
    assert.equal(answer.status, 200, await answer.text());
  };
  await until('in sync', () => inSync() && session.status().symbols.length === 2);
  await isTrue();

  const counter = (name: string): number => session.status().counters[name] ?? 0;
  const ways = [
    { kind: 'drop', symbol: INSTRUMENT, sign: 'depthGap', interrupts: true },
    { kind: 'gap', symbol: INSTRUMENT, sign: 'depthGap', interrupts: true },
    { kind: 'swap', symbol: INSTRUMENT, sign: 'depthGap', interrupts: true },
    { kind: 'cut', symbol: INSTRUMENT, sign: 'undecodable:notJson', interrupts: true },
    { kind: 'repeat', symbol: INSTRUMENT, sign: 'depthStale', interrupts: false },
    { kind: 'disconnect', symbol: undefined, sign: 'disconnected:closed', interrupts: true },
    { kind: 'shutdown', symbol: undefined, sign: 'renewed:shutdown', interrupts: false },
  ] as const;
  for (const { kind, symbol, sign, interrupts } of ways) {
    const before = { sign: counter(sign), starts: consumer.starts, interruptions: consumer.interruptions };
    // Of any stream it could be trades and tops alone.
    const meets = symbol === undefined ? {} : { symbol, stream: 'depth' };
    await fault({ kind, ...meets });
    await until(`${kind} is seen`, () => counter(sign) > before.sign);
    if (interrupts) await until(`${kind} is over`, () => consumer.starts > before.starts && inSync());
    await isTrue();
    assert.equal(consumer.interruptions - before.interruptions, interrupts ? 1 : 0, kind);
  }

  await fault({ kind: 'http429' });
  await fault({ kind: 'drop', symbol: INSTRUMENT });
  await until('429 is named', () => session.status().problems.some(({ reason }) => reason === 'RateLimited'));
  await until('429 is over', () => inSync() && session.status().problems.length === 0);
  await isTrue();
  assert.ok(consumer.trades.size > 0);
  await until('audits', () => counter('auditEqual') > 1);
  assert.ok(counter('topEqual') > 0);
  assert.equal(counter('auditSuspected') + counter('topMismatch'), 0, 'a sound book never differs');
});
