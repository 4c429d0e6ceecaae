import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startNats, type NatsServer } from '../../support/nats.ts';
import { readStream, type ReadTrade } from '../../support/reader.ts';
import { marketprism, portOf, startVenue, statusOf, until, type Command, type Venue } from './rig.ts';

interface Market {
  readonly venue: string;
  readonly spec: string;
  readonly symbol: string;
  readonly instrument: string;
}

const SPOT: Market = {
  venue: 'binance-spot',
  spec: 'exchange: binance, market: spot',
  symbol: 'BTC-USDT',
  instrument: 'BTCUSDT',
};
const MARKETS: readonly Market[] = [
  SPOT,
  {
    venue: 'binance-usdm',
    spec: 'exchange: binance, market: perpetual, settle: linear',
    symbol: 'BTC-USDT-PERP',
    instrument: 'BTCUSDT',
  },
  { venue: 'okx', spec: 'exchange: okx, market: spot', symbol: 'BTC-USDT', instrument: 'BTC-USDT' },
  {
    venue: 'deribit',
    spec: 'exchange: deribit, market: perpetual',
    symbol: 'BTC-USD-PERP',
    instrument: 'BTC-PERPETUAL',
  },
];

interface Collecting {
  readonly command: Command;
  readonly port: number;
}

class Rig {
  readonly nats: NatsServer;
  readonly venue: Venue;
  readonly #path: string;
  readonly #started: Command[] = [];

  private constructor(nats: NatsServer, venue: Venue, path: string) {
    this.nats = nats;
    this.venue = venue;
    this.#path = path;
  }

  static async start(t: TestContext, { venue: name, spec, symbol }: Market): Promise<Rig> {
    const nats = await startNats();
    const venue = await startVenue('--venue', name, '--symbols', symbol);
    const folder = await mkdtemp(join(tmpdir(), 'trades-'));
    const path = join(folder, 'feed.yaml');
    const at = `127.0.0.1:${venue.port}`;
    await writeFile(
      path,
      `apiVersion: marketprism.io/v1alpha1
kind: CollectorFeed
metadata: { name: trades }
spec: { ${spec}, symbols: [${symbol}], streams: [trade], endpoints: { websocket: "ws://${at}", rest: "http://${at}" } }
`,
    );
    const rig = new Rig(nats, venue, path);
    t.after(async () => {
      for (const command of [...rig.#started, venue.command]) await command.ended('SIGKILL');
      await nats.stop();
      await rm(folder, { recursive: true });
    });
    return rig;
  }

  async collect(): Promise<Collecting> {
    const command = marketprism(['collect', '--port', '0', '-f', this.#path], { NATS_URL: this.nats.url });
    this.#started.push(command);
    return { command, port: await portOf(command) };
  }

  async fault(body: object): Promise<void> {
    const url = `http://127.0.0.1:${this.venue.port}/admin/fault`;
    const answer = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
    assert.equal(answer.status, 200, await answer.text());
  }

  /** Nobody collects meanwhile. */
  async marketMoves(byMs: number): Promise<void> {
    const url = `http://127.0.0.1:${this.venue.port}/admin/state`;
    const now = async (): Promise<number> =>
      ((await (await fetch(url)).json()) as { readonly marketMs: number }).marketMs;
    const endMs = (await now()) + byMs;
    await until('the market to go on', async () => (await now()) >= endMs);
  }

  async trades(): Promise<readonly ReadTrade[]> {
    const read = await readStream(await this.nats.connect(), 'MARKET_DATA');
    assert.deepEqual(read.doubled, []);
    const [trades = []] = read.trades.values();
    return trades;
  }

  async gaps(): Promise<readonly Record<string, unknown>[]> {
    const { others } = await readStream(await this.nats.connect(), 'MARKET_DATA_GAPS');
    return others.map(({ record }) => record);
  }
}

const counterOf = async (port: number, name: string): Promise<number> =>
  (await statusOf(port)).data.collection_stats.publish.counters[name] ?? 0;
const storedBy = async (port: number): Promise<number> =>
  (await statusOf(port)).data.collection_stats.total_collections;

async function storesMore(port: number, by: number): Promise<void> {
  const before = await storedBy(port);
  await until(`${by} more trades`, async () => (await storedBy(port)) >= before + by);
}

/** Says what it did instead, when it does not. */
async function untilBackfilled({ port, command }: Collecting): Promise<void> {
  try {
    await until('what nobody collected', async () => (await counterOf(port, 'holesBackfilled')) >= 1);
  } catch (error) {
    const { publish } = (await statusOf(port)).data.collection_stats;
    throw new Error(`${JSON.stringify(publish)}\n${command.output().slice(-4_000)}`, { cause: error });
  }
}

/** Every trade from the first to the last, each once. */
function assertWhole(trades: readonly ReadTrade[]): void {
  const counts = trades.map(({ count }) => count);
  const [first, last] = [Math.min(...counts), Math.max(...counts)];
  assert.equal(new Set(counts).size, counts.length);
  const gone = Array.from({ length: last - first + 1 }, (_, index) => first + index).filter(
    (id) => !counts.includes(id),
  );
  assert.deepEqual(gone, [], `of ${first} to ${last}`);
  const inOrder = trades.filter(({ backfilled }) => !backfilled).map(({ count }) => count);
  assert.deepEqual(
    inOrder,
    inOrder.toSorted((one, other) => one - other),
    'only fetched ones are exempt from order',
  );
}

for (const market of MARKETS) {
  test(`${market.venue}: trades lost on the way, with the connection and with a killed collector are fetched, once and marked`, async (t) => {
    const rig = await Rig.start(t, market);
    const first = await rig.collect();
    await until('trades', async () => (await storedBy(first.port)) > 10);

    await rig.fault({ kind: 'drop', stream: 'trade', symbol: market.instrument, count: 3 });
    await until('lost frames are fetched', async () => (await counterOf(first.port, 'holesBackfilled')) >= 1);
    const fetched = await counterOf(first.port, 'holesBackfilled');
    // Each time it is away for longer; a killed collector states no hole that it was still working on.
    while ((await counterOf(first.port, 'holesBackfilled')) === fetched) {
      await rig.fault({ kind: 'disconnect' });
      const before = await storedBy(first.port);
      await until(
        'what a lost connection missed, or many trades without it',
        async () =>
          (await counterOf(first.port, 'holesBackfilled')) > fetched ||
          (await storedBy(first.port)) > before + 120,
      );
    }
    // Long enough for every hole that was met so far to be done with.
    await storesMore(first.port, 250);

    await first.command.ended('SIGKILL');
    await rig.marketMoves(2_000);
    const second = await rig.collect();
    await untilBackfilled(second);
    await storesMore(second.port, 5);
    assert.equal(await second.command.ended('SIGTERM'), 0);

    const trades = await rig.trades();
    assertWhole(trades);
    const fetchedTrades = trades.filter(({ backfilled }) => backfilled);
    assert.ok(fetchedTrades.length >= 5, String(fetchedTrades.length));
    assert.deepEqual(await rig.gaps(), []);
  });
}

test('the fetched trades are what the venue lists, digit for digit', async (t) => {
  const rig = await Rig.start(t, SPOT);
  const { command, port } = await rig.collect();
  await until('trades', async () => (await storedBy(port)) > 10);
  await rig.fault({ kind: 'drop', stream: 'trade', count: 20 });
  await until('lost frames are fetched', async () => (await counterOf(port, 'tradesBackfilled')) >= 20);
  assert.equal(await command.ended('SIGTERM'), 0);
  const trades = (await rig.trades()).toSorted((one, other) => one.count - other.count);
  const url = `http://127.0.0.1:${rig.venue.port}/api/v3/historicalTrades?symbol=BTCUSDT&limit=1000&fromId=${trades[0]?.id}`;
  const listed = (await (await fetch(url)).json()) as Record<string, unknown>[];
  assert.deepEqual(
    trades.map(({ id, price, size, side }) => [id, price, size, side]),
    listed
      .slice(0, trades.length)
      .map(({ id, price, qty, isBuyerMaker }) => [
        String(id),
        price,
        qty,
        isBuyerMaker === true ? 'sell' : 'buy',
      ]),
  );
});

test('where the venue answers errors, a gap record says exactly how many are missing', async (t) => {
  const rig = await Rig.start(t, SPOT);
  const { command, port } = await rig.collect();
  await until('trades', async () => (await storedBy(port)) > 10);
  await rig.fault({ kind: 'restError', count: 1_000 });
  await rig.fault({ kind: 'drop', stream: 'trade', count: 4 });
  const gaps = await until('a gap record', async () => {
    const seen = await rig.gaps().catch(() => []);
    return seen.length > 0 && seen;
  });
  await storesMore(port, 5);
  assert.equal(await command.ended('SIGTERM'), 0);
  const trades = await rig.trades();
  const counts = new Set(trades.map(({ count }) => count));
  const missing = Math.max(...counts) - Math.min(...counts) + 1 - counts.size;
  assert.equal(missing, 4);
  assert.deepEqual(
    gaps.map((gap) => [gap['stream'], gap['missing'], gap['cause']]),
    [['trade', 4, 'network']],
  );
  const [gap] = gaps;
  assert.equal(Number(gap?.['toId']) - Number(gap?.['fromId']), 5);
  assert.equal(trades.find(({ sequence }) => sequence === gap?.['toSeq'])?.count, Number(gap?.['toId']));
});
