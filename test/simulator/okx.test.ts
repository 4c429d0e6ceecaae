import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import type { Simulator } from '../../simulator/main.ts';
import type { SimulatorOptions } from '../../simulator/options.ts';
import { VenueClient, getJson, post, withSimulator } from './client.ts';
import type { Book } from './client.ts';

type OkxLevel = readonly [price: string, size: string, string, string];

interface BookData {
  readonly asks: readonly OkxLevel[];
  readonly bids: readonly OkxLevel[];
  readonly ts: string;
  readonly checksum: number;
  readonly seqId: number;
  readonly prevSeqId: number;
}

interface BookFrame {
  readonly arg: { readonly channel: string; readonly instId: string };
  readonly action?: 'snapshot' | 'update';
  readonly data: readonly BookData[];
}

const SWAP = 'BTC-USDT-SWAP';
const PUBLIC = '/ws/v5/public';
const BUSY = { venue: 'okx', eventsPerSecond: 300, symbols: ['BTC-USDT-PERP'] } as const;

function okxTest(
  name: string,
  options: Partial<SimulatorOptions>,
  body: (simulator: Simulator) => Promise<void>,
): void {
  test(
    name,
    async () => await withSimulator({ ...BUSY, ...options }, body, { limits: { connectsPerWindow: 99 } }),
  );
}

function subscribe(client: VenueClient, channel: string, instId = SWAP): void {
  client.request({ id: 'a1', op: 'subscribe', args: [{ channel, instId }] });
}

async function opened({ webSocketUrl }: Simulator, channel: string): Promise<VenueClient> {
  const client = await VenueClient.open(`${webSocketUrl}${PUBLIC}`);
  subscribe(client, channel);
  return client;
}

function frames(client: VenueClient, channel: string): readonly BookFrame[] {
  return client.frames
    .filter((text) => text.startsWith('{"arg"'))
    .map((text) => JSON.parse(text) as BookFrame)
    .filter(({ arg }) => arg.channel === channel);
}

/** OKX's own rule: the snapshot, then each `prevSeqId` is the last `seqId`; after each update both sides are whole. */
class OkxBook {
  readonly bids = new Map<string, string>();
  readonly asks = new Map<string, string>();
  seqId: number | undefined;

  apply({ action, data }: BookFrame): void {
    const [update] = data;
    assert.ok(update !== undefined);
    if (action === 'snapshot') {
      this.bids.clear();
      this.asks.clear();
    } else if (update.prevSeqId !== this.seqId)
      throw new Error(`gap: ${this.seqId} then ${update.prevSeqId}`);
    this.seqId = update.seqId;
    for (const name of ['bids', 'asks'] as const) {
      for (const [price, size] of update[name]) {
        if (size === '0') this[name].delete(price);
        else this[name].set(price, size);
      }
    }
  }

  list(): Book {
    const side = (levels: ReadonlyMap<string, string>, order: 1 | -1): [string, string][] =>
      [...levels].sort(([left], [right]) => order * (Number(left) - Number(right)));
    return { lastUpdateId: this.seqId ?? 0, bids: side(this.bids, -1), asks: side(this.asks, 1) };
  }

  checksum(): number {
    const { bids, asks } = this.list();
    const ranks = Array.from({ length: 25 }, (_, rank) => [bids[rank], asks[rank]]).flat();
    return (
      crc32(
        ranks
          .filter((level) => level !== undefined)
          .map((level) => level.join(':'))
          .join(':'),
      ) | 0
    );
  }
}

function built(all: readonly BookFrame[]): Book {
  const book = new OkxBook();
  for (const frame of all) book.apply(frame);
  return book.list();
}

/** The market goes on to its next point of rest first: only then does nothing more come. */
async function paused({ restUrl }: Simulator): Promise<void> {
  await post(`${restUrl}/admin/pause`);
  const read = async (): Promise<string> =>
    (await getJson<{ state: string }>(`${restUrl}/admin/state`)).state;
  let state = await read();
  while (state !== 'paused') state = await read();
}

async function truthOf(simulator: Simulator, client: VenueClient): Promise<Book> {
  await paused(simulator);
  const { restUrl } = simulator;
  const read = async (): Promise<Book> => await getJson<Book>(`${restUrl}/admin/book?symbol=${SWAP}`);
  let book = await read();
  while (frames(client, 'books').at(-1)?.data[0]?.seqId !== book.lastUpdateId) book = await read();
  return book;
}

okxTest(
  'the snapshot of 400 levels and the updates after it give the true book; numbers jump',
  {},
  async (simulator) => {
    const client = await opened(simulator, 'books');
    await client.until(() => frames(client, 'books').length >= 12);
    const truth = await truthOf(simulator, client);
    const seen = frames(client, 'books');
    assert.equal(seen[0]?.action, 'snapshot');
    assert.equal(seen[0]?.data[0]?.prevSeqId, -1);
    assert.deepEqual([seen[0]?.data[0]?.bids.length, seen[0]?.data[0]?.asks.length], [400, 400]);
    assert.deepEqual(built(seen), truth);
    assert.equal(truth.bids.length, 400);
    assert.ok(seen.slice(1).every(({ data: [update] }) => update?.checksum === 0));
    assert.ok(seen.some(({ data: [update] }) => (update?.seqId ?? 0) > (update?.prevSeqId ?? 0) + 1));
    client.close();
  },
);

okxTest('a REST book joins the updates: prevSeqId <= its seqId < seqId', {}, async (simulator) => {
  await post(`${simulator.restUrl}/admin/fault`, { kind: 'noSnapshot' });
  const client = await opened(simulator, 'books');
  await client.until(() => frames(client, 'books').length >= 3);
  const { data } = await getJson<{ data: readonly BookData[] }>(
    `${simulator.restUrl}/api/v5/market/books?instId=${SWAP}&sz=400`,
  );
  const [rest] = data;
  assert.ok(rest !== undefined);
  await client.until(() => frames(client, 'books').length >= 10);
  const truth = await truthOf(simulator, client);
  const seen = frames(client, 'books');
  assert.ok(
    seen.every(({ action }) => action === 'update'),
    'the snapshot is missing',
  );
  const later = seen.filter(({ data: [update] }) => (update?.seqId ?? 0) > rest.seqId);
  assert.ok((later[0]?.data[0]?.prevSeqId ?? Infinity) <= rest.seqId);
  const book = new OkxBook();
  book.apply({ arg: { channel: 'books', instId: SWAP }, action: 'snapshot', data });
  for (const frame of later) book.apply(frame);
  assert.deepEqual(book.list(), truth);
  client.close();
});

okxTest('a lost update breaks the chain', {}, async (simulator) => {
  const client = await opened(simulator, 'books');
  await client.until(() => frames(client, 'books').length >= 3);
  await post(`${simulator.restUrl}/admin/fault`, { kind: 'drop', symbol: SWAP });
  const before = frames(client, 'books').length;
  await client.until(() => frames(client, 'books').length >= before + 6);
  assert.throws(() => built(frames(client, 'books')), /gap/);
  client.close();
});

okxTest('a sequence reset goes to a smaller number whose link still holds', {}, async (simulator) => {
  const client = await opened(simulator, 'books');
  await client.until(() => frames(client, 'books').length >= 3);
  await post(`${simulator.restUrl}/admin/fault`, { kind: 'sequenceReset' });
  const resets = (): readonly BookFrame[] =>
    frames(client, 'books').filter(({ data: [update] }) => (update?.seqId ?? 0) < (update?.prevSeqId ?? 0));
  await client.until(() => resets().length > 0);
  const length = frames(client, 'books').length;
  await client.until(() => frames(client, 'books').length >= length + 4);
  const truth = await truthOf(simulator, client);
  assert.deepEqual(built(frames(client, 'books')), truth);
  assert.equal(resets().length, 1);
  client.close();
});

okxTest(
  'checksums are right when asked for, and one is wrong when asked for',
  { okxChecksum: 'real' },
  async (simulator) => {
    const client = await opened(simulator, 'books');
    await client.until(() => frames(client, 'books').length >= 6);
    await post(`${simulator.restUrl}/admin/fault`, { kind: 'wrongChecksum', symbol: SWAP });
    const wrong = (): number => {
      const book = new OkxBook();
      return frames(client, 'books').filter((frame) => {
        book.apply(frame);
        return frame.data[0]?.checksum !== book.checksum();
      }).length;
    };
    assert.equal(wrong(), 0);
    await client.until(() => wrong() > 0);
    const length = frames(client, 'books').length;
    await client.until(() => frames(client, 'books').length >= length + 4);
    assert.equal(wrong(), 1);
    client.close();
  },
);

okxTest('a wrong level in the snapshot is one size beside the truth', {}, async (simulator) => {
  await paused(simulator);
  await post(`${simulator.restUrl}/admin/fault`, { kind: 'wrongLevel', symbol: SWAP });
  const client = await opened(simulator, 'books');
  await client.until(() => frames(client, 'books').length === 1);
  const truth = await truthOf(simulator, client);
  const seen = built(frames(client, 'books'));
  assert.notEqual(seen.bids[0]?.[1], truth.bids[0]?.[1]);
  assert.deepEqual([seen.bids.slice(1), seen.asks], [truth.bids.slice(1), truth.asks]);
  client.close();
});

okxTest(
  'without a change an update without levels comes each minute',
  { eventsPerSecond: 0.001, speed: 1_000 },
  async (simulator) => {
    const client = await opened(simulator, 'books');
    const idle = (): readonly BookData[] =>
      frames(client, 'books').flatMap(({ data }) =>
        data.filter(({ bids, asks }) => bids.length + asks.length === 0),
      );
    await client.until(() => idle().length >= 3);
    const [first, second] = idle();
    assert.equal(Number(second?.ts) - Number(first?.ts), 60_000);
    assert.ok(idle().every(({ seqId, prevSeqId }) => seqId === prevSeqId));
    client.close();
  },
);

okxTest('top, trades and the five best levels agree with the book', {}, async (simulator) => {
  const client = await opened(simulator, 'books');
  for (const channel of ['bbo-tbt', 'books5', 'trades']) subscribe(client, channel);
  await client.until(() => frames(client, 'books').length >= 12 && frames(client, 'trades').length > 3);
  const tops = new Map(frames(client, 'bbo-tbt').map(({ data: [top] }) => [top?.seqId, top]));
  const fives = new Map(frames(client, 'books5').map(({ data: [five] }) => [five?.seqId, five]));
  const book = new OkxBook();
  let compared = 0;
  for (const frame of frames(client, 'books')) {
    book.apply(frame);
    const { bids, asks } = book.list();
    const text = (levels: readonly OkxLevel[]): unknown => levels.map(([price, size]) => [price, size]);
    const five = fives.get(book.seqId);
    if (five !== undefined)
      assert.deepEqual([text(five.bids), text(five.asks)], [bids.slice(0, 5), asks.slice(0, 5)]);
    const top = tops.get(book.seqId);
    if (top !== undefined)
      assert.deepEqual([text(top.bids), text(top.asks)], [bids.slice(0, 1), asks.slice(0, 1)]);
    if (five !== undefined || top !== undefined) compared += 1;
  }
  assert.ok(compared > 5);
  client.close();
});

okxTest(
  'each argument is acknowledged with id and connId, what is not there is refused, and trades-all is on the business path',
  {},
  async (simulator) => {
    const client = await VenueClient.open(`${simulator.webSocketUrl}${PUBLIC}`);
    const args = ['books', 'trades', 'trades-all', 'books-l2-tbt'].map((channel) => ({
      channel,
      instId: SWAP,
    }));
    client.request({ id: 'q7', op: 'subscribe', args: [...args, { channel: 'books', instId: 'NO-ONE' }] });
    client.request({ op: 'subscribe', argss: args });
    const said = (): readonly Record<string, unknown>[] =>
      client.frames
        .map((text) => JSON.parse(text) as Record<string, unknown>)
        .filter(({ event }) => event !== undefined);
    await client.until(() => said().length >= 6);
    assert.deepEqual(
      said().map(({ id, event, arg, code }) => [
        id,
        event,
        (arg as { channel?: string } | undefined)?.channel ?? code,
      ]),
      [
        ['q7', 'subscribe', 'books'],
        ['q7', 'subscribe', 'trades'],
        ['q7', 'error', '60018'],
        ['q7', 'error', '64003'],
        ['q7', 'error', '60018'],
        [undefined, 'error', '60012'],
      ],
    );
    assert.ok(said().every(({ connId }) => /^[0-9a-f]{8}$/.test(String(connId))));
    const business = await VenueClient.open(`${simulator.webSocketUrl}/ws/v5/business`);
    subscribe(business, 'trades-all');
    await business.until(() => frames(business, 'trades-all').length > 5);
    assert.match(
      business.frames.at(-1) ?? '',
      /"tradeId":"\d+","px":"[\d.]+","sz":"[\d.]+","side":"(?:buy|sell)","ts":"\d{13}","source":"0"/,
    );
    client.close();
    business.close();
  },
);

okxTest('a notice comes before the connection is closed for an upgrade', {}, async (simulator) => {
  const client = await opened(simulator, 'trades');
  await post(`${simulator.restUrl}/admin/fault`, { kind: 'shutdown', ms: 50 });
  await client.until(() => client.closeCode !== undefined);
  assert.ok(client.frames.some((text) => text.startsWith('{"event":"notice","code":"64008"')));
});

test('a text ping gets a text pong, and who is silent and hears nothing is cut', async () => {
  const options = { ...BUSY, start: 'manual' } as const;
  await withSimulator(
    options,
    async ({ webSocketUrl }) => {
      const silent = await VenueClient.open(`${webSocketUrl}${PUBLIC}`);
      const lively = await VenueClient.open(`${webSocketUrl}${PUBLIC}`);
      const pings = setInterval(() => lively.socket.send('ping'), 50);
      await silent.until(() => silent.closeCode !== undefined);
      assert.equal(silent.closeCode, 4004);
      const pongs = lively.frames.length;
      await lively.until(() => lively.frames.length > pongs + 6);
      clearInterval(pings);
      assert.deepEqual([...new Set(lively.frames)], ['pong']);
      assert.equal(lively.closeCode, undefined);
      lively.close();
    },
    { limits: { silenceMs: 250, connectsPerWindow: 99 } },
  );
});

okxTest('a fault that only other venues have is refused', {}, async ({ restUrl }) => {
  const answer = await post(`${restUrl}/admin/fault`, { kind: 'http418' });
  assert.equal(answer.status, 400);
  assert.deepEqual(await answer.json(), { error: 'this venue has no http418' });
});

test('more than three connects a second are refused', async () => {
  await withSimulator({ ...BUSY, start: 'manual' }, async ({ webSocketUrl }) => {
    const clients = Array.from({ length: 5 }, () => new VenueClient(`${webSocketUrl}${PUBLIC}`));
    for (const client of clients) await client.until(() => client.socket.readyState !== 0);
    assert.ok(clients.some(({ errors }) => errors.some((message) => message.includes('429'))));
    for (const client of clients) client.close();
  });
});

test('instruments are told by their type', async () => {
  const symbols = ['BTC-USDT', 'BTC-USDT-PERP', 'BTC-USD-PERP', 'BTC-USD-20261225'];
  await withSimulator({ venue: 'okx', symbols, start: 'manual' }, async ({ restUrl }) => {
    const list = async (instType: string): Promise<unknown> => {
      const { code, data } = await getJson<{ code: string; data: Record<string, string>[] }>(
        `${restUrl}/api/v5/public/instruments?instType=${instType}`,
      );
      return [
        code,
        ...data.map(({ instId, ctType, ctValCcy, settleCcy, state }) => [
          instId,
          ctType,
          ctValCcy,
          settleCcy,
          state,
        ]),
      ];
    };
    assert.deepEqual(await list('SPOT'), ['0', ['BTC-USDT', '', '', '', 'live']]);
    assert.deepEqual(await list('SWAP'), [
      '0',
      ['BTC-USDT-SWAP', 'linear', 'BTC', 'USDT', 'live'],
      ['BTC-USD-SWAP', 'inverse', 'USD', 'BTC', 'live'],
    ]);
    assert.deepEqual(await list('FUTURES'), ['0', ['BTC-USD-261225', 'inverse', 'USD', 'BTC', 'live']]);
    assert.deepEqual(await list('SWEETS'), ['51000']);
    const books = await getJson<{ code: string }>(`${restUrl}/api/v5/market/books?instId=NO-ONE`);
    assert.equal(books.code, '51001');
  });
});
