import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as fc from 'fast-check';
import { Spans } from '../../verify/spans.ts';

const range = fc.tuple(fc.nat(60), fc.nat(12)).map(([fromId, more]) => ({ fromId, toId: fromId + more }));

/** The ids between two, without them. */
const between = ({ fromId, toId }: { readonly fromId: number; readonly toId: number }): readonly number[] =>
  Array.from({ length: Math.max(0, toId - fromId - 1) }, (_, more) => fromId + 1 + more);

it('spans answer as a plain set of all their ids would', () => {
  fc.assert(
    fc.property(fc.array(range, { maxLength: 20 }), range, (ranges, asked) => {
      const spans = new Spans(ranges);
      const plain = new Set(ranges.flatMap(between));
      const ids = between(asked);
      assert.equal(
        spans.covers(asked),
        ids.every((id) => plain.has(id)),
        'covers',
      );
      assert.equal(
        spans.touches(asked),
        ids.some((id) => plain.has(id)),
        'touches',
      );
    }),
    { numRuns: 1_000 },
  );
});
