import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Kvm, type KV } from '@nats-io/kv';
import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { CatalogueWriter } from '../../../collector/delivery/catalogue-writer.ts';
import {
  CATALOGUE_BUCKET,
  catalogueMarket,
  indexKey,
  INSTRUMENT,
  instrumentKey,
  parseIndex,
  type CatalogueIndex,
  type CatalogueMarket,
} from '../../../contract/catalogue.ts';
import { UNSTATED, type Instrument } from '../../../contract/instrument.ts';
import { recordFaults } from '../../../contract/schema-faults.ts';
import { createLogger } from '../../../runtime/log.ts';
import { startNats, type NatsServer } from '../../support/nats.ts';
import { clock, startRig, until } from './rig.ts';

let server: NatsServer;
let nats: NatsConnection;
let bucket: KV;
before(async () => {
  server = await startNats();
  nats = await server.connect();
  const delivery = await startRig({ connection: nats });
  await until('the bucket is made with the streams', async () => (await bucketThere()) !== undefined);
  await delivery.close();
  bucket = await new Kvm(jetstream(nats)).open(CATALOGUE_BUCKET);
});
after(() => server.stop());

async function bucketThere(): Promise<unknown> {
  const kv = await new Kvm(jetstream(nats)).open(CATALOGUE_BUCKET);
  return kv.status().catch(() => undefined);
}

const listed = (symbol: string, parts: Partial<Instrument> = {}): Instrument => ({
  ...UNSTATED,
  symbol,
  instrument: symbol.replace('-', ''),
  status: 'TRADING',
  trading: true,
  sizeUnit: 'base',
  ...parts,
});

const marketAt = (rest: string): CatalogueMarket =>
  catalogueMarket({
    exchange: 'binance',
    market: 'spot',
    settle: null,
    endpoints: { websocket: null, rest },
  });

function writerFor(
  market: CatalogueMarket,
  writer: string,
  parts: { connection?: () => NatsConnection | undefined; staleMs?: number } = {},
): CatalogueWriter {
  return new CatalogueWriter({
    market,
    writer,
    connection: () => nats,
    domain: null,
    staleMs: 60_000,
    clock,
    log: createLogger('test', 'silent'),
    ...parts,
  });
}

async function index(market: CatalogueMarket): Promise<CatalogueIndex | undefined> {
  const entry = await bucket.get(indexKey(market));
  return entry?.operation === 'PUT' ? parseIndex(entry.string()) : undefined;
}
const written = async (market: CatalogueMarket, revision: number): Promise<void> =>
  until(`revision ${revision}`, async () => (await index(market))?.revision === revision);
const read = async (market: CatalogueMarket): Promise<number> => (await index(market))?.readTime ?? 0;

test('what changed is written, nothing else, and the index says how many there are', async () => {
  const market = marketAt('http://one');
  const writer = writerFor(market, 'feed-1');
  writer.offer([listed('A-X'), listed('B-X', { trading: false, status: 'BREAK' }), listed('币-X')]);
  await written(market, 1);
  assert.equal(writer.counters.catalogueWrites, 3);
  for (const symbol of ['A-X', 'B-X', '币-X']) {
    const entry = await bucket.get(instrumentKey(market, symbol));
    assert.deepEqual(recordFaults(INSTRUMENT, entry?.json()), []);
    assert.equal(entry?.json<Instrument>().symbol, symbol);
  }
  const first = await index(market);
  assert.deepEqual([first?.instruments, first?.trading, first?.writer], [3, 2, 'feed-1']);

  const before = await read(market);
  writer.offer([listed('A-X'), listed('B-X', { trading: false, status: 'BREAK' }), listed('币-X')]);
  await until('read again', async () => (await read(market)) > before);
  assert.equal((await index(market))?.revision, 1, 'nothing changed');
  assert.equal(writer.counters.catalogueWrites, 3);

  writer.offer([listed('A-X', { tick: '0.1' }), listed('B-X', { trading: false, status: 'BREAK' })]);
  await written(market, 2);
  assert.deepEqual([writer.counters.catalogueWrites, writer.counters.catalogueDeletes], [4, 1]);
  assert.equal((await bucket.get(instrumentKey(market, '币-X')))?.operation, 'DEL');
  await writer.stop();
});

test('a successor of the same feed goes on where its predecessor was, and writes only what differs', async () => {
  const market = marketAt('http://two');
  const first = writerFor(market, 'feed-1');
  first.offer([listed('A-X'), listed('B-X')]);
  await written(market, 1);
  const second = writerFor(market, 'feed-1');
  second.offer([listed('A-X'), listed('B-X'), listed('C-X')]);
  await written(market, 2);
  assert.equal(second.counters.catalogueWrites, 1);
  first.offer([listed('A-X')]);
  await written(market, 3);
  assert.equal(first.counters.catalogueDeletes, 2, 'it saw what the other one had written');
});

test('of two feeds of one market one writes; the other takes over when it falls silent', async () => {
  const market = marketAt('http://three');
  const first = writerFor(market, 'feed-1');
  first.offer([listed('A-X')]);
  await written(market, 1);
  const second = writerFor(market, 'feed-2');
  second.offer([listed('A-X'), listed('B-X')]);
  await until('it is left alone', () => second.counters.catalogueLeft === 1);
  assert.equal((await index(market))?.writer, 'feed-1');
  const impatient = writerFor(market, 'feed-3', { staleMs: 0 });
  impatient.offer([listed('A-X'), listed('B-X')]);
  await written(market, 2);
  assert.equal((await index(market))?.writer, 'feed-3');
});

test('while NATS is away the newest list waits, and is written once it is back', async () => {
  const market = marketAt('http://four');
  let connection: NatsConnection | undefined;
  const writer = writerFor(market, 'feed-1', { connection: () => connection });
  writer.offer([listed('OLD-X')]);
  await until('it failed', () => writer.counters.catalogueWriteFailures > 0);
  connection = nats;
  writer.offer([listed('NEW-X')]);
  await written(market, 1);
  assert.equal(await bucket.get(instrumentKey(market, 'OLD-X')), null);
  assert.notEqual(await bucket.get(instrumentKey(market, 'NEW-X')), null);
});
