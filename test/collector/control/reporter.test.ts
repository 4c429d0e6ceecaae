import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { Reporter } from '../../../collector/control/reporter.ts';
import { buildReport, type CollectorState } from '../../../collector/report.ts';
import type { SymbolStatus } from '../../../collector/ports.ts';
import { parseReport } from '../../../contract/control-messages.ts';
import { accountedFor, type CollectorReport } from '../../../contract/control.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { assignment, DELIVERY_STATUS, FakeBus, SESSION_STATUS } from './fakes.ts';

const symbols = (...states: readonly SymbolStatus['state'][]): readonly SymbolStatus[] =>
  states.map((state, index) => ({
    symbol: `S${index}`,
    instrument: `S${index}`,
    state,
    sinceMs: index,
    reason: 'why',
  }));

describe('reports', () => {
  let clock: ManualClock;
  let bus: FakeBus;
  let state: CollectorState & { readonly assignment: NonNullable<CollectorState['assignment']> };
  let reporter: Reporter;

  beforeEach(() => {
    clock = new ManualClock();
    bus = new FakeBus();
    state = {
      identity: { pod: 'p', replica: 'a', startedMs: 1 },
      nowMs: clock.nowMs(),
      terminating: false,
      load: 0,
      assignment: assignment(),
      writer: 'p.1',
      session: { ...SESSION_STATUS, symbols: symbols('inSync', 'inSync') },
      delivery: DELIVERY_STATUS,
      problems: [],
    };
    reporter = new Reporter({ bus, clock, build: () => buildReport({ ...state, nowMs: clock.nowMs() }) });
    reporter.start();
  });
  const last = (): CollectorReport | undefined => parseReport(bus.published.at(-1)?.payload ?? '');

  it('go every five seconds while nothing changes', async () => {
    await clock.advance(20_100);
    assert.equal(bus.published.length, 4);
    assert.equal(bus.published[0]?.subject, 'marketprism.report.uid-1.0');
  });

  it('go once a second while counts change', async () => {
    const end = clock.every(100, () => {
      state = { ...state, delivery: { ...DELIVERY_STATUS, lastMessageMs: clock.nowMs() } };
    });
    await clock.advance(10_000);
    end();
    assert.ok(bus.published.length >= 9 && bus.published.length <= 11, String(bus.published.length));
  });

  const transitions: readonly (readonly [string, (before: CollectorState) => Partial<CollectorState>])[] = [
    ['a lost sync', () => ({ session: { ...SESSION_STATUS, symbols: symbols('inSync', 'resyncing') } })],
    ['a lost venue', ({ session }) => ({ session: { ...(session ?? SESSION_STATUS), connected: false } })],
    ['a problem', () => ({ problems: [{ reason: 'StreamMissing', message: 'm', sinceMs: 1 }] })],
    ['terminating', () => ({ terminating: true })],
    ['a new epoch', () => ({ assignment: assignment({ epoch: 2 }) })],
  ];
  for (const [what, change] of transitions) {
    it(`go at once on a transition: ${what}`, async () => {
      await clock.advance(300);
      assert.equal(bus.published.length, 1);
      state = { ...state, ...change(state) } as typeof state;
      await clock.advance(200);
      assert.equal(bus.published.length, 2);
    });
  }

  it('are not handed to a client that is disconnected, and the newest goes once it is back', async () => {
    bus.connected = false;
    await clock.advance(3_000);
    assert.equal(bus.published.length, 0);
    assert.ok(reporter.counters.skipped > 0);
    bus.connected = true;
    await clock.advance(200);
    assert.equal(last()?.sentMs, clock.nowMs());
  });

  it('end with a final one that is flushed', async () => {
    await clock.advance(300);
    state = { ...state, terminating: true };
    await reporter.final();
    assert.equal(last()?.terminating, true);
    assert.equal(bus.flushes, 1);
    const sent = bus.published.length;
    await clock.advance(20_000);
    assert.equal(bus.published.length, sent);
  });

  it('say what is in sync, briefly resyncing and worst, and keep a reason that the contract does not know', () => {
    const nowMs = 100_000;
    const report = buildReport({
      ...state,
      nowMs,
      session: {
        ...SESSION_STATUS,
        symbols: [
          ...symbols('inSync', 'syncing'),
          { symbol: 'young', instrument: 'y', state: 'resyncing', sinceMs: nowMs - 29_999, reason: '' },
          { symbol: 'old', instrument: 'o', state: 'resyncing', sinceMs: nowMs - 30_000, reason: '' },
        ],
        problems: [{ reason: 'Odd', message: 'what', sinceMs: 3 }],
      },
    });
    assert.deepEqual([report.symbols.assigned, report.symbols.inSync, report.symbols.resyncing], [2, 1, 1]);
    assert.deepEqual(
      report.symbols.worst.map(({ symbol }) => symbol),
      ['old', 'young', 'S1'],
    );
    assert.match(report.problems[0]?.message ?? '', /^Odd: what$/);
  });

  it('counts every symbol that is named, however many the list leaves out', () => {
    const unknown = Array.from({ length: 150 }, (_, index) => ({ symbol: `X${index}`, reason: 'expired' }));
    const report = buildReport({
      ...state,
      session: { ...SESSION_STATUS, symbols: symbols('inSync'), unknown },
    });
    assert.equal(report.symbols.unknown.length, 100);
    assert.equal(report.symbols.named, 150);
    assert.equal(accountedFor(report), 151);
    const { named: _named, ...older } = report.symbols;
    assert.equal(
      accountedFor({ symbols: { ...older, unknown: unknown.slice(0, 2) } }),
      3,
      'a collector of before',
    );
    assert.notEqual(parseReport(JSON.stringify(report)), undefined);
    assert.equal(
      parseReport(JSON.stringify({ ...report, symbols: { ...report.symbols, named: '1' } })),
      undefined,
    );
  });
});
