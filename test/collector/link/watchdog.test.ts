import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Watchdog, type Silence } from '../../../collector/link/watchdog.ts';
import type { Channel } from '../../../collector/venues/venue.ts';

const MINUTE_MS = 60_000;
const book = (instrument: string): Channel => ({ instrument, stream: 'orderbook' });
const trade = (instrument: string): Channel => ({ instrument, stream: 'trade' });
const text = ({ stream, instrument, remedy }: Silence): string => `${stream} ${instrument ?? '*'} ${remedy}`;

/** Looks once a second up to `untilMs`, hearing these channels every `everyMs`; answers every remedy with its second. */
function watch(
  watchdog: Watchdog,
  [fromMs, untilMs]: readonly [number, number],
  heard: readonly (readonly [Channel, number])[],
): readonly string[] {
  const said: string[] = [];
  for (let nowMs = fromMs; nowMs <= untilMs; nowMs += 1_000) {
    for (const [channel, everyMs] of heard) if (nowMs % everyMs === 0) watchdog.saw(channel, nowMs);
    for (const silence of watchdog.check(nowMs)) {
      if (silence.remedy !== 'wait') said.push(`${Math.round((nowMs - fromMs) / 1_000)} ${text(silence)}`);
    }
  }
  return said;
}

test('a kind of stream that is confirmed and never heard is found although the others flow', () => {
  const watchdog = new Watchdog(5 * MINUTE_MS);
  for (let index = 0; index < 100; index += 1) watchdog.add(trade(`X${index}`), 0);
  watchdog.add(book('X0'), 0);
  assert.deepEqual(watch(watchdog, [0, 11 * MINUTE_MS], [[book('X0'), 1_000]]), [
    '301 trade * resubscribe',
    '601 trade * reconnect',
  ]);
  assert.equal(watchdog.isWholeSilent(watchdog.check(11 * MINUTE_MS)), false);
});

test('the trades of a single quiet instrument may rest for hours before they were ever heard', () => {
  const watchdog = new Watchdog(5 * MINUTE_MS);
  watchdog.add(trade('X'), 0);
  watchdog.add(book('X'), 0);
  assert.deepEqual(watch(watchdog, [0, 350 * MINUTE_MS], [[book('X'), 1_000]]), []);
});

test('a quiet option is not dead: its own pace is learned, and what is beyond it is found', () => {
  const watchdog = new Watchdog(60 * MINUTE_MS);
  watchdog.add(book('SLOW'), 0);
  watchdog.add(book('FAST'), 0);
  const heard = [
    [book('SLOW'), 10 * MINUTE_MS],
    [book('FAST'), 1_000],
  ] as const;
  const learned = 120 * MINUTE_MS;
  assert.deepEqual(watch(watchdog, [0, learned], heard), [], 'ten minutes of silence are its pace');
  const silent = watch(watchdog, [learned, learned + 359 * MINUTE_MS], [heard[1]]);
  assert.deepEqual(silent, ['16616 orderbook SLOW resubscribe'], 'thirty of its mean pauses later');
});

test('a busy channel that falls silent among others is found in half a minute, and only it', () => {
  const watchdog = new Watchdog(5 * MINUTE_MS);
  for (const instrument of ['A', 'B']) watchdog.add(book(instrument), 0);
  watch(
    watchdog,
    [0, MINUTE_MS],
    [
      [book('A'), 1_000],
      [book('B'), 1_000],
    ],
  );
  assert.deepEqual(watch(watchdog, [MINUTE_MS, MINUTE_MS + 70_000], [[book('A'), 1_000]]), [
    '31 orderbook B resubscribe',
    '61 orderbook B reconnect',
  ]);
});

test('a channel that stays silent through both remedies is called quiet, until it is heard again', () => {
  const watchdog = new Watchdog(5 * MINUTE_MS);
  for (const instrument of ['A', 'B']) watchdog.add(book(instrument), 0);
  const both = [
    [book('A'), 1_000],
    [book('B'), 1_000],
  ] as const;
  watch(watchdog, [0, MINUTE_MS], both);
  watch(watchdog, [MINUTE_MS, 3 * MINUTE_MS], [both[0]]);
  assert.deepEqual(watchdog.check(3 * MINUTE_MS), []);
  watch(watchdog, [3 * MINUTE_MS, 4 * MINUTE_MS], both);
  const again = watch(watchdog, [4 * MINUTE_MS, 30 * MINUTE_MS], [both[0]]);
  assert.match(again[0] ?? '', /orderbook B resubscribe/);
});

test('a whole kind that stays silent is tried ever more rarely, and never called quiet', () => {
  const watchdog = new Watchdog(5 * MINUTE_MS);
  watchdog.add(book('X'), 0);
  const said = watch(watchdog, [0, 80 * MINUTE_MS], []);
  assert.deepEqual(
    said.map((line) => Number(line.split(' ')[0])),
    [301, 601, 901, 1_501, 2_701],
  );
  const silences = watchdog.check(80 * MINUTE_MS);
  assert.equal(silences[0]?.sinceMs, 0);
  assert.equal(watchdog.isWholeSilent(silences), true);
});

test('time in which nothing could come is no silence', () => {
  const watchdog = new Watchdog(5 * MINUTE_MS);
  watchdog.add(book('X'), 0);
  watch(watchdog, [0, MINUTE_MS], [[book('X'), 1_000]]);
  watchdog.restart(20 * MINUTE_MS);
  assert.deepEqual(watchdog.check(20 * MINUTE_MS + 20_000), []);
  assert.equal(watchdog.check(20 * MINUTE_MS + 31_000).length, 1, 'its pace is known from before');
});

test('streams that may rest for days are not watched', () => {
  const watchdog = new Watchdog(5 * MINUTE_MS);
  watchdog.add({ instrument: 'X', stream: 'liquidation' }, 0);
  assert.deepEqual(watchdog.check(1e9), []);
});
