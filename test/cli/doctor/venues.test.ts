import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkVenues, type RestProbe, type VenueAddress } from '../../../cli/doctor/venues.ts';

const binance: VenueAddress = {
  exchange: 'binance',
  rest: 'https://rest.test/',
  websocket: 'wss://ws.test/ws',
};
const okx: VenueAddress = { exchange: 'okx', rest: 'https://okx.test', websocket: 'wss://okx.test/ws' };
const NOW_MS = 1_800_000_000_000;

const answered = (status: number, serverTimeMs: number | null = NOW_MS): RestProbe => ({
  kind: 'answered',
  status,
  serverTimeMs,
  sentMs: NOW_MS + 100,
  receivedMs: NOW_MS + 140,
});

async function examined(rest: readonly RestProbe[], websocketReason?: string): Promise<readonly string[]> {
  const left = [...rest];
  const findings = await checkVenues(rest.length === 1 ? [binance] : [binance, okx], {
    rest: async () => left.shift() ?? assert.fail('asked twice'),
    websocket: async () =>
      websocketReason === undefined ? { kind: 'answered' } : { kind: 'failed', reason: websocketReason },
  });
  return findings.map(({ kind, check, said }) => `${kind} ${check}: ${said}`);
}

test('a venue that answers is all right, and so is the clock', async () => {
  assert.deepEqual(await examined([answered(200)]), [
    'ok binance REST: https://rest.test/ in 40 ms',
    'ok binance WebSocket: wss://ws.test/ws',
    'ok clock: as the venues have it, to the second',
  ]);
});

test('each venue is asked its own cheapest question, once', async () => {
  const urls: string[] = [];
  await checkVenues([binance, okx, { ...okx, exchange: 'deribit' }], {
    rest: async (url) => (urls.push(url), answered(200)),
    websocket: async () => ({ kind: 'answered' }),
  });
  assert.deepEqual(urls, [
    'https://rest.test/api/v3/time',
    'https://okx.test/api/v5/public/time',
    'https://okx.test/api/v2/public/get_time',
  ]);
});

const REFUSALS: readonly (readonly [RestProbe, string])[] = [
  [
    { kind: 'failed', reason: 'getaddrinfo ENOTFOUND rest.test' },
    'wrong binance REST: https://rest.test/ cannot be reached: getaddrinfo ENOTFOUND rest.test',
  ],
  [
    answered(451),
    'wrong binance REST: https://rest.test/ answers HTTP 451: it refuses this address or region',
  ],
  [answered(429), 'warning binance REST: https://rest.test/ answers HTTP 429: this address asked too often'],
  [answered(503), 'warning binance REST: https://rest.test/ answers HTTP 503'],
  [answered(404), 'ok binance REST: https://rest.test/ in 40 ms'],
];
for (const [probe, expected] of REFUSALS) {
  test(`REST: ${expected}`, async () => {
    assert.equal((await examined([probe]))[0], expected);
  });
}

test('a WebSocket that cannot be opened is wrong, whatever REST says', async () => {
  const lines = await examined([answered(200)], 'Unexpected server response: 403');
  assert.equal(
    lines[1],
    'wrong binance WebSocket: wss://ws.test/ws cannot be reached: Unexpected server response: 403',
  );
});

const CLOCKS: readonly (readonly [string, readonly RestProbe[], string])[] = [
  ['unknown without a time', [answered(200, null)], 'skipped clock: no venue answered with its time'],
  ['ahead', [answered(200, NOW_MS - 5_000)], "wrong clock: 4.1 s ahead of the venues' clocks"],
  ['behind', [answered(200, NOW_MS + 5_000)], "wrong clock: 4.9 s behind the venues' clocks"],
  [
    'right when one venue alone disagrees',
    [answered(200, NOW_MS + 60_000), answered(200)],
    'ok clock: as the venues have it, to the second',
  ],
  [
    'right within the second that the header leaves open',
    [answered(200, NOW_MS - 900)],
    'ok clock: as the venues have it, to the second',
  ],
];
for (const [name, probes, expected] of CLOCKS) {
  test(`the clock is ${name}`, async () => {
    assert.equal((await examined(probes)).at(-1), expected);
  });
}
