import type { Metrics, Sample } from '../../runtime/metrics.ts';
import type { CollectorState } from '../report.ts';

/** What a book is held against besides its chain, and the events in which the venue side counts how it went. */
const CHECKS = {
  top: { equal: 'topEqual', mismatch: 'topMismatch' },
  checksum: { equal: 'checksumEqual', mismatch: 'checksumMismatch' },
  audit: { equal: 'auditEqual', mismatch: 'auditMismatch' },
} as const;

export function addBookChecks(metrics: Metrics, state: () => CollectorState): void {
  metrics.counter({
    name: 'book_checks_total',
    help: "Books held against the venue's own top, checksum or REST book at the same id, by result.",
    labels: ['check', 'result'],
    read: () =>
      Object.entries(CHECKS).flatMap(([check, events]) =>
        Object.entries(events).map(([result, event]) => ({
          labels: { check, result },
          value: state().session?.counters[event] ?? 0,
        })),
      ),
  });
  metrics.gauge({
    name: 'book_check_match_ratio',
    help: 'Equal of all compared since the start; absent while nothing was compared.',
    labels: ['check'],
    read: () => Object.entries(CHECKS).flatMap(([check, events]) => ratio(check, events, state())),
  });
}

function ratio(
  check: string,
  { equal, mismatch }: { readonly equal: string; readonly mismatch: string },
  { session }: CollectorState,
): readonly Sample[] {
  const equals = session?.counters[equal] ?? 0;
  const compared = equals + (session?.counters[mismatch] ?? 0);
  return compared === 0 ? [] : [{ labels: { check }, value: equals / compared }];
}
