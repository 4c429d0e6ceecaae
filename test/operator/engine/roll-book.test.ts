import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { effectiveFeed } from '../../../contract/effective.ts';
import type { CollectorFeed, FeedSpec } from '../../../contract/feed.ts';
import type { RollState } from '../../../operator/plan/rolls.ts';
import { RollBook } from '../../../operator/roll-book.ts';
import { feedOf } from '../plan/observed.ts';

const REST: RollState = { kind: 'rest' };
const ROLLING: RollState = { kind: 'rolling' };

function feed(uid: string, spec: Partial<FeedSpec> = {}): CollectorFeed {
  const made = feedOf(spec);
  return { ...made, metadata: { ...made.metadata, uid, name: uid } };
}

class Rig {
  readonly woken: string[] = [];
  readonly book = new RollBook({ onRoom: (uid) => this.woken.push(uid) });

  note(of: CollectorFeed, state: RollState, waits = false): void {
    this.book.note(of, effectiveFeed(of, {}), { state, waits });
  }
  of(of: CollectorFeed): ReturnType<RollBook['of']> {
    return this.book.of(of, effectiveFeed(of, {}));
  }
}

const DERIBIT: Partial<FeedSpec> = { exchange: 'deribit', market: 'perpetual' };

test('a feed sees the rolls of others behind the same address of the venue, not its own, not those of another venue', () => {
  const rig = new Rig();
  const [a, b, other] = [feed('a'), feed('b'), feed('d', DERIBIT)];
  rig.note(a, ROLLING);
  rig.note(other, ROLLING);
  assert.deepEqual(rig.of(a), { rolling: 0, stuck: [] });
  assert.deepEqual(rig.of(b), { rolling: 1, stuck: [] });
  rig.note(a, { kind: 'stuck', image: 'x' });
  assert.deepEqual(rig.of(b), { rolling: 0, stuck: [{ feed: 'market-data/a', image: 'x' }] });
  rig.note(a, REST);
  assert.deepEqual(rig.of(b), { rolling: 0, stuck: [] });
});

test('a feed that is gone rolls no more, and leaves its place to who waits', () => {
  const rig = new Rig();
  rig.note(feed('a'), ROLLING);
  rig.note(feed('b'), REST, true);
  rig.book.forget('a');
  assert.deepEqual(rig.woken, ['b']);
  assert.deepEqual(rig.of(feed('b')), { rolling: 0, stuck: [] });
});

test('a new leader begins with what it sees being rolled', () => {
  const rig = new Rig();
  rig.note(feed('gone'), ROLLING);
  const [a, b] = [feed('a'), feed('b')];
  rig.book.reset([a, b].map((of) => [of, effectiveFeed(of, {}), of === a ? ROLLING : REST] as const));
  assert.deepEqual(rig.of(b), { rolling: 1, stuck: [] });
});

test('however rolls end, never more than a wave rolls at once, and who waits is woken until all have rolled', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.nat(30), { minLength: 1, maxLength: 300 }),
      (wave, order) => {
        const rig = new Rig();
        const left = new Set(Array.from({ length: 12 }, (_, index) => feed(`f${index}`)));
        const rolling = new Set<CollectorFeed>();
        const byUid = new Map([...left].map((of) => [of.metadata.uid, of]));
        const reconcile = (of: CollectorFeed): void => {
          if (rolling.has(of)) return rig.note(of, ROLLING);
          if (!left.has(of)) return rig.note(of, REST);
          if (rig.of(of).rolling >= wave) return rig.note(of, REST, true);
          left.delete(of);
          rolling.add(of);
          assert.ok(rolling.size <= wave, `${rolling.size} of ${wave}`);
          rig.note(of, ROLLING);
        };
        for (const of of left) reconcile(of);
        for (let step = 0; rolling.size > 0; step += 1) {
          const [...running] = rolling;
          const ends = running[(order[step % order.length] ?? 0) % running.length];
          assert.ok(ends !== undefined);
          rolling.delete(ends);
          reconcile(ends);
          for (const uid of rig.woken.splice(0)) reconcile(byUid.get(uid) ?? assert.fail(uid));
        }
        assert.equal(left.size, 0, 'all have rolled, woken and without another look');
      },
    ),
  );
});
