import assert from 'node:assert/strict';
import { test } from 'node:test';
import { budgetOf } from '../../../contract/budget.ts';
import { OFFERED, offeredMarkets, offerOf } from '../../../contract/offered.ts';
import { EXCHANGES, MARKETS } from '../../../contract/feed.ts';
import { VENUES, venueOf } from '../../../collector/venues/registry.ts';
import { streamsOf } from '../../../collector/venues/source.ts';

test('what is offered is what the collector has a venue for, stream by stream', () => {
  for (const exchange of EXCHANGES) {
    for (const market of MARKETS) {
      for (const settle of [null, 'linear', 'inverse'] as const) {
        const feed = { exchange, market, settle };
        const venue = venueOf(feed);
        const offer = offerOf(feed);
        const name = `${exchange} ${market} ${settle}`;
        assert.deepEqual(offer?.streams, venue && streamsOf(venue), name);
        assert.deepEqual([offer?.market, offer?.settle], [venue?.market, venue?.settle], name);
      }
    }
  }
});

test('every offer is named once in the list that messages show', () => {
  const names = offeredMarkets().split(', ');
  assert.equal(new Set(names).size, OFFERED.length);
});

test('a collector alone is granted 0.8 of what its market has of REST weight, and no more', () => {
  for (const { exchange, market, limits } of VENUES) {
    const { weightPerMinute } = budgetOf({ exchange, market, collectors: 1, redundancy: 1 });
    assert.equal(weightPerMinute, 0.8 * limits.weightPerMinute, `${exchange} ${market}`);
  }
});
