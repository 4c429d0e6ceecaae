import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  apply,
  condition,
  install,
  kubectl,
  tryRun,
  waitForFeed,
  isTrue,
  type Installation,
} from '../support/cluster.ts';

const namespace = 'e2e-bad-input';
const ENDPOINTS =
  'endpoints: { websocket: "ws://marketprism-simulator:8090", rest: "http://marketprism-simulator:8090" }';

function feed(name: string, spec: string): string {
  return `apiVersion: marketprism.io/v1alpha1
kind: CollectorFeed
metadata: { name: ${name}, namespace: ${namespace} }
spec: { ${spec}, ${ENDPOINTS} }
`;
}

describe('bad input is answered with field, value and mend', () => {
  let installation: Installation;
  before(async () => {
    installation = await install(namespace);
  });
  after(async () => {
    await installation.uninstall();
  });

  const refused: readonly {
    readonly what: string;
    readonly spec: string;
    readonly says: readonly RegExp[];
  }[] = [
    {
      what: 'an unknown exchange',
      spec: 'exchange: kraken, market: spot, symbols: [BTC-USDT], streams: [trade]',
      says: [/spec\.exchange/, /kraken/, /binance/],
    },
    {
      what: 'an empty symbol list',
      spec: 'exchange: binance, market: spot, symbols: [], streams: [trade]',
      says: [/spec\.symbols/, /at least 1/],
    },
    {
      what: 'volatility-index on Binance',
      spec: 'exchange: binance, market: spot, symbols: [BTC-USDT], streams: [volatility-index]',
      says: [/volatility-index/, /market: index/],
    },
  ];
  for (const { what, spec, says } of refused) {
    it(`the API server refuses ${what}`, async (t) => {
      const ran = await tryRun('kubectl', ['apply', '-f', '-'], feed('refused', spec));
      assert.equal(ran.ok, false);
      t.diagnostic(ran.stderr.trim());
      for (const pattern of says) assert.match(ran.stderr, pattern);
    });
  }

  it('a symbol that the venue does not list is named while the others are collected', async (t) => {
    await apply(
      feed('unlisted', 'exchange: binance, market: spot, symbols: [BTC-USDT, NOPE-USDT], streams: [trade]'),
    );
    const seen = await waitForFeed(
      { namespace, name: 'unlisted' },
      'SymbolsResolved=False and messages',
      (one) =>
        condition(one, 'SymbolsResolved')?.status === 'False' && (one.status?.messages?.total ?? 0) > 0,
    );
    const resolved = condition(seen, 'SymbolsResolved');
    t.diagnostic(resolved?.message ?? '');
    assert.match(resolved?.message ?? '', /NOPE-USDT/);
    await waitForFeed({ namespace, name: 'unlisted' }, 'Ready although one symbol is unknown', (one) =>
      isTrue(one, 'Ready'),
    );
    await kubectl(['--namespace', namespace, 'delete', 'collectorfeed', 'unlisted']);
  });

  it('an unreachable NATS is named, and the feed is not Ready', async (t) => {
    await apply(
      feed(
        'no-nats',
        'exchange: binance, market: spot, symbols: [BTC-USDT], streams: [trade], nats: { servers: ["nats://127.0.0.1:4999"] }',
      ),
    );
    const seen = await waitForFeed(
      { namespace, name: 'no-nats', timeoutMs: 90_000 },
      'Publishing=False naming the server',
      (one) => condition(one, 'Publishing')?.status === 'False',
    );
    const publishing = condition(seen, 'Publishing');
    t.diagnostic(publishing?.message ?? '');
    assert.match(publishing?.message ?? '', /127\.0\.0\.1:4999/);
    assert.notEqual(condition(seen, 'Ready')?.status, 'True');
    await kubectl(['--namespace', namespace, 'delete', 'collectorfeed', 'no-nats']);
  });
});
