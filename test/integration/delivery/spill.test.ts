import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { EffectiveFeed } from '../../../contract/effective.ts';
import { startNats, type NatsServer } from '../../support/nats.ts';
import { readStream } from '../../support/reader.ts';
import {
  claim,
  clock,
  feedOf,
  flow,
  GAP_STREAM,
  Market,
  startRig,
  STREAM,
  until,
  type RigOptions,
} from './rig.ts';

type Start = (options: RigOptions) => ReturnType<typeof startRig>;

async function withDisk(
  run: (server: NatsServer, folder: string, start: Start) => Promise<void>,
): Promise<void> {
  const server = await startNats();
  const folder = await mkdtemp(join(tmpdir(), 'marketprism-spill-'));
  const started: Awaited<ReturnType<typeof startRig>>[] = [];
  try {
    await run(server, folder, async (options) => {
      const delivery = await startRig({ ...options, spill: folder });
      started.push(delivery);
      return delivery;
    });
  } finally {
    for (const delivery of started) await delivery.close();
    await server.stop();
    await rm(folder, { recursive: true });
  }
}

const bounded = (memory: string, disk: string): EffectiveFeed => feedOf({ buffer: { memory, disk } });

/** Every trade once and in order, every book joined to its end. */
async function assertWhole(server: NatsServer, markets: readonly Market[], records: number): Promise<void> {
  const read = await readStream(await server.connect(), STREAM);
  assert.deepEqual(read.doubled, []);
  assert.equal(read.messages, records);
  for (const market of markets) {
    assert.deepEqual(read.books.get(market.book)?.gaps, []);
    assert.equal(read.books.get(market.book)?.id, market.bookId);
    const ids = read.trades.get(market.trades)?.map(({ id }) => Number(id)) ?? [];
    assert.deepEqual(
      ids,
      Array.from({ length: market.tradeId - 1_000 }, (_, index) => 1_001 + index),
    );
  }
}

test('an outage larger than memory goes to disk and comes back whole, in order, counted, and the disk is empty', () =>
  withDisk(async (server, folder, start) => {
    const connection = await server.connect();
    const effective = bounded('4Mi', '64Mi');
    const delivery = await start({ connection, effective });
    const markets = Array.from({ length: 10 }, (_, index) => new Market(`S${index}`));
    const load = flow((record) => delivery.push(record), markets, 10);
    await until('it flows', () => claim(delivery).total > 200);
    await server.kill('SIGKILL');
    await until(
      'three memories are on disk',
      () => delivery.status().publish.spilledBytes > 12 << 20,
      60_000,
    );
    assert.ok(delivery.status().gauges.queuedBytes <= 4 << 20, 'memory keeps its bound');
    load.stop();
    await server.start();
    let behind = 0;
    const later = clock.every(10, () => {
      for (const market of markets) delivery.push(market.trade());
      behind += markets.length;
    });
    await until(
      'the spill shrinks while new records come',
      () => delivery.status().publish.spilledBytes < 5 << 20,
      120_000,
    );
    later();
    await delivery.idle();
    const pushed = load.pushed() + behind;
    await assertWhole(server, markets, pushed);
    const { publish, gaps, counters } = delivery.status();
    assert.deepEqual([publish.dropped, publish.spilledBytes, gaps], [0, 0, 0]);
    assert.ok((counters['spill.readBack'] ?? 0) > 1_000);
    await until('all is counted', () => claim(delivery).total === pushed);
    await delivery.close();
    assert.deepEqual(await readdir(folder), []);
  }));

test('a process killed while NATS is away leaves its records on disk; the next one stores all of them, once and in order', () =>
  withDisk(async (server, folder, start) => {
    await server.kill();
    const script = join(import.meta.dirname, 'spill-writer.ts');
    const writer = spawn(process.execPath, [script, folder, '2000'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(writer.stdout, 'data');
    const exited = once(writer, 'exit');
    writer.kill('SIGKILL');
    await exited;
    await server.start();
    const delivery = await start({ connection: await server.connect(), mark: '2' });
    await delivery.idle();
    const market = new Market('A');
    market.bookId = 2_100;
    market.tradeId = 3_000;
    await assertWhole(server, [market], 4_001);
    assert.equal(delivery.status().counters['spill.recovered'], 4_001);
    await until('all is counted', () => claim(delivery).total === 4_001);
    await delivery.close();
    assert.deepEqual(await readdir(folder), []);
  }));

test('records that were stored before the process died are found in the stream and not stored again', () =>
  withDisk(async (server, folder, start) => {
    await server.kill();
    const script = join(import.meta.dirname, 'spill-writer.ts');
    const writer = spawn(process.execPath, [script, folder, '50'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(writer.stdout, 'data');
    writer.kill('SIGKILL');
    await once(writer, 'exit');
    await server.start();
    // Another writer had the same market all along.
    const other = await startRig({ connection: await server.connect(), pod: 'pod-b' });
    const market = new Market('A');
    other.push(market.snapshot());
    for (let index = 0; index < 50; index += 1) {
      other.push(market.delta());
      other.push(market.trade());
    }
    await other.idle();
    const delivery = await start({ connection: await server.connect(), mark: '2' });
    await delivery.idle();
    await assertWhole(server, [market], 101);
    await until('each is counted once', () => claim(other).total === 101);
    await delivery.close();
    await other.close();
  }));

test('at the bound of the disk the oldest are dropped, and the ledger names exactly them', () =>
  withDisk(async (server, _folder, start) => {
    const connection = await server.connect();
    const delivery = await start({ connection, effective: bounded('1Mi', '2Mi') });
    const market = new Market('A');
    delivery.push(market.trade());
    await delivery.idle();
    await server.kill('SIGKILL');
    await until('the loss is seen', () => !delivery.status().publish.connected);
    for (let index = 0; index < 10_000; index += 1) delivery.push(market.trade());
    const { dropped } = delivery.status().publish;
    assert.ok(dropped > 1_000, `${dropped} dropped`);
    await server.start();
    await delivery.idle();
    delivery.push(market.trade());
    await delivery.idle();
    const read = await readStream(await server.connect(), STREAM);
    assert.equal(read.messages, 10_002 - dropped);
    const ids = read.trades.get(market.trades)?.map(({ id }) => Number(id)) ?? [];
    const missing = ids.slice(1).reduce((sum, id, index) => sum + (id - (ids[index] ?? 0) - 1), 0);
    assert.equal(missing, dropped);
    const ledger = await readStream(await server.connect(), GAP_STREAM);
    const gaps = ledger.others.filter(({ record }) => record['cause'] === 'overflow');
    assert.equal(
      gaps.reduce((sum, { record }) => sum + Number(record['missing']), 0),
      dropped,
    );
    await delivery.close();
  }));
