import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { getJson } from './client.ts';

const COMMAND = fileURLToPath(new URL('../../bin/marketprism.js', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly errors: string;
}

/** Runs the command; `use` gets its first line and ends it by returning. */
async function simulate(args: readonly string[], use?: (line: string) => Promise<void>): Promise<Ended> {
  const child = spawn(process.execPath, [COMMAND, 'simulate', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  try {
    if (use !== undefined) {
      const [line] = (await Promise.race([once(child.stdout, 'data'), exited])) as [unknown];
      assert.ok(Buffer.isBuffer(line), errors);
      await use(line.toString());
    }
  } finally {
    if (use !== undefined) child.kill('SIGTERM');
  }
  const [code] = (await exited) as [number | null];
  return { code, errors };
}

test('simulate prints its endpoints on a free port, serves, and ends with 0 at SIGTERM', async () => {
  const { code } = await simulate(['--port', '0', '--symbols', 'SOL-USDC'], async (line) => {
    const [, url = ''] = /(http:\/\/127\.0\.0\.1:\d+)\/api\/v3/.exec(line) ?? [];
    assert.match(line, /ws:\/\/127\.0\.0\.1:\d+\/stream .*symbols SOLUSDC\n$/);
    assert.deepEqual(await getJson(`${url}/api/v3/ping`), {});
  });
  assert.equal(code, 0);
});

test('simulate names a taken port and the mend', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { code, errors } = await simulate(['--port', String(port)]);
  other.close();
  assert.equal(code, 1);
  assert.match(errors, new RegExp(`port ${port} is in use; choose another with --port`));
});

test('simulate --venue speaks as another venue', async () => {
  const { code } = await simulate(['--port', '0', '--venue', 'okx'], async (line) => {
    const [, url = ''] = /(http:\/\/127\.0\.0\.1:\d+)\/api\/v5/.exec(line) ?? [];
    assert.match(line, /OKX at ws:\/\/127\.0\.0\.1:\d+\/ws\/v5\/public .*symbols BTC-USDT,BTC-USDT-SWAP\n$/);
    const books = await getJson<{ code: string }>(`${url}/api/v5/market/books?instId=BTC-USDT&sz=400`);
    assert.equal(books.code, '0');
  });
  assert.equal(code, 0);
});

for (const [args, message] of [
  [['--symbols', 'BTCUSDT'], /--symbols: "BTCUSDT" is not of the form BASE-QUOTE/],
  [['--symbols', 'BTC-USDT,BTC-USDT'], /--symbols: BTCUSDT is named twice/],
  [['--rate', 'many'], /--rate must be a number/],
  [['--port', '70000'], /--port must be at most 65535/],
  [['--port', '80.5'], /--port must be a whole number/],
  [['--start', 'never'], /--start must be one of immediately, first-subscribe, manual/],
  [['--recordings', '/does/not/exist'], /\/does\/not\/exist cannot be read: ENOENT/],
  [['--venue', 'nowhere'], /--venue must be one of binance-spot, binance-usdm/],
  [['--okx-checksum', 'maybe'], /--okx-checksum must be one of zero, real/],
  [['--color'], /--color/],
] as const) {
  test(`simulate ${args.join(' ')} is refused with what is wrong`, async () => {
    const { code, errors } = await simulate([...args]);
    assert.equal(code, 2);
    assert.match(errors, message);
  });
}
