import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Poller, pacedPolls } from '../../../collector/poller.ts';
import { PolledPoints } from '../../../collector/polled-points.ts';
import type { RestAnswer } from '../../../collector/rest.ts';
import type { Poll } from '../../../collector/venues/poll.ts';
import type { ValueFrame } from '../../../collector/venues/value-frame.ts';
import { undecodable } from '../../../collector/venues/wire.ts';
import { binanceLinearPerpetual } from '../../../collector/venues/binance-futures.ts';
import { createLogger } from '../../../runtime/log.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const EVERY_MS = 60_000;
const MINUTE_MS = 60_000;

const interest = (instrument: string, timeMs: number | null): ValueFrame => ({
  kind: 'value',
  stream: 'open-interest',
  instrument,
  exchangeTimeUs: timeMs === null ? null : timeMs * 1_000,
  fields: { openInterest: '1', polled: true },
});

/** Answers are `<instrument> <time or null>` a line. */
const POLL: Poll = {
  streams: ['open-interest'],
  requests: (instruments) =>
    instruments.map((instrument) => ({ instrument, path: `/oi?symbol=${instrument}`, weight: 1 })),
  decode: (text) =>
    text === 'damage'
      ? [undecodable('notJson')]
      : text.split('\n').map((line) => {
          const [instrument = '', time] = line.split(' ');
          return interest(instrument, time === 'null' ? null : Number(time));
        }),
};

interface Rig {
  readonly poller: Poller;
  readonly clock: ManualClock;
  readonly asked: { readonly path: string; readonly atMs: number }[];
  readonly got: ValueFrame[];
  answer: (path: string) => RestAnswer;
  waitMs: number;
  readonly weights: number[];
  mostAtOnce: number;
}

function rig(options: { publishesTimedOnly?: boolean; random?: () => number } = {}): Rig {
  const clock = new ManualClock();
  const startMs = clock.nowMs();
  let atOnce = 0;
  const made: Omit<Rig, 'poller'> = {
    clock,
    asked: [],
    got: [],
    answer: (path) => ok(`${path.split('=')[1]} ${clock.nowMs()}`),
    waitMs: 0,
    weights: [],
    mostAtOnce: 0,
  };
  const poller = new Poller({
    polls: [{ poll: POLL, everyMs: EVERY_MS }],
    rest: {
      waitMs: (weight) => {
        made.weights.push(weight);
        return made.waitMs;
      },
      async get({ path }) {
        made.asked.push({ path, atMs: clock.nowMs() - startMs });
        atOnce += 1;
        made.mostAtOnce = Math.max(made.mostAtOnce, atOnce);
        await new Promise<void>((resolve) => clock.after(100, resolve));
        atOnce -= 1;
        return made.answer(path);
      },
    },
    base: 'http://venue',
    reservedWeight: () => 40,
    publishesTimedOnly: options.publishesTimedOnly ?? false,
    clock,
    random: options.random ?? (() => 0.5),
    log: createLogger('test', 'silent'),
    onFrame: (frame) => void (frame.kind === 'value' && made.got.push(frame)),
  });
  return Object.assign(made, { poller });
}

const ok = (body: string): RestAnswer => ({ kind: 'ok', body, receiveTimeUs: 7 });
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `S${index}`);

test('every instrument is asked about at its pace, few at once, spread over the interval', async () => {
  let seed = 0;
  const random = (): number => {
    seed = (seed * 16_807 + 11) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const { poller, clock, asked, got, ...rest } = rig({ random });
  poller.setInstruments(names(60));
  await clock.advance(6_000);
  assert.equal(new Set(asked.map(({ path }) => path)).size, 60, 'the first answers come soon');
  await clock.advance(10 * MINUTE_MS);
  for (const name of names(60)) {
    const count = asked.filter(({ path }) => path.endsWith(`=${name}`)).length;
    assert.ok(count >= 10 && count <= 13, `${name}: ${count} in ten minutes`);
  }
  const late = asked.filter(({ atMs }) => atMs >= 8 * MINUTE_MS && atMs < 9 * MINUTE_MS);
  const quarters = [0, 1, 2, 3].map(
    (quarter) => late.filter(({ atMs }) => Math.floor((atMs % MINUTE_MS) / 15_000) === quarter).length,
  );
  assert.ok(Math.min(...quarters) >= 5, `a minute's questions by quarter: ${quarters.join(' ')}`);
  assert.equal(poller.counters['polls'], asked.length, 'each is counted');
  assert.ok(got.length >= asked.length - 2, 'and its answer handed on');
  assert.ok(rest.mostAtOnce <= 2);
  assert.equal(poller.counters['pollsLate'], 0);
});

test('polls leave the reserved weight to book snapshots, and wait while the budget is spent', async () => {
  const rigged = rig();
  const { poller, clock, asked, weights } = rigged;
  rigged.waitMs = 30_000;
  poller.setInstruments(['BTC']);
  await clock.advance(90_000);
  assert.equal(asked.length, 0, 'the venue said wait');
  assert.deepEqual(new Set(weights), new Set([41]), 'its own weight and what is reserved');
  rigged.waitMs = 0;
  await clock.advance(1_100);
  assert.equal(asked.length, 1, 'looked at again within a second');
  assert.equal(poller.counters['pollsLate'], 1, 'more than an interval late is counted');
});

test('instruments that stay keep their time, those that go are not asked about any more', async () => {
  const { poller, clock, asked, got } = rig();
  poller.setInstruments(['BTC', 'ETH']);
  await clock.advance(10_000);
  poller.setInstruments(['ETH', 'SOL']);
  await clock.advance(4_000);
  assert.deepEqual(
    asked.map(({ path }) => path.split('=')[1]),
    ['BTC', 'ETH', 'SOL'],
    'ETH is not asked anew',
  );
  await clock.advance(5 * MINUTE_MS);
  assert.equal(asked.filter(({ path }) => path.endsWith('=BTC')).length, 1);
  assert.ok(got.length > 6);
  const before = asked.length;
  poller.stop();
  await clock.advance(5 * MINUTE_MS);
  assert.equal(asked.length, before, 'stopped');
});

test('a point of the venue’s time is told once, and history before the start is not', async () => {
  const rigged = rig();
  const { poller, clock, got } = rigged;
  rigged.answer = () => ok('BTC 100\nBTC 200\nETH 200');
  poller.setInstruments(['BTC']);
  await clock.advance(10_000);
  rigged.answer = () => ok('BTC 100\nBTC 200\nBTC 300\nBTC 400');
  await clock.advance(2 * MINUTE_MS);
  assert.deepEqual(
    got.map(({ instrument, exchangeTimeUs }) => [instrument, exchangeTimeUs]),
    [
      ['BTC', 200_000],
      ['BTC', 300_000],
      ['BTC', 400_000],
    ],
  );
  assert.ok((poller.counters['pollsRepeated'] ?? 0) >= 3);
});

test('what has no time of the venue is published by replica a alone', async () => {
  for (const publishesTimedOnly of [false, true]) {
    const rigged = rig({ publishesTimedOnly });
    rigged.answer = () => ok('BTC null');
    rigged.poller.setInstruments(['BTC']);
    await rigged.clock.advance(10_000);
    assert.equal(rigged.got.length, publishesTimedOnly ? 0 : 1);
    assert.equal(rigged.poller.counters['pollsOfOtherReplica'], publishesTimedOnly ? 1 : 0);
  }
});

const FAILURES: readonly (readonly [RestAnswer, reason: string, message: RegExp])[] = [
  [
    { kind: 'limited', status: 429, retryAfterMs: 30_000 },
    'RateLimited',
    /open-interest of BTC: .* 429; waiting 30 s/,
  ],
  [
    { kind: 'refused', status: 400, detail: 'no such symbol' },
    'VenueRefused',
    /answers 400 \(no such symbol\)/,
  ],
  [{ kind: 'regionRefused', status: 451, detail: 'law' }, 'RegionRefused', /set endpoints\.rest/],
  [{ kind: 'unreachable', detail: 'refused' }, 'VenueUnreachable', /http:\/\/venue is not reachable/],
  [ok('damage'), 'VenueRefused', /the answer is malformed \(notJson\)/],
];

test('a poll that fails is counted and named with its mend until it goes well again', async () => {
  for (const [answer, reason, message] of FAILURES) {
    const rigged = rig();
    const { poller, clock } = rigged;
    rigged.answer = () => answer;
    poller.setInstruments(['BTC', 'ETH']);
    await clock.advance(3_000);
    const sinceMs = poller.failure?.sinceMs;
    await clock.advance(MINUTE_MS);
    assert.equal(poller.failure?.reason, reason);
    assert.match(poller.failure?.message ?? '', message);
    assert.equal(poller.failure?.sinceMs, sinceMs, 'since the first of them');
    assert.ok((poller.counters['pollsFailed'] ?? 0) >= 2);
    assert.equal(rigged.poller.lastSignMs, 0);
    rigged.answer = (path) => ok(`${path.split('=')[1]} ${clock.nowMs()}`);
    await clock.advance(2 * MINUTE_MS);
    assert.equal(poller.failure, undefined);
    assert.ok(poller.lastSignMs > 0);
  }
});

test('a feed polls what it wants and nothing else', () => {
  const of = (...streams: readonly ('trade' | 'open-interest' | 'long-short-ratio')[]): readonly string[] =>
    pacedPolls(binanceLinearPerpetual, streams).flatMap(({ poll, everyMs }) =>
      poll.streams.map((stream) => `${stream} ${everyMs}`),
    );
  assert.deepEqual(of('trade'), []);
  assert.deepEqual(of('trade', 'open-interest'), ['open-interest 60000']);
  assert.deepEqual(
    of('long-short-ratio'),
    Array.from({ length: 3 }, () => 'long-short-ratio 300000'),
  );
});

test('points of several instruments in one answer are told apart', () => {
  const points = new PolledPoints(false);
  assert.deepEqual(points.judge([interest('A', 1), interest('B', 1), interest('A', 2)]), [
    'repeated',
    'new',
    'new',
  ]);
  assert.deepEqual(points.judge([interest('A', 2), interest('B', 2), interest('C', 1)]), [
    'repeated',
    'new',
    'new',
  ]);
});
