import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withSimulator } from './client.ts';

const post = async (url: string, body: string): Promise<readonly [number, string]> => {
  const answer = await fetch(url, { method: 'POST', body });
  return [answer.status, await answer.text()];
};

test('an instrument that is listed later trades as if it had always been there, and a relisting goes on', async () => {
  await withSimulator({ symbols: ['BTC-USDT'], seed: 3 }, async ({ restUrl }) => {
    const listed = async (): Promise<string> => {
      const info = (await (await fetch(`${restUrl}/api/v3/exchangeInfo`)).json()) as {
        readonly symbols: readonly { readonly symbol: string; readonly status: string }[];
      };
      return info.symbols.map(({ symbol, status }) => `${symbol} ${status}`).join();
    };
    const idOf = async (symbol: string): Promise<number> => {
      const book = (await (await fetch(`${restUrl}/api/v3/depth?symbol=${symbol}`)).json()) as {
        readonly lastUpdateId: number;
      };
      return book.lastUpdateId;
    };
    assert.equal(await listed(), 'BTCUSDT TRADING');
    const [status, text] = await post(`${restUrl}/admin/list`, '{"symbol":"SOL-USDT"}');
    assert.deepEqual([status, JSON.parse(text)], [200, { symbol: 'SOLUSDT' }]);
    assert.equal(await listed(), 'BTCUSDT TRADING,SOLUSDT TRADING');
    const before = await idOf('SOLUSDT');
    assert.ok(before > 0);
    await post(`${restUrl}/admin/halt`, '{"symbol":"SOLUSDT"}');
    assert.equal(await listed(), 'BTCUSDT TRADING,SOLUSDT BREAK');
    await post(`${restUrl}/admin/delist`, '{"symbol":"SOLUSDT"}');
    assert.equal(await listed(), 'BTCUSDT TRADING');
    await post(`${restUrl}/admin/list`, '{"symbol":"SOL-USDT"}');
    assert.ok((await idOf('SOLUSDT')) >= before, 'ids never go back');
  });
});

test('what cannot be listed or ended is refused in words', async () => {
  await withSimulator({ symbols: ['BTC-USDT'] }, async ({ restUrl }) => {
    const cases = [
      ['list', 'x', /the body is not/],
      ['list', '{"symbol":7}', /the body is not/],
      ['list', '{"symbol":"BTC-USDT-PERP"}', /not of the form/],
      ['halt', '{"symbol":"NOUSDT"}', /unknown symbol NOUSDT/],
      ['delist', '{"symbol":"NOUSDT"}', /unknown symbol NOUSDT/],
    ] as const;
    for (const [verb, body, says] of cases) {
      const [status, text] = await post(`${restUrl}/admin/${verb}`, body);
      assert.equal(status, 400);
      assert.match(text, says);
    }
  });
});
