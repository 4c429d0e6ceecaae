import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { effectiveFeed } from '../../contract/effective.ts';
import { parseSettings, type Settings } from '../../operator/settings.ts';
import { only, render, type Release, type Values } from './helm.ts';
import { MATRIX } from './matrix.ts';

async function settingsOf(values: Values, release: Release = {}): Promise<Settings> {
  const objects = await render(values, release);
  const config = objects.find(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.endsWith('-operator'),
  );
  const text = (config?.['data'] as Record<string, string> | undefined)?.['settings.yaml'] ?? '';
  const parsed = parseSettings(text, release.namespace ?? 'market-data');
  assert.equal(parsed.kind, 'settings', JSON.stringify(parsed));
  if (parsed.kind !== 'settings') throw new Error('unreachable');
  return parsed.settings;
}

const spot = { exchange: 'binance', market: 'spot', symbols: ['BTC-USDT'], streams: ['trade'] } as const;

describe('the settings that the chart writes', () => {
  for (const { what, values, release } of MATRIX) {
    it(`are understood by the operator, with ${what}`, async () => {
      const settings = await settingsOf(values, release);
      assert.match(settings.installation, /^market-data\/[a-z0-9-]+$/);
    });
  }

  it('point operator and feeds at the NATS of the release', async () => {
    const settings = await settingsOf({});
    const servers = ['nats://marketprism-nats.market-data.svc:4222'];
    assert.deepEqual(settings.control.servers, servers);
    assert.deepEqual(effectiveFeed({ spec: spot }, settings.defaults).nats.servers, servers);
    assert.equal(settings.installation, 'market-data/marketprism');
    assert.equal(settings.leaderElection.leaseName, 'marketprism');
  });

  it("point them at the user's own NATS, with the credential and no limit of ours", async () => {
    const servers = ['tls://nats.messaging.svc:4222'];
    const settings = await settingsOf({
      nats: { enabled: false, servers },
      control: { credentialsSecret: 'marketprism-nats' },
    });
    assert.deepEqual(settings.control, {
      servers,
      credentialsSecret: 'marketprism-nats',
      credentialsDir: '/etc/marketprism/control',
    });
    assert.equal(effectiveFeed({ spec: spot }, settings.defaults).stream.maxBytes, 0);
  });

  it('limit the shared stream to 90 % of what JetStream may keep on the volume', async () => {
    const values = { nats: { jetstream: { fileStore: { size: '10Gi' } } } };
    const conf = only(await render(values), 'ConfigMap', 'marketprism-nats')['data'] as Record<
      string,
      string
    >;
    const maxFileStore = Number(/max_file_store: (\d+)/.exec(conf['nats.conf'] ?? '')?.[1]);
    assert.equal(maxFileStore, Math.floor(10 * 2 ** 30 * 0.85));
    const { stream } = effectiveFeed({ spec: spot }, (await settingsOf(values)).defaults);
    assert.equal(stream.maxBytes, Math.floor(maxFileStore * 0.9));
  });

  it("let the user's defaults win", async () => {
    const settings = await settingsOf({
      defaults: { jetstream: { maxBytes: '1Gi', maxAge: '7d' }, orderbook: { snapshotEvery: '1m' } },
    });
    const effective = effectiveFeed({ spec: spot }, settings.defaults);
    assert.equal(effective.stream.maxBytes, 2 ** 30);
    assert.equal(effective.stream.maxAgeMs, 7 * 86_400_000);
    assert.equal(effective.orderbook.snapshotEveryMs, 60_000);
  });

  it('watch the release namespace, the named ones, or all', async () => {
    assert.deepEqual((await settingsOf({})).watch, { cluster: false, namespaces: ['market-data'] });
    const two = await settingsOf({ watch: { namespaces: ['a', 'b'] } });
    assert.deepEqual(two.watch.namespaces, ['a', 'b']);
    const all = await settingsOf({ watch: { cluster: true } });
    assert.equal(all.watch.cluster, true);
    assert.equal(all.collector.serviceAccountName, null);
  });

  it('hand the image and its pull secrets on to the collectors', async () => {
    const { collector } = await settingsOf({
      image: { repository: 'r/mp', tag: '9.9.9', pullPolicy: 'Always', pullSecrets: [{ name: 'registry' }] },
    });
    assert.equal(collector.image, 'r/mp:9.9.9');
    assert.equal(collector.imagePullPolicy, 'Always');
    assert.deepEqual(collector.imagePullSecrets, [{ name: 'registry' }]);
    assert.equal(collector.serviceAccountName, 'marketprism-collector');
  });
});
