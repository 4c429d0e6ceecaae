import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEnv } from '../../runtime/env.ts';
import { readProxies } from '../../runtime/proxies.ts';

const PROXY = 'http://proxy:3128';

test('the proxy of https is that of wss, that of http that of ws, and lower case wins', () => {
  const proxies = readProxies(
    readEnv({ HTTPS_PROXY: 'http://upper:1', https_proxy: PROXY, HTTP_PROXY: 'http://plain:2' }),
  );
  assert.equal(proxies('wss://stream.binance.com:9443/stream')?.host, 'proxy:3128');
  assert.equal(proxies('https://api.binance.com')?.host, 'proxy:3128');
  assert.equal(proxies('ws://simulator:8090')?.host, 'plain:2');
  assert.equal(readProxies(readEnv({}))('wss://www.deribit.com'), undefined);
});

test('NO_PROXY names hosts with their subdomains, addresses, ranges, and ports', () => {
  const cases: readonly (readonly [noProxy: string, url: string, direct: boolean])[] = [
    ['*', 'wss://www.deribit.com', true],
    ['deribit.com', 'wss://www.deribit.com', true],
    ['.deribit.com', 'wss://deribit.com', true],
    ['*.deribit.com', 'wss://www.deribit.com', true],
    ['deribit.com', 'wss://notderibit.com', false],
    ['okx.com:443', 'wss://ws.okx.com:8443', false],
    ['okx.com:8443, other', 'wss://ws.okx.com:8443', true],
    ['10.0.0.0/8', 'wss://10.1.2.3', true],
    ['10.0.0.0/8', 'wss://11.1.2.3', false],
    ['10.0.0.0/99', 'wss://10.1.2.3', false],
    ['127.0.0.1', 'wss://127.0.0.1:1', true],
    ['::1', 'wss://[::1]:1', true],
    ['fd00::/8', 'wss://[fd12::1]', true],
    ['', 'wss://www.deribit.com', false],
  ];
  for (const [noProxy, url, direct] of cases) {
    const proxies = readProxies(readEnv({ HTTPS_PROXY: PROXY, NO_PROXY: noProxy }));
    assert.equal(proxies(url) === undefined, direct, `${noProxy} ${url}`);
  }
});
