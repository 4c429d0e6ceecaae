import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createPlain, type AddressInfo, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { createServer as createSecure } from 'node:tls';
import { tunnel } from '../../runtime/tunnel.ts';
import { ConnectProxy } from '../support/connect-proxy.ts';

/** Keys agreed beforehand stand in for certificates: what is tested is TLS inside the tunnel. */
const TLS = { ciphers: 'PSK-AES128-GCM-SHA256', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
const KEY = Buffer.alloc(16, 7);

async function listening(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

function opened(proxy: URL, timeoutMs: number, target: object): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    tunnel({ proxy, timeoutMs, secure: true })(target, (error, socket) => {
      if (error === null) resolve(socket);
      else reject(error);
    });
  });
}

test('TLS is spoken with the target, inside the tunnel', async (t) => {
  const proxy = await ConnectProxy.start();
  t.after(() => proxy.stop());
  const server = createSecure({ ...TLS, pskCallback: () => KEY }, (socket) => socket.end('hello'));
  const port = await listening(t, server);
  const pskCallback = (): object => ({ psk: KEY, identity: 'test' });
  const target = { ...TLS, host: '127.0.0.1', port, pskCallback, checkServerIdentity: () => undefined };
  const socket = await opened(new URL(`http://${proxy.host}`), 10_000, target);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  assert.equal(text, 'hello');
  assert.equal(proxy.asked[0]?.authority, `127.0.0.1:${port}`);
});

test('a proxy that refuses, is not there, or says nothing is an error that names it and not its password', async (t) => {
  const refusing = await ConnectProxy.start();
  refusing.refuses = 403;
  t.after(() => refusing.stop());
  const held: Duplex[] = [];
  const mute = await listening(
    t,
    createPlain((socket) => void held.push(socket)),
  );
  t.after(() => held.forEach((socket) => socket.destroy()));
  const closed = createPlain();
  const gone = await listening(t, closed);
  closed.close();
  const cases: readonly (readonly [host: string, says: RegExp])[] = [
    [refusing.host, /answers 403 to CONNECT venue:443/],
    [`127.0.0.1:${mute}`, /no answer within 0.05 s/],
    [`127.0.0.1:${gone}`, /ECONNREFUSED/],
  ];
  for (const [host, says] of cases) {
    const failing = opened(new URL(`http://me:secret@${host}`), 50, { host: 'venue' });
    await assert.rejects(failing, ({ message }: Error) => {
      assert.match(message, says);
      assert.ok(message.startsWith(`proxy http://${host}: `), message);
      return true;
    });
  }
});
