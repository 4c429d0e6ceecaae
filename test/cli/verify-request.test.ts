import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { requestOf, type Values } from '../../cli/verify-request.ts';

const NOW_MS = Date.parse('2026-01-31T12:00:00Z');

describe('options of verify', () => {
  it('mean the whole default stream when there are none', () => {
    assert.deepEqual(requestOf({}, NOW_MS), {
      stream: 'MARKET_DATA',
      gapStream: null,
      subjects: [],
      feeds: [],
      from: { kind: 'sequence', sequence: 1 },
      toSequence: null,
      untilMs: null,
      snapshotEveryMs: null,
      domain: null,
    });
  });

  it('take times as they are or as how long ago', () => {
    const request = requestOf(
      { since: '15m', until: '2026-01-31T11:59:00Z', 'snapshot-every': '30s' },
      NOW_MS,
    );
    assert.ok(typeof request !== 'string');
    assert.deepEqual(
      [request.from, request.untilMs, request.snapshotEveryMs],
      [{ kind: 'time', timeMs: NOW_MS - 900_000 }, NOW_MS - 60_000, 30_000],
    );
  });

  const refused: readonly (readonly [Values, RegExp])[] = [
    [{ from: '0' }, /^--from is "0": it has to be a whole number of at least 1$/],
    [{ seconds: '1.5' }, /^--seconds is "1\.5"/],
    [{ since: 'yesterday' }, /^--since is "yesterday": it has to be a time like .* or a duration like 15m$/],
    [{ 'snapshot-every': '5 min' }, /^--snapshot-every is "5 min": it has to be a duration like 5m$/],
    [{ from: '1', since: '1m' }, /exclude each other/],
    [{ seconds: '5', to: '9' }, /^--seconds ends by itself: leave out --to and --until$/],
    [{ from: '9', to: '3' }, /^--to is before --from$/],
  ];
  for (const [values, expected] of refused) {
    it(`refuse ${JSON.stringify(values)} and name the mend`, () => {
      const request = requestOf(values, NOW_MS);
      assert.ok(typeof request === 'string');
      assert.match(request, expected);
    });
  }
});
