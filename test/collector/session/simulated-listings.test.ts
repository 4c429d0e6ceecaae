import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import type { FeedSpec } from '../../../contract/feed.ts';
import { collect, until } from './tiny-venue.ts';

const MAIN = new URL('../../../cli/main.ts', import.meta.url).pathname;

interface Case {
  readonly venue: string;
  readonly spec: Pick<FeedSpec, 'exchange' | 'market' | 'settle'>;
  /** Listed from the start and to the end; halted; listed later. */
  readonly stays: string;
  readonly halted: readonly [symbol: string, instrument: string];
  readonly later: readonly [symbol: string, instrument: string];
  /** The venue's word for what is listed and does not trade. */
  readonly word: RegExp;
}

const CASES: readonly Case[] = [
  {
    venue: 'binance-spot',
    spec: { exchange: 'binance', market: 'spot' },
    stays: 'BTC-USDT',
    halted: ['ETH-USDT', 'ETHUSDT'],
    later: ['SOL-USDT', 'SOLUSDT'],
    word: /lists it as BREAK/,
  },
  {
    venue: 'binance-usdm',
    spec: { exchange: 'binance', market: 'future', settle: 'linear' },
    stays: 'BTC-USDT-20270326',
    halted: ['ETH-USDT-20270326', 'ETHUSDT_270326'],
    later: ['BTC-USDT-20270625', 'BTCUSDT_270625'],
    word: /lists it as SETTLING/,
  },
  {
    venue: 'binance-coinm',
    spec: { exchange: 'binance', market: 'perpetual', settle: 'inverse' },
    stays: 'BTC-USD-PERP',
    halted: ['ETH-USD-PERP', 'ETHUSD_PERP'],
    later: ['SOL-USD-PERP', 'SOLUSD_PERP'],
    word: /lists it as SETTLING/,
  },
  {
    venue: 'binance-options',
    spec: { exchange: 'binance', market: 'option' },
    stays: 'BTC-USDT-20270625-60000-C',
    halted: ['ETH-USDT-20270625-4000-P', 'ETH-270625-4000-P'],
    // A strike that is no whole number.
    later: ['XRP-USDT-20270625-0d5-C', 'XRP-270625-0.5-C'],
    word: /lists it as HALT/,
  },
  {
    venue: 'okx',
    spec: { exchange: 'okx', market: 'perpetual' },
    stays: 'BTC-USDT-PERP',
    halted: ['ETH-USDT-PERP', 'ETH-USDT-SWAP'],
    later: ['SOL-USDT-PERP', 'SOL-USDT-SWAP'],
    word: /lists it as suspend/,
  },
  {
    venue: 'okx',
    spec: { exchange: 'okx', market: 'option' },
    stays: 'BTC-USD-20270625-20000-C',
    halted: ['BTC-USD-20270625-30000-C', 'BTC-USD-270625-30000-C'],
    // A family that was not there before.
    later: ['ETH-USD-20270625-4000-P', 'ETH-USD-270625-4000-P'],
    word: /lists it as suspend/,
  },
  {
    venue: 'deribit',
    spec: { exchange: 'deribit', market: 'option' },
    stays: 'BTC-USD-20270625-20000-C',
    halted: ['ETH-USD-20270625-6000-P', 'ETH-25JUN27-6000-P'],
    later: ['BTC-USD-20270625-50000-C', 'BTC-25JUN27-50000-C'],
    word: /lists it as inactive/,
  },
];

for (const { venue, spec, stays, halted, later, word } of CASES) {
  test(`simulated ${venue} ${spec.market}: a halt, a listing and a delisting are followed, and who stays sees nothing of them`, async (t) => {
    const child = spawn(
      process.execPath,
      [MAIN, 'simulate', '--venue', venue, '--port', '0', '--symbols', `${stays},${halted[0]}`],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    t.after(async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    });
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(line)?.[1]);
    const rest = `http://127.0.0.1:${port}`;
    const admin = async (verb: string, symbol: string): Promise<void> => {
      const answer = await fetch(`${rest}/admin/${verb}`, {
        method: 'POST',
        body: JSON.stringify({ symbol }),
      });
      assert.equal(answer.status, 200, await answer.text());
    };
    const feed = collect({ port }, [stays, halted[0], later[0]], {
      catalogueEveryMs: 1_000,
      spec: {
        ...spec,
        streams: ['orderbook', 'trade'],
        endpoints: { websocket: `ws://127.0.0.1:${port}`, rest },
      },
    });
    t.after(() => feed.session.stop());
    const inSync = (symbol: string) => (): boolean => feed.state(symbol) === 'inSync';
    const reason = (symbol: string): string =>
      feed.session.status().unknown.find((one) => one.symbol === symbol)?.reason ?? '';
    await until('in sync', () => inSync(stays)() && inSync(halted[0])());
    assert.match(reason(later[0]), /does not list it/);

    await admin('list', later[0]);
    await until('the listing is in sync', inSync(later[0]));
    await admin('halt', halted[1]);
    await until('the halt is named', () => word.test(reason(halted[0])));
    assert.equal(feed.state(halted[0]), undefined, 'nobody waits for it');
    await admin('list', halted[0]);
    await until('it trades again', inSync(halted[0]));
    await admin('delist', later[1]);
    await until('the delisting is named', () => /lists it no more/.test(reason(later[0])));

    assert.equal(feed.state(stays), 'inSync');
    assert.deepEqual(feed.of('interrupted', stays), []);
    assert.equal(feed.of('snapshot', stays).filter(({ role }) => role === 'start').length, 1);
    assert.ok(feed.of('snapshot', halted[0]).filter(({ role }) => role === 'start').length >= 2);
  });
}
