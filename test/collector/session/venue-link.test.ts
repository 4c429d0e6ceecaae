import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { collect, ManualClock, TinyVenue, until, type Collected } from './tiny-venue.ts';

const BTC = 'BTC-USDT';
const ETH = 'ETH-USDT';

async function opened(
  t: TestContext,
  symbols: readonly string[],
  options: Parameters<typeof collect>[2] = {},
): Promise<Collected & { readonly venue: TinyVenue }> {
  const venue = await TinyVenue.start();
  const collected = collect(venue, symbols, options);
  t.after(async () => {
    await collected.session.stop();
    await venue.stop();
  });
  return { ...collected, venue };
}

const inSync = (collected: Collected, symbol: string) => (): boolean => collected.state(symbol) === 'inSync';

/** This venue's REST book is none that an audit could be held against. */
const UNAUDITED = { orderbook: { auditEvery: '0s' } } as const;

/** Second by second until it holds, with a change each; the next second waits for it, so no answer is late for want of real time. */
async function flowing(
  feed: Collected & { readonly venue: TinyVenue },
  { clock, trades = false }: { readonly clock: ManualClock; readonly trades?: boolean },
  condition: () => boolean,
): Promise<void> {
  for (let second = 0; !condition(); second += 1) {
    assert.ok(second < 2_000, 'never');
    clock.advance(1_000);
    if (trades) feed.venue.trade('BTCUSDT');
    const id = feed.venue.change('BTCUSDT');
    await until('the change', () => feed.of('delta', BTC).at(-1)?.lastId === id);
  }
}

test('a feed comes in sync: start first, then deltas that continue it', async (t) => {
  const feed = await opened(t, [BTC]);
  await until('in sync', inSync(feed, BTC));
  const id = feed.venue.change('BTCUSDT');
  await until('a delta', () => feed.of('delta', BTC).some((delta) => delta.lastId === id));
  const [start, ...others] = feed.of('snapshot', BTC);
  assert.equal(start?.role, 'start');
  assert.equal(start?.cause, 'restart');
  assert.deepEqual(others, []);
  const delta = feed.of('delta', BTC).at(-1);
  assert.equal(delta?.prevId, start?.lastId);
  assert.equal(delta?.subject, 'orderbook.binance.BTC-USDT');
  assert.deepEqual(feed.venue.streams, ['btcusdt@bookTicker', 'btcusdt@depth@100ms', 'btcusdt@trade']);
});

test('both spellings are one instrument, and what cannot be collected is named with its reason', async (t) => {
  const feed = await opened(t, ['BTCUSDT', BTC, 'LUNA-USDT', 'NO-SUCH']);
  await until('in sync', inSync(feed, 'BTCUSDT'));
  const { duplicates, unknown } = feed.session.status();
  assert.deepEqual(duplicates, [{ symbol: BTC, of: 'BTCUSDT' }]);
  assert.deepEqual(
    unknown.map(({ symbol }) => symbol),
    ['LUNA-USDT', 'NO-SUCH'],
  );
  assert.match(unknown[0]?.reason ?? '', /BREAK/);
});

test('a lost event interrupts its own symbol only, which comes back by itself', async (t) => {
  const feed = await opened(t, [BTC, ETH]);
  await until('both in sync', () => inSync(feed, BTC)() && inSync(feed, ETH)());
  feed.venue.change('BTCUSDT', { lose: true });
  feed.venue.change('BTCUSDT');
  feed.venue.change('ETHUSDT');
  await until('a second start', () => feed.of('snapshot', BTC).length === 2);
  assert.deepEqual(
    feed.of('interrupted', BTC).map(({ cause }) => cause),
    ['venue'],
  );
  assert.equal(feed.of('snapshot', BTC)[1]?.cause, 'venue');
  assert.equal(feed.of('interrupted', ETH).length, 0);
  assert.equal(feed.of('snapshot', ETH).length, 1);
  assert.equal(feed.session.status().resyncs, 1);
});

test('a cut connection interrupts all of its symbols, and never are there two connections at once', async (t) => {
  const feed = await opened(t, [BTC, ETH]);
  await until('both in sync', () => inSync(feed, BTC)() && inSync(feed, ETH)());
  feed.venue.cut();
  await until('both started again', () =>
    [BTC, ETH].every((symbol) => feed.of('snapshot', symbol).length === 2),
  );
  for (const symbol of [BTC, ETH]) {
    assert.deepEqual(
      feed.of('interrupted', symbol).map(({ cause, stream }) => `${stream} ${cause}`),
      ['orderbook network'],
    );
    assert.equal(feed.of('snapshot', symbol)[1]?.cause, 'network');
  }
  assert.equal(feed.venue.connects, 2);
  assert.equal(feed.venue.mostAtOnce, 1);
});

test('an announced shutdown: the next connection is in sync before the old one goes, without a gap, nothing twice', async (t) => {
  const clock = new ManualClock();
  const feed = await opened(t, [BTC, ETH], { clock });
  const flow = (): void => {
    clock.advance(20);
    for (const instrument of ['BTCUSDT', 'ETHUSDT']) feed.venue.change(instrument);
    feed.venue.trade('BTCUSDT');
  };
  await until('both in sync', () => inSync(feed, BTC)() && inSync(feed, ETH)(), flow);
  feed.venue.send({ stream: '!serverShutdown', data: { e: 'serverShutdown', E: 1_700_000_000_000 } });
  const renewed = (): boolean => feed.session.status().counters['renewed:shutdown'] === 1;
  await until('taken over', renewed, flow);
  await until('the old one is ended', () => feed.venue.open === 1, flow);
  const id = feed.venue.change('BTCUSDT');
  await until('the last change', () => feed.of('delta', BTC).at(-1)?.lastId === id);
  assert.equal(feed.records.filter(({ kind }) => kind === 'interrupted').length, 0);
  assert.equal(feed.session.status().resyncs, 0);
  assert.equal(feed.venue.connects, 2);
  for (const symbol of [BTC, ETH]) {
    assert.equal(feed.of('snapshot', symbol).length, 1, 'the start, and no other');
    const chain = feed.of('delta', symbol).filter(({ joinOnly }) => !joinOnly);
    for (const [index, { prevId }] of chain.slice(1).entries()) assert.equal(prevId, chain[index]?.lastId);
  }
  const trades = feed.of('trade', BTC).map(({ sequence }) => sequence);
  assert.deepEqual(
    trades,
    trades.map((_, index) => (trades[0] ?? 0) + index),
  );
});

test('an announced shutdown that does not wait: what the next connection has confirmed goes on there', async (t) => {
  const clock = new ManualClock();
  const feed = await opened(t, [BTC], { clock });
  await until('in sync', inSync(feed, BTC), () => clock.advance(20));
  feed.venue.acknowledges = false;
  feed.venue.send({ stream: '!serverShutdown', data: { e: 'serverShutdown', E: 1_700_000_000_000 } });
  await until(
    'the next one asks',
    () => feed.venue.requests.length === 2,
    () => clock.advance(50),
  );
  feed.venue.cutOldest();
  const ended = (): boolean => feed.session.status().counters['renewal:oldEndedFirst'] === 1;
  await until('the old one is gone', ended);
  assert.deepEqual(
    feed.of('interrupted', BTC).map(({ cause }) => cause),
    ['network'],
  );
  feed.venue.acknowledges = true;
  await until('in sync again', inSync(feed, BTC), () => clock.advance(200));
});

test('a next connection that is confirmed and silent takes nothing over: the old one goes on, and another is tried', async (t) => {
  const clock = new ManualClock();
  const feed = await opened(t, [BTC], { clock, spec: { ...UNAUDITED, streams: ['orderbook'] } });
  await until('in sync', inSync(feed, BTC), () => clock.advance(20));
  feed.venue.onlyOldest = true;
  feed.venue.send({ stream: '!serverShutdown', data: { e: 'serverShutdown', E: 1_700_000_000_000 } });
  const counter = (name: string): number => feed.session.status().counters[name] ?? 0;
  await flowing(feed, { clock }, () => counter('renewal:failed') === 1);
  assert.equal(counter('renewed:shutdown'), 0);
  feed.venue.onlyOldest = false;
  await flowing(feed, { clock }, () => counter('renewed:shutdown') === 1);
  assert.equal(feed.venue.connects, 3);
  assert.equal(feed.records.filter(({ kind }) => kind === 'interrupted').length, 0);
  assert.equal(feed.of('snapshot', BTC).filter(({ role }) => role === 'start').length, 1);
});

test('symbols come and go without touching those that stay', async (t) => {
  const feed = await opened(t, [BTC]);
  await until('in sync', inSync(feed, BTC));
  feed.session.setSymbols([BTC, ETH]);
  await until('the other is in sync', inSync(feed, ETH));
  feed.session.setSymbols([ETH]);
  await until('unsubscribed', () => feed.venue.streams.every((name) => name.startsWith('ethusdt')));
  assert.equal(feed.state(BTC), undefined);
  assert.equal(feed.state(ETH), 'inSync');
  assert.equal(feed.records.filter(({ kind }) => kind === 'interrupted').length, 0);
  assert.equal(feed.venue.connects, 1);
});

test('429 is obeyed, named, and forgotten once the venue answers', async (t) => {
  const venue = await TinyVenue.start();
  let refusedMs = 0;
  let answeredMs = 0;
  venue.onDepth = (_, response) => {
    if (refusedMs > 0) {
      answeredMs ||= Date.now();
      return false;
    }
    refusedMs = Date.now();
    response.writeHead(429, { 'retry-after': '1' }).end('{}');
    return true;
  };
  const feed = collect(venue, [BTC]);
  t.after(async () => {
    await feed.session.stop();
    await venue.stop();
  });
  await until('named', () => feed.session.status().problems.some(({ reason }) => reason === 'RateLimited'));
  await until('in sync', inSync(feed, BTC));
  assert.ok(answeredMs - refusedMs >= 990, `asked again after ${answeredMs - refusedMs} ms`);
  assert.deepEqual(feed.session.status().problems, []);
});

test('a snapshot older than the first event is asked for again', async (t) => {
  const venue = await TinyVenue.start();
  venue.onDepth = (_, response) => {
    if (venue.depthAnswers.length > 1) return false;
    response.end(JSON.stringify({ lastUpdateId: 50, bids: [], asks: [] }));
    return true;
  };
  const feed = collect(venue, [BTC]);
  t.after(async () => {
    await feed.session.stop();
    await venue.stop();
  });
  await until('subscribed', () => venue.requests.length > 0);
  await until('in sync', inSync(feed, BTC), () => venue.change('BTCUSDT'));
  assert.equal(feed.session.status().counters['snapshotTooOld'], 1);
  assert.equal(feed.of('interrupted', BTC).length, 0);
  assert.ok((feed.of('snapshot', BTC)[0]?.lastId ?? 0) >= 100);
});

test('the wait between snapshots starts anew with each resync', async (t) => {
  const clock = new ManualClock();
  const feed = await opened(t, [BTC], { clock });
  let old = 6;
  feed.venue.onDepth = (_, response) => {
    if (old === 0) return false;
    old -= 1;
    response.end(JSON.stringify({ lastUpdateId: 50, bids: [], asks: [] }));
    return true;
  };
  const step = (): void => {
    clock.advance(50);
    feed.venue.change('BTCUSDT');
  };
  await until('in sync after six old snapshots', inSync(feed, BTC), step);
  old = 1;
  const fromMs = clock.nowMs();
  feed.venue.change('BTCUSDT', { lose: true });
  await until(
    'interrupted',
    () => feed.of('interrupted', BTC).length > 0,
    () => feed.venue.change('BTCUSDT'),
  );
  await until('in sync again', inSync(feed, BTC), () => clock.advance(10));
  const tookMs = clock.nowMs() - fromMs;
  assert.ok(tookMs < 2_000, `${tookMs} ms`);
});

test('a fresh book that delivery asks for while the connection is down waits for the connection', async (t) => {
  const clock = new ManualClock();
  const feed = await opened(t, [BTC], { clock });
  const soon = (): void => clock.advance(20);
  await until('in sync', inSync(feed, BTC), soon);
  feed.venue.cut();
  await until('cut', () => !feed.session.status().connected);
  feed.session.resync('orderbook.binance.BTC-USDT', 'overflow');
  const asked = feed.venue.depthAnswers.length;
  // Long enough for an answer to come and to be taken for the book, shorter than the first reconnect.
  for (let look = 0; look < 20; look += 1) {
    clock.advance(5);
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
  }
  assert.equal(feed.session.status().connected, false);
  assert.notEqual(feed.state(BTC), 'inSync');
  assert.equal(feed.venue.depthAnswers.length, asked);
  await until('in sync again', inSync(feed, BTC), soon);
  assert.equal(feed.session.status().connected, true);
});

test('silence ends the connection: neither frame nor ping', async (t) => {
  const clock = new ManualClock();
  const venue = await TinyVenue.start();
  venue.answersPings = false;
  const feed = { ...collect(venue, [BTC], { clock }), venue };
  t.after(async () => {
    await feed.session.stop();
    await venue.stop();
  });
  await until('in sync', inSync(feed, BTC), () => clock.advance(20));
  const before = feed.session.status().lastFrameMs;
  clock.advance(50_000);
  feed.venue.ping();
  await until('a heartbeat counts', () => feed.session.status().lastFrameMs > before);
  clock.advance(50_000);
  assert.equal(feed.session.status().counters['disconnected:silent'], undefined);
  clock.advance(20_000);
  assert.equal(feed.session.status().counters['disconnected:silent'], 1);
  assert.equal(feed.of('interrupted', BTC)[0]?.cause, 'network');
});

test('a subscription that is never confirmed ends the connection', async (t) => {
  const clock = new ManualClock();
  const venue = await TinyVenue.start();
  venue.acknowledges = false;
  const feed = collect(venue, [BTC], { clock });
  t.after(async () => {
    await feed.session.stop();
    await venue.stop();
  });
  await until('asked', () => venue.requests.length > 0);
  clock.advance(12_000);
  assert.equal(feed.session.status().counters['disconnected:noAck'], 1);
  venue.acknowledges = true;
  await until('in sync', inSync(feed, BTC), () => clock.advance(20));
});

test('a half-open connection is found by a ping without an answer, long before the silence is too long', async (t) => {
  const clock = new ManualClock();
  const feed = await opened(t, [BTC], { clock });
  const pongs = feed.venue.pingsAnswered;
  await until('in sync', inSync(feed, BTC), () => clock.advance(20));
  await until('the first ping was answered', () => feed.venue.pingsAnswered > pongs || pongs > 0);
  const id = feed.venue.change('BTCUSDT');
  await until(
    'its answer has come, for this came behind it',
    () => feed.of('delta', BTC).at(-1)?.lastId === id,
  );
  feed.venue.answersPings = false;
  clock.advance(27_000);
  assert.equal(feed.session.status().counters['disconnected:silent'], 1);
  assert.match(
    feed.session.status().problems[0]?.message ?? '',
    /a ping was not answered within 10 s since /,
  );
});

test('confirmed but silent streams are named, and end the connection although the venue pings', async (t) => {
  const clock = new ManualClock();
  const feed = await opened(t, [BTC], { clock, spec: { streams: ['orderbook'] } });
  await until('in sync', inSync(feed, BTC), () => clock.advance(20));
  const dropped = (): boolean => feed.session.status().counters['disconnected:noData'] !== undefined;
  for (let quarter = 0; quarter < 40 && !dropped(); quarter += 1) {
    const before = feed.session.status().lastFrameMs;
    clock.advance(14_000);
    if (dropped()) break;
    feed.venue.ping();
    await until('a heartbeat', () => feed.session.status().lastFrameMs > before);
  }
  assert.equal(dropped(), true);
  assert.equal(feed.session.status().counters['disconnected:silent'], undefined);
  await until(
    'connected again',
    () => feed.session.status().connected,
    () => clock.advance(20),
  );
  clock.advance(1_000);
  const status = feed.session.status();
  assert.equal(status.flowing, false, 'alive, and not in its pace');
  const problem = status.problems.find(({ reason }) => reason === 'VenueSilent');
  assert.match(
    problem?.message ?? '',
    /orderbook of every instrument since 20.*check that the venue still serves/,
  );
  feed.venue.change('BTCUSDT');
  await until(
    'flowing',
    () => feed.session.status().flowing,
    () => clock.advance(1_000),
  );
  assert.deepEqual(feed.session.status().problems, []);
});

test('one kind of stream that falls silent: subscribed anew, then connected anew, and the other kind sees nothing of it', async (t) => {
  const clock = new ManualClock();
  const feed = await opened(t, [BTC], { clock, spec: UNAUDITED });
  await until('in sync', inSync(feed, BTC), () => clock.advance(20));
  await flowing(feed, { clock, trades: true }, () => feed.of('trade', BTC).length > 15);
  const counter = (name: string): number => feed.session.status().counters[name] ?? 0;
  await flowing(feed, { clock }, () => counter('silent:resubscribed') === 1);
  await until('both asked', () => feed.venue.requests.length === 3);
  assert.deepEqual(
    feed.venue.requests.slice(-2).map(({ method, params }) => `${method} ${params.join()}`),
    ['UNSUBSCRIBE btcusdt@trade', 'SUBSCRIBE btcusdt@trade'],
  );
  assert.equal(feed.session.status().flowing, false);
  const [problem] = feed.session.status().problems;
  assert.match(
    `${problem?.reason} ${problem?.message}`,
    /^VenueSilent .*: trade of every instrument since 20/,
  );
  await flowing(feed, { clock }, () => counter('renewed:silent') === 1);
  await flowing(feed, { clock, trades: true }, () => feed.session.status().flowing);
  assert.equal(feed.records.filter(({ kind }) => kind === 'interrupted').length, 0);
  assert.equal(feed.of('snapshot', BTC).length, 1);
});

test('a pause is no silence: what is read after it goes on where it stopped', async (t) => {
  const clock = new ManualClock();
  const feed = await opened(t, [BTC], { clock });
  await until('in sync', inSync(feed, BTC), () => clock.advance(20));
  feed.session.pause();
  const id = feed.venue.change('BTCUSDT');
  clock.advance(400_000);
  assert.equal(feed.of('delta', BTC).length, 0);
  feed.session.resume();
  clock.advance(1_000);
  await until('the delta', () => feed.of('delta', BTC).some(({ lastId }) => lastId === id));
  assert.equal(feed.records.filter(({ kind }) => kind === 'interrupted').length, 0);
  assert.equal(feed.venue.connects, 1);
});

test('a venue that is not there is named, and found once it is', async (t) => {
  const venue = await TinyVenue.start();
  venue.catalogueStatus = 503;
  const feed = collect(venue, [BTC]);
  t.after(async () => {
    await feed.session.stop();
    await venue.stop();
  });
  await until('named', () => feed.session.status().problems.length > 0);
  assert.match(feed.session.status().problems[0]?.message ?? '', /127\.0\.0\.1.*503/);
  venue.catalogueStatus = 200;
  await until('in sync', inSync(feed, BTC));
  assert.deepEqual(feed.session.status().problems, []);
});

test('a stream that the venue does not offer is named, and the rest is collected', async (t) => {
  const feed = await opened(t, [BTC], { spec: { streams: ['orderbook', 'liquidation'] } });
  await until('in sync', inSync(feed, BTC));
  const [problem] = feed.session.status().problems;
  assert.equal(problem?.reason, 'StreamNotOffered');
  assert.match(problem?.message ?? '', /spec\.streams: liquidation .*offered are orderbook, trade, ticker/);
  assert.deepEqual(feed.venue.streams, ['btcusdt@bookTicker', 'btcusdt@depth@100ms']);
});
