import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { apply, install, isTrue, waitFor, waitForFeed, type Installation } from '../support/cluster.ts';
import { readStreamAt } from '../support/reader.ts';
import { startVenue } from '../support/venue.ts';

const namespace = 'e2e-venues';
const STREAM = 'MARKET_DATA';
const MESSAGES = 100;

interface Case {
  readonly name: string;
  readonly venue: string;
  readonly spec: string;
  /** Subject of the symbol's book, and the venue's spelling of it. */
  readonly book: { readonly subject: string; readonly instrument: string };
}

const CASES: readonly Case[] = [
  {
    name: 'binance-linear',
    venue: 'binance-usdm',
    spec: 'exchange: binance, market: perpetual, settle: linear, symbols: [BTC-USDT-PERP]',
    book: { subject: 'orderbook.binance.BTC-USDT-PERP', instrument: 'BTCUSDT' },
  },
  {
    name: 'binance-inverse',
    venue: 'binance-coinm',
    spec: 'exchange: binance, market: perpetual, settle: inverse, symbols: [BTC-USD-PERP]',
    book: { subject: 'orderbook.binance.BTC-USD-PERP', instrument: 'BTCUSD_PERP' },
  },
  {
    name: 'binance-option',
    venue: 'binance-options',
    spec: 'exchange: binance, market: option, symbols: [BTC-USDT-20270625-60000-C]',
    book: { subject: 'orderbook.binance.BTC-USDT-20270625-60000-C', instrument: 'BTC-270625-60000-C' },
  },
  {
    name: 'okx',
    venue: 'okx',
    spec: 'exchange: okx, market: perpetual, symbols: [BTC-USDT-PERP]',
    book: { subject: 'orderbook.okx.BTC-USDT-PERP', instrument: 'BTC-USDT-SWAP' },
  },
  {
    name: 'deribit',
    venue: 'deribit',
    spec: 'exchange: deribit, market: perpetual, symbols: [BTC-USD-PERP]',
    book: { subject: 'orderbook.deribit.BTC-USD-PERP', instrument: 'BTC-PERPETUAL' },
  },
];

interface TrueBook {
  readonly lastUpdateId: number;
  readonly bids: readonly (readonly [string, string])[];
  readonly asks: readonly (readonly [string, string])[];
}

const numbers = (levels: Iterable<readonly [string, string]>): [number, number][] =>
  [...levels]
    .map(([price, size]) => [Number(price), Number(size)] as [number, number])
    .sort((a, b) => a[0] - b[0]);

describe('every venue into real pods', () => {
  let installation: Installation;
  before(async () => {
    installation = await install(namespace, ['simulator.enabled=false']);
  });
  after(async () => {
    await installation.uninstall();
  });

  for (const { name, venue, spec, book } of CASES) {
    it(`${venue}: Ready, and the book in the stream is the venue's own`, async (t) => {
      const simulated = await startVenue(['--venue', venue]);
      t.after(() => simulated.stop());
      await apply(`apiVersion: marketprism.io/v1alpha1
kind: CollectorFeed
metadata: { name: ${name}, namespace: ${namespace} }
spec: { ${spec}, streams: [orderbook, trade], endpoints: { websocket: "${simulated.socket}", rest: "${simulated.url}" } }
`);
      const feed = await waitForFeed(
        { namespace, name },
        `Ready with ${MESSAGES} messages`,
        (one) => isTrue(one, 'Ready') && (one.status?.messages?.total ?? 0) > MESSAGES,
      );
      await simulated.post('/admin/pause');
      const servers = await installation.nats();
      const truth = (await simulated.get(`/admin/book?symbol=${book.instrument}`)) as TrueBook;
      const reading = await waitFor('the last change in the stream', 20_000, async () => {
        const now = await readStreamAt(servers, STREAM);
        return now.books.get(book.subject)?.id === truth.lastUpdateId ? now : undefined;
      });
      const read = reading.books.get(book.subject);
      assert.ok(read !== undefined);
      assert.deepEqual(read.gaps, []);
      assert.deepEqual(numbers(read.bids), numbers(truth.bids));
      assert.deepEqual(numbers(read.asks), numbers(truth.asks));
      const held = reading.held(feed.metadata.uid);
      await waitForFeed(
        { namespace, name, timeoutMs: 60_000 },
        `messages.total equal to the ${held} records held`,
        (one) => one.status?.messages?.total === held,
      );
      t.diagnostic(`${venue}: ${held} held and counted, ${read.deltas} deltas, ${read.bids.size} bids`);
    });
  }

  it('deribit: the volatility index of BTC', async (t) => {
    const simulated = await startVenue(['--venue', 'deribit']);
    t.after(() => simulated.stop());
    await apply(`apiVersion: marketprism.io/v1alpha1
kind: CollectorFeed
metadata: { name: dvol, namespace: ${namespace} }
spec: { exchange: deribit, market: index, symbols: [BTC], streams: [volatility-index], endpoints: { websocket: "${simulated.socket}", rest: "${simulated.url}" } }
`);
    await waitForFeed(
      { namespace, name: 'dvol' },
      'Ready with three values',
      (one) => isTrue(one, 'Ready') && (one.status?.messages?.byStream?.['volatility-index'] ?? 0) >= 3,
    );
    const reading = await readStreamAt(await installation.nats(), STREAM);
    const values = reading.others.filter(({ subject }) => subject === 'volatility-index.deribit.BTC');
    assert.ok(values.length >= 3);
    for (const { record } of values) assert.match(String(record['value']), /^\d+(\.\d+)?$/);
  });
});
