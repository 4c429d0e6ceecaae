import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import type { Outgoing } from '../../../collector/ports.ts';
import { booksText, Consumer, type Book } from './book-consumer.ts';
import { collect, until } from './tiny-venue.ts';

/** The simulator as another process: it shares no code with the collector, and knows its own true book. */
const MAIN = new URL('../../../cli/main.ts', import.meta.url).pathname;
const INSTRUMENT = 'BTC-PERPETUAL';
const SYMBOL = 'BTC-USD-PERP';
const OTHER = 'ETH-USD-PERP';

test('simulated Deribit breaks in every way: that book alone begins again, and is the true one', async (t) => {
  const child = spawn(process.execPath, [MAIN, 'simulate', '--venue', 'deribit', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(async () => {
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(line)?.[1]);
  const rest = `http://127.0.0.1:${port}`;
  const feed = collect({ port }, [SYMBOL, OTHER], {
    spec: {
      exchange: 'deribit',
      market: 'perpetual',
      streams: ['orderbook', 'trade'],
      orderbook: { auditEvery: '2s' },
      endpoints: { websocket: `ws://127.0.0.1:${port}`, rest },
    },
  });
  t.after(() => feed.session.stop());
  const consumer = new Consumer(SYMBOL);
  let taken = 0;
  const look = (): void => {
    for (; taken < feed.records.length; taken += 1) consumer.take(feed.records[taken] as Outgoing);
  };
  const inSync = (): boolean => [SYMBOL, OTHER].every((symbol) => feed.state(symbol) === 'inSync');
  const counter = (name: string): number => feed.session.status().counters[name] ?? 0;
  const isTrue = async (): Promise<void> => {
    const book = (await (await fetch(`${rest}/admin/book?symbol=${INSTRUMENT}`)).json()) as Book;
    await until(`at id ${book.lastUpdateId} or past it`, () => consumer.id >= book.lastUpdateId, look);
    const ours = consumer.at.get(book.lastUpdateId);
    // Changes are pushed together, so not every id of the venue is an id of ours: then look again.
    if (ours === undefined) return isTrue();
    assert.equal(ours, booksText(book.bids, book.asks));
  };
  await until('in sync', inSync);
  await isTrue();
  const ways = [
    { kind: 'drop', symbol: INSTRUMENT, sign: 'depthGap', interrupts: true },
    { kind: 'gap', symbol: INSTRUMENT, sign: 'depthGap', interrupts: true },
    { kind: 'swap', symbol: INSTRUMENT, sign: 'depthGap', interrupts: true },
    { kind: 'cut', symbol: INSTRUMENT, sign: 'undecodable:notJson', interrupts: true },
    { kind: 'repeat', symbol: INSTRUMENT, sign: 'depthStale', interrupts: false },
    { kind: 'disconnect', symbol: undefined, sign: 'disconnected:closed', interrupts: true },
  ] as const;
  for (const { kind, symbol, sign, interrupts } of ways) {
    const before = { sign: counter(sign), starts: consumer.starts, interruptions: consumer.interruptions };
    const others = feed.of('interrupted', OTHER).length;
    const body = JSON.stringify(symbol === undefined ? { kind } : { kind, symbol, stream: 'depth' });
    const answer = await fetch(`${rest}/admin/fault`, { method: 'POST', body });
    assert.equal(answer.status, 200, await answer.text());
    await until(`${kind} is seen`, () => counter(sign) > before.sign, look);
    if (interrupts) await until(`${kind} is over`, () => consumer.starts > before.starts && inSync(), look);
    await isTrue();
    assert.equal(consumer.interruptions - before.interruptions, interrupts ? 1 : 0, kind);
    assert.equal(feed.of('interrupted', OTHER).length - others, symbol === undefined ? 1 : 0, kind);
  }
  await until('audits', () => counter('auditEqual') > 1);
  assert.ok(counter('topEqual') > 0);
  assert.equal(counter('auditSuspected') + counter('topMismatch'), 0, 'a sound book never differs');
});
