import type { GapCounts } from './gaps.ts';
import type { Verdict } from './judge.ts';

/** What `verify` answers: the verdict with where it comes from, and what is wrong in words. */
export interface Outcome {
  readonly ok: boolean;
  /** Every reason why it is not ok; empty when it is. */
  readonly problems: readonly string[];
  readonly stream: string;
  readonly gapStream: string | null;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly deleted: number;
  /** Records that came while the stream was followed; null where it was not. */
  readonly liveRecords: number | null;
  readonly seconds: number;
  readonly recordsPerSecond: number;
  /** Of all records: those whose place in their venue's sequence was proved. */
  readonly verifiedPercent: number;
  /** Of all records: verified, with nothing wrong and nothing missing before them. */
  readonly cleanPercent: number;
  readonly nats: NatsReport | null;
  readonly verdict: Verdict;
}

export interface NatsReport {
  readonly server: string;
  readonly version: string;
  readonly jetstream: boolean;
  readonly monitor: string;
  /** As `/varz` counts them, while it was followed; null where the monitor was not read. */
  readonly inMessages: number | null;
  readonly outMessages: number | null;
}

export interface OutcomeInput extends Omit<
  Outcome,
  'ok' | 'problems' | 'verifiedPercent' | 'cleanPercent' | 'recordsPerSecond'
> {
  /** A gap that is recorded is no reason to fail. */
  readonly allowRecorded: boolean;
  /** Said of NATS. */
  readonly natsProblems: readonly string[];
}

export function outcomeOf({ allowRecorded, natsProblems, ...input }: OutcomeInput): Outcome {
  const { verdict, seconds, liveRecords } = input;
  const { records, verified, clean, gapRecords } = verdict;
  const problems = [...natsProblems];
  if (records === 0) problems.push('no record in the range: nothing is proved');
  else if (liveRecords === 0) problems.push('no record came while the stream was followed');
  for (const [kind, count] of Object.entries(verdict.faults)) problems.push(`${kind}: ${count}`);
  const stated = verdict.gaps.recorded + verdict.gaps.open;
  if (stated > 0 && !allowRecorded) problems.push(`missing, as gap records say: ${stated}`);
  return {
    ok: problems.length === 0,
    problems,
    ...input,
    recordsPerSecond: seconds === 0 ? 0 : Math.round((records + gapRecords) / seconds),
    verifiedPercent: percent(verified, records),
    cleanPercent: percent(clean, records),
  };
}

/** Two decimals, rounded down: 100 means all. */
function percent(part: number, all: number): number {
  return all === 0 ? 0 : Math.floor((part / all) * 10_000) / 100;
}

const MAX_FAULT_LINES = 20;
const MAX_SUBJECT_LINES = 50;

/** For people: what was read, each subject in a line, what is wrong, the result. */
export function outcomeText(outcome: Outcome): string {
  const { verdict, nats } = outcome;
  const lines = [
    `${outcome.stream} ${outcome.firstSequence}..${outcome.lastSequence}: ${verdict.records} records, ` +
      `${verdict.gapRecords} gap records in ${outcome.seconds.toFixed(1)} s (${outcome.recordsPerSecond}/s)` +
      (outcome.liveRecords === null ? '' : `, ${outcome.liveRecords} of them live`),
    ...(nats === null ? [] : natsLines(nats)),
    ...subjectLines(outcome),
    `verified ${outcome.verifiedPercent} %, clean ${outcome.cleanPercent} %`,
    `gaps: ${gapText(verdict.gaps)}`,
    ...faultLines(verdict),
    outcome.ok ? 'ok' : `NOT OK: ${outcome.problems.join('; ')}`,
  ];
  return `${lines.join('\n')}\n`;
}

function natsLines({ server, version, jetstream, monitor, inMessages, outMessages }: NatsReport): string[] {
  const flow = inMessages === null ? '' : `, ${inMessages} messages in and ${outMessages} out meanwhile`;
  return [
    `nats-server ${version} at ${server}, JetStream ${jetstream ? 'on' : 'OFF'}, monitor ${monitor}${flow}`,
  ];
}

function gapText(gaps: GapCounts): string {
  const missing = gaps.missingTrades === 0 ? '' : `, ${gaps.missingTrades} trades missing`;
  return `${gaps.recorded} recorded, ${gaps.open} open, ${gaps.unrecorded} unrecorded, ${gaps.invented} invented${missing}`;
}

function subjectLines({ verdict }: Outcome): string[] {
  const lines = verdict.subjects.slice(0, MAX_SUBJECT_LINES).map((subject) => {
    const { book, trades, gaps, records, clean } = subject;
    const parts = [`${records} records`, `clean ${percent(clean, records)} %`];
    if (gaps.recorded + gaps.open + gaps.unrecorded > 0) parts.push(`gaps ${gapText(gaps)}`);
    if (book !== null) {
      const state = book.isCurrent ? '' : book.id === null ? ' (no snapshot)' : ' (stands since a gap)';
      parts.push(`book ${book.digest ?? '-'} at ${book.id ?? '-'}${state}`);
      parts.push(`${book.bids}x${book.asks} levels, compared ${book.compared} times`);
    }
    if (trades !== null)
      parts.push(
        trades.firstId === null
          ? 'trades are not counted by the venue'
          : `trades ${trades.firstId}..${trades.lastId}`,
      );
    return `  ${subject.subject}: ${parts.join(', ')}`;
  });
  const more = verdict.subjects.length - lines.length;
  return more > 0 ? [...lines, `  and ${more} more subjects (--json has all)`] : lines;
}

function faultLines({ details, faultTotal }: Verdict): string[] {
  const lines = details
    .slice(0, MAX_FAULT_LINES)
    .map(({ kind, subject, sequence, text }) => `  ${kind} ${subject} ${sequence}: ${text}`);
  const more = faultTotal - lines.length;
  return more > 0 ? [...lines, `  and ${more} more (--json has the first 1000)`] : lines;
}
