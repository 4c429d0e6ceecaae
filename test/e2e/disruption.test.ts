import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import {
  apply,
  condition,
  getFeed,
  install,
  isTrue,
  killContainer,
  kubectl,
  tryRun,
  waitFor,
  waitForFeed,
  type Installation,
} from '../support/cluster.ts';
import { readStreamAt } from '../support/reader.ts';

const namespace = 'e2e-disruption';
const name = 'majors';
const STREAM = 'MARKET_DATA';

const inNamespace = (...args: string[]): Promise<string> => kubectl(['--namespace', namespace, ...args]);
const COLLECTORS = ['-l', 'app.kubernetes.io/name=marketprism-collector'] as const;

/** held(≤ throughSequence) ≤ total − base ≤ held(now), while records flow. */
async function assertCountsHold(servers: string, t: TestContext, when: string): Promise<void> {
  const feed = await waitForFeed(
    { namespace, name },
    `${when}: the count names its place in the stream`,
    ({ status }) => status?.messages?.stream !== undefined && status.messages.throughSequence !== undefined,
  );
  const messages = feed.status?.messages;
  assert.ok(
    messages?.stream !== undefined && messages.throughSequence !== undefined,
    `${when}: the count names its stream`,
  );
  const reading = await readStreamAt(servers, messages.stream.name);
  const through = reading.held(feed.metadata.uid, messages.throughSequence);
  const held = { through, now: reading.held(feed.metadata.uid) };
  const counted = messages.total - messages.stream.base;
  t.diagnostic(`${when}: ${held.through} <= ${counted} <= ${held.now}`);
  assert.ok(
    held.through <= counted,
    `${when}: ${held.through} held through the sequence, ${counted} counted`,
  );
  assert.ok(counted <= held.now, `${when}: ${counted} counted, ${held.now} held`);
}

async function waitForMore(than: number): Promise<void> {
  await waitForFeed(
    { namespace, name, timeoutMs: 90_000 },
    `more than ${than} messages and Ready`,
    (feed) => isTrue(feed, 'Ready') && (feed.status?.messages?.total ?? 0) > than,
  );
}

const total = async (): Promise<number> => (await getFeed(namespace, name)).status?.messages?.total ?? 0;

describe('data resumes by itself and counts stay exact', () => {
  let installation: Installation;
  let servers: string;
  before(async () => {
    installation = await install(namespace);
    servers = await installation.nats();
    await apply(`apiVersion: marketprism.io/v1alpha1
kind: CollectorFeed
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  exchange: binance
  market: spot
  symbols: [BTC-USDT, ETH-USDT]
  streams: [orderbook, trade]
  endpoints: { websocket: "ws://marketprism-simulator:8090", rest: "http://marketprism-simulator:8090" }
`);
    await waitForMore(200);
  });
  after(async () => {
    await installation.uninstall();
  });

  it('while nothing happens', async (t) => {
    await assertCountsHold(servers, t, 'undisturbed');
  });

  it('after kubectl delete pod of the collector: handed over, nothing missing', async (t) => {
    const before = await getFeed(namespace, name);
    const pod = (await inNamespace('get', 'pods', ...COLLECTORS, '-o', 'name')).trim();
    await inNamespace('delete', pod, '--wait=false');
    await waitFor('the old pod gone and a new one Ready', 120_000, async () => {
      const pods = await inNamespace('get', 'pods', ...COLLECTORS, '-o', 'name');
      return pods.trim() !== '' && !pods.includes(pod) ? true : undefined;
    });
    await waitForMore(before.status?.messages?.total ?? 0);
    await assertCountsHold(servers, t, 'collector deleted');
    const after = await getFeed(namespace, name);
    assert.equal(after.status?.integrity?.gaps, before.status?.integrity?.gaps);
  });

  it('after a collector killed without warning: what is missing is named, the dead writer is recounted', async (t) => {
    const before = await getFeed(namespace, name);
    const pod = (await inNamespace('get', 'pods', ...COLLECTORS, '-o', 'name')).trim();
    const killed = await killContainer(namespace, pod);
    if (!killed) return t.skip('the nodes are other machines');
    await waitForFeed(
      { namespace, name, timeoutMs: 90_000 },
      'a stated gap, Ready, CountsExact and more messages',
      (feed) =>
        (feed.status?.integrity?.gaps ?? 0) > (before.status?.integrity?.gaps ?? 0) &&
        isTrue(feed, 'Ready') &&
        isTrue(feed, 'CountsExact') &&
        (feed.status?.messages?.total ?? 0) > (before.status?.messages?.total ?? 0),
    );
    await assertCountsHold(servers, t, 'collector killed');
  });

  it('after a killed collector whose pod is gone as well', async (t) => {
    const before = await total();
    const pod = (await inNamespace('get', 'pods', ...COLLECTORS, '-o', 'name')).trim();
    if (!(await killContainer(namespace, pod))) return t.skip('the nodes are other machines');
    await inNamespace('delete', pod, '--grace-period=0', '--force');
    await waitFor('another pod', 60_000, async () => {
      const pods = await inNamespace('get', 'pods', ...COLLECTORS, '-o', 'name');
      return pods.trim() !== '' && !pods.includes(pod) ? true : undefined;
    });
    await waitForMore(before);
    await waitForFeed({ namespace, name }, 'CountsExact=True', (feed) => isTrue(feed, 'CountsExact'));
    await assertCountsHold(servers, t, 'collector and pod killed');
  });

  it('after kubectl rollout restart of the operator', async (t) => {
    const before = await total();
    await inNamespace('rollout', 'restart', 'deployment', '-l', 'app.kubernetes.io/component=operator');
    await inNamespace(
      'rollout',
      'status',
      'deployment',
      '-l',
      'app.kubernetes.io/component=operator',
      '--timeout=120s',
    );
    await waitForMore(before);
    await assertCountsHold(servers, t, 'operator restarted');
  });

  it('after a restart of NATS; the conditions tell the truth while it is away', async (t) => {
    const before = await total();
    await inNamespace('scale', 'statefulset', `${installation.release}-nats`, '--replicas=0');
    const away = await waitForFeed(
      { namespace, name, timeoutMs: 60_000 },
      'Ready and Publishing no longer True',
      (feed) => !isTrue(feed, 'Ready') && !isTrue(feed, 'Publishing'),
    );
    t.diagnostic(
      `while away: Publishing=${condition(away, 'Publishing')?.status} ${condition(away, 'Publishing')?.message}`,
    );
    await inNamespace('scale', 'statefulset', `${installation.release}-nats`, '--replicas=1');
    await waitForMore(before);
    await assertCountsHold(servers, t, 'NATS restarted');
  });

  it('at rest the count equals the records held, nothing is there twice, every hole is stated', async (t) => {
    // A paused feed has no collector that could recount a dead one.
    await waitForFeed(
      { namespace, name, timeoutMs: 120_000 },
      'every dead writer recounted',
      (feed) => isTrue(feed, 'CountsExact') && isTrue(feed, 'Ready'),
    );
    await tryRun('kubectl', [
      '--namespace',
      namespace,
      'patch',
      'collectorfeed',
      name,
      '--type=merge',
      '-p',
      '{"spec":{"paused":true}}',
    ]);
    await waitFor('no collector pod', 60_000, async () =>
      (await inNamespace('get', 'pods', ...COLLECTORS, '-o', 'name')) === '' ? true : undefined,
    );
    const reading = await readStreamAt(servers, STREAM);
    const feed = await getFeed(namespace, name);
    const held = reading.held(feed.metadata.uid);
    await waitForFeed(
      { namespace, name, timeoutMs: 60_000 },
      `messages.total equal to the ${held} records held`,
      (one) => one.status?.messages?.total === held,
    );
    assert.deepEqual(reading.doubled, []);
    let jumps = 0;
    for (const [subject, book] of reading.books) {
      assert.deepEqual(book.gaps, [], `${subject}: a delta is never stored behind a hole`);
      jumps += book.jumps.length;
    }
    t.diagnostic(
      `${held} held and counted; ${jumps} jumps in books, integrity.gaps ${feed.status?.integrity?.gaps}`,
    );
    assert.ok((feed.status?.integrity?.gaps ?? 0) >= jumps, 'every jump of a book is a stated gap');
  });
});
