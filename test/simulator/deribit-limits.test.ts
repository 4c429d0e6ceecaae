import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../runtime/clock.ts';
import type { Clock } from '../../runtime/clock.ts';
import { getJson } from './client.ts';
import { PERPETUAL, followed, withDeribit } from './deribit-client.ts';
import type { DeribitClient } from './deribit-client.ts';

/** The true clock, but it runs so many times as fast. */
function fastClock(times: number): Clock {
  const clock = systemClock();
  const startMs = clock.nowMs();
  return {
    nowMs: () => Math.floor(startMs + (clock.nowUs() / 1_000 - startMs) * times),
    nowUs: () => Math.floor(startMs * 1_000 + (clock.nowUs() - startMs * 1_000) * times),
    after: (delayMs, task) => clock.after(delayMs / times, task),
    every: (periodMs, task) => clock.every(periodMs / times, task),
  };
}

function testRequests({ client }: DeribitClient): number {
  return client.frames.filter((frame) => frame.includes('"test_request"')).length;
}

test('a test request that is answered keeps the connection, one that is not closes it', async () => {
  await withDeribit(
    { start: 'manual' },
    async (deribit) => {
      assert.equal((await deribit.call('public/set_heartbeat', { interval: 10 })).result, 'ok');
      for (let beat = 1; beat <= 3; beat += 1) {
        await deribit.client.until(() => testRequests(deribit) === beat);
        assert.deepEqual((await deribit.call('public/test')).result, { version: '1.2.26' });
      }
      assert.ok(
        deribit.client.frames.includes(
          '{"params":{"type":"heartbeat"},"method":"heartbeat","jsonrpc":"2.0"}',
        ),
      );
      await deribit.client.until(() => testRequests(deribit) === 4);
      assert.ok('result' in (await deribit.call('public/get_time')), 'another request is no answer');
      await deribit.client.until(() => deribit.client.closeCode !== undefined);
      assert.equal(testRequests(deribit), 4);
    },
    { clock: fastClock(20) },
  );
});

test('a heartbeat of less than ten seconds is refused, and without one nobody is tested', async () => {
  await withDeribit(
    {},
    async (deribit) => {
      const { error } = await deribit.call('public/set_heartbeat', { interval: 9 });
      const data = { reason: 'value must be >= 10', param: 'interval' };
      assert.deepEqual(error, { code: -32_602, message: 'Invalid params', data });
      await deribit.venueTimePasses(30_000);
      assert.equal(testRequests(deribit), 0);
    },
    { clock: fastClock(100) },
  );
});

test('too many subscriptions at once are answered with 10028, and the connection is closed', async () => {
  await withDeribit({ start: 'manual' }, async (deribit) => {
    const calls = Array.from({ length: 11 }, async () => await deribit.subscribe(PERPETUAL));
    const answers = await Promise.all(calls);
    assert.deepEqual(
      answers.map(({ error }) => error?.code),
      [...Array<undefined>(10).fill(undefined), 10_028],
    );
    assert.equal(answers.at(-1)?.error?.message, 'too_many_requests');
    await deribit.client.until(() => deribit.client.closeCode !== undefined);
  });
});

test('ten more subscriptions are allowed three seconds later', async () => {
  await withDeribit(
    {},
    async (deribit) => {
      for (let call = 0; call < 9; call += 1) await deribit.subscribe('nonsense');
      await deribit.venueTimePasses(4_000);
      for (let call = 0; call < 10; call += 1)
        assert.equal((await deribit.subscribe('nonsense')).error, undefined);
    },
    { clock: fastClock(10) },
  );
});

test('the catalogue is refused with 429 once its bucket is empty, and other methods go on', async () => {
  await withDeribit({ start: 'manual' }, async ({ restUrl }) => {
    const url = `${restUrl}/api/v2/public/get_instruments?currency=BTC`;
    const answers = await Promise.all(Array.from({ length: 60 }, async () => await fetch(url)));
    const refused = answers.filter(({ status }) => status === 429);
    assert.ok(refused.length >= 8 && refused.length <= 10, `${refused.length} of 60 refused`);
    const body = (await refused[0]?.json()) as { readonly error: { readonly code: number } };
    assert.equal(body.error.code, 10_028);
    assert.equal((await fetch(`${restUrl}/api/v2/public/get_time`)).status, 200);
  });
});

test('what is no request is answered with the codes of JSON-RPC, and the connection stays open', async () => {
  await withDeribit({ start: 'manual' }, async (deribit) => {
    deribit.socket.send('{nonsense');
    deribit.socket.send('[]');
    await deribit.client.until(() => deribit.client.frames.length === 2);
    const codes = deribit.client.frames.map((frame) => /"code":(-\d+)/.exec(frame)?.[1]);
    assert.deepEqual(codes, ['-32700', '-32600']);
    assert.equal((await deribit.call('public/dance')).error?.code, -32_601);
    assert.equal((await deribit.call('public/subscribe', { channels: 'all' })).error?.code, -32_602);
    assert.deepEqual((await deribit.call('public/hello')).result, { version: '1.2.26' });
  });
});

const BREAKS = ['drop', 'gap', 'swap', 'repeat'] as const;

for (const kind of BREAKS) {
  test(`the fault ${kind} breaks the chain of one book, and a new subscription mends it`, async () => {
    await withDeribit({}, async (deribit) => {
      const other = 'book.ETH-PERPETUAL.100ms';
      await deribit.subscribe(PERPETUAL, other);
      await deribit.client.until(() => deribit.books(PERPETUAL).length > 2);
      const broken = (): boolean => {
        try {
          followed(deribit.books(PERPETUAL));
          return false;
        } catch {
          return true;
        }
      };
      assert.equal(broken(), false);
      await deribit.fault({ kind, symbol: 'BTC-PERPETUAL', count: 1 });
      await deribit.client.until(broken);
      await deribit.call('public/unsubscribe', { channels: [PERPETUAL] });
      const before = deribit.books(PERPETUAL).length;
      await deribit.subscribe(PERPETUAL);
      await deribit.client.until(() => deribit.books(PERPETUAL).length > before + 3);
      await deribit.pause();
      const truth = await deribit.truth('BTC-PERPETUAL');
      await deribit.client.until(() => deribit.books(PERPETUAL).at(-1)?.change_id === truth.lastUpdateId);
      assert.deepEqual(followed(deribit.books(PERPETUAL).slice(before)), truth);
      assert.ok(followed(deribit.books(other)).bids.length > 100, 'the other book is untouched');
    });
  });
}

test('a second snapshot comes unasked and the chain goes on from it', async () => {
  await withDeribit({}, async (deribit) => {
    await deribit.subscribe(PERPETUAL);
    await deribit.fault({ kind: 'secondSnapshot', symbol: 'BTC-PERPETUAL' });
    const snapshots = (): number[] =>
      [...deribit.books(PERPETUAL).entries()]
        .filter(([, { type }]) => type === 'snapshot')
        .map(([index]) => index);
    await deribit.client.until(
      () => snapshots().length === 2 && deribit.books(PERPETUAL).length > (snapshots()[1] ?? 0) + 2,
    );
    const second = snapshots()[1] ?? 0;
    const whole = followed(deribit.books(PERPETUAL));
    assert.deepEqual(
      followed(deribit.books(PERPETUAL).slice(second, second + 1)),
      followed(deribit.books(PERPETUAL).slice(0, second)),
    );
    assert.ok(whole.bids.length > 100);
  });
});

test('a subscription that is acknowledged and not served has no snapshot either', async () => {
  await withDeribit({}, async (deribit) => {
    await deribit.fault({ kind: 'ackSilent', symbol: 'BTC-PERPETUAL' });
    assert.deepEqual((await deribit.subscribe(PERPETUAL, 'book.ETH-PERPETUAL.100ms')).result, [
      'book.ETH-PERPETUAL.100ms',
      PERPETUAL,
    ]);
    await deribit.client.until(() => deribit.books('book.ETH-PERPETUAL.100ms').length > 5);
    assert.deepEqual(deribit.books(PERPETUAL), []);
  });
});

test('a stall brings everything late and in order, a disconnection ends without a word', async () => {
  await withDeribit({}, async (deribit) => {
    await deribit.subscribe(PERPETUAL);
    await deribit.client.until(() => deribit.books(PERPETUAL).length > 1);
    await deribit.fault({ kind: 'stall', symbol: 'BTC-PERPETUAL', ms: 400 });
    const before = deribit.books(PERPETUAL).length;
    await deribit.client.until(() => deribit.books(PERPETUAL).length > before + 5);
    assert.ok(followed(deribit.books(PERPETUAL)).bids.length > 100);
    const { faults } = await getJson<{ faults: { stall: { done: number } } }>(
      `${deribit.restUrl}/admin/state`,
    );
    assert.ok(faults.stall.done > 1);
    await deribit.fault({ kind: 'disconnect' });
    await deribit.client.until(() => deribit.client.closeCode !== undefined);
    assert.equal(deribit.client.closeCode, 1006);
  });
});
