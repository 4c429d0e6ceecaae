import { isFalse, isTrue, listed, noReport, paused, type StatusInput, type Verdict } from './verdicts.ts';
import type { ShardHealth } from './health.ts';

/** Busier than this, and what comes waits noticeably for its turn. */
const HOT = 0.8;
/** A shard that was hot counts as such down to here, so that the condition does not come and go. */
const STILL_HOT = 0.6;

/**
 * A collector works on one thread, so a shard is hot when that has no time left. Symbols are placed by number, so twice as
 * many shards halve what each has to do, as far as it is not one symbol's.
 */
export function overloaded(input: StatusInput): Verdict {
  const stopped = paused(input);
  if (stopped !== undefined) return stopped;
  const { observed, plan, shards } = input;
  const was = observed.previous?.conditions?.find(({ type }) => type === 'Overloaded')?.status === 'True';
  const hot = shards.filter(({ load }) => load >= (was ? STILL_HOT : HOT));
  if (hot.length === 0)
    return noReport(input) ?? isFalse('WithinOneCore', 'no collector is busy all the time');
  const symbols = plan.effective.symbols.length;
  const splittable = hot.filter((shard) => symbolsOf(shard) > 1);
  if (splittable.length === 0) {
    const names = hot.flatMap(({ shard }) => plan.assignments[shard]?.assignment.symbols ?? []);
    return isTrue(
      'SymbolHot',
      `one symbol alone keeps shard ${listOf(hot)} busy (${listed(names)}): raise spec.template.resources.limits.cpu where it is below 1, or take streams out of spec.streams`,
    );
  }
  const collectors = Math.min(2 * shards.length, symbols);
  const { name, namespace } = observed.feed.metadata;
  return isTrue(
    'ShardHot',
    `shard ${listOf(splittable)} of ${shards.length} is busy all the time: set spec.sharding.collectors: ${collectors} (kubectl -n ${namespace} scale collectorfeed ${name} --replicas=${collectors}), or raise spec.template.resources.limits.cpu where it is below 1`,
  );
}

const symbolsOf = ({ reports }: ShardHealth): number =>
  Math.max(0, ...reports.map(({ symbols }) => symbols.assigned));

const listOf = (shards: readonly ShardHealth[]): string => listed(shards.map(({ shard }) => String(shard)));
