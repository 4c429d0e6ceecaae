import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FEED_RULES } from '../../../contract/feed-rules.ts';
import type { CollectorFeed } from '../../../contract/feed.ts';
import { ACCEPTED, REFUSED } from './cases.ts';

function brokenMessages(name: string, spec: unknown): readonly string[] {
  const feed = { metadata: { name }, spec } as unknown as CollectorFeed;
  return FEED_RULES.filter(({ holds }) => holds !== null && !holds(feed)).map(({ message }) => message);
}

describe('the rules of contract/feed-rules.ts judge as the API server does', () => {
  it('hold for every feed that the API server takes', () => {
    for (const { what, spec, judgedLater } of ACCEPTED) {
      if (judgedLater !== true) assert.deepEqual(brokenMessages('accepted', spec), [], what);
    }
  });

  it('break for every feed that a rule of the API server refuses', () => {
    const messages = FEED_RULES.map(({ message }) => message);
    const byRule = REFUSED.filter(({ says }) => messages.some((message) => says.test(message)));
    assert.ok(byRule.length >= 25, `${byRule.length} cases are about rules`);
    for (const { what, name, spec, says } of byRule) {
      const broken = brokenMessages(name ?? 'refused', spec);
      assert.ok(
        broken.some((message) => says.test(message)),
        `${what}: ${broken.join('; ')}`,
      );
    }
  });

  it('are each broken by one case at least, or about a change', () => {
    const untested = FEED_RULES.filter(
      ({ message, path, holds }) =>
        holds !== null &&
        // One template stands for all of them: the rules are the same text but for the name.
        (!path.startsWith('spec.nats.subjects.') || path.endsWith('.trade')) &&
        !REFUSED.some(({ says }) => says.test(message)),
    );
    assert.deepEqual(untested, []);
  });
});
