import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';

interface Session {
  frame(bytes: Buffer, receiveTimeUs: number): void;
  snapshot(bytes: Buffer, symbol: string): void;
  report(): {
    readonly messages: Readonly<Record<string, number>>;
    readonly bytes: number;
    readonly tops: unknown;
    readonly counters: Readonly<Record<string, number>>;
  };
}
interface Entry {
  newSession(of: { exchange: string; market: string; settle?: string | null }): Session;
}

const ROOT = new URL('../../', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'mp-session-'));
let entry: Entry;

/** As a user has it after `npm run build`, without touching this checkout's own `dist`. */
before(async () => {
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  execFileSync(tsc, ['-p', join(ROOT, 'tsconfig.build.json'), '--outDir', join(folder, 'dist')]);
  mkdirSync(join(folder, 'bench'));
  copyFileSync(join(ROOT, 'bench/session.js'), join(folder, 'bench/session.js'));
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  entry = (await import(pathToFileURL(join(folder, 'bench/session.js')).href)) as Entry;
});
after(() => rmSync(folder, { recursive: true }));

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

const depth = (U: number, u: number, b: readonly (readonly string[])[]): Buffer =>
  bytes({ stream: 'btcusdt@depth@100ms', data: { e: 'depthUpdate', E: 7, s: 'BTCUSDT', U, u, b, a: [] } });
const REST = bytes({
  lastUpdateId: 10,
  bids: [['99.00', '1.00']],
  asks: [
    ['101.00', '2.50'],
    ['102.00', '1.00'],
  ],
});
const TRADE = { e: 'trade', E: 7, s: 'BTCUSDT', t: 5, p: '100.00', q: '0.10', T: 7, m: true };

test('the built session plays frames and a REST book and says what became of them', () => {
  for (const isEarly of [true, false]) {
    const session = entry.newSession({ exchange: 'binance', market: 'spot', settle: null });
    if (isEarly) session.snapshot(REST, 'BTCUSDT');
    session.frame(depth(9, 11, [['99.50', '3.00']]), 1_000_000);
    if (!isEarly) session.snapshot(REST, 'BTCUSDT');
    session.frame(depth(12, 12, [['99.00', '0.00']]), 1_100_000);
    session.frame(bytes(TRADE), 1_200_000);
    const { messages, tops, counters, bytes: sum } = session.report();
    // The event that spans the snapshot comes before it as well as behind it.
    assert.deepEqual(messages, { delta: 3, snapshot: 1, trade: 1 });
    assert.deepEqual(tops, { BTCUSDT: { bid: ['99.50', '3.00'], ask: ['101.00', '2.50'] } });
    assert.equal(counters['depthApplied'], 2);
    assert.ok(sum > 500, `${sum} bytes`);
  }
});

test('a session whose book never came has no top', () => {
  const session = entry.newSession({ exchange: 'binance', market: 'spot' });
  session.frame(depth(9, 11, [['99.50', '3.00']]), 1_000_000);
  session.snapshot(Buffer.from('{}'), 'BTCUSDT');
  const { messages, tops } = session.report();
  assert.deepEqual(tops, {});
  assert.deepEqual(messages, { 'undecodable:unsafeId': 1 });
});

test('a market that is not offered is refused by name', () => {
  assert.throws(
    () => entry.newSession({ exchange: 'binance', market: 'swap' }),
    /exchange "binance", market "swap", settle "null": no such market is offered/,
  );
});
