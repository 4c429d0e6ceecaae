import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import type { Finding } from '../../../cli/doctor/finding.ts';
import { freePort, startNats, type NatsServer } from '../../support/nats.ts';
import { marketprism, startVenue, until, type Venue } from '../collect/rig.ts';

interface Examined {
  readonly code: number | null;
  readonly findings: readonly Finding[];
}

async function doctor(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Examined> {
  const command = marketprism(['doctor', '--json', ...args], env);
  const code = await command.ended();
  const lines = command.output().trim().split('\n');
  return { code, findings: lines.map((line) => JSON.parse(line) as Finding) };
}

const headOf = ({ findings }: Examined): readonly string[] =>
  findings.map(({ kind, check }) => `${kind} ${check}`);
const said = ({ findings }: Examined, check: string): string =>
  findings.find((finding) => finding.check === check)?.said ?? `no finding about ${check}`;

describe('doctor and top, on a real nats-server and the simulated venue', () => {
  let nats: NatsServer;
  let venue: Venue;
  let folder: string;
  const feed = async (port: number): Promise<string> => {
    const path = join(folder, 'feed.yaml');
    await writeFile(
      path,
      `apiVersion: marketprism.io/v1alpha1
kind: CollectorFeed
metadata: { name: checked }
spec:
  exchange: binance
  market: spot
  symbols: [BTC-USDT]
  streams: [trade]
  endpoints: { websocket: 'ws://127.0.0.1:${port}', rest: 'http://127.0.0.1:${port}' }
`,
    );
    return path;
  };

  before(async () => {
    nats = await startNats();
    venue = await startVenue();
    folder = await mkdtemp(join(tmpdir(), 'doctor-'));
  });
  after(async () => {
    await venue.command.ended('SIGKILL');
    await nats.stop();
    await rm(folder, { recursive: true });
  });

  it('names a variable of the environment that is none, and its mend', async () => {
    const examined = await doctor(['--only', 'machine'], { DATA_COLLECTOR_PORT: 'eighty' });
    assert.equal(examined.code, 1);
    assert.match(said(examined, 'environment'), /DATA_COLLECTOR_PORT is "eighty": .* from 1 to 65535/);
    const proxied = await doctor(['--only', 'venues', '-f', await feed(venue.port)], {
      HTTPS_PROXY: 'proxy:3128',
    });
    assert.match(said(proxied, 'environment'), /HTTPS_PROXY is "proxy:3128"/);
  });

  it('finds nothing wrong where a feed could run, and says that its stream is not there yet', async () => {
    const seen = await doctor(['--only', 'nats,venues', '-f', await feed(venue.port)], {
      NATS_URL: nats.url,
    });
    assert.deepEqual(
      [seen.code, ...headOf(seen)],
      [
        0,
        'ok nats',
        'ok jetstream',
        'warning stream MARKET_DATA',
        'ok binance REST',
        'ok binance WebSocket',
        'ok clock',
      ],
      JSON.stringify(seen.findings),
    );
  });

  it('tells what a stream holds', async () => {
    const connection = await nats.connect();
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: 'MARKET_DATA', subjects: ['trade.>'] });
    await connection.request('trade.binance.BTC-USDT', '{}');
    await connection.close();
    const seen = await doctor(['--only', 'nats'], { NATS_URL: nats.url });
    assert.equal(seen.code, 0);
    assert.match(said(seen, 'stream MARKET_DATA'), /^1 messages, 0\.0 MiB, last sequence 1$/);
  });

  it('names a server that is not there, one without JetStream and a venue that is away, each with a mend', async () => {
    const bare = await startNats({
      config: 'accounts { A: { users: [{ user: u, password: p }] } }\nno_auth_user: u',
    });
    try {
      const without = await doctor(['--only', 'nats'], { NATS_URL: bare.url });
      assert.deepEqual([without.code, ...headOf(without)], [1, 'ok nats', 'wrong jetstream']);
    } finally {
      await bare.stop();
    }
    const nobody = await freePort();
    const away = await doctor(['-f', await feed(nobody), '--only', 'nats,venues'], {
      NATS_URL: `nats://127.0.0.1:${nobody}`,
    });
    assert.deepEqual(
      [away.code, ...headOf(away)],
      [1, 'wrong nats', 'wrong binance REST', 'wrong binance WebSocket', 'skipped clock'],
    );
    assert.match(said(away, 'binance REST'), /ECONNREFUSED/);
    assert.ok(away.findings.every((finding) => finding.kind !== 'wrong' || finding.mend !== ''));
  });

  it('sees the collector that has the port, and so does top', async () => {
    const port = await freePort();
    const collector = marketprism(['collect', '-f', await feed(venue.port)], {
      NATS_URL: nats.url,
      DATA_COLLECTOR_PORT: String(port),
    });
    try {
      await collector.says(/collector started/);
      const seen = await doctor(['--only', 'machine'], { DATA_COLLECTOR_PORT: String(port) });
      assert.match(said(seen, `port ${port}`), /^a collector answers there: /);
      const shown = await until('the table of a collector that is ready', async () => {
        const top = marketprism(['top', '--once', '--collector', `http://127.0.0.1:${port}`]);
        return (await top.ended()) === 0 && top.output();
      });
      assert.match(shown, /^default\/checked +shard 0 at \S+ +Yes +1\/1 /m);
    } finally {
      await collector.ended('SIGKILL');
    }
  });

  it('refuses a feed file that cannot be used, as collect does', async () => {
    const path = join(folder, 'wrong.yaml');
    await writeFile(path, 'kind: CollectorFeed\n');
    const command = marketprism(['doctor', '-f', path]);
    assert.equal(await command.ended(), 2);
    assert.match(command.output(), /wrong\.yaml:1:1: apiVersion: /);
  });
});
