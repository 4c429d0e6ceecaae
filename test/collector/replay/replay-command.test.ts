import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { recordingPath } from '../../support/recording.ts';

const MAIN = new URL('../../../cli/main.ts', import.meta.url).pathname;
const WS = 'wss://stream.binance.com:9443/stream';
const folder = mkdtempSync(join(tmpdir(), 'replay-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

interface Message {
  readonly subject: string;
  readonly msgId: string;
  readonly record: Readonly<Record<string, unknown>>;
}
interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly messages: readonly Message[];
}

function replay(...args: readonly string[]): Ran {
  const ran = spawnSync(process.execPath, [MAIN, 'replay', ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const lines = ran.stdout.split('\n').filter((line) => line.startsWith('{"subject"'));
  return { ...ran, messages: lines.map((line) => JSON.parse(line) as Message) };
}

let files = 0;
function recording(...lines: readonly unknown[]): string {
  files += 1;
  const path = join(folder, `${files}.jsonl`);
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  writeFileSync(path, `${text.join('\n')}\n`);
  return path;
}
const ws = (t: number, data: unknown): unknown => ({
  t,
  dir: 'recv',
  url: WS,
  kind: 'ws',
  msg: JSON.stringify({ stream: 's', data }),
});
const depth = (t: number, U: number, u: number): unknown =>
  ws(t, { e: 'depthUpdate', E: t, s: 'BTCUSDT', U, u, b: [['99.00', `${u}.0`]], a: [['101.00', '0.000']] });
const rest = (t: number, lastUpdateId: number, path = '/api/v3/depth?symbol=BTCUSDT&limit=1'): unknown => ({
  t,
  dir: 'recv',
  url: `https://api.binance.com${path}`,
  kind: 'http',
  msg: JSON.stringify({ lastUpdateId, bids: [['98.00', '1.0']], asks: [] }),
});
const trade = (t: number, id: number): unknown =>
  ws(t, { e: 'trade', E: t, s: 'BTCUSDT', t: id, p: '100.10', q: '0.50', T: t, m: true, M: true });
const aggregate = (t: number, a: number): unknown =>
  ws(t, { e: 'aggTrade', E: t, s: 'BTCUSDT', a, p: '100.10', q: '0.5', f: 1, l: 2, T: t, m: false, M: true });

const identities = ({ messages }: Ran): readonly string[] =>
  messages.map(({ msgId }) => msgId.slice(msgId.indexOf('|') + 1).replace(/^(s\d+)-.*/, '$1'));

test('a recording becomes records with the wire digits and the times of the recording', () => {
  const ran = replay(recording(depth(1_000, 5, 6), rest(1_100, 6), depth(1_200, 7, 9), trade(1_300, 3)));
  assert.equal(ran.status, 0, ran.stderr);
  assert.deepEqual(identities(ran), ['s6', 'd6-9', 't3']);
  const [snapshot, delta, single] = ran.messages.map(({ record }) => record);
  assert.deepEqual(snapshot?.['bids'], [['98.00', '1.0']]);
  assert.equal(snapshot?.['exchangeTime'], null);
  assert.equal(snapshot?.['receiveTime'], 1_100_000);
  assert.equal(snapshot?.['completeFrom'], '98.00');
  assert.equal(snapshot?.['completeTo'], null);
  assert.deepEqual(delta?.['bids'], [['99.00', '9.0']]);
  assert.deepEqual(delta?.['asks'], [['101.00', '0']]);
  assert.equal(delta?.['exchangeTime'], 1_200_000);
  assert.deepEqual(
    [single?.['id'], single?.['price'], single?.['size'], single?.['side']],
    ['3', '100.10', '0.50', 'sell'],
  );
  assert.equal(ran.messages[2]?.subject, 'trade.binance.BTC-USDT');
});

test('a snapshot too old for the buffer is followed by the next, at once', () => {
  const ran = replay(recording(rest(900, 2), depth(1_000, 5, 6), rest(1_100, 7), depth(1_200, 7, 9)));
  assert.deepEqual(identities(ran), ['s7', 'd6-9']);
});

test('a lost event is a gap, closed by the next recorded snapshot and open without one', () => {
  const head = [depth(1_000, 5, 6), rest(1_100, 6), depth(1_200, 9, 9)];
  const open = replay(recording(...head));
  assert.deepEqual(identities(open), ['s6', 'g6-open']);
  assert.match(open.stderr, /unsynced to the end: BTC-USDT/);
  assert.match(open.stderr, /1 gaps? open/);
  const closed = replay(recording(...head, rest(1_300, 9), depth(1_400, 10, 11)));
  assert.deepEqual(identities(closed), ['s6', 's9', 'g6-9', 'd9-11']);
  assert.equal(closed.messages[2]?.record['cause'], 'venue');
  assert.equal(closed.stderr, '');
});

test('a hole in trades is a gap with its count, and aggregates beside them are none', () => {
  const ran = replay(
    recording(trade(1, 7), aggregate(2, 5_000), trade(3, 8), aggregate(4, 5_001), trade(5, 11)),
  );
  assert.deepEqual(identities(ran), ['t7', 'a5000', 't8', 'a5001', 't11', 'g8-11']);
  assert.equal(ran.messages.at(-1)?.record['missing'], 2);
  assert.equal(ran.messages[1]?.record['aggregated'], true);
});

test('kinds that are not known are counted by name, and nothing is taken for something', () => {
  const odd = { t: 1, dir: 'recv', url: WS, kind: 'ws', msg: '{"e":"newKind","s":"BTCUSDT"}' };
  const broken = { ...odd, msg: '{"e":"trade"' };
  const unsafe = ws(1, { e: 'depthUpdate', E: 1, s: 'BTCUSDT', U: 2 ** 53, u: 2 ** 53, b: [], a: [] });
  const ran = replay(recording(odd, broken, unsafe, rest(2, 1.5), depth(3, 1, 2)), '--summary');
  const { unknownKinds } = JSON.parse(ran.stdout) as { unknownKinds: Record<string, number> };
  assert.deepEqual(unknownKinds, {
    'unknown:newKind': 1,
    'undecodable:notJson': 1,
    'undecodable:unsafeId': 1,
    'undecodable:snapshot:unsafeId': 1,
  });
});

test('what is no recording of an offered market is refused by file and line', () => {
  const line = trade(1, 1) as Record<string, unknown>;
  const cases: readonly (readonly [unknown, RegExp])[] = [
    ['not json', /:2: not JSON/],
    [{ t: 1 }, /:2: needs t/],
    [{ ...line, url: 'wss://ws.example.com/ws' }, /:2: url .*example.*offered today: binance spot/],
    [{ ...line, url: 'https://eapi.binance.com/eapi/v1/depth?symbol=X' }, /:2: url .*offered today/],
  ];
  for (const [second, message] of cases) {
    const path = recording(line, second);
    const ran = replay(path);
    assert.equal(ran.status, 2);
    assert.match(ran.stderr, message);
    assert.ok(ran.stderr.includes(path));
  }
  assert.equal(replay(join(folder, 'missing.jsonl')).status, 2);
  assert.equal(replay().status, 2);
  assert.equal(replay('--no-such-option', recording(line)).status, 2);
});

describe('recorded files', () => {
  const applied = [
    ['cf-20210404-btc-eth-dot', 3, 2_656],
    ['cf-20210814-limit5000', 4, 528],
    ['cf-20211011-small', 4, 172],
    ['hft-20240808-btc-depth-180s', 1, 1_793],
    ['hft-20240808-btc-eth-all-30s', 2, 592],
  ] as const;
  for (const [name, books, deltas] of applied) {
    const path = recordingPath(`binance-spot/${name}`);
    const skip = path === undefined ? 'no recordings here' : false;
    test(
      `${name}: a snapshot a book, every applied event a delta, no gap, the same bytes again`,
      { skip },
      () => {
        const ran = replay(path ?? '');
        assert.equal(ran.status, 0, ran.stderr);
        const count = (prefix: string): number =>
          identities(ran).filter((identity) => identity.startsWith(prefix)).length;
        assert.deepEqual([count('s'), count('d'), count('g')], [books, deltas, 0]);
        assert.equal(new Set(ran.messages.map(({ msgId }) => msgId)).size, ran.messages.length);
        assert.equal(ran.stderr, '');
        assert.equal(replay(path ?? '').stdout, ran.stdout);
      },
    );
  }
});
