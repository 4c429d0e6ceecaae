import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CONDITIONS, type ConditionType } from '../../../contract/feed.ts';
import { PROBLEM_REASONS } from '../../../contract/control.ts';
import { REASONS, type ReasonEntry } from '../../../operator/plan/reasons.ts';

const DOC = join(import.meta.dirname, '../../../docs/conditions.md');

const MEANINGS: Readonly<Record<ConditionType, string>> = {
  Ready:
    'Every active symbol is subscribed and in sync, or resyncing for under 30 s, or named in `SymbolsResolved`, and the last publish (or, with nothing to publish, a JetStream round trip) was confirmed within 30 s. `Unknown` while a shard has sent no report for 15 s.',
  Reconciling: 'Objects, pods or assignments are not yet as planned (kstatus: InProgress).',
  Stalled:
    'The spec asks for what cannot be had; nothing changes until it does (kstatus: Failed). What ran before runs on.',
  DataFlowing: "Frames or heartbeats arrive within each stream's own pace.",
  Publishing: 'JetStream confirms within 30 s.',
  StreamReady: 'The stream exists as declared, or another installation’s takes the feed’s subjects.',
  SymbolsResolved: 'The venue lists every symbol; those it does not list are named, the rest is collected.',
  CountsExact: '`messages.total` is exact; else the message gives the bounds.',
  RedundancyReduced: '`spec.redundancy` is 2 and some shard has fewer than two ready replicas.',
  Overloaded: 'A collector needs more than one processor, or more than its limit leaves it.',
  Paused: '`spec.paused` is true.',
};

function document(): string {
  const entries = Object.entries(REASONS) as readonly (readonly [string, ReasonEntry])[];
  const sections = CONDITIONS.map((type) => {
    const rows = entries
      .filter(([, { conditions }]) => conditions.includes(type))
      .map(([reason, { meaning }]) => `- \`${reason}\`: ${meaning}`);
    return [`## ${type}`, '', MEANINGS[type], '', ...rows].join('\n');
  });
  return [
    '# Conditions of a CollectorFeed',
    '',
    'Printed from `operator/plan/reasons.ts`; every reason that a condition can carry is here. Messages name field, value',
    'and mend. `lastTransitionTime` changes only when `status` does; `observedGeneration` is always set.',
    '',
    sections.join('\n\n'),
    '',
  ].join('\n');
}

test('docs/conditions.md says what the code says', () => {
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(DOC, document());
  assert.equal(readFileSync(DOC, 'utf8'), document(), 'UPDATE_GOLDEN=1 rewrites it');
});

test('every problem that a collector can report is a documented reason', () => {
  for (const reason of PROBLEM_REASONS) assert.ok(reason in REASONS, reason);
});

test('every reason belongs to a condition', () => {
  for (const [reason, { conditions }] of Object.entries(REASONS)) assert.ok(conditions.length > 0, reason);
});
