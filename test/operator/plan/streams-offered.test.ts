import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectiveFeed } from '../../../contract/effective.ts';
import { FEED_RULES } from '../../../contract/feed-rules.ts';
import type { FeedSpec, StreamName } from '../../../contract/feed.ts';
import { OFFERED } from '../../../contract/offered.ts';
import { checkedStreams, checkFeed } from '../../../operator/plan/checks.ts';
import { feedOf, observedOf, settingsOf } from './observed.ts';

const judged = (
  spec: Partial<FeedSpec>,
): { readonly says: readonly string[]; readonly streams: readonly StreamName[] } => {
  const feed = feedOf(spec);
  const effective = effectiveFeed(feed, {});
  const faults = checkFeed({ feed, effective, settings: settingsOf(), neighbours: observedOf().neighbours });
  return {
    says: faults.filter(({ reason }) => reason === 'StreamNotOffered').map(({ message }) => message),
    streams: checkedStreams(effective),
  };
};

const future = { market: 'future', symbols: ['BTC-USDT-20261225'] } as const;
const CASES: readonly (readonly [
  spec: Partial<FeedSpec>,
  collected: readonly StreamName[],
  says: RegExp | null,
])[] = [
  [{ streams: ['ticker'] }, ['ticker'], null],
  [
    { market: 'perpetual', streams: ['funding-rate', 'long-short-ratio'] },
    ['funding-rate', 'long-short-ratio'],
    null,
  ],
  [
    { ...future, streams: ['mark-price', 'funding-rate'] },
    ['mark-price'],
    /spec\.streams funding-rate cannot be collected/,
  ],
  [{ ...future, streams: ['long-short-ratio'] }, [], /none of spec\.streams \(long-short-ratio\)/],
  [
    { ...future, settle: 'inverse', streams: ['open-interest', 'liquidation'] },
    ['open-interest', 'liquidation'],
    null,
  ],
];

test('a stream that a venue’s market lacks is named with what it has, the others are collected', () => {
  for (const [spec, collected, says] of CASES) {
    const { streams, says: messages } = judged(spec);
    assert.deepEqual(streams, collected, JSON.stringify(spec));
    assert.equal(messages.length, says === null ? 0 : 1, JSON.stringify(spec));
    if (says === null) continue;
    assert.match(messages[0] ?? '', says);
    assert.match(messages[0] ?? '', /for binance future it offers .*mark-price, open-interest, liquidation/);
  }
});

test('no rule of the resource refuses a stream that is offered', () => {
  for (const { exchange, market, settle, streams } of OFFERED) {
    const spec = { exchange, market, symbols: ['X'], streams, ...(settle === null ? {} : { settle }) };
    const broken = FEED_RULES.filter(({ holds }) => holds?.({ metadata: { name: 'x' }, spec }) === false);
    assert.deepEqual(
      broken.map(({ message }) => message),
      [],
      `${exchange} ${market}`,
    );
  }
});
