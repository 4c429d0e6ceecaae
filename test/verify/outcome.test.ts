import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { FAULT_KINDS } from '../../verify/faults.ts';
import { outcomeOf, outcomeText, type Outcome, type OutcomeInput } from '../../verify/outcome.ts';
import { BOOK, judged, Tape, TRADES } from './tape.ts';

const ROOT = new URL('../..', import.meta.url).pathname;

const outcome = (tape: Tape, more: Partial<OutcomeInput> = {}): Outcome =>
  outcomeOf({
    verdict: judged(tape),
    stream: 'MARKET_DATA',
    gapStream: null,
    firstSequence: 1,
    lastSequence: tape.last,
    deleted: 0,
    liveRecords: null,
    seconds: 2,
    nats: null,
    natsProblems: [],
    allowRecorded: false,
    ...more,
  });

describe('the outcome', () => {
  it('is ok when nothing is wrong and nothing missing', () => {
    const { ok, problems, verifiedPercent, cleanPercent, recordsPerSecond } = outcome(
      new Tape().snapshot(10).delta(10, 11).delta(11, 12).snapshot(12),
    );
    assert.deepEqual(
      { ok, problems, verifiedPercent, cleanPercent, recordsPerSecond },
      { ok: true, problems: [], verifiedPercent: 75, cleanPercent: 75, recordsPerSecond: 2 },
    );
  });

  it('is not ok for what is missing, unless that is recorded and allowed', () => {
    const recorded = (): Tape =>
      new Tape().trade(1).trade(2).trade(4).gap(TRADES, { fromId: 2, toId: 4, toSeq: 3 });
    assert.deepEqual(outcome(recorded()).problems, ['missing, as gap records say: 1']);
    assert.equal(outcome(recorded(), { allowRecorded: true }).ok, true);
    const open = new Tape().snapshot(1).delta(1, 2).gap(BOOK, { fromId: 2, toId: null, toSeq: null });
    assert.deepEqual(outcome(open).problems, ['missing, as gap records say: 1']);
    const unrecorded = outcome(new Tape().trade(1).trade(4), { allowRecorded: true });
    assert.deepEqual(unrecorded.problems, ['gapUnrecorded: 1']);
  });

  it('is not ok when there was nothing to judge', () => {
    assert.match(outcome(new Tape()).problems.join(), /no record in the range: nothing is proved/);
    assert.match(outcome(new Tape().trade(1), { liveRecords: 0 }).problems.join(), /no record came/);
  });

  it('rounds down: 100 % means all', () => {
    const tape = new Tape().trade(1);
    for (let id = 2; id <= 20_001; id += 1) tape.trade(id);
    assert.equal(outcome(tape).verifiedPercent, 99.99);
  });

  it('says in words what a person looks for', () => {
    const tape = new Tape().snapshot(10).delta(10, 11).delta(12, 13).trade(1).trade(2);
    const text = outcomeText(outcome(tape));
    assert.match(text, /^MARKET_DATA 1\.\.5: 5 records, 0 gap records in 2\.0 s/);
    assert.match(text, /orderbook\.okx\.X-Y: 3 records, .*book [0-9a-f]{16} at 11 \(stands since a gap\)/);
    assert.match(text, /trade\.binance\.X-Y: 2 records, clean 50 %, trades 1\.\.2/);
    assert.match(
      text,
      /gapUnrecorded orderbook\.okx\.X-Y 3: missing between 11 and 12, and no gap record says so/,
    );
    assert.match(text, /\nNOT OK: gapUnrecorded: 1\n$/);
  });
});

describe('docs/consume.md', () => {
  it('calls verify and the examples as they are there', () => {
    const guide = readFileSync(`${ROOT}docs/consume.md`, 'utf8');
    const help = readFileSync(`${ROOT}cli/verify.ts`, 'utf8');
    const calls = [...guide.matchAll(/^node bin\/marketprism\.js verify([^#\n]*)/gm)].map(
      ([, options = '']) => options,
    );
    assert.equal(calls.length, 3);
    for (const [option] of calls.join(' ').matchAll(/--[a-z-]+/g))
      assert.ok(help.includes(`  ${option} `), option);
    for (const [path] of guide.matchAll(/examples\/[a-z.]+/g)) assert.ok(existsSync(`${ROOT}${path}`), path);
  });

  it('explains every kind of fault, and no other', () => {
    const guide = readFileSync(`${ROOT}docs/consume.md`, 'utf8');
    const [, table = ''] = guide.split('| it finds');
    const named = [...table.matchAll(/^\| `(\w+)` /gm)].map(([, kind]) => kind);
    assert.deepEqual(new Set(named), new Set<string | undefined>(FAULT_KINDS));
  });
});
