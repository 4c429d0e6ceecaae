import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePort, startNats, type NatsServer } from '../../support/nats.ts';
import { codeOf, marketprism, portOf, statusOf, until, type Command } from './rig.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;

/** The commands of README's part without Kubernetes, as they stand there, without comments and `&`. */
async function commands(): Promise<readonly string[]> {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const [, part = ''] = readme.split('## Without Kubernetes\n');
  const [own = ''] = part.split('\n## ');
  return [...own.matchAll(/```sh\n([^`]*)```/g)]
    .flatMap(([, block = '']) => block.trim().split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').replace(/ &$/, ''));
}

describe('README, without Kubernetes', () => {
  let nats: NatsServer;
  let folder: string;
  const started: Command[] = [];
  before(async () => {
    nats = await startNats();
    folder = await mkdtemp(join(tmpdir(), 'readme-'));
  });
  after(async () => {
    for (const command of started) await command.ended('SIGKILL');
    await nats.stop();
    await rm(folder, { recursive: true });
  });

  it('consists of these commands', async () => {
    assert.deepEqual(await commands(), [
      'npm ci',
      'nats-server -js',
      'node bin/marketprism.js simulate',
      'node bin/marketprism.js collect -f examples/feed-simulated.yaml',
      'curl localhost:8084/readyz',
      'curl localhost:8084/api/v1/status',
      'node bin/marketprism.js verify --seconds 30',
      'node bin/marketprism.js replay examples/recording.jsonl --summary',
    ]);
  });

  // On free ports: 4222, 8084 and 8090 may be taken on the machine that tests.
  it('collects the simulated venue until Ctrl-C', async () => {
    const port = await freePort();
    const venue = marketprism(['simulate', '--port', String(port)]);
    started.push(venue);
    await venue.says(/ws:\/\/127\.0\.0\.1/);
    const example = await readFile(join(ROOT, 'examples/feed-simulated.yaml'), 'utf8');
    assert.match((await marketprismHelp('simulate')).stdout, /--port 8090/);
    const feed = join(folder, 'feed.yaml');
    await writeFile(feed, example.replaceAll('127.0.0.1:8090', `127.0.0.1:${port}`));
    const collector = marketprism(['collect', '-f', feed], { NATS_URL: nats.url, DATA_COLLECTOR_PORT: '0' });
    started.push(collector);
    const at = await portOf(collector);
    await until('/readyz to answer 200', async () => (await codeOf(at, '/readyz')) === 200);
    const page = await statusOf(at);
    assert.deepEqual(
      [page.status, page.data.ready, page.data.collection_stats.problems],
      ['success', true, []],
    );
    assert.equal(await codeOf(at, '/metrics'), 200);
    const verified = marketprism(['verify', '--seconds', '2'], { NATS_URL: nats.url });
    started.push(verified);
    assert.equal(await verified.ended(), 0, verified.output());
    assert.match(verified.output(), /\nok\n$/);
    assert.equal(await collector.ended('SIGINT'), 0);
  });

  it('replays the recording: one lost update, one gap record, one resync', async () => {
    const [command = '', ...args] = ((await commands()).at(-1) ?? '').split(' ');
    const { stdout, status } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' });
    assert.equal(status, 0);
    const { gaps, resyncs, openGaps, unsynced } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual(
      { gaps, resyncs, openGaps, unsynced },
      { gaps: 1, resyncs: 1, openGaps: 0, unsynced: [] },
    );
  });
});

const marketprismHelp = async (command: string): Promise<{ readonly stdout: string }> => {
  const help = marketprism([command, '--help']);
  await help.ended();
  return { stdout: help.output() };
};
