import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { WebSocketServer } from 'ws';
import { collect, until } from './tiny-venue.ts';

const CONTRACT = { baseAsset: 'BTC', quoteAsset: 'USDT', status: 'TRADING' };
const SYMBOLS = [
  { ...CONTRACT, symbol: 'BTCUSDT', contractType: 'PERPETUAL' },
  { ...CONTRACT, symbol: 'BTCUSDT_261225', contractType: 'NEXT_QUARTER' },
];
const levels = (count: number, from: number, step: number): readonly string[][] =>
  Array.from({ length: count }, (_, index) => [`${from + step * index}.0`, '1.5']);

test('a session of USD-M uses its paths, its markets and its limits, and follows pu', async (t) => {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    paths.push(`${pathname}?${searchParams.toString()}`);
    const limit = Number(searchParams.get('limit'));
    const book = { lastUpdateId: 100, T: 5, bids: levels(3, 5_000, -1), asks: levels(limit, 5_001, 1) };
    response.end(JSON.stringify(pathname.endsWith('/depth') ? book : { symbols: SYMBOLS }));
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, request) => {
    paths.push(request.url ?? '');
    const depth = (pu: number, u: number): void =>
      socket.send(
        JSON.stringify({
          data: {
            e: 'depthUpdate',
            E: 7,
            T: 6,
            s: 'BTCUSDT',
            U: u - 1,
            u,
            pu,
            b: [['4999.0', `${u}`]],
            a: [],
          },
        }),
      );
    socket.on('message', (text: Buffer) => {
      const { id } = JSON.parse(text.toString()) as { id: number };
      socket.send(JSON.stringify({ result: null, id }));
      depth(90, 95);
      depth(95, 110);
      depth(110, 200);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const spec = { market: 'perpetual', settle: 'linear', orderbook: { restDepth: 5_000 } } as const;
  const { port } = server.address() as AddressInfo;
  const collected = collect({ port }, ['BTC-USDT-PERP', 'BTC-USDT-20261225'], { spec });
  t.after(async () => {
    await collected.session.stop();
    for (const socket of sockets.clients) socket.terminate();
    server.closeAllConnections();
    server.close();
  });
  await until('the last change', () =>
    collected.of('delta', 'BTC-USDT-PERP').some(({ lastId }) => lastId === 200),
  );

  assert.deepEqual(
    collected.session.status().unknown.map(({ symbol }) => symbol),
    ['BTC-USDT-20261225'],
  );
  assert.ok(paths.includes('/public/stream'), 'order books are not at the root path');
  assert.ok(paths.includes('/fapi/v1/depth?symbol=BTCUSDT&limit=1000'));
  const [start] = collected.of('snapshot', 'BTC-USDT-PERP');
  const record = JSON.parse(new TextDecoder().decode(start?.payload)) as Record<string, unknown>;
  assert.equal(record['completeFrom'], null, 'three bids of a thousand asked for are the whole side');
  assert.equal(record['completeTo'], '6000.0', 'a thousand asks of a thousand asked for may not be');
  const chain = collected.of('delta', 'BTC-USDT-PERP').filter(({ joinOnly }) => !joinOnly);
  assert.deepEqual(
    chain.map(({ prevId, lastId }) => [prevId, lastId]),
    [
      [95, 110],
      [110, 200],
    ],
  );
});
