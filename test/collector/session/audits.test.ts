import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Audits, type AuditedBook } from '../../../collector/audits.ts';
import type { RestAnswer } from '../../../collector/rest.ts';
import { binanceSpot } from '../../../collector/venues/binance.ts';
import type { RestRequest } from '../../../collector/venues/venue.ts';
import { ManualClock } from './tiny-venue.ts';

const BODY = '{"lastUpdateId":5,"bids":[["9","1"]],"asks":[]}';

interface Made {
  readonly audits: Audits;
  readonly clock: ManualClock;
  readonly asked: (RestRequest & { readonly atMs: number })[];
  /** What the books were told. */
  readonly told: string[];
}

function made(
  names: readonly string[],
  options: {
    readonly isBusy?: () => boolean;
    readonly waitMs?: (weight: number) => number;
    readonly answer?: RestAnswer;
    readonly hasBook?: (name: string) => boolean;
  } = {},
): Made {
  const clock = new ManualClock();
  const startMs = clock.nowMs();
  const asked: Made['asked'] = [];
  const told: string[] = [];
  let seed = 0;
  const answer: RestAnswer = options.answer ?? { kind: 'ok', body: BODY, receiveTimeUs: 1 };
  const audits = new Audits({
    venue: binanceSpot,
    everyMs: 100_000,
    clock,
    random: () => (seed++ % names.length) / names.length,
    rest: {
      get: async (request) => {
        asked.push({ ...request, atMs: clock.nowMs() - startMs });
        return answer;
      },
      waitMs: options.waitMs ?? (() => 0),
    },
    book: (name): AuditedBook => ({
      beginAudit: () => options.hasBook?.(name) ?? true,
      audit: ({ lastId, limit }) => void told.push(`${name} ${lastId} ${limit}`),
      endAudit: (why) => void told.push(`${name} ${why}`),
    }),
    isBusy: options.isBusy ?? (() => false),
    onFailure: ({ kind }) => void told.push(kind),
  });
  audits.follow(names);
  return { audits, clock, asked, told };
}

/** Lets what was answered be told. */
const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const HUNDRED = Array.from({ length: 100 }, (_, index) => `S${index}`);

test('a hundred books are audited one by one over the interval, each at the lowest price', async () => {
  const { clock, asked, told } = made(HUNDRED);
  for (let step = 0; step < 220; step += 1) {
    clock.advance(500);
    await settle();
  }
  assert.ok(asked.length >= 100 && asked.length <= 110, `${asked.length}`);
  assert.ok(asked.every(({ weight }) => weight === 5));
  for (let fromMs = 3_000; fromMs < 100_000; fromMs += 10_000) {
    const within = asked.filter(({ atMs }) => atMs >= fromMs && atMs < fromMs + 10_000).length;
    assert.ok(within >= 8 && within <= 12, `${within} in ten seconds`);
  }
  assert.equal(new Set(told).size, 100);
  assert.equal(told[0], 'S0 5 100');
});

test('while books wait for their snapshots, or little of the budget is left, no audit is asked for', async () => {
  let isBusy = true;
  let waitMs = 0;
  const { clock, asked, told } = made(['A'], { isBusy: () => isBusy, waitMs: () => waitMs });
  clock.advance(60_000);
  assert.equal(asked.length, 0);
  isBusy = false;
  waitMs = 1_000;
  clock.advance(10_000);
  assert.equal(asked.length, 0);
  assert.ok(told.length > 0 && told.every((one) => one === 'A auditPostponed'));
  waitMs = 0;
  clock.advance(10_000);
  await settle();
  assert.equal(asked.length, 1);
  assert.equal(told.at(-1), 'A 5 100');
});

test('what is answered with a failure or with nonsense ends the audit and is told', async () => {
  const limited = made(['A'], { answer: { kind: 'limited', status: 429, retryAfterMs: 1_000 } });
  limited.clock.advance(5_000);
  await settle();
  assert.deepEqual(limited.told, ['A auditFailed', 'limited']);
  const nonsense = made(['A'], { answer: { kind: 'ok', body: '[]', receiveTimeUs: 1 } });
  nonsense.clock.advance(5_000);
  await settle();
  assert.deepEqual(nonsense.told, ['A auditFailed']);
});

test('a book that is not in sync is passed over, one that is suspect goes first, and none is asked after the end', async () => {
  const { audits, clock, asked } = made(['A', 'B'], { hasBook: (name) => name === 'B' });
  audits.soon('B');
  clock.advance(4_000);
  await settle();
  assert.deepEqual(
    asked.map(({ path }) => path),
    ['/api/v3/depth?symbol=B&limit=100'],
  );
  audits.soon('B');
  clock.advance(1_000);
  audits.stop();
  clock.advance(200_000);
  await settle();
  assert.equal(asked.length, 1);
});
