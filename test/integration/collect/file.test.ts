import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Kvm } from '@nats-io/kv';
import { ledgerKey, ledgerStored, parseLedger } from '../../../contract/ledger.ts';
import { startNats, type NatsServer } from '../../support/nats.ts';
import { readStream } from '../../support/reader.ts';
import { codeOf, marketprism, portOf, startVenue, statusOf, until, type Command, type Venue } from './rig.ts';

describe('collect -f', () => {
  let nats: NatsServer;
  let venue: Venue;
  let folder: string;
  const started: Command[] = [];

  before(async () => {
    [nats, venue] = await Promise.all([startNats(), startVenue()]);
    folder = await mkdtemp(join(tmpdir(), 'collect-'));
  });
  after(async () => {
    for (const command of [...started, venue.command]) await command.ended('SIGKILL');
    await nats.stop();
    await rm(folder, { recursive: true });
  });

  async function feedFile(name: string, spec = ''): Promise<string> {
    const path = join(folder, `${name}.yaml`);
    await writeFile(
      path,
      `apiVersion: marketprism.io/v1alpha1
kind: CollectorFeed
metadata: { name: ${name} }
spec:
  exchange: binance
  market: spot
  symbols: [BTC-USDT, ETH-USDT]
  streams: [orderbook, trade]
  endpoints: { websocket: "ws://127.0.0.1:${venue.port}", rest: "http://127.0.0.1:${venue.port}" }
${spec}`,
    );
    return path;
  }
  function collect(args: readonly string[], env: Readonly<Record<string, string>> = {}): Command {
    const command = marketprism(['collect', '--port', '0', ...args], { NATS_URL: nats.url, ...env });
    started.push(command);
    return command;
  }

  it('stores every record once through a killed NATS, counts them exactly, and ends in good order', async () => {
    const collector = collect(['-f', await feedFile('majors')]);
    const port = await portOf(collector);
    await until('readiness', async () => (await codeOf(port, '/readyz')) === 200);
    assert.equal(await codeOf(port, '/healthz'), 200);
    assert.match(
      collector.output(),
      /"server":"127\.0\.0\.1:\d+","version":"2\.\d+\.\d+".*connected to NATS/,
    );
    const first = await until('records', async () => {
      const page = await statusOf(port);
      return page.data.collection_stats.total_collections > 100 && page;
    });
    assert.equal(first.data.feed?.uid.startsWith('local-'), true);

    await nats.kill();
    await until('the lost connection and a queue', async () => {
      const { publish } = (await statusOf(port)).data.collection_stats;
      return !publish.connected && publish.queued > 20;
    });
    assert.equal(await codeOf(port, '/healthz'), 200, 'NATS away is no reason for a restart');
    await nats.start();
    await until('the queue to empty', async () => {
      const { publish, total_collections: total } = (await statusOf(port)).data.collection_stats;
      return (
        publish.connected && publish.queued < 10 && total > first.data.collection_stats.total_collections + 20
      );
    });

    assert.equal(await collector.ended('SIGTERM'), 0);
    const connection = await nats.connect();
    const read = await readStream(connection, 'MARKET_DATA');
    assert.deepEqual(read.doubled, []);
    for (const [subject, book] of read.books) assert.deepEqual(book.gaps, [], subject);
    assert.equal(read.books.size, 2);
    for (const trades of read.trades.values()) {
      const ids = trades.map(({ id }) => Number(id));
      assert.equal(new Set(ids).size, Math.max(...ids) - Math.min(...ids) + 1, 'trade ids are whole');
    }
    const uid = first.data.feed?.uid ?? '';
    const kv = await new Kvm(connection).open('MARKETPRISM');
    const ledger = parseLedger((await kv.get(ledgerKey(uid, 0)))?.json());
    assert.ok(ledger !== undefined);
    assert.equal(ledgerStored(ledger), read.held(uid), 'the ledger says what the stream holds');
    assert.deepEqual(
      Object.values(ledger.writers).map(({ closed }) => closed),
      [true],
    );
  });

  it('counts on where the last run stopped', async () => {
    const path = await feedFile('again');
    const totals: number[] = [];
    for (const run of [1, 2]) {
      const collector = collect(['-f', path]);
      const port = await portOf(collector);
      const page = await until(`records of run ${run}`, async () => {
        const seen = await statusOf(port);
        return seen.data.collection_stats.total_collections > 20 && seen;
      });
      totals.push(page.data.collection_stats.shard_total - page.data.collection_stats.total_collections);
      assert.equal(await collector.ended('SIGINT'), 0);
    }
    assert.equal(totals[0], 0);
    assert.ok((totals[1] ?? 0) > 20, String(totals));
  });

  it('collects before NATS is there, and names what is missing', async () => {
    const late = await startNats({ started: false });
    const collector = collect(['-f', await feedFile('late')], { NATS_URL: late.url });
    try {
      const port = await portOf(collector);
      const page = await until('a queue without NATS', async () => {
        const seen = await statusOf(port);
        return seen.data.collection_stats.publish.queued > 50 && seen;
      });
      const problem = page.data.collection_stats.problems.find(({ reason }) => reason === 'NatsUnreachable');
      assert.match(problem?.message ?? '', /nats\.servers: nats:\/\/127\.0\.0\.1:\d+ cannot be reached/);
      const refused = await fetch(`http://127.0.0.1:${port}/readyz`);
      assert.equal(refused.status, 503);
      assert.match(await refused.text(), /JetStream has confirmed nothing yet/);
      await late.start();
      await until('readiness', async () => (await codeOf(port, '/readyz')) === 200);
      assert.equal(await collector.ended('SIGTERM'), 0);
      const read = await readStream(await late.connect(), 'MARKET_DATA');
      for (const [subject, book] of read.books) assert.deepEqual(book.gaps, [], subject);
    } finally {
      await late.stop();
    }
  });

  it('ends at the second signal at once, with the code of the signal', async () => {
    const away = await startNats({ started: false });
    const collector = collect(['-f', await feedFile('insist')], { NATS_URL: away.url });
    const port = await portOf(collector);
    await until(
      'something queued',
      async () => (await statusOf(port)).data.collection_stats.publish.queued > 0,
    );
    const ended = collector.ended('SIGTERM');
    await collector.says(/terminating/);
    const beganMs = Date.now();
    collector.child.kill('SIGINT');
    assert.equal(await ended, 130);
    assert.ok(Date.now() - beganMs < 6_000, 'it did not wait for the queue');
    await away.stop();
  });

  it('creates no stream with --no-ensure-stream and says what is missing', async () => {
    const bare = await startNats();
    try {
      const collector = collect(['-f', await feedFile('bare'), '--no-ensure-stream'], { NATS_URL: bare.url });
      const port = await portOf(collector);
      const problem = await until('the problem', async () =>
        (await statusOf(port)).data.collection_stats.problems.find(
          ({ reason }) => reason === 'StreamMissing',
        ),
      );
      assert.match(problem.message, /MARKETPRISM|MARKET_DATA/);
      await collector.ended('SIGKILL');
    } finally {
      await bare.stop();
    }
  });

  it('refuses a wrong file with line, field, value and mend, and exit code 2', async () => {
    const path = await feedFile('wrong', '  redundency: 2\n');
    const collector = collect(['-f', path]);
    assert.equal(await collector.ended(), 2);
    assert.equal(
      collector.output(),
      `${path}:10:3: unknown field "spec.redundency"; did you mean "redundancy"?\n`,
    );
  });

  it('names what this version does not collect', async () => {
    const path = await feedFile('later');
    const text = `apiVersion: marketprism.io/v1alpha1\nkind: CollectorFeed\nmetadata: { name: later }\nspec: { exchange: deribit, market: spot, symbols: [BTC-USDC], streams: [trade] }\n`;
    await writeFile(path, text);
    const collector = collect(['-f', path]);
    assert.equal(await collector.ended(), 2);
    assert.match(collector.output(), /spec\.market: deribit spot is not offered by this version/);
  });

  it('names a taken port and the mend', async () => {
    const other = createServer().listen(0);
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const collector = marketprism(['collect', '-f', await feedFile('port')], {
      NATS_URL: nats.url,
      DATA_COLLECTOR_PORT: String(port),
    });
    assert.equal(await collector.ended(), 1);
    assert.match(collector.output(), new RegExp(`port ${port} is in use; set DATA_COLLECTOR_PORT`));
    other.close();
  });
});
