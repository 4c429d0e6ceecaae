import { effectiveFeed, type DefaultsOverlay, type EffectiveFeed } from '../contract/effective.ts';
import type { CollectorFeed, FeedStatus } from '../contract/feed.ts';
import type { AssignmentPusher } from './assignments.ts';
import type { Caches } from './caches.ts';
import type { CatalogueBook } from './catalogues.ts';
import type { LedgerBook } from './ledgers.ts';
import type { Neighbours } from './neighbours.ts';
import { isFresh } from './plan/health.ts';
import { selectSymbols } from './plan/selection.ts';
import type { Observed, ReceivedReport } from './plan/types.ts';
import type { RollBook } from './roll-book.ts';
import type { ReportBook } from './reports.ts';
import type { StreamKeeper } from './streams.ts';

export interface ObserveDeps {
  readonly caches: Pick<Caches, 'owned' | 'pods'>;
  readonly reports: Pick<ReportBook, 'of' | 'integrity' | 'adopt'>;
  readonly pusher: Pick<AssignmentPusher, 'acknowledged'>;
  readonly streams: Pick<StreamKeeper, 'observe'>;
  readonly ledgers: Pick<LedgerBook, 'of'>;
  readonly catalogues: Pick<CatalogueBook, 'observe'>;
  readonly neighbours: Pick<Neighbours, 'set' | 'of'>;
  readonly rolls: Pick<RollBook, 'of'>;
  /** The status that was computed last, written or not yet; undefined before the first. */
  readonly latestStatus: (feedUid: string) => FeedStatus | undefined;
  readonly defaults: DefaultsOverlay;
  readonly nowMs: () => number;
}

/** Everything that is known of a feed at this moment, from memory alone; what is not known yet is asked for besides. */
export function observe(feed: CollectorFeed, deps: ObserveDeps): Observed {
  const { uid } = feed.metadata;
  const nowMs = deps.nowMs();
  const objects = deps.caches.owned(uid);
  const catalogue = deps.catalogues.observe(uid, effectiveFeed(feed, deps.defaults));
  const { effective } = selectSymbols({ feed, catalogue, objects, nowMs }, deps.defaults);
  // The spec alone does not tell what a selector stands for.
  deps.neighbours.set(feed, effective);
  const previous = deps.latestStatus(uid) ?? feed.status;
  deps.reports.adopt(uid, previous);
  const reports = deps.reports.of(uid);
  return {
    feed,
    objects,
    pods: deps.caches.pods(uid),
    reports,
    ledgers: deps.ledgers.of(uid, isSilent(effective, reports, nowMs)),
    acknowledged: deps.pusher.acknowledged(uid),
    integrity: deps.reports.integrity(uid),
    stream: deps.streams.observe(uid, effective),
    catalogue,
    neighbours: { ...deps.neighbours.of(uid), ...deps.rolls.of(feed, effective) },
    previous,
    nowMs,
  };
}

/** Some shard has nobody who reports its ledger. */
function isSilent(effective: EffectiveFeed, reports: readonly ReceivedReport[], nowMs: number): boolean {
  const heard = new Set(reports.filter((report) => isFresh(report, nowMs)).map(({ shard }) => shard));
  return Array.from({ length: effective.collectors }, (_, shard) => shard).some((shard) => !heard.has(shard));
}
