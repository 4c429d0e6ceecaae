import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import {
  awaitSuccessor,
  type HandoverEnd,
  type HandoverOptions,
} from '../../../collector/control/handover.ts';
import type { HandoverReply, HandoverRequest } from '../../../contract/control.ts';
import { createLogger } from '../../../runtime/log.ts';
import { ManualClock } from '../../support/manual-clock.ts';

describe('a terminating collector', () => {
  let clock: ManualClock;
  let asked: HandoverRequest[];
  let replies: readonly HandoverReply[];
  let backlog: boolean;
  let unassigned: boolean;
  let end: HandoverEnd | undefined;

  beforeEach(() => {
    clock = new ManualClock();
    asked = [];
    replies = [];
    backlog = false;
    unassigned = false;
    end = undefined;
  });
  function begin(changes: Partial<HandoverOptions> = {}): void {
    void awaitSuccessor({
      pod: 'old',
      clock,
      log: createLogger('test', 'silent'),
      graceMs: 90_000,
      inSync: () => ['BTCUSDT'],
      hasBacklog: () => backlog,
      isUnassigned: () => unassigned,
      ask: async (request) => {
        asked.push(request);
        return replies;
      },
      ...changes,
    }).then((how) => {
      end = how;
    });
  }
  const reply = (changes: Partial<HandoverReply> = {}): HandoverReply => ({
    pod: 'new',
    terminating: false,
    missing: 0,
    ...changes,
  });

  it('asks every half second and ends when another pod has all in sync that it has itself', async () => {
    replies = [reply({ missing: 1 })];
    begin();
    await clock.advance(2_400);
    assert.equal(asked.length, 5);
    assert.deepEqual(asked[0], { pod: 'old', inSync: ['BTCUSDT'] });
    assert.equal(end, undefined);
    replies = [reply()];
    await clock.advance(200);
    assert.deepEqual(end, { kind: 'successor', pod: 'new' });
  });

  it('takes neither itself nor a pod that ends as well for a successor', async () => {
    replies = [reply({ pod: 'old' }), reply({ terminating: true })];
    begin();
    await clock.advance(80_000);
    assert.equal(end, undefined);
  });

  it('collects on while older records wait to be stored, although the successor is there', async () => {
    replies = [reply()];
    backlog = true;
    begin();
    await clock.advance(10_000);
    assert.equal(end, undefined);
    backlog = false;
    await clock.advance(600);
    assert.deepEqual(end, { kind: 'successor', pod: 'new' });
  });

  it('does not rely on a successor that died again', async () => {
    replies = [reply()];
    backlog = true;
    begin();
    await clock.advance(1_000);
    replies = [];
    backlog = false;
    await clock.advance(10_000);
    assert.equal(end, undefined);
  });

  it('ends at once when an assignment without symbols comes', async () => {
    begin();
    await clock.advance(700);
    unassigned = true;
    await clock.advance(100);
    assert.deepEqual(end, { kind: 'unassigned' });
  });

  it('ends five seconds before its grace, also when nobody answers the question', async () => {
    begin({ ask: () => new Promise(() => {}) });
    await clock.advance(84_900);
    assert.equal(end, undefined);
    await clock.advance(200);
    assert.deepEqual(end, { kind: 'graceEnds', successor: undefined });
  });
});
