import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { pushedOf, streamsOf } from '../../../collector/venues/source.ts';
import { schemaOf } from '../../../contract/record.ts';
import { recordFaults } from '../../../contract/schema-faults.ts';
import { DEFAULT_SUBJECTS } from '../../../contract/subjects.ts';
import { ValueWriter } from '../../../collector/pipeline/value-writer.ts';
import type { ValueFrame } from '../../../collector/venues/value-frame.ts';
import {
  UNDECODABLE,
  type Channel,
  type Malformed,
  type TradeFrame,
  type Venue,
  type VenueFrame,
} from '../../../collector/venues/venue.ts';

export interface VenueSamples {
  /** Of the venue's own spelling; every stream is subscribed for them. */
  readonly instruments: readonly string[];
  /** What a frame of ours may weigh at the venue. */
  readonly maxFrameBytes: number;
  /** Messages as the venue sends them, and exactly what they mean; one at least of every kind that it has. */
  readonly frames: readonly { readonly text: string; readonly means: readonly VenueFrame[] }[];
  /** Ids that a double cannot hold, or that are none. */
  readonly unsafe: readonly string[];
  /** Answers to polls as the venue sends them, each with the question by its path, and exactly what they mean. */
  readonly polls?: readonly {
    readonly path: string;
    readonly text: string;
    readonly means: readonly VenueFrame[];
  }[];
  /** Trades whose ids a double cannot hold: the id is kept as text, digit for digit. */
  readonly longIds?: readonly { readonly text: string; readonly id: string }[];
  /** Answer to the request for the trades from 11 to 14, and what it means; null where the market has no trades. */
  readonly trades: { readonly text: string; readonly means: readonly TradeFrame[] } | null;
  /** Answer to the snapshot request, null where the market has no books. */
  readonly snapshot: string | null;
  readonly catalogue: string;
  /** Canonical symbols of the catalogue, in its order. */
  readonly symbols: readonly string[];
}

export interface VenueContract {
  readonly name: string;
  readonly venue: Venue;
  readonly samples: VenueSamples;
}

/** What every venue file keeps, whatever the venue; its own rules are tested beside it. */
export function runVenueContract({ name, venue, samples }: VenueContract): void {
  describing(name, venue);
  subscribing(name, venue, samples);
  decoding(name, venue, samples);
  polling(name, venue, samples);
  tradeLists(name, venue, samples);
  snapshots(name, venue, samples);
  catalogues(name, venue, samples);
}

function describing(name: string, venue: Venue): void {
  test(`${name}: every stream says where it comes from, how often, in which units and what is verified`, () => {
    const sources = Object.entries(venue.sources);
    assert.ok(sources.length > 0);
    for (const [stream, { channel, pace, checks, units, login }] of sources) {
      const texts = [channel, units, ...checks.map(({ rule }) => rule), ...(login === null ? [] : [login])];
      if (pace.kind === 'polled') assert.ok(pace.everyMs >= 1_000, stream);
      else texts.push(pace.every);
      for (const text of texts) assert.match(text, /^\S[^|\n]*$/, stream);
      assert.equal(new Set(checks.map(({ by }) => by)).size, checks.length, stream);
    }
  });
}

function subscribing(name: string, venue: Venue, samples: VenueSamples): void {
  test(`${name}: the fullest frame of ours is within the venue's limits and names every channel`, () => {
    const streams = pushedOf(venue.sources, streamsOf(venue));
    const longest = samples.instruments.toSorted((x, y) => y.length - x.length)[0] ?? '';
    const channels = Array.from({ length: venue.limits.channelsPerFrame }, (_, index): Channel => {
      const stream = streams[index % streams.length];
      assert.ok(stream !== undefined);
      const channel = { instrument: longest, stream };
      const carrier = venue.carrier?.(channel) ?? channel;
      // A group of instruments has a name of its own, and is told apart from them.
      return carrier.instrument === longest ? carrier : { instrument: longest, stream: 'trade' };
    });
    for (const text of [venue.subscribe(channels, 999_999), venue.unsubscribe(channels, 999_999)]) {
      assert.doesNotThrow(() => JSON.parse(text) as unknown, text);
      assert.ok(Buffer.byteLength(text) <= samples.maxFrameBytes, `${Buffer.byteLength(text)} bytes`);
      assert.ok(text.includes('999999'), 'the answer could not be told from others');
      assert.equal(text.toUpperCase().split(longest.toUpperCase()).length - 1, channels.length);
    }
    assert.notEqual(venue.subscribe(channels, 1), venue.unsubscribe(channels, 1));
  });

  test(`${name}: a venue with tops has a channel of its own for them, on the connection of the book`, () => {
    const [instrument = ''] = samples.instruments;
    const tops = samples.frames.flatMap(({ means }) => means).filter(({ kind }) => kind === 'top');
    if (!venue.hasTops) return;
    assert.ok(tops.length > 0, 'one sample at least');
    const [top, book] = (['top', 'orderbook'] as const).map((stream) =>
      venue.subscribe([{ instrument, stream }], 1),
    );
    assert.notEqual(top, book);
    assert.equal(venue.socketPath('top'), venue.socketPath('orderbook'));
  });

  test(`${name}: every stream has a path of its own endpoint, and what is sent unasked is text`, () => {
    for (const stream of streamsOf(venue)) assert.match(venue.socketPath(stream), /^(\/[\w.-]+)*$/);
    assert.match(venue.endpoints.websocket, /^wss:\/\/[^/]+$/);
    assert.match(venue.endpoints.rest, /^https:\/\/[^/]+$/);
    for (const text of [...venue.hello, venue.keepAlive?.text ?? 'none']) assert.ok(text.length > 0);
    if (venue.keepAlive !== null) assert.ok(venue.keepAlive.everyMs < venue.limits.silenceMs);
    keepsLimits(venue);
    assert.ok(
      venue.limits.noDataMs >= (venue.market === 'option' ? 3_600_000 : 300_000),
      'a quiet option is not dead',
    );
  });
}

/** Every rule lets something through, and a collector with a small share of the address still gets along. */
function keepsLimits({ limits }: Venue): void {
  const rules = [...limits.sends, ...limits.sendsOfAddress, limits.connects];
  assert.ok(limits.sends.length > 0, 'nobody allows any number of frames');
  for (const rule of rules) {
    const counts = rule.kind === 'window' ? [rule.count, rule.windowMs] : [rule.burst, rule.perSecond];
    for (const count of counts) assert.ok(count > 0 && Number.isFinite(count), JSON.stringify(rule));
  }
  assert.ok(limits.connectionsAtOnce === null || limits.connectionsAtOnce >= 2, 'a renewal takes two');
  assert.ok(limits.connectionLifeMs === null || limits.connectionLifeMs > limits.noDataMs);
  assert.ok(limits.streamsPerConnection > 0 && limits.channelsPerFrame > 0);
}

function decoding(name: string, venue: Venue, samples: VenueSamples): void {
  test(`${name}: every message means exactly what it says`, () => {
    for (const { text, means } of samples.frames) {
      assert.deepEqual(venue.decode(text), means, text);
      for (const frame of means) sound(frame);
    }
  });

  test(`${name}: an id that a number cannot hold is refused, never rounded`, () => {
    assert.ok(samples.unsafe.length > 0);
    for (const text of samples.unsafe) {
      assert.deepEqual(venue.decode(text), [{ kind: 'undecodable', reason: 'unsafeId' }], text);
    }
  });

  test(`${name}: an id of a trade that a number cannot hold is kept, digit for digit`, () => {
    for (const { text, id } of samples.longIds ?? []) {
      const [frame] = venue.decode(text);
      assert.ok(frame?.kind === 'trade', text);
      assert.deepEqual([frame.id, frame.sequence], [id, null]);
    }
  });

  test(`${name}: whatever comes, decoding gives sound frames of known kinds and does not throw`, () => {
    const garbage = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), damaged(samples));
    fc.assert(
      fc.property(garbage, (text) => {
        const frames = venue.decode(text);
        assert.ok(frames.length > 0);
        for (const frame of frames) sound(frame);
      }),
      { numRuns: 1_000 },
    );
  });
}

function polling(name: string, venue: Venue, samples: VenueSamples): void {
  test(`${name}: what is polled is asked for, each question once, and what is asked for is offered`, () => {
    const polls = venue.polls ?? [];
    const polled = streamsOf(venue).filter((stream) => venue.sources[stream]?.pace.kind === 'polled');
    assert.deepEqual(new Set(polls.flatMap(({ streams }) => streams)), new Set(polled));
    const questions = polls.flatMap((poll) => poll.requests(samples.instruments));
    assert.equal(new Set(questions.map(({ path }) => path)).size, questions.length);
    for (const { path, weight, instrument } of questions) {
      assert.match(path, /^\/\S+$/);
      assert.ok(weight > 0);
      assert.ok(instrument === null || samples.instruments.includes(instrument), path);
    }
    const answered = new Set((samples.polls ?? []).map(({ path }) => path));
    for (const poll of polls)
      assert.ok(
        poll.requests(samples.instruments).some(({ path }) => answered.has(path)),
        'a sample each',
      );
  });

  for (const { path, text, means } of samples.polls ?? []) {
    const polls = (venue.polls ?? []).map((poll) => ({
      poll,
      asked: poll.requests(samples.instruments).find((one) => one.path === path),
    }));
    const found = polls.find(({ asked }) => asked !== undefined);
    if (found === undefined) continue;
    const { poll, asked = { path, weight: 1, instrument: null } } = found;
    test(`${name}: the answer to ${path} means exactly what it says, a damaged one is sound or refused`, () => {
      const frames = poll.decode(text, asked);
      assert.deepEqual(frames, means);
      for (const frame of frames) {
        sound(frame);
        if (frame.kind === 'value') assert.ok(poll.streams.includes(frame.stream));
      }
      fc.assert(
        fc.property(fc.oneof(fc.string(), fc.json(), mutation(text)), (damaged) => {
          for (const frame of poll.decode(damaged, asked)) sound(frame);
        }),
        { numRuns: 300 },
      );
    });
  }
}

function tradeLists(name: string, venue: Venue, samples: VenueSamples): void {
  const source = venue.trades;
  const listed = samples.trades;
  test(`${name}: has trades to fetch exactly where it has a stream of trades`, () => {
    assert.equal(source !== null, venue.sources.trade !== undefined);
    assert.equal(listed !== null, source !== null);
  });
  if (source === null || listed === null) return;
  const [instrument = ''] = samples.instruments;

  test(`${name}: a list of trades says what the stream would have said`, () => {
    assert.deepEqual(source.decode(listed.text, instrument), listed.means);
    for (const trade of listed.means) sound(trade);
    const { path, weight } = source.request(instrument, 11, 14);
    assert.match(path, /^\/[\w./-]+\?[\w=&%-]+$/);
    assert.ok(path.includes(instrument));
    assert.ok(weight > 0 && weight < venue.limits.weightPerMinute);
  });

  test(`${name}: a damaged list of trades is refused or sound, never thrown at`, () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), mutation(listed.text)), (text) => {
        const trades = source.decode(text, instrument);
        if ('kind' in trades) known(trades);
        else for (const trade of trades) sound(trade);
      }),
      { numRuns: 300 },
    );
  });
}

function snapshots(name: string, venue: Venue, samples: VenueSamples): void {
  const { snapshot } = samples;
  if (snapshot === null) return;
  test(`${name}: the answer to a snapshot request is a sound book, and a damaged one is refused or sound`, () => {
    const whole = venue.decodeSnapshot(snapshot);
    assert.equal(whole.kind, 'snapshot');
    const [instrument] = samples.instruments;
    assert.ok(venue.snapshotRequest(instrument ?? '', 100).path.startsWith('/'));
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), mutation(snapshot)), (text) => {
        const decoded = venue.decodeSnapshot(text);
        if (decoded.kind === 'undecodable') known(decoded);
        else sound({ kind: 'state', instrument: instrument ?? '', snapshot: decoded });
      }),
      { numRuns: 300 },
    );
  });
}

function catalogues(name: string, venue: Venue, samples: VenueSamples): void {
  test(`${name}: the catalogue gives every instrument one canonical symbol`, () => {
    const listed = venue.decodeCatalogue(samples.catalogue);
    assert.ok(!('kind' in listed));
    const symbols = listed.map(({ symbol }) => symbol);
    assert.deepEqual(symbols, samples.symbols);
    assert.equal(new Set(symbols).size, symbols.length);
    assert.equal(new Set(listed.map(({ instrument }) => instrument)).size, listed.length);
    for (const symbol of symbols) assert.match(symbol, /^[^\s.*>]+$/);
    assert.ok(venue.catalogueRequest().path.startsWith('/'));
  });

  test(`${name}: a damaged catalogue is refused or read, never thrown at`, () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), mutation(samples.catalogue)), (text) => {
        const listed = venue.decodeCatalogue(text);
        if ('kind' in listed) known(listed);
      }),
      { numRuns: 300 },
    );
  });
}

const DECIMAL = /^\d+(\.\d+)?$/;
const NOTHING = /^0+(\.0+)?$/;

function known(malformed: Malformed): void {
  assert.ok(UNDECODABLE.includes(malformed.reason), malformed.reason);
}

/** What all later code relies on, for frames of any origin. */
function sound(frame: VenueFrame): void {
  switch (frame.kind) {
    case 'depth':
      assert.ok(Number.isSafeInteger(frame.lastId));
      assert.ok(Number.isSafeInteger(frame.prevId));
      time(frame.exchangeTimeUs);
      for (const level of [...frame.bids, ...frame.asks]) soundLevel(level);
      return;
    case 'state': {
      const { snapshot } = frame;
      assert.ok(Number.isSafeInteger(snapshot.lastId));
      time(snapshot.exchangeTimeUs);
      for (const level of [...snapshot.bids, ...snapshot.asks]) soundLevel(level);
      return;
    }
    case 'trade':
      assert.match(frame.price, DECIMAL);
      assert.match(frame.size, DECIMAL);
      assert.ok(frame.id.length > 0);
      assert.ok(frame.sequence === null || Number.isSafeInteger(frame.sequence));
      time(frame.exchangeTimeUs);
      return;
    case 'value':
      soundRecord(frame);
      return;
    case 'top':
      assert.ok(Number.isSafeInteger(frame.lastId));
      time(frame.exchangeTimeUs);
      for (const level of [frame.bid, frame.ask]) if (level !== null) soundLevel(level);
      return;
    case 'undecodable':
      known(frame);
      return;
    case 'unknown':
      assert.ok(frame.name.length <= 40, 'a name from outside is cut');
      return;
    default:
      assert.ok(KINDS.has(frame.kind), frame.kind);
  }
}

const KINDS: ReadonlySet<string> = new Set<VenueFrame['kind']>([
  'notTrade',
  'ack',
  'opened',
  'refused',
  'reply',
  'heartbeat',
  'shutdown',
  'tooManyRequests',
  'ignored',
]);

const SOURCE = {
  exchange: 'binance',
  market: 'spot',
  symbol: 'BTC-USDT',
  instrument: 'BTCUSDT',
  sizeUnit: 'base',
  subjects: DEFAULT_SUBJECTS,
  epoch: '',
} as const;

/** The record of it follows its schema. */
function soundRecord(frame: ValueFrame): void {
  const { payload } = new ValueWriter(SOURCE).record(frame, 1) ?? assert.fail('the first is news');
  const record = JSON.parse(new TextDecoder().decode(payload)) as { readonly type: string };
  const schema = schemaOf(record);
  assert.ok(schema !== undefined, record.type);
  assert.deepEqual(recordFaults(schema, record), []);
}

function soundLevel([price, size]: readonly [string, string]): void {
  assert.match(price, DECIMAL);
  assert.match(size, DECIMAL);
  assert.ok(size === '0' || !NOTHING.test(size), 'a removal has one spelling');
}

function time(timeUs: number | null): void {
  assert.ok(timeUs === null || Number.isSafeInteger(timeUs), String(timeUs));
}

const damaged = (samples: VenueSamples): fc.Arbitrary<string> =>
  fc.oneof(...samples.frames.map(({ text }) => mutation(text)));

const ODD = fc.constantFrom<unknown>(
  null,
  '',
  '0.000',
  'NaN',
  '1e5',
  '-1',
  2 ** 53,
  1.5,
  -1,
  [],
  {},
  [[]],
  [['1']],
  [[1, 2]],
);

/** The text with a piece cut out or put in, or, where it is JSON, with one value exchanged or gone. */
function mutation(text: string): fc.Arbitrary<string> {
  const cut = fc
    .tuple(fc.nat(text.length), fc.nat(8), fc.string({ maxLength: 4 }))
    .map(([at, length, put]) => text.slice(0, at) + put + text.slice(at + length));
  const exchanged = fc.tuple(fc.nat(200), fc.boolean(), ODD).map(([at, remove, put]) => {
    let left = at;
    return JSON.stringify(parsed(text), (_, value: unknown) => {
      left -= 1;
      if (left !== -1) return value;
      return remove ? undefined : put;
    });
  });
  return fc.oneof(cut, exchanged).map((damage: string | undefined) => damage ?? '');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
