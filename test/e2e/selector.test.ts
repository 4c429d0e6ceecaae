import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { Kvm } from '@nats-io/kv';
import {
  apply,
  condition,
  getFeed,
  install,
  isTrue,
  kubectl,
  waitForFeed,
  type Installation,
  type SeenFeed,
} from '../support/cluster.ts';
import { readStreamAt } from '../support/reader.ts';
import { startVenue, type SimulatedVenue } from '../support/venue.ts';

const namespace = 'e2e-selector';
const name = 'usdt';
/** A list every second, an operator that looks every five, and a loaded machine. */
const FOLLOWED_MS = 90_000;
const BUCKET = 'MARKETPRISM_INSTRUMENTS';

function feed(selector: string, endpoints: Pick<SimulatedVenue, 'url' | 'socket'>): string {
  return `apiVersion: marketprism.io/v1alpha1
kind: CollectorFeed
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  exchange: binance
  market: spot
  symbolSelector: ${selector}
  streams: [orderbook, trade]
  endpoints: { websocket: "${endpoints.socket}", rest: "${endpoints.url}" }
  template: { env: [{ name: MP_CATALOGUE_SECONDS, value: "1" }] }
`;
}

const selection = (one: SeenFeed): unknown => one.status?.effective?.['selection'];
const summary = (one: SeenFeed): string | undefined => one.status?.symbols?.summary;

async function podUids(): Promise<string> {
  return kubectl([
    '--namespace',
    namespace,
    'get',
    'pods',
    '-l',
    'app.kubernetes.io/name=marketprism-collector',
    '-o',
    'jsonpath={.items[*].metadata.uid}',
  ]);
}

describe('a selector follows the venue without a change of the feed', () => {
  let installation: Installation;
  let venue: SimulatedVenue;
  let nats: NatsConnection;
  let generation: number;
  let pods: string;

  const followed = (what: string, test: (one: SeenFeed) => boolean): Promise<SeenFeed> =>
    waitForFeed({ namespace, name, timeoutMs: FOLLOWED_MS }, what, test);

  before(async () => {
    installation = await install(namespace, ['simulator.enabled=false']);
    venue = await startVenue(['--symbols', 'BTC-USDT,ETH-USDT,ETH-BTC']);
    nats = await connect({ servers: [await installation.nats()] });
  });
  after(async () => {
    await nats?.close();
    venue?.stop();
    await installation.uninstall();
  });

  it('a new feed gets its symbols from the catalogue that its first collector writes', async () => {
    await apply(feed('{ quote: USDT }', venue));
    const seen = await followed(
      'both of USDT in sync',
      (one) => isTrue(one, 'Ready') && summary(one) === '2/2',
    );
    assert.equal(condition(seen, 'SymbolsResolved')?.reason, 'SelectorResolved');
    assert.deepEqual(selection(seen), { matching: 2, taken: 2, symbols: ['BTC-USDT', 'ETH-USDT'] });
    generation = seen.metadata.generation;
    pods = await podUids();
  });

  it('a listing starts by itself, a delisting ends, and no pod is touched', async () => {
    await venue.post('/admin/list', { symbol: 'SOL-USDT' });
    await followed('three', (one) => isTrue(one, 'Ready') && summary(one) === '3/3');
    await venue.post('/admin/delist', { symbol: 'ETHUSDT' });
    const seen = await followed('two', (one) => isTrue(one, 'Ready') && summary(one) === '2/2');
    assert.deepEqual(selection(seen), { matching: 2, taken: 2, symbols: ['BTC-USDT', 'SOL-USDT'] });
    assert.equal(seen.metadata.generation, generation, 'nobody wrote the spec');
    assert.equal(await podUids(), pods);
  });

  it('an operator that is killed finds what was selected, and follows on', async () => {
    const operator = ['-l', 'app.kubernetes.io/component=operator'];
    await kubectl(['--namespace', namespace, 'delete', 'pods', ...operator, '--force', '--grace-period=0']);
    await venue.post('/admin/list', { symbol: 'XRP-USDT' });
    await followed('the listing', (one) => isTrue(one, 'Ready') && summary(one) === '3/3');
    assert.equal(await podUids(), pods);
  });

  it('the catalogue is in the bucket, and none of it in the counts', async () => {
    const bucket = await new Kvm(nats).open(BUCKET);
    const keys: string[] = [];
    for await (const key of await bucket.keys()) keys.push(key.replace(/_[0-9a-f]{8}/, ''));
    assert.deepEqual(keys.sort(), [
      'binance.spot.BTC-USDT',
      'binance.spot.ETH-BTC',
      'binance.spot.SOL-USDT',
      'binance.spot.XRP-USDT',
      'index.binance.spot',
    ]);
    const { metadata, status } = await getFeed(namespace, name);
    const read = await readStreamAt(await installation.nats(), 'MARKET_DATA');
    const counted = (status?.messages?.total ?? 0) - (status?.messages?.stream?.base ?? 0);
    assert.ok(counted <= read.held(metadata.uid), 'only records are counted');
  });

  it('too many are cut by name, and a selector that matches nothing is named; what ran ends', async () => {
    await apply(feed('{ quote: USDT, maxSymbols: 1 }', venue));
    const cut = await followed('one of three', (one) => summary(one) === '1/1');
    assert.deepEqual(selection(cut), { matching: 3, taken: 1, symbols: ['BTC-USDT'] });
    await apply(feed('{ quote: NONE }', venue));
    await followed('it is named', (one) => condition(one, 'Ready')?.reason === 'SelectorMatchesNothing');
  });
});
