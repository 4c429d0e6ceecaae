import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { Rig } from './rig.ts';

const run = promisify(execFile);
const ROOT = new URL('../../..', import.meta.url).pathname;
const BOOK = 'orderbook.binance.BTC-USDT';

describe('verify, on what a collector wrote', () => {
  let rig: Rig;
  let connection: NatsConnection;
  let manager: JetStreamManager;

  before(async () => {
    rig = await Rig.start();
    connection = await rig.nats.connect();
    manager = await jetstreamManager(connection);
    await rig.venue(
      'binance-spot',
      'BTC-USDT,ETH-USDT',
      '  exchange: binance\n  market: spot\n  symbols: [BTC-USDT, ETH-USDT]\n  streams: [orderbook, trade]\n  orderbook: { snapshotEvery: 1s }\n',
    );
  });
  after(() => rig.stop());

  it('finds nothing wrong while it flows, compares books, reads the monitor', async () => {
    const collector = await rig.collector();
    await rig.untilStream('compared snapshots', ({ verdict }) =>
      verdict.subjects.some(({ book }) => (book?.compared ?? 0) > 3),
    );
    const outcome = await rig.outcome('--seconds', '3');
    assert.deepEqual([outcome.problems, outcome.code], [[], 0]);
    assert.ok((outcome.liveRecords ?? 0) > 0);
    assert.ok(outcome.verdict.subjects.every(({ book }) => book === null || book.isCurrent));
    assert.match(outcome.nats?.version ?? '', /^2\.\d+\.\d+/);
    assert.equal(outcome.nats?.jetstream, true);
    assert.ok((outcome.nats.inMessages ?? 0) >= (outcome.liveRecords ?? 0), 'the records went in');
    assert.ok((outcome.nats.outMessages ?? 0) >= outcome.verdict.records, 'and came out to verify');

    await rig.fault({ kind: 'drop', symbol: 'BTCUSDT' });
    await rig.untilStream('a recorded gap', ({ verdict }) => verdict.gaps.recorded > 0);
    assert.equal(await collector.ended('SIGTERM'), 0);
  });

  it('fails for what is missing, unless it is recorded and that is allowed', async () => {
    const strict = await rig.verify();
    assert.equal(strict.code, 1);
    assert.match(strict.stdout, /^NOT OK: missing, as gap records say: 1$/m);
    const lenient = await rig.verify('--allow-recorded');
    assert.deepEqual([lenient.code, lenient.stdout.trimEnd().endsWith('\nok')], [0, true]);
  });

  it('agrees with the second judge on gaps, ids and digests', () => rig.agreesWithPython());

  it('is followed by the example from the last snapshot to the same book', async () => {
    const env = { PATH: process.env['PATH'] ?? '', NATS_URL: rig.nats.url };
    const { stdout } = await run(
      process.execPath,
      ['examples/consume.ts', 'binance', 'BTC-USDT', '--until-end'],
      { cwd: ROOT, env },
    );
    const { verdict } = await rig.outcome();
    const book = verdict.subjects.find(({ subject }) => subject === BOOK)?.book;
    assert.match(stdout, /^from the snapshot of \d+ on\n/);
    assert.ok(stdout.endsWith(`book ${book?.digest} at ${book?.id}\n`), stdout.slice(-200));
  });

  it('proves a part of the stream alone', async () => {
    const { lastSequence } = await rig.outcome();
    const half = Math.floor(lastSequence / 2);
    const first = await rig.outcome('--to', String(half));
    assert.deepEqual([first.lastSequence, first.verdict.faults], [half, {}]);
    const second = await rig.outcome('--from', String(half + 1), '--subject', 'orderbook.binance.*');
    assert.deepEqual([second.lastSequence <= lastSequence, second.verdict.faults], [true, {}]);
    assert.ok(second.verdict.subjects.every(({ subject }) => subject.startsWith('orderbook.')));
    assert.equal((await rig.outcome('--since', '1h')).verdict.records, (await rig.outcome()).verdict.records);
    const nothing = await rig.verify('--until', '2020-01-01T00:00:00Z');
    assert.deepEqual([nothing.code, /nothing is proved/.test(nothing.stdout)], [1, true]);
  });

  it('names a removed gap record, a foreign writer, a removed record', async () => {
    const gap = await manager.streams.getMessage('MARKET_DATA_GAPS', {
      last_by_subj: 'gap.binance.BTC-USDT',
    });
    assert.ok(gap !== null);
    await manager.streams.deleteMessage('MARKET_DATA_GAPS', gap.seq);
    assert.deepEqual((await rig.outcome()).verdict.faults, { gapUnrecorded: 1 });
    const again = headers();
    for (const name of ['Nats-Msg-Id', 'Mp-Writer']) again.set(name, gap.header.get(name));
    connection.publish('gap.binance.BTC-USDT', gap.data, { headers: again });
    await connection.flush();

    const last = await manager.streams.getMessage('MARKET_DATA', { last_by_subj: 'trade.binance.BTC-USDT' });
    assert.ok(last !== null);
    const foreign = headers();
    foreign.set('Mp-Writer', 'somebody-else/0/x.1');
    connection.publish(last.subject, last.data, { headers: foreign });
    await connection.flush();
    const faults = (await rig.outcome()).verdict.faults;
    assert.deepEqual([faults['foreignWriter'], faults['duplicate'], faults['messageId']], [1, 1, 1]);
    const { first_seq: firstSequence } = (await manager.streams.info('MARKET_DATA')).state;
    const removed = firstSequence + 200;
    await manager.streams.deleteMessage('MARKET_DATA', removed);
    const { verdict, code } = await rig.outcome();
    assert.deepEqual([verdict.faults['deletedFromStream'], code], [1, 1]);
    assert.ok(
      verdict.details.some(({ kind, sequence }) => kind === 'deletedFromStream' && sequence === removed),
    );
  });

  it('says what is wrong with its own call', async () => {
    const missing = await rig.verify('--stream', 'NOT_THERE');
    assert.equal(missing.code, 1);
    assert.match(
      missing.stderr,
      /stream NOT_THERE does not exist; name one with --stream: MARKET_DATA, MARKET_DATA_GAPS/,
    );
    assert.equal((await rig.verify('--from', 'x')).code, 2);
  });
});
