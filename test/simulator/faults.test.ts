import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Simulator } from '../../simulator/main.ts';
import { VenueClient, applied, getJson, post, withSimulator } from './client.ts';
import type { Book, DepthUpdate } from './client.ts';

const BTC = 'btcusdt@depth@100ms';
const ETH = 'ethusdt@depth@100ms';
const FAST = { eventsPerSecond: 300 } as const;

interface State {
  readonly state: string;
  readonly faults: Readonly<Record<string, { readonly asked: number; readonly done: number }>>;
  readonly counters: Readonly<Record<string, number>>;
}

async function stateOf({ restUrl }: Simulator): Promise<State> {
  return await getJson<State>(`${restUrl}/admin/state`);
}

async function fault({ restUrl }: Simulator, body: unknown): Promise<void> {
  const response = await post(`${restUrl}/admin/fault`, body);
  assert.equal(response.status, 200, await response.text());
}

async function both({ webSocketUrl }: Simulator): Promise<VenueClient> {
  const client = await VenueClient.open(`${webSocketUrl}/stream?streams=${BTC}/${ETH}`);
  await client.until(() => client.depths(BTC).length > 0 && client.depths(ETH).length > 0);
  return client;
}

/** Where an update does not follow the one before it. */
function breaks(updates: readonly DepthUpdate[]): readonly number[] {
  return updates.flatMap(({ U }, index) =>
    index > 0 && U !== (updates[index - 1]?.u ?? 0) + 1 ? [index] : [],
  );
}

test('drop: so many frames of the symbol are missing, the other symbol keeps its chain, and it is counted', async () => {
  await withSimulator(FAST, async (simulator) => {
    const client = await both(simulator);
    await fault(simulator, { kind: 'drop', symbol: 'BTCUSDT', count: 2 });
    await client.until(() => breaks(client.depths(BTC)).length > 0 && client.depths(ETH).length > 6);
    assert.equal(breaks(client.depths(BTC)).length, 1);
    assert.deepEqual(breaks(client.depths(ETH)), []);
    const [index = 0] = breaks(client.depths(BTC));
    const [before, after] = [client.depths(BTC)[index - 1]?.E ?? 0, client.depths(BTC)[index]?.E ?? 0];
    assert.equal(after - before, 300, 'two slots of 100 ms are not there');
    assert.deepEqual((await stateOf(simulator)).faults, { drop: { asked: 1, done: 2 } });
    client.close();
  });
});

test('gap: frames of every stream of the symbol are missing', async () => {
  await withSimulator({ ...FAST, symbols: ['BTC-USDT'] }, async (simulator) => {
    const client = await VenueClient.open(`${simulator.webSocketUrl}/stream?streams=${BTC}/btcusdt@trade`);
    const trades = (): readonly number[] => client.dataOf('btcusdt@trade').map(({ t }) => Number(t));
    const holes = (): number =>
      trades().filter((id, index, all) => index > 0 && id !== (all[index - 1] ?? 0) + 1).length;
    await client.until(() => trades().length > 5 && client.depths(BTC).length > 0);
    await fault(simulator, { kind: 'gap', symbol: 'BTCUSDT', count: 100 });
    await client.until(() => holes() > 0 && breaks(client.depths(BTC)).length > 0);
    assert.deepEqual((await stateOf(simulator)).faults, { gap: { asked: 1, done: 100 } });
    client.close();
  });
});

test('repeat: one frame comes twice, word for word', async () => {
  await withSimulator(FAST, async (simulator) => {
    const client = await both(simulator);
    await fault(simulator, { kind: 'repeat', symbol: 'ETHUSDT' });
    const twice = (): readonly string[] =>
      client.frames.filter((frame, index, all) => all.indexOf(frame) !== index);
    await client.until(() => twice().length > 0);
    assert.match(twice()[0] ?? '', /^{"stream":"ethusdt@depth@100ms"/);
    client.close();
  });
});

test('swap: two frames change places and none is lost', async () => {
  await withSimulator(FAST, async (simulator) => {
    const client = await both(simulator);
    await fault(simulator, { kind: 'swap', symbol: 'BTCUSDT' });
    await client.until(() => breaks(client.depths(BTC)).length >= 3);
    const inOrder = [...client.depths(BTC)].sort((left, right) => left.U - right.U);
    assert.deepEqual(breaks(inOrder), []);
    client.close();
  });
});

test('cut: one frame is half of one and no JSON', async () => {
  await withSimulator(FAST, async (simulator) => {
    const client = await both(simulator);
    await fault(simulator, { kind: 'cut', symbol: 'BTCUSDT' });
    await client.until(() => breaks(client.depths(BTC)).length > 0);
    const broken = client.frames.filter((frame) => !frame.endsWith('}}'));
    assert.equal(broken.length, 1);
    assert.match(broken[0] ?? '', /^{"stream":"btcusdt@depth@100ms","data":/);
    client.close();
  });
});

test('delay: one frame comes late and is overtaken', async () => {
  await withSimulator(FAST, async (simulator) => {
    const client = await both(simulator);
    await fault(simulator, { kind: 'delay', symbol: 'BTCUSDT', ms: 250 });
    const ids = (): readonly number[] => client.depths(BTC).map(({ U }) => U);
    await client.until(() => ids().some((id, index, all) => index > 0 && id < (all[index - 1] ?? 0)));
    const inOrder = [...client.depths(BTC)].sort((left, right) => left.U - right.U);
    assert.deepEqual(breaks(inOrder), []);
    client.close();
  });
});

test('stall: the symbol is silent, then everything comes in order; others flow on', async () => {
  await withSimulator(FAST, async (simulator) => {
    const client = await both(simulator);
    await fault(simulator, { kind: 'stall', symbol: 'BTCUSDT', ms: 600 });
    const [btc, eth] = [client.depths(BTC).length, client.depths(ETH).length];
    await client.until(() => client.depths(ETH).length >= eth + 4);
    assert.ok(client.depths(BTC).length <= btc + 1, 'silent while the other flows');
    await client.until(() => client.depths(BTC).length >= btc + 8);
    assert.deepEqual(breaks(client.depths(BTC)), []);
    client.close();
  });
});

test('half-open: the socket stays open and says nothing, not even a pong, while a new connection is served', async () => {
  await withSimulator(FAST, async (simulator) => {
    const client = await both(simulator);
    await fault(simulator, { kind: 'halfOpen' });
    const settled = client.frames.length;
    let pongs = 0;
    client.socket.on('pong', () => void (pongs += 1));
    client.socket.ping('still there?');
    client.request({ method: 'LIST_SUBSCRIPTIONS', id: 5 });
    const fresh = await both(simulator);
    await fresh.until(() => fresh.depths(BTC).length > 4);
    assert.ok(client.frames.length <= settled + 2, 'at most what was under way');
    assert.ok(!client.frames.some((frame) => frame.includes('"id":5')));
    assert.equal(pongs, 0);
    assert.equal(client.closeCode, undefined);
    assert.deepEqual((await stateOf(simulator)).faults, { halfOpen: { asked: 1, done: 1 } });
    client.close();
    fresh.close();
  });
});

test('ackSilent: the next subscription is acknowledged and never served', async () => {
  await withSimulator(FAST, async (simulator) => {
    const client = await VenueClient.open(`${simulator.webSocketUrl}/stream`);
    await fault(simulator, { kind: 'ackSilent', symbol: 'BTCUSDT' });
    client.request({ method: 'SUBSCRIBE', params: [BTC, ETH], id: 1 });
    assert.deepEqual(await client.answer(1), { result: null, id: 1 });
    await client.until(() => client.depths(ETH).length > 3);
    assert.deepEqual(client.depths(BTC), []);
    const again = await both(simulator);
    again.close();
    client.close();
  });
});

test('disconnect: so many connections break without a farewell, the others stay', async () => {
  await withSimulator(FAST, async (simulator) => {
    const [first, second] = [await both(simulator), await both(simulator)];
    await fault(simulator, { kind: 'disconnect', count: 1 });
    await first.until(() => first.closeCode !== undefined);
    assert.equal(first.closeCode, 1006);
    const before = second.frames.length;
    await second.until(() => second.frames.length > before + 3);
    second.close();
  });
});

test('shutdown: announced wrapped and bare, then closed', async () => {
  await withSimulator(FAST, async (simulator) => {
    const wrapped = await both(simulator);
    const bare = await VenueClient.open(`${simulator.webSocketUrl}/ws`);
    await fault(simulator, { kind: 'shutdown', ms: 100 });
    await bare.until(() => bare.closeCode !== undefined);
    await wrapped.until(() => wrapped.closeCode !== undefined);
    assert.match(bare.frames[0] ?? '', /^{"e":"serverShutdown","E":\d{13}}$/);
    const announced = wrapped.frames.find((frame) => frame.includes('serverShutdown')) ?? '';
    assert.match(announced, /^{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":\d{13}}}$/);
    assert.deepEqual([bare.closeCode, wrapped.closeCode], [1001, 1001]);
  });
});

test('wrongLevel: one snapshot has a stale size at its best bid, the next is right', async () => {
  await withSimulator({ start: 'manual' }, async (simulator) => {
    const snapshot = async (): Promise<Book> =>
      await getJson<Book>(`${simulator.restUrl}/api/v3/depth?symbol=BTCUSDT&limit=5`);
    await fault(simulator, { kind: 'wrongLevel', symbol: 'BTCUSDT' });
    const [wrong, right] = [await snapshot(), await snapshot()];
    assert.notEqual(wrong.bids[0]?.[1], right.bids[0]?.[1]);
    assert.deepEqual({ ...wrong, bids: wrong.bids.slice(1) }, { ...right, bids: right.bids.slice(1) });
  });
});

test('snapshotLag: the REST book is behind the stream and joins what a client has kept', async () => {
  await withSimulator({ ...FAST, symbols: ['BTC-USDT'] }, async (simulator) => {
    const { restUrl, webSocketUrl } = simulator;
    const client = await VenueClient.open(`${webSocketUrl}/stream?streams=${BTC}`);
    await client.until(() => client.depths(BTC).length > 2);
    await fault(simulator, { kind: 'snapshotLag', ms: 500 });
    await client.until(() => client.depths(BTC).length > 14);
    const seen = client.depths(BTC).at(-1);
    const lagging = await getJson<Book>(`${restUrl}/api/v3/depth?symbol=BTCUSDT&limit=5000`);
    const of = client.depths(BTC).find(({ u }) => u === lagging.lastUpdateId);
    const lagMs = (seen?.E ?? 0) - (of?.E ?? 0);
    assert.ok(lagMs >= 400 && lagMs <= 800, `${lagMs} ms behind`);
    await post(`${restUrl}/admin/pause`);
    const truth = async (): Promise<Book> => await getJson<Book>(`${restUrl}/admin/book?symbol=BTCUSDT`);
    let book = await truth();
    while (client.depths(BTC).at(-1)?.u !== book.lastUpdateId) book = await truth();
    assert.deepEqual(applied(lagging, client.depths(BTC)), book);
    client.close();
  });
});

test("restError and http429: the next answers are the venue's own refusals", async () => {
  await withSimulator({ start: 'manual' }, async (simulator) => {
    const url = `${simulator.restUrl}/api/v3/depth?symbol=BTCUSDT`;
    await fault(simulator, { kind: 'restError', symbol: 'BTCUSDT', count: 2 });
    await fault(simulator, { kind: 'http429', symbol: 'BTCUSDT', ms: 3_000 });
    assert.equal((await fetch(url.replace('BTC', 'ETH'))).status, 200, 'another symbol');
    const answers = [await fetch(url), await fetch(url), await fetch(url), await fetch(url)];
    assert.deepEqual(
      answers.map(({ status }) => status),
      [500, 500, 429, 200],
    );
    assert.equal(answers[2]?.headers.get('retry-after'), '3');
    assert.match((await answers[2]?.text()) ?? '', /^{"code":-1003,"msg":"Too much request weight used/);
  });
});

test('a scenario breaks things at market times', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'simulator-'));
  const scenario = join(folder, 'scenario.yaml');
  writeFileSync(
    scenario,
    '- {atMs: 1000, fault: {kind: drop, symbol: BTCUSDT, count: 3}}\n- {atMs: 500, fault: {kind: drop, symbol: ETHUSDT}}\n',
  );
  await withSimulator({ ...FAST, scenario, start: 'first-subscribe', speed: 200 }, async (simulator) => {
    const client = await VenueClient.open(`${simulator.webSocketUrl}/stream?streams=${BTC}/${ETH}`);
    await client.until(() => breaks(client.depths(BTC)).length > 0 && breaks(client.depths(ETH)).length > 0);
    const hole = (stream: string): readonly number[] => {
      const updates = client.depths(stream);
      const [index = 0] = breaks(updates);
      const beginMs = (updates[0]?.E ?? 0) - 100;
      return [(updates[index - 1]?.E ?? 0) - beginMs, (updates[index]?.E ?? 0) - beginMs];
    };
    assert.deepEqual(hole(ETH), [500, 700]);
    assert.deepEqual(hole(BTC), [1_000, 1_400]);
    client.close();
  });
});

test('a fault that makes no sense is refused with what is wrong', async () => {
  await withSimulator({ start: 'manual' }, async ({ restUrl }) => {
    for (const [body, message] of [
      [{ kind: 'earthquake' }, /^kind must be one of drop, gap/],
      [{ kind: 'drop', symbol: 'NOPE' }, /^symbol must be one of BTCUSDT, ETHUSDT/],
      [{ kind: 'drop', count: 0 }, /^count must be/],
      [{ kind: 'stall', ms: -1 }, /^ms must be/],
      [{ kind: 'drop', frames: 3 }, /^frames is not a field/],
    ] as const) {
      const response = await post(`${restUrl}/admin/fault`, body);
      assert.equal(response.status, 400);
      assert.match(((await response.json()) as { error: string }).error, message);
    }
  });
});
