import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { readEnv } from '../../../runtime/env.ts';
import { readProxies } from '../../../runtime/proxies.ts';
import { ConnectProxy } from '../../support/connect-proxy.ts';
import { collect, TinyVenue, until, type Collected } from './tiny-venue.ts';

const BTC = 'BTC-USDT';

async function behind(
  t: TestContext,
  env: (proxy: ConnectProxy) => Readonly<Record<string, string>>,
  refuses?: number,
): Promise<Collected & { readonly venue: TinyVenue; readonly proxy: ConnectProxy }> {
  const proxy = await ConnectProxy.start();
  proxy.refuses = refuses;
  const venue = await TinyVenue.start();
  const feed = collect(venue, [BTC], { proxies: readProxies(readEnv(env(proxy))) });
  t.after(async () => {
    await feed.session.stop();
    await venue.stop();
    await proxy.stop();
  });
  return { ...feed, venue, proxy };
}

test('through a proxy: requests and the stream both go by CONNECT, with the credentials of its URL', async (t) => {
  const feed = await behind(t, ({ host }) => ({ HTTP_PROXY: `http://me:s%40fe@${host}` }));
  await until('in sync', () => feed.state(BTC) === 'inSync');
  const id = feed.venue.change('BTCUSDT');
  await until('a delta', () => feed.of('delta', BTC).at(-1)?.lastId === id);
  const authorization = `Basic ${Buffer.from('me:s@fe').toString('base64')}`;
  assert.ok(feed.proxy.asked.length >= 2, 'one for the stream, one at least for the lists and books');
  for (const asked of feed.proxy.asked) {
    assert.deepEqual(asked, { authority: `127.0.0.1:${feed.venue.port}`, authorization });
  }
});

test('what NO_PROXY names is reached directly', async (t) => {
  const feed = await behind(t, ({ host }) => ({ HTTP_PROXY: `http://${host}`, NO_PROXY: '127.0.0.0/8' }));
  await until('in sync', () => feed.state(BTC) === 'inSync');
  assert.deepEqual(feed.proxy.asked, []);
});

test('a proxy that refuses is named, without its password', async (t) => {
  const feed = await behind(t, ({ host }) => ({ HTTP_PROXY: `http://me:secret@${host}` }), 407);
  await until('named', () => feed.session.status().problems.length > 0);
  const [problem] = feed.session.status().problems;
  assert.equal(problem?.reason, 'VenueUnreachable');
  assert.doesNotMatch(problem?.message ?? '', /secret/);
  assert.match(problem?.message ?? '', /407/);
});
