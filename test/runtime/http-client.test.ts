import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { createServer as createRaw, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { HttpClient, type HttpClientOptions } from '../../runtime/http-client.ts';
import { makeAuthority } from '../support/certificates.ts';
import { ConnectProxy } from '../support/connect-proxy.ts';

/** Far above what a loaded machine needs. */
const LONG_MS = 60_000;
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n';

async function listening(t: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Answers with what `answer` does with the socket at a question; counts connections and questions. */
async function raw(
  t: TestContext,
  answer: (socket: Socket, question: number) => void,
): Promise<{ readonly url: string; readonly seen: { connections: number; questions: number } }> {
  const seen = { connections: 0, questions: 0 };
  const server = createRaw((socket) => {
    seen.connections += 1;
    socket.on('error', () => socket.destroy());
    socket.on('data', () => answer(socket, (seen.questions += 1)));
  });
  return { url: `http://127.0.0.1:${await listening(t, server)}/`, seen };
}

function client(t: TestContext, options: Partial<HttpClientOptions> = {}): (url: string) => Promise<string> {
  const http = new HttpClient({ secure: false, silenceMs: LONG_MS, totalMs: LONG_MS, ...options });
  t.after(() => http.close());
  return async (url) => {
    let text = '';
    for await (const chunk of await http.get(url)) text += String(chunk);
    return text;
  };
}

test('one connection answers question after question', async (t) => {
  const { url, seen } = await raw(t, (socket) => socket.write(`${HEAD}ok`));
  const get = client(t);
  for (let question = 0; question < 3; question += 1) assert.equal(await get(url), 'ok');
  assert.deepEqual(seen, { connections: 1, questions: 3 });
});

test('a kept connection that the server has closed costs another one, and no failure', async (t) => {
  const { url, seen } = await raw(t, (socket, question) => {
    if (question === 2) socket.destroy();
    else socket.write(`${HEAD}ok`);
  });
  const get = client(t);
  assert.equal(await get(url), 'ok');
  assert.equal(await get(url), 'ok');
  assert.deepEqual(seen, { connections: 2, questions: 3 });
});

test('a new connection that is cut is a failure, and is not tried again', async (t) => {
  const { url, seen } = await raw(t, (socket) => socket.destroy());
  await assert.rejects(client(t)(url), { code: 'ECONNRESET' });
  assert.deepEqual(seen, { connections: 1, questions: 1 });
});

test('silence before the answer, and within it, is an end', async (t) => {
  const mute = await raw(t, () => undefined);
  const get = client(t, { silenceMs: 50 });
  await assert.rejects(get(mute.url), /silent for 0.05 s/);
  const half = await raw(t, (socket) => socket.write(`${HEAD}o`));
  await assert.rejects(get(half.url), /aborted|silent for 0.05 s/);
});

test('an answer that never ends does not last longer than the whole may', async (t) => {
  const { url } = await raw(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n');
    const timer = setInterval(() => socket.write('.'), 5);
    socket.on('close', () => clearInterval(timer));
  });
  await assert.rejects(client(t, { totalMs: 200 })(url), /aborted/);
});

test('what is under way when it is closed ends in an error', async (t) => {
  const http = new HttpClient({ secure: false, silenceMs: LONG_MS, totalMs: LONG_MS });
  const { url } = await raw(t, () => http.close());
  await assert.rejects(http.get(url), { code: 'ECONNRESET' });
});

test('through a proxy: TLS with the venue by its name, and one tunnel for question after question', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'marketprism-http-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const authority = await makeAuthority(folder, 'authority');
  const pair = await authority.issue('venue', 'DNS:localhost');
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(authority.certificate, 'utf8')]);
  const files = { key: readFileSync(pair.key), cert: readFileSync(pair.certificate) };
  const venue = createSecure(files, (request, response) => response.end(request.url));
  const port = await listening(t, venue);
  const proxy = await ConnectProxy.start();
  t.after(() => proxy.stop());
  const get = client(t, { secure: true, proxy: new URL(`http://${proxy.host}`) });
  assert.equal(await get(`https://localhost:${port}/a?b=c`), '/a?b=c');
  assert.equal(await get(`https://localhost:${port}/d`), '/d');
  assert.deepEqual(proxy.asked, [{ authority: `localhost:${port}`, authorization: undefined }]);
  await assert.rejects(get(`https://127.0.0.1:${port}/`), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
});

test('the path in front of a base is kept', async (t) => {
  const server = createServer((request, response) => response.end(request.url));
  const port = await listening(t, server);
  assert.equal(await client(t)(`http://127.0.0.1:${port}/gate/api?x=1`), '/gate/api?x=1');
});
