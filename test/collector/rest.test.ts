import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { RestClient } from '../../collector/rest.ts';
import { ManualClock } from '../support/manual-clock.ts';

const MINUTE_MS = 60_000;
const asked = (weight: number) => ({ path: '/', weight });

async function client(
  t: TestContext,
  answer: (response: ServerResponse) => void,
): Promise<{ readonly rest: RestClient; readonly clock: ManualClock }> {
  const server = createServer((_, response) => answer(response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const clock = new ManualClock();
  const { port } = server.address() as AddressInfo;
  const rest = new RestClient({
    base: `http://127.0.0.1:${port}`,
    clock,
    weightPerMinute: 100,
    weightWindowMs: 60_000,
    addressWeightPerMinute: 1_000,
    usedWeightHeader: 'x-used',
  });
  return { rest, clock };
}

test('the weight of any minute is kept, wherever the venue begins to count', async (t) => {
  const { rest, clock } = await client(t, (response) => response.end('{}'));
  await rest.get(asked(60));
  await clock.advance(50_000);
  await rest.get(asked(40));
  assert.equal(rest.waitMs(1), 10_000);
  await clock.advance(10_000);
  assert.equal(rest.waitMs(60), 0);
  assert.equal(rest.waitMs(61), 50_000, 'the forty are of this minute still');
});

test('a smaller share counts what was spent under the larger one', async (t) => {
  const { rest } = await client(t, (response) => response.end('{}'));
  await rest.get(asked(40));
  assert.equal(rest.waitMs(60), 0);
  rest.setWeight(50);
  assert.equal(rest.waitMs(10), 0);
  assert.equal(rest.waitMs(11), MINUTE_MS);
  rest.setWeight(100);
  assert.equal(rest.waitMs(60), 0);
});

test('429 and 418 are waited out as told, in seconds or as a date, and a minute where nothing is told', async (t) => {
  const clockMs = new ManualClock().nowMs();
  const cases: readonly (readonly [status: number, retryAfter: string | undefined, waitMs: number])[] = [
    [429, '7', 7_000],
    [418, '120', 120_000],
    [418, new Date(clockMs + 90_000).toUTCString(), 90_000],
    [429, undefined, MINUTE_MS],
    [429, 'soon', MINUTE_MS],
    [418, '99999999', 3 * 86_400_000],
  ];
  for (const [status, retryAfter, waitMs] of cases) {
    const { rest, clock } = await client(t, (response) => {
      response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end('{}');
    });
    const answer = await rest.get(asked(1));
    assert.deepEqual(answer, { kind: 'limited', status, retryAfterMs: waitMs }, `${status} ${retryAfter}`);
    assert.equal(rest.waitMs(1), waitMs);
    await clock.advance(waitMs);
    assert.equal(rest.waitMs(1), 0);
  }
});

test('what the whole address used makes everybody wait for the next minute above 80 %', async (t) => {
  let used = 800;
  const { rest, clock } = await client(t, (response) => {
    response.writeHead(200, { 'x-used': String(used) }).end('{}');
  });
  await rest.get(asked(1));
  assert.equal(rest.waitMs(1), 0);
  used = 801;
  await rest.get(asked(1));
  assert.equal(rest.waitMs(1), MINUTE_MS - (clock.nowMs() % MINUTE_MS));
});
