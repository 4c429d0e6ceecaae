import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { jsonReply, startHttpServer, type HttpServer } from '../../runtime/http-server.ts';
import { createLogger } from '../../runtime/log.ts';
import { createMetrics } from '../../runtime/metrics.ts';

describe('HTTP server', () => {
  const metrics = createMetrics();
  let frames = 3;
  metrics.counter({ name: 'frames_total', help: 'Frames.', read: () => [{ value: frames }] });
  metrics.gauge({
    name: 'symbols',
    help: 'Symbols by state.',
    labels: ['state'],
    read: () => [{ labels: { state: 'inSync' }, value: 2 }],
  });
  let server: HttpServer;
  let base: string;
  before(async () => {
    server = await startHttpServer({
      port: 0,
      host: '127.0.0.1',
      log: createLogger('test', 'silent'),
      routes: {
        '/ok': () => jsonReply(200, { a: 1 }),
        '/broken': () => Promise.reject(new Error('secret detail')),
        '/metrics': () => metrics.scrape(),
      },
    });
    base = `http://127.0.0.1:${server.port}`;
  });
  after(() => server.close());

  it('answers GET with the body and HEAD without it', async () => {
    const got = await fetch(`${base}/ok?x=1`);
    assert.equal(got.headers.get('content-type'), 'application/json');
    assert.deepEqual(await got.json(), { a: 1 });
    const head = await fetch(`${base}/ok`, { method: 'HEAD' });
    assert.equal(head.status, 200);
    assert.equal(head.headers.get('content-length'), '8');
    assert.equal(await head.text(), '');
  });

  it('answers an unknown path with JSON that names the known ones', async () => {
    for (const path of ['/nothing', '/constructor', '/']) {
      const got = await fetch(base + path);
      assert.equal(got.status, 404);
      assert.match(((await got.json()) as { message: string }).message, /known are \/ok/);
    }
  });

  it('refuses other methods and names the ones it offers', async () => {
    const got = await fetch(`${base}/ok`, { method: 'POST', body: 'x'.repeat(100_000) });
    assert.equal(got.status, 405);
    assert.equal(got.headers.get('allow'), 'GET, HEAD');
  });

  it('hides the cause of a failed route and lives on', async () => {
    const got = await fetch(`${base}/broken`);
    assert.equal(got.status, 500);
    assert.doesNotMatch(await got.text(), /secret/);
    assert.equal((await fetch(`${base}/ok`)).status, 200);
  });

  it('reads metric values at the scrape, all under one prefix', async () => {
    const first = await (await fetch(`${base}/metrics`)).text();
    assert.match(first, /^marketprism_frames_total 3$/m);
    assert.match(first, /^marketprism_symbols\{state="inSync"\} 2$/m);
    frames = 7;
    assert.match(await (await fetch(`${base}/metrics`)).text(), /^marketprism_frames_total 7$/m);
    const names = [...first.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1] ?? '');
    assert.deepEqual(
      names.filter((name) => !name.startsWith('marketprism_')),
      [],
    );
  });

  it('a port that is taken is an error of the start', async () => {
    await assert.rejects(
      startHttpServer({
        port: server.port,
        host: '127.0.0.1',
        routes: {},
        log: createLogger('test', 'silent'),
      }),
      { code: 'EADDRINUSE' },
    );
  });
});
