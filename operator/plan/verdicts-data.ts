import type { ProblemReason } from '../../contract/control.ts';
import type { ShardLedger } from '../../contract/ledger.ts';
import { isFresh } from './health.ts';
import type { SelectionView } from './selection.ts';
import {
  isFalse,
  isTrue,
  isUnknown,
  noReport,
  nothingSelected,
  paused,
  listed,
  pendingText,
  problemAmong,
  silentShards,
  takenSymbols,
  type StatusInput,
  type Verdict,
} from './verdicts.ts';

const VENUE_PROBLEMS: readonly ProblemReason[] = [
  'RegionRefused',
  'VenueUnreachable',
  'VenueRefused',
  'VenueSilent',
  'RateLimited',
  'SubscriptionRefused',
  'StreamNotOffered',
];
/** What a server cannot do says more than that the stream is missing. */
const STREAM_PROBLEMS: readonly ProblemReason[] = [
  'ServerTooOld',
  'ReplicasUnavailable',
  'StorageInsufficient',
  'AccountLimit',
  'StreamOverlap',
  'StreamRefused',
  'JetStreamUnavailable',
  'StreamMissing',
];
const NATS_PROBLEMS: readonly ProblemReason[] = [
  'CredentialsMissing',
  'NatsAuthorization',
  'NatsUnreachable',
  ...STREAM_PROBLEMS,
  'BufferFull',
  'SpillFailed',
  'PublishTimeout',
  'DuplicateWindowShort',
];

/** A connection that stands outlives them: the next one fails. */
const LOGIN_PROBLEMS: readonly ProblemReason[] = ['CredentialsMissing', 'NatsAuthorization'];

export function dataFlowing(input: StatusInput): Verdict {
  const stopped = paused(input) ?? nothingSelected(input.plan.selection);
  if (stopped !== undefined) return stopped;
  const quiet = input.shards.filter(({ reports, flowing }) => reports.length > 0 && !flowing);
  if (quiet.length > 0)
    return (
      problemAmong(quiet, VENUE_PROBLEMS) ??
      isFalse('VenueSilent', `shard ${quiet[0]?.shard}: no frame or heartbeat in the pace of its streams`)
    );
  return noReport(input) ?? isTrue('Collecting', 'every stream keeps its pace');
}

export function publishing(input: StatusInput): Verdict {
  const stopped = paused(input);
  if (stopped !== undefined) return stopped;
  const unconfirmed = input.shards.filter(({ reports, publishing }) => reports.length > 0 && !publishing);
  if (unconfirmed.length > 0)
    return (
      problemAmong(unconfirmed, NATS_PROBLEMS) ??
      isFalse('PublishTimeout', `shard ${unconfirmed[0]?.shard}: JetStream has confirmed nothing for 30 s`)
    );
  const refused = problemAmong(input.shards, LOGIN_PROBLEMS);
  return (
    noReport(input) ??
    (refused === undefined
      ? isTrue('Publishing', 'JetStream confirms')
      : isTrue('LoginRefused', `JetStream confirms, but ${refused.message}`))
  );
}

export function streamReady(input: StatusInput): Verdict {
  const { observed, plan, shards } = input;
  const { stream } = observed;
  if (stream.kind === 'delegated') return delegatedStream(input);
  switch (stream.kind) {
    case 'refused':
      return isFalse(stream.reason, stream.message);
    case 'ready':
      return stream.foreignOwner === null
        ? isTrue('StreamEnsured', `stream ${stream.name} is as declared`)
        : isTrue(
            'ForeignStream',
            `stream ${stream.name} belongs to ${stream.foreignOwner}: used, not changed`,
          );
    case 'pending':
      return isUnknown('StreamPending', `stream ${plan.effective.stream.name} has not been looked at yet`);
    default:
      return (
        problemAmong(shards, ['NatsUnreachable', 'NatsAuthorization', ...STREAM_PROBLEMS]) ??
        isUnknown('NatsUnreachable', stream.message)
      );
  }
}

/** The feed's shard 0 ensures it and says what NATS answered. */
function delegatedStream(input: StatusInput): Verdict {
  const first = input.shards.slice(0, 1);
  const problem = problemAmong(first, STREAM_PROBLEMS);
  if (problem !== undefined) return problem;
  if (first[0]?.publishing === true)
    return isTrue('StreamUsable', `stream ${input.plan.effective.stream.name} takes the feed's records`);
  return (
    problemAmong(first, ['NatsUnreachable', 'NatsAuthorization', 'CredentialsMissing']) ??
    isUnknown('NoReport', 'shard 0 ensures the stream and has not reported it yet')
  );
}

export function symbolsResolved(input: StatusInput): Verdict {
  const { plan, shards } = input;
  const fault = plan.faults.find(({ reason }) => reason === 'NoSymbols');
  if (fault !== undefined) return isFalse(fault.reason, fault.message);
  const without = nothingSelected(plan.selection);
  if (without !== undefined) return paused(input) === undefined ? without : { ...without, status: 'Unknown' };
  const reports = shards.flatMap((shard) => shard.reports);
  const unknown = unique(
    reports.flatMap(({ symbols }) => symbols.unknown.map(({ symbol, reason }) => `${symbol} (${reason})`)),
  );
  const doubled = unique(
    reports.flatMap(({ symbols }) => symbols.duplicates.map(({ symbol, of }) => `${symbol} is ${of}`)),
  );
  const taken = takenSymbols(input);
  if (taken !== undefined && unknown.length > 0)
    return { ...taken, message: `${taken.message}; unknown to the venue: ${listed(unknown)}` };
  if (taken !== undefined) return taken;
  if (unknown.length > 0 && plan.selection.kind !== 'listed')
    return isFalse(
      'UnknownSymbols',
      `selected, and not collected: ${listed(unknown)}; the next reading of the venue's list settles it, the rest is collected`,
    );
  if (unknown.length > 0)
    return isFalse(
      'UnknownSymbols',
      `spec.symbols: ${listed(unknown)}; correct or remove ${unknown.length === 1 ? 'it' : 'them'}, the rest is collected`,
    );
  const stopped = paused(input);
  if (stopped !== undefined) return { ...stopped, status: 'Unknown' };
  const silent = noReport(input);
  if (silent !== undefined) return silent;
  if (plan.selection.kind !== 'listed') return selected(plan.selection);
  return doubled.length > 0
    ? isTrue('DuplicateSpellings', `spec.symbols: ${listed(doubled)}; collected once, remove one spelling`)
    : isTrue('AllSymbolsKnown', 'the venue lists every symbol');
}

function selected(selection: Exclude<SelectionView, { kind: 'listed' }>): Verdict {
  if (selection.kind === 'pending') return isUnknown('CataloguePending', pendingText(selection));
  const { matching, taken } = selection;
  return matching > taken
    ? isTrue(
        'SelectorCut',
        `spec.symbolSelector: ${matching} instruments satisfy it, the first ${taken} by name are taken; raise maxSymbols, or narrow it`,
      )
    : isTrue('SelectorResolved', `spec.symbolSelector: ${taken} instruments satisfy it`);
}

const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)].sort();

export function countsExact(input: StatusInput): Verdict {
  const { counts, observed } = input;
  const lost = counts.ledgers.flatMap((ledger) => ledger.lost);
  if (lost.length > 0) return rangeLost(lost, counts.messages.total);
  if (!counts.complete)
    return (
      noReport(input) ??
      isUnknown('NoReport', 'not every shard has said its count under the present assignment yet')
    );
  if (counts.settled && counts.counted < counts.messages.total && silentShards(input).length === 0)
    return isFalse(
      'LedgerReset',
      `the ledgers say ${counts.counted}, before it was ${counts.messages.total}: what was stored between is unknown`,
    );
  const open = counts.ledgers.flatMap(({ writers }) =>
    Object.entries(writers).filter(([, entry]) => !entry.closed),
  );
  const dead = open.filter(
    ([writer]) =>
      !observed.reports.some((report) => report.writer === writer && isFresh(report, observed.nowMs)),
  );
  if (dead.length > 0)
    return isUnknown(
      'WriterUnsettled',
      `${listed(dead.map(([writer]) => writer))} ended without closing its count; ${
        input.plan.effective.paused
          ? 'it is recounted when the feed collects again'
          : 'its successor recounts it'
      }`,
    );
  return isTrue('Exact', 'every stored record is counted once');
}

function rangeLost(lost: ShardLedger['lost'], total: number): Verdict {
  const ranges = lost
    .slice(0, 5)
    .map(({ fromSequence, toSequence }) => `${fromSequence}..${toSequence < 0 ? 'end' : toSequence}`);
  const bounded = lost.every(({ toSequence }) => toSequence >= 0);
  const most = lost.reduce((sum, range) => sum + Math.max(0, range.toSequence - range.fromSequence + 1), 0);
  const bounds = bounded
    ? `between ${total} and ${total + most}`
    : `at least ${total}, no upper bound is known`;
  return isFalse(
    'RangeLost',
    `stream sequences ${ranges.join(', ')} were taken before they were recounted; the true total is ${bounds}`,
  );
}
