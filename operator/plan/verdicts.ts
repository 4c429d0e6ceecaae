import type { Problem, ProblemReason } from '../../contract/control.ts';
import type { Condition } from '../../contract/feed.ts';
import type { Counts } from './counts.ts';
import type { ShardHealth } from './health.ts';
import type { Reason } from './reasons.ts';
import type { SelectionView } from './selection.ts';
import { rfc3339 } from './time.ts';
import type { Observed, Outcome, Plan } from './types.ts';

/** What a condition says, before times and generation. Messages name no ages or rates: each change would be a write. */
export interface Verdict {
  readonly status: Condition['status'];
  readonly reason: Reason;
  readonly message: string;
}

/** Everything a verdict may look at. */
export interface StatusInput {
  readonly observed: Observed;
  readonly plan: Plan;
  readonly outcome: Outcome;
  readonly shards: readonly ShardHealth[];
  readonly counts: Counts;
}

export const isTrue = (reason: Reason, message: string): Verdict => ({ status: 'True', reason, message });
export const isFalse = (reason: Reason, message: string): Verdict => ({ status: 'False', reason, message });
export const isUnknown = (reason: Reason, message: string): Verdict => ({
  status: 'Unknown',
  reason,
  message,
});

export function paused({ plan }: StatusInput): Verdict | undefined {
  return plan.effective.paused
    ? isFalse('Paused', 'spec.paused is true; set it to false to collect')
    : undefined;
}

/** Why a selector stands for no symbol at all; undefined where it does, or where the spec lists them. */
export function nothingSelected(selection: SelectionView): Verdict | undefined {
  if (selection.kind === 'pending' && selection.kept === 0)
    return isUnknown('CataloguePending', pendingText(selection));
  if (selection.kind !== 'selected' || selection.taken > 0) return undefined;
  return isFalse(
    'SelectorMatchesNothing',
    'spec.symbolSelector: no instrument that the venue lists for trading satisfies it; change it, or wait for a listing',
  );
}

export function pendingText({ message, kept }: Extract<SelectionView, { kind: 'pending' }>): string {
  const meanwhile =
    kept === 0 ? 'shard 0 is asked for it' : `${kept} symbols that were selected before are collected on`;
  return `spec.symbolSelector: the catalogue of the venue is not known yet (${message}); ${meanwhile}`;
}

/** Symbols that older feeds collect. */
export function takenSymbols({ observed }: StatusInput): Verdict | undefined {
  const { taken } = observed.neighbours;
  if (taken.length === 0) return undefined;
  const names = taken.map(({ symbol, by, stream }) => `${symbol} (${stream}) by ${by}`);
  return isFalse(
    'SubjectTaken',
    `collected by an older feed already: ${listed(names)}; remove ${taken.length === 1 ? 'it' : 'them'} here or there, or set spec.nats.subjects for subjects of this feed's own`,
  );
}

/** Longest list of names in a message; the rest is counted. */
const NAMED = 20;

export function listed(names: readonly string[]): string {
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return names.slice(0, NAMED).join(', ') + more;
}

/** Shards of which nothing is known. */
export function silentShards({ shards }: StatusInput): readonly number[] {
  return shards.filter(({ reports }) => reports.length === 0).map(({ shard }) => shard);
}

export function noReport(input: StatusInput): Verdict | undefined {
  const silent = silentShards(input);
  if (silent.length === 0) return undefined;
  const names = silent.slice(0, 10).join(', ');
  const more = silent.length > 10 ? ` and ${silent.length - 10} more` : '';
  return isUnknown(
    'NoReport',
    `no report from shard ${names}${more} of ${input.shards.length}; kubectl get pods -l marketprism.io/feed=${input.observed.feed.metadata.name}`,
  );
}

/** The first problem of the given kinds among the shards that fail a test. */
export function problemAmong(
  shards: readonly ShardHealth[],
  reasons: readonly ProblemReason[],
): (Verdict & { readonly status: 'False' }) | undefined {
  const found = shards
    .flatMap(({ problems, shard }) => problems.map((problem) => ({ problem, shard })))
    .filter(({ problem }) => reasons.includes(problem.reason))
    .sort((a, b) => reasons.indexOf(a.problem.reason) - reasons.indexOf(b.problem.reason));
  const [first] = found;
  if (first === undefined) return undefined;
  return {
    status: 'False',
    reason: first.problem.reason,
    message: `shard ${first.shard}: ${problemText(first.problem)}`,
  };
}

function problemText({ message, sinceMs }: Problem): string {
  return sinceMs > 0 ? `${message} (since ${rfc3339(sinceMs)})` : message;
}
