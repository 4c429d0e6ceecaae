import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { kubectl, tryRun } from '../../support/cluster.ts';
import { call, cleanUp, feed, FEEDS, freshNamespace, prepare, type Answer } from './api.ts';
import { definition, rootSchema, walk } from './definition.ts';

const namespace = freshNamespace('crd-lifecycle');
const spot = { exchange: 'binance', market: 'spot', symbols: ['BTC-USDT', 'ETH-USDT'], streams: ['trade'] };
const swap = { ...spot, market: 'perpetual' };

const create = (name: string, spec: unknown): Promise<Answer> =>
  call({ method: 'POST', path: FEEDS(namespace), body: feed(name, namespace, spec) });
const patchSpec = (name: string, spec: unknown): Promise<Answer> =>
  call({ method: 'PATCH', path: `${FEEDS(namespace)}/${name}?dryRun=All`, body: { spec } });
const inNamespace = (...args: readonly string[]): Promise<string> =>
  kubectl(['--namespace', namespace, ...args]);

describe('a feed in the API server', () => {
  before(async () => {
    await prepare(namespace);
    for (const [name, spec] of [
      ['spot', spot],
      ['sharded', { ...spot, sharding: { collectors: 1 } }],
      ['swap', swap],
      ['inverse', { ...swap, settle: 'inverse' }],
      ['paused', { ...spot, exchange: 'okx', paused: true }],
    ] as const) {
      const answer = await create(name, spec);
      assert.equal(answer.code, 201, answer.message);
    }
  });
  after(() => cleanUp(namespace));

  for (const [what, name, change, says] of [
    ['exchange', 'spot', { exchange: 'okx' }, 'spec.exchange is immutable; create another CollectorFeed'],
    ['market', 'swap', { market: 'future' }, 'spec.market is immutable; create another CollectorFeed'],
    ['settle', 'inverse', { settle: 'linear' }, 'spec.settle is immutable; create another CollectorFeed'],
    ['settle, by removing it', 'inverse', { settle: null }, 'spec.settle is immutable'],
    ['settle, by adding it', 'swap', { settle: 'inverse' }, 'spec.settle is immutable'],
  ] as const) {
    it(`keeps ${what}`, async () => {
      const answer = await patchSpec(name, change);
      assert.equal(answer.code, 422);
      const cause = answer.causes.find(({ message }) => message.includes(says));
      assert.equal(cause?.field, 'spec', answer.message);
    });
  }

  it('lets the default of settle be written out', async () => {
    assert.equal((await patchSpec('swap', { settle: 'linear' })).code, 200);
  });

  it('lets everything else be changed', async () => {
    const change = { symbols: ['BTC-USDT'], streams: ['orderbook'], paused: true, redundancy: 2 };
    assert.equal((await patchSpec('spot', change)).code, 200);
  });

  it('stores the two schema defaults and no other', async () => {
    const { body } = await call({ method: 'GET', path: `${FEEDS(namespace)}/spot` });
    assert.deepEqual(body['spec'], { ...spot, redundancy: 1, paused: false });
  });

  it('selects by exchange, market and paused', async () => {
    const names = async (selector: string): Promise<string> =>
      inNamespace('get', 'cfeed', '--field-selector', selector, '-o', 'jsonpath={.items[*].metadata.name}');
    assert.equal(await names('spec.exchange=okx'), 'paused');
    assert.equal(await names('spec.market=perpetual'), 'inverse swap');
    assert.equal(await names('spec.paused=true'), 'paused');
  });

  it('is listed by its short name and its category', async () => {
    assert.match(await inNamespace('get', 'cfeed', 'spot', '-o', 'name'), /collectorfeed/);
    assert.match(await inNamespace('get', 'marketprism', '-o', 'name'), /collectorfeed.*\/spot/);
  });

  it('is explained by kubectl', async () => {
    assert.match(await kubectl(['explain', 'collectorfeed.spec.orderbook.snapshotEvery']), /Default 5m/);
  });

  it('ignores a status in the resource, and a spec in the status', async () => {
    const status = { symbols: { desired: 2, active: 2, summary: '2/2' } };
    const path = `${FEEDS(namespace)}/spot`;
    const main = await call({ method: 'PATCH', path, body: { status } });
    assert.equal(main.body['status'], undefined);
    const sub = await call({
      method: 'PATCH',
      path: `${path}/status`,
      body: { status, spec: { paused: true } },
    });
    assert.deepEqual(sub.body['status'], status);
    assert.equal((sub.body['spec'] as { paused: boolean }).paused, false);
    assert.equal((sub.body['metadata'] as { generation: number }).generation, 1);
  });

  it('refuses a condition that is not in the contract, and two of one type', async () => {
    const condition = {
      type: 'Ready',
      status: 'True',
      reason: 'InSync',
      message: '',
      observedGeneration: 1,
      lastTransitionTime: '2026-11-24T00:00:00Z',
    };
    const path = `${FEEDS(namespace)}/spot/status?dryRun=All`;
    const patch = (conditions: readonly unknown[]): Promise<Answer> =>
      call({ method: 'PATCH', path, body: { status: { conditions } } });
    assert.equal((await patch([condition])).code, 200);
    assert.match((await patch([{ ...condition, type: 'Happy' }])).message, /Unsupported value: "Happy"/);
    assert.match((await patch([condition, condition])).message, /Duplicate value/);
  });

  it('prints the table of the README', async () => {
    const status = {
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'InSync',
          message: 'all symbols are in sync',
          observedGeneration: 1,
          lastTransitionTime: '2026-11-24T00:00:00Z',
        },
      ],
      symbols: { desired: 2, active: 2, summary: '2/2' },
      collectors: { desired: 1, ready: 1, summary: '1/1' },
      messages: {
        total: 184_223,
        perSecond: 512.4,
        stream: { name: 'MARKET_DATA', created: '2026-11-24T00:00:00Z', base: 0 },
      },
      integrity: { gaps: 0, resyncs: 3 },
    };
    const path = `${FEEDS(namespace)}/spot/status`;
    assert.equal((await call({ method: 'PATCH', path, body: { status } })).code, 200);
    const columns = (line: string | undefined): readonly string[] => (line ?? '').trim().split(/\s{2,}/);
    const [head, row] = (await inNamespace('get', 'collectorfeeds', 'spot')).split('\n');
    assert.deepEqual(columns(head), [
      'NAME',
      'EXCHANGE',
      'MARKET',
      'SYMBOLS',
      'COLLECTORS',
      'READY',
      'MESSAGES',
      'MSG/S',
      'GAPS',
      'AGE',
    ]);
    assert.deepEqual(columns(row).slice(0, -1), [
      'spot',
      'binance',
      'spot',
      '2/2',
      '1/1',
      'True',
      '184223',
      '512',
      '0',
    ]);
    const [wide, wideRow] = (await inNamespace('get', 'cfeed', 'spot', '-o', 'wide')).split('\n');
    assert.deepEqual(columns(wide).slice(-4), ['REASON', 'STREAM', 'PAUSED', 'AGE']);
    assert.deepEqual(columns(wideRow).slice(-4, -1), ['InSync', 'MARKET_DATA', 'false']);
  });

  it('scales where a number of collectors is set, up to the number of symbols', async () => {
    await inNamespace('scale', 'cfeed', 'sharded', '--replicas', '2');
    const { body } = await call({ method: 'GET', path: `${FEEDS(namespace)}/sharded` });
    assert.deepEqual((body['spec'] as { sharding: unknown }).sharding, { collectors: 2 });
    const more = await tryRun('kubectl', [
      '--namespace',
      namespace,
      'scale',
      'cfeed',
      'sharded',
      '--replicas',
      '3',
    ]);
    assert.match(more.stderr, /collectors may not be more than there are symbols/);
  });

  it('shows shards and selector to autoscalers', async () => {
    const path = `${FEEDS(namespace)}/sharded`;
    const status = {
      selector: 'app.kubernetes.io/name=marketprism-collector',
      collectors: { desired: 1, ready: 1, summary: '1/1' },
    };
    await call({ method: 'PATCH', path: `${path}/status`, body: { status } });
    const { body } = await call({ method: 'GET', path: `${path}/scale` });
    assert.deepEqual(body['status'], {
      replicas: 1,
      selector: 'app.kubernetes.io/name=marketprism-collector',
    });
  });
});

describe('the cost of the rules', () => {
  const name = `costs.${definition.spec.group}`;

  /** Every rule four times over: taken only while each one, and all together, cost under a quarter of the limit. */
  it('is under a quarter of what the API server allows', async () => {
    const crd = structuredClone(definition) as unknown as {
      metadata: { name: string };
      spec: { names: Record<string, unknown>; versions: { schema: { openAPIV3Schema: never } }[] };
    };
    crd.metadata.name = name;
    crd.spec.names = { kind: 'Cost', listKind: 'CostList', plural: 'costs', singular: 'cost' };
    let rules = 0;
    for (const { schema } of walk(crd.spec.versions[0]?.schema.openAPIV3Schema ?? rootSchema())) {
      for (const rule of schema['x-kubernetes-validations'] ?? []) {
        const one = `(${rule.rule})`;
        (rule as { rule: string }).rule = [one, one, one, one].join(' && ');
        rules += 1;
      }
    }
    assert.ok(rules > 60);
    const answer = await call({
      method: 'POST',
      path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions?dryRun=All',
      body: crd,
    });
    assert.equal(answer.code, 201, answer.message);
  });
});
