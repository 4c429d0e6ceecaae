import { DEFAULT_STREAM } from '../contract/effective.ts';
import { parseDurationMs } from '../contract/units.ts';
import type { RangeRequest } from '../verify/io/range.ts';

/** Options of `verify` as they were parsed. */
export interface Values {
  readonly [name: string]: string | boolean | readonly string[] | undefined;
}

/** Text: what cannot be used, and what would do. */
export function requestOf(values: Values, nowMs: number): RangeRequest | string {
  const problems: string[] = [];
  const text = (name: string): string | undefined =>
    typeof values[name] === 'string' ? values[name] : undefined;
  const list = (name: string): readonly string[] => (Array.isArray(values[name]) ? values[name] : []);
  const whole = (name: string): number | undefined => {
    const value = text(name);
    if (value === undefined) return undefined;
    if (/^[1-9]\d{0,14}$/.test(value)) return Number(value);
    problems.push(`--${name} is "${value}": it has to be a whole number of at least 1`);
    return undefined;
  };
  const time = (name: string): number | undefined => {
    const value = text(name);
    const agoMs = value === undefined ? undefined : parseDurationMs(value);
    if (value === undefined || agoMs !== undefined) return agoMs === undefined ? undefined : nowMs - agoMs;
    const at = Date.parse(value);
    if (!Number.isNaN(at)) return at;
    problems.push(
      `--${name} is "${value}": it has to be a time like 2026-01-31T12:00:00Z or a duration like 15m`,
    );
    return undefined;
  };
  const [from, to, since, until] = [whole('from'), whole('to'), time('since'), time('until')];
  const seconds = whole('seconds');
  const every = text('snapshot-every');
  const everyMs = every === undefined ? undefined : parseDurationMs(every);
  if (every !== undefined && everyMs === undefined)
    problems.push(`--snapshot-every is "${every}": it has to be a duration like 5m`);
  if ([from, since, seconds].filter((one) => one !== undefined).length > 1)
    problems.push('--from, --since and --seconds exclude each other');
  if (seconds !== undefined && (to !== undefined || until !== undefined))
    problems.push('--seconds ends by itself: leave out --to and --until');
  if (from !== undefined && to !== undefined && to < from) problems.push('--to is before --from');
  if (problems.length > 0) return problems.join('; ');
  return {
    stream: text('stream') ?? DEFAULT_STREAM,
    gapStream: text('gap-stream') ?? null,
    subjects: list('subject'),
    feeds: list('feed'),
    from: startOf({ from, since, seconds }),
    toSequence: to ?? null,
    untilMs: until ?? null,
    snapshotEveryMs: everyMs ?? null,
    domain: text('domain') ?? null,
  };
}

function startOf({
  from,
  since,
  seconds,
}: Readonly<Record<'from' | 'since' | 'seconds', number | undefined>>): RangeRequest['from'] {
  if (seconds !== undefined) return { kind: 'live', seconds };
  if (since !== undefined) return { kind: 'time', timeMs: since };
  return { kind: 'sequence', sequence: from ?? 1 };
}
