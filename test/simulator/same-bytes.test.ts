import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { VenueName } from '../../simulator/options.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { VenueClient, withSimulator } from './client.ts';
import { DIALECTS, type Dialect } from './dialects.ts';

type Json = Readonly<Record<string, unknown>>;

/** Trades and best prices beside the depth. */
const MORE: Readonly<Record<VenueName, (instrument: string) => Json>> = {
  'binance-spot': streams('trade', 'aggTrade', 'bookTicker', 'depth'),
  'binance-usdm': streams('trade', 'bookTicker', 'depth@0ms'),
  'binance-coinm': streams('trade', 'aggTrade', 'bookTicker', 'depth@500ms'),
  'binance-options': streams('optionTrade', 'bookTicker', 'depth@500ms'),
  okx: (instId) => ({
    op: 'subscribe',
    args: ['bbo-tbt', 'trades', 'books5'].map((channel) => ({ channel, instId })),
  }),
  deribit: (instrument) => ({
    jsonrpc: '2.0',
    id: 8,
    method: 'public/subscribe',
    params: { channels: [`trades.${instrument}.100ms`, `ticker.${instrument}.100ms`] },
  }),
};

function streams(...channels: readonly string[]): (instrument: string) => Json {
  return (instrument) => ({
    method: 'SUBSCRIBE',
    params: channels.map((channel) => `${instrument.toLowerCase()}@${channel}`),
    id: 8,
  });
}

/** Frame and time faults, so that these are shown to be the same each time as well. */
const SCENARIO = `
- { atMs: 2000, fault: { kind: drop, count: 2 } }
- { atMs: 3000, fault: { kind: swap } }
- { atMs: 4000, fault: { kind: delay, ms: 300 } }
- { atMs: 5000, fault: { kind: cut, stream: trade } }
- { atMs: 6000, fault: { kind: stall, ms: 700 } }
- { atMs: 8000, fault: { kind: repeat, stream: any, count: 5 } }
`;
const MARKET_MS = 12_000;

interface Run {
  readonly digest: string;
  readonly frames: number;
  readonly bytes: number;
}

/** Every byte that a client of all streams gets in twelve seconds of market time. */
async function run(dialect: Dialect, seed: number): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'same-bytes-'));
  const scenario = join(folder, 'scenario.yaml');
  writeFileSync(scenario, SCENARIO);
  const clock = new ManualClock();
  const result = { digest: '', frames: 0, bytes: 0 };
  const options = { venue: dialect.venue, seed, scenario, start: 'manual' } as const;
  await withSimulator(
    options,
    async (simulator) => {
      const client = await VenueClient.open(`${simulator.webSocketUrl}${dialect.path}`);
      client.request(dialect.subscribe(dialect.instruments, 1));
      for (const instrument of dialect.instruments) client.request(MORE[dialect.venue](instrument));
      await settled(client);
      simulator.play();
      for (let second = 0; second < MARKET_MS / 1_000; second += 1) {
        await clock.advance(1_000);
        await settled(client);
      }
      const all = client.frames.join('\n');
      Object.assign(result, { digest: hash('sha256', all), frames: client.frames.length, bytes: all.length });
      client.close();
    },
    { clock },
  );
  rmSync(folder, { recursive: true });
  return result;
}

/** What the server sent before its answer has arrived with it. */
async function settled(client: VenueClient): Promise<void> {
  const pong = new Promise((resolve) => {
    client.socket.once('pong', resolve);
  });
  client.socket.ping();
  await pong;
}

describe('the same seed gives the same bytes', () => {
  for (const dialect of DIALECTS) {
    it(`${dialect.venue}: every frame, the faults of a scenario among them`, async () => {
      const [first, second, other] = [await run(dialect, 7), await run(dialect, 7), await run(dialect, 8)];
      assert.ok(first.frames > 300, `${first.frames} frames`);
      assert.deepEqual(second, first);
      assert.notEqual(other.digest, first.digest, 'another seed, another market');
    });
  }
});
