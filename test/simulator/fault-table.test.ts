import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Simulator } from '../../simulator/main.ts';
import { FAULT_KINDS, type FaultKind } from '../../simulator/faults/fault.ts';
import { VenueClient, getJson, post, withSimulator } from './client.ts';
import type { Book } from './client.ts';
import { DIALECTS, breaksOf, depthsOf, levelText, parsed } from './dialects.ts';
import type { Dialect, SeenDepth } from './dialects.ts';

/** A venue with its first instrument (the one that a fault meets) and its second (that must not notice). */
class Bench {
  readonly simulator: Simulator;
  readonly dialect: Dialect;
  readonly hit: string;
  readonly other: string;
  #nextId = 1;

  constructor(simulator: Simulator, dialect: Dialect) {
    this.simulator = simulator;
    this.dialect = dialect;
    [this.hit, this.other] = dialect.instruments;
  }

  async connect(): Promise<VenueClient> {
    return VenueClient.open(`${this.simulator.webSocketUrl}${this.dialect.path}`);
  }

  subscribe(client: VenueClient, instruments: readonly string[] = this.dialect.instruments): number {
    this.#nextId += 1;
    client.request(this.dialect.subscribe(instruments, this.#nextId));
    return this.#nextId;
  }

  /** Both instruments flow. */
  async flowing(): Promise<VenueClient> {
    const client = await this.connect();
    this.subscribe(client);
    await client.until(() => this.hits(client).length > 2 && this.others(client).length > 2);
    return client;
  }

  hits(client: VenueClient): readonly SeenDepth[] {
    return depthsOf(client, this.dialect, this.hit);
  }
  others(client: VenueClient): readonly SeenDepth[] {
    return depthsOf(client, this.dialect, this.other);
  }

  /** Frames of the other instrument between two of the one that a fault hit. */
  longestSilence(client: VenueClient): number {
    let [longest, run] = [0, 0];
    for (const text of client.frames) {
      const instrument = this.dialect.depth(parsed(text) ?? {})?.instrument;
      if (instrument === this.other) run += 1;
      if (instrument !== this.hit) continue;
      longest = Math.max(longest, run);
      run = 0;
    }
    return longest;
  }

  /** Resolves once the market stands still. */
  async pause(): Promise<void> {
    await post(`${this.simulator.restUrl}/admin/pause`);
    const state = async (): Promise<string> =>
      (await getJson<{ readonly state: string }>(`${this.simulator.restUrl}/admin/state`)).state;
    while ((await state()) !== 'paused');
  }

  async fault(kind: FaultKind, more: object = {}): Promise<void> {
    const response = await post(`${this.simulator.restUrl}/admin/fault`, { kind, ...more });
    assert.equal(response.status, 200, await response.text());
  }

  async done(kind: FaultKind): Promise<number> {
    const { faults } = await getJson<{
      readonly faults: Readonly<Record<string, { readonly done: number }>>;
    }>(`${this.simulator.restUrl}/admin/state`);
    return faults[kind]?.done ?? 0;
  }

  book(): Promise<Response> {
    return fetch(`${this.simulator.restUrl}${this.dialect.book(this.hit)}`);
  }

  /** The first state of a new client, where it comes over REST or with the subscription. */
  async firstBestBid(): Promise<string | undefined> {
    if (this.dialect.restStart) {
      const { bids } = (await (await this.book()).json()) as Book;
      return levelText(bids[0]);
    }
    const client = await this.connect();
    this.subscribe(client, [this.hit]);
    await client.until(() => this.hits(client).length > 0);
    client.close();
    return this.hits(client)[0]?.bestBid;
  }
}

type Check = (bench: Bench) => Promise<void>;

/** A fault that only the hit instrument's depth shows: how its chain looks afterwards. */
function inDepth(kind: FaultKind, more: object, isSeen: (depths: readonly SeenDepth[]) => boolean): Check {
  return async (bench) => {
    const client = await bench.flowing();
    await bench.fault(kind, { symbol: bench.hit, ...more });
    await client.until(() => isSeen(bench.hits(client)));
    const count = bench.others(client).length;
    await client.until(() => bench.others(client).length > count + 2);
    assert.equal(breaksOf(bench.others(client)), 0, 'the other instrument keeps its chain');
    assert.ok((await bench.done(kind)) > 0);
    client.close();
  };
}

function isWhole(depths: readonly SeenDepth[]): boolean {
  const inOrder = [...depths].sort((left, right) => left.last - right.last);
  return breaksOf(inOrder) === 0;
}

/** REST answers so often in this way, and is itself again. */
function inRest(kind: FaultKind, status: (dialect: Dialect) => number, retryAfter: boolean): Check {
  return async (bench) => {
    await bench.fault(kind, { count: 2, ms: 3_000 });
    const answers = [await bench.book(), await bench.book(), await bench.book()];
    const seen = answers.map((answer) => answer.status);
    assert.deepEqual(seen, [status(bench.dialect), status(bench.dialect), 200]);
    if (retryAfter && bench.dialect.venue !== 'okx')
      assert.equal(answers[0]?.headers.get('retry-after'), '3');
  };
}

const CHECKS: Readonly<Record<FaultKind, Check>> = {
  drop: inDepth('drop', { count: 2 }, (depths) => breaksOf(depths) === 1),
  gap: inDepth('gap', { count: 5 }, (depths) => breaksOf(depths) === 1),
  repeat: inDepth('repeat', {}, (depths) =>
    depths.some(({ prev, last }, at) => depths[at + 1]?.last === last && depths[at + 1]?.prev === prev),
  ),
  swap: inDepth('swap', {}, (depths) => breaksOf(depths) >= 3 && isWhole(depths)),
  delay: inDepth('delay', { ms: 250 }, (depths) => breaksOf(depths) >= 2 && isWhole(depths)),
  async cut(bench) {
    const client = await bench.flowing();
    await bench.fault('cut', { symbol: bench.hit });
    await client.until(() => client.frames.some((text) => parsed(text) === undefined));
    await client.until(() => breaksOf(bench.hits(client)) === 1);
    assert.equal(breaksOf(bench.others(client)), 0);
    client.close();
  },
  async stall(bench) {
    const client = await bench.flowing();
    await bench.fault('stall', { symbol: bench.hit, ms: 600 });
    await client.until(() => bench.longestSilence(client) >= 4);
    assert.equal(breaksOf(bench.hits(client)), 0, 'everything came, in order');
    client.close();
  },
  async halfOpen(bench) {
    const client = await bench.flowing();
    await bench.fault('halfOpen');
    const settled = client.frames.length;
    const fresh = await bench.flowing();
    assert.ok(client.frames.length <= settled + 4, 'at most what was under way');
    assert.equal(client.closeCode, undefined);
    client.close();
    fresh.close();
  },
  async ackSilent(bench) {
    const client = await bench.connect();
    await bench.fault('ackSilent', { symbol: bench.hit });
    bench.subscribe(client);
    await client.until(() => bench.others(client).length > 3);
    assert.deepEqual(bench.hits(client), []);
    assert.ok(
      client.frames.some((text) => /"result":|"event":"subscribe"/.test(text)),
      'it was acknowledged',
    );
    client.close();
  },
  async disconnect(bench) {
    const client = await bench.flowing();
    await bench.fault('disconnect');
    await client.until(() => client.closeCode !== undefined);
    assert.equal(client.closeCode, 1006);
  },
  async shutdown(bench) {
    const client = await bench.flowing();
    await bench.fault('shutdown', { ms: 200 });
    await client.until(() => client.closeCode !== undefined);
    assert.equal(client.closeCode, 1001);
    const { farewell } = bench.dialect;
    const said = client.frames.filter((text) => farewell?.test(text) === true);
    assert.equal(said.length, farewell === undefined ? 0 : 1);
  },
  async lifeEnd(bench) {
    const client = await bench.flowing();
    await bench.fault('lifeEnd', { ms: 100 });
    await client.until(() => client.closeCode !== undefined);
    assert.equal(client.closeCode, 1001);
    assert.ok(!client.frames.some((text) => bench.dialect.farewell?.test(text)), 'without a word');
  },
  async connectRefused(bench) {
    await bench.fault('connectRefused');
    const refused = new VenueClient(`${bench.simulator.webSocketUrl}${bench.dialect.path}`);
    await refused.until(() => refused.errors.length > 0);
    assert.match(refused.errors[0] ?? '', /429/);
    (await bench.flowing()).close();
  },
  async tooManyRequests(bench) {
    const client = await bench.connect();
    await bench.fault('tooManyRequests');
    bench.subscribe(client);
    const refusal = bench.dialect.venue === 'okx' ? /"code":"60014"/ : /"code":10028/;
    await client.until(() => client.frames.some((text) => refusal.test(text)));
    if (bench.dialect.venue === 'deribit') await client.until(() => client.closeCode !== undefined);
    client.close();
  },
  async wrongLevel(bench) {
    await bench.pause();
    await bench.fault('wrongLevel', { symbol: bench.hit });
    const [wrong, right] = [await bench.firstBestBid(), await bench.firstBestBid()];
    assert.notEqual(wrong, right);
    assert.equal(wrong?.split(' ')[0], right?.split(' ')[0], 'only the size');
  },
  secondSnapshot: inDepth('secondSnapshot', {}, (depths) =>
    depths.some(({ prev, last }, at) => at > 0 && prev === null && depths[at - 1]?.last === last),
  ),
  async noSnapshot(bench) {
    const client = await bench.connect();
    await bench.fault('noSnapshot', { symbol: bench.hit });
    bench.subscribe(client);
    await client.until(() => bench.hits(client).length > 2);
    assert.ok(bench.hits(client).every(({ prev }) => prev !== null));
    assert.equal(bench.others(client)[0]?.prev, null);
    client.close();
  },
  sequenceReset: inDepth('sequenceReset', {}, (depths) =>
    depths.some(({ prev, last }, at) => prev !== null && last < prev && depths[at - 1]?.last === prev),
  ),
  wrongChecksum: inDepth('wrongChecksum', {}, (depths) => depths.some(({ checksum }) => checksum === 1)),
  async checksumZero(bench) {
    const client = await bench.flowing();
    assert.ok(
      bench.hits(client).every(({ checksum }) => checksum === 0),
      'as since June 2026',
    );
    client.close();
  },
  async snapshotLag(bench) {
    const client = await bench.flowing();
    await bench.fault('snapshotLag', { ms: 60_000 });
    const idOf = async (): Promise<number> =>
      bench.dialect.bookId((await (await bench.book()).json()) as Readonly<Record<string, unknown>>);
    const [then, seen] = [await idOf(), bench.hits(client).length];
    await client.until(() => bench.hits(client).length > seen + 4);
    assert.equal(await idOf(), then, 'still the book of then');
    await bench.fault('snapshotLag', { ms: 0 });
    const last = bench.hits(client).at(-1)?.last ?? 0;
    assert.ok((await idOf()) >= last, 'the book of now');
    client.close();
  },
  restError: inRest('restError', ({ venue }) => (venue === 'okx' ? 503 : 500), false),
  http429: inRest('http429', () => 429, true),
  http418: inRest('http418', () => 418, true),
};

const BINANCE = ['binance-spot', 'binance-usdm', 'binance-coinm', 'binance-options'];
/** Faults of some venues only. */
const ONLY: Partial<Readonly<Record<FaultKind, readonly string[]>>> = {
  lifeEnd: BINANCE,
  http418: BINANCE,
  tooManyRequests: ['okx', 'deribit'],
  noSnapshot: ['okx', 'deribit'],
  secondSnapshot: ['okx', 'deribit'],
  sequenceReset: ['okx'],
  wrongChecksum: ['okx'],
  checksumZero: ['okx'],
};

describe('every fault at every venue', { concurrency: 4 }, () => {
  for (const dialect of DIALECTS) {
    for (const kind of FAULT_KINDS) {
      const has = ONLY[kind]?.includes(dialect.venue) ?? true;
      it(`${dialect.venue}: ${kind}${has ? '' : ' is refused'}`, async () => {
        await withSimulator({ venue: dialect.venue, eventsPerSecond: 300 }, async (simulator) => {
          const bench = new Bench(simulator, dialect);
          if (has) return CHECKS[kind](bench);
          const refused = await post(`${simulator.restUrl}/admin/fault`, { kind });
          assert.equal(refused.status, 400);
          assert.deepEqual(await refused.json(), { error: `this venue has no ${kind}` });
        });
      });
    }
  }
});

describe('OKX with real checksums', () => {
  it('sends one of 0 on command, and a wrong one', async () => {
    const [, , , okx] = DIALECTS;
    assert.ok(okx !== undefined);
    const options = { venue: okx.venue, eventsPerSecond: 300, okxChecksum: 'real' } as const;
    await withSimulator(options, async (simulator) => {
      const bench = new Bench(simulator, okx);
      const client = await bench.flowing();
      await bench.fault('checksumZero', { symbol: bench.hit });
      const zeros = (): number => bench.hits(client).filter(({ checksum }) => checksum === 0).length;
      const count = bench.hits(client).length;
      await client.until(() => zeros() === 1 && bench.hits(client).length > count + 4);
      assert.equal(zeros(), 1);
      client.close();
    });
  });
});
