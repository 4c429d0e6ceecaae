import type { EffectiveFeed } from '../../contract/effective.ts';
import type { WriterEntry } from '../../contract/ledger.ts';
import { REPORT_FRESH_MS } from './freshness.ts';
import { isFresh, shardHealths } from './health.ts';
import type { DeadWriter, Observed } from './types.ts';

/**
 * Open entries of the ledgers whose process cannot come back: its pod is gone, or the pod runs another process by now.
 * Only where a pod that stays can recount it. A pod that is there and silent is not dead: it may be cut off.
 */
export function deadWriters(observed: Observed, effective: EffectiveFeed): readonly DeadWriter[] {
  return shardHealths(observed, effective).flatMap(({ shard, reports }) => {
    if (!reports.some(({ terminating }) => !terminating)) return [];
    const open = new Map<string, WriterEntry>();
    const closed = new Set<string>();
    for (const { ledger } of reports)
      for (const [writer, entry] of Object.entries(ledger?.writers ?? {}))
        if (entry.closed) closed.add(writer);
        else open.set(writer, entry);
    return [...open]
      .filter(([writer, entry]) => !closed.has(writer) && isDead(writer, entry, observed))
      .map(([writer]) => ({ shard, writer }))
      .sort((a, b) => (a.writer < b.writer ? -1 : 1));
  });
}

/** A writer is `<pod>.<mark of its start>`. The list of pods may lag, so a young entry without a pod is not judged yet. */
function isDead(writer: string, entry: WriterEntry, { pods, reports, nowMs }: Observed): boolean {
  if (reports.some((report) => report.writer === writer && isFresh(report, nowMs))) return false;
  const pod = pods.find(({ name }) => writer.startsWith(`${name}.`));
  if (pod === undefined) return nowMs - entry.updatedMs > REPORT_FRESH_MS;
  return reports.some((report) => report.pod === pod.name && report.writer !== writer);
}
