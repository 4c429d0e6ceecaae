import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Kvm, type KV } from '@nats-io/kv';
import { CATALOGUE_BUCKET, INSTRUMENT } from '../../../contract/catalogue.ts';
import { recordFaults } from '../../../contract/schema-faults.ts';
import { startNats, type NatsServer } from '../../support/nats.ts';
import { readStream } from '../../support/reader.ts';
import { codeOf, marketprism, portOf, statusOf, until, type Command } from './rig.ts';

describe('collect -f with a selector', () => {
  let nats: NatsServer;
  let venue: Command;
  let collector: Command;
  let rest: string;
  let folder: string;
  let port: number;
  let bucket: KV;

  before(async () => {
    nats = await startNats();
    venue = marketprism(['simulate', '--venue', 'deribit', '--port', '0', '--seed', '7']);
    const [, venuePort] = await venue.says(/ws:\/\/127\.0\.0\.1:(\d+)\//);
    rest = `http://127.0.0.1:${venuePort}`;
    folder = await mkdtemp(join(tmpdir(), 'selector-'));
    const path = join(folder, 'feed.yaml');
    await writeFile(
      path,
      `apiVersion: marketprism.io/v1alpha1
kind: CollectorFeed
metadata: { name: options }
spec:
  exchange: deribit
  market: option
  symbolSelector: { base: BTC, match: '*-C' }
  streams: [orderbook, trade]
  endpoints: { websocket: "ws://127.0.0.1:${venuePort}", rest: "${rest}" }
`,
    );
    collector = marketprism(['collect', '--port', '0', '-f', path], {
      NATS_URL: nats.url,
      MP_CATALOGUE_SECONDS: '1',
    });
    port = await portOf(collector);
    bucket = await new Kvm(await nats.connect()).open(CATALOGUE_BUCKET);
  });
  after(async () => {
    for (const command of [collector, venue]) await command?.ended('SIGKILL');
    await nats.stop();
    await rm(folder, { recursive: true });
  });

  const admin = async (verb: string, symbol: string): Promise<void> => {
    const answer = await fetch(`${rest}/admin/${verb}`, { method: 'POST', body: JSON.stringify({ symbol }) });
    assert.equal(answer.status, 200);
  };
  const inSync = async (count: number): Promise<true | undefined> => {
    const { symbols } = (await statusOf(port)).data.collection_stats;
    return symbols?.inSync === count && symbols.assigned === count ? true : undefined;
  };
  const keys = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    for await (const key of await bucket.keys('deribit.>')) found.push(key.split('.')[2] ?? '');
    return found.sort();
  };

  it('collects what it stands for, and follows listings and delistings', async () => {
    await until('readiness', async () => (await codeOf(port, '/readyz')) === 200);
    await until('the one call', () => inSync(1));
    await admin('list', 'BTC-USD-20270625-50000-C');
    await until('the listing', () => inSync(2));
    await admin('delist', 'BTC-25JUN27-20000-C');
    await until('the delisting', () => inSync(1));
  });

  it('writes every instrument of the market to the bucket, also those that it does not collect', async () => {
    const wanted = ['BTC-USD-20270625-50000-C', 'ETH-USD-20270625-6000-P'];
    await until('the bucket', async () => JSON.stringify(await keys()) === JSON.stringify(wanted));
    for await (const key of await bucket.keys('deribit.>'))
      assert.deepEqual(recordFaults(INSTRUMENT, (await bucket.get(key))?.json()), []);
  });

  it('counts records and nothing of the catalogue', async () => {
    assert.equal(await collector.ended('SIGTERM'), 0);
    const read = await readStream(await nats.connect(), 'MARKET_DATA');
    for (const [subject] of read.books) assert.match(subject, /^orderbook\.deribit\.BTC-USD-20270625-\d+-C$/);
    assert.equal(read.books.size, 2);
  });
});
