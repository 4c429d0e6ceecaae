import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectiveFeed } from '../../../contract/effective.ts';
import type { JetstreamSpec } from '../../../contract/feed.ts';
import { checkFeed } from '../../../operator/plan/checks.ts';
import { feedOf, observedOf, settingsOf } from './observed.ts';

for (const [what, jetstream, says] of [
  ['the default window', {}, undefined],
  ['a window that is just long enough', { duplicateWindow: '40s' }, undefined],
  [
    'a window that is too short',
    { duplicateWindow: '30s' },
    /window 30s is shorter than 40s: .*raise jetstream\.duplicateWindow/,
  ],
  [
    'a maxAge that cuts the window',
    { maxAge: '20s', duplicateWindow: '2m' },
    /window 20s is shorter than 40s: .*jetstream\.maxAge if it is shorter/,
  ],
] as const satisfies readonly (readonly [string, JetstreamSpec, RegExp | undefined])[])
  test(`${what} ${says === undefined ? 'is no fault' : 'is named, and the feed is collected'}`, () => {
    const feed = feedOf();
    const effective = effectiveFeed(feed, { jetstream });
    const { neighbours } = observedOf();
    const faults = checkFeed({ feed, effective, settings: settingsOf(), neighbours });
    const found = faults.find(({ reason }) => reason === 'DuplicateWindowShort');
    if (says === undefined) assert.equal(found, undefined);
    else {
      assert.equal(found?.severity, 'partial');
      assert.match(found.message, says);
    }
  });
