import type { Subscription } from '@nats-io/nats-core';
import { parseReport } from '../contract/control-messages.ts';
import { ALL_REPORTS, type CollectorReport } from '../contract/control.ts';
import type { Clock } from '../runtime/clock.ts';
import { IntegrityTally } from './integrity-tally.ts';
import { CONFIRMED_FRESH_MS, REPORT_FRESH_MS } from './plan/freshness.ts';
import type { ReceivedReport } from './plan/types.ts';

/** `transition`: a condition may change; `counts`: only numbers did. */
export type ReportChange = 'transition' | 'counts';

export interface ReportBookOptions {
  readonly clock: Clock;
  readonly onChange: (feedUid: string, change: ReportChange) => void;
  readonly limits?: Partial<ReportLimits>;
}

export interface ReportLimits {
  /** Pods of one feed; above it the stalest makes room. */
  readonly perFeed: number;
  readonly total: number;
  /** Feeds that nobody told us of; their reports go after `unknownMs`. */
  readonly unknownFeeds: number;
}

const LIMITS: ReportLimits = { perFeed: 2_000, total: 20_000, unknownFeeds: 1_000 };
/** How long the last word of a pod that ended is kept: its ledger settles the count. */
const KEPT_MS = 120_000;
const UNKNOWN_KEPT_MS = 60_000;

interface FeedReports {
  known: boolean;
  readonly sinceMs: number;
  readonly byPod: Map<string, ReceivedReport>;
  /** Pods whose report was fresh at the last sweep. */
  readonly fresh: Set<string>;
  readonly tally: IntegrityTally;
}

/** The newest report of each pod of each feed, in memory, bounded; every refusal is counted. */
export class ReportBook {
  readonly counters = { received: 0, malformed: 0, outdated: 0, refused: 0, evicted: 0 };
  readonly #options: ReportBookOptions;
  readonly #limits: ReportLimits;
  readonly #feeds = new Map<string, FeedReports>();
  #total = 0;

  constructor(options: ReportBookOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  get size(): number {
    return this.#total;
  }

  /** A feed that exists: its reports are kept, its integrity goes on from what its status says. */
  adopt(feedUid: string, before: Parameters<IntegrityTally['adopt']>[0]): void {
    const feed = this.#feeds.get(feedUid) ?? this.#open(feedUid);
    if (feed.known) return;
    feed.known = true;
    feed.tally.adopt(before);
  }

  forget(feedUid: string): void {
    this.#total -= this.#feeds.get(feedUid)?.byPod.size ?? 0;
    this.#feeds.delete(feedUid);
  }

  of(feedUid: string): readonly ReceivedReport[] {
    return [...(this.#feeds.get(feedUid)?.byPod.values() ?? [])];
  }

  integrity(feedUid: string): { readonly gaps: number; readonly resyncs: number } {
    return this.#feeds.get(feedUid)?.tally.sum() ?? { gaps: 0, resyncs: 0 };
  }

  receive(text: string): void {
    this.counters.received += 1;
    const report = parseReport(text);
    if (report === undefined) {
      this.counters.malformed += 1;
      return;
    }
    const feed = this.#feeds.get(report.feedUid) ?? this.#openUnknown(report.feedUid);
    const before = feed?.byPod.get(report.pod);
    if (feed === undefined || (before === undefined && !this.#room(feed))) {
      this.counters.refused += 1;
      return;
    }
    // Core NATS keeps the order of one publisher; a process that was replaced may still have one under way.
    if (before !== undefined && before.startedMs > report.startedMs) {
      this.counters.outdated += 1;
      return;
    }
    if (before === undefined) this.#total += 1;
    const received: ReceivedReport = { ...report, receivedMs: this.#options.clock.nowMs() };
    feed.byPod.set(report.pod, received);
    feed.tally.add(received);
    const wasFresh = feed.fresh.has(report.pod);
    feed.fresh.add(report.pod);
    const same = wasFresh && before !== undefined && transitionKey(before) === transitionKey(received);
    this.#options.onChange(report.feedUid, same ? 'counts' : 'transition');
  }

  /** Once a second: what has become stale is a transition, what is long over goes. */
  sweep(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const [uid, feed] of this.#feeds) {
      let stale = false;
      for (const [pod, report] of feed.byPod) {
        const ageMs = nowMs - report.receivedMs;
        if (ageMs > REPORT_FRESH_MS && feed.fresh.delete(pod)) stale = true;
        if (ageMs > KEPT_MS) this.#drop(feed, pod);
      }
      if (!feed.known && nowMs - feed.sinceMs > UNKNOWN_KEPT_MS) this.forget(uid);
      else if (stale) this.#options.onChange(uid, 'transition');
    }
  }

  #open(feedUid: string): FeedReports {
    const feed: FeedReports = {
      known: false,
      sinceMs: this.#options.clock.nowMs(),
      byPod: new Map(),
      fresh: new Set(),
      tally: new IntegrityTally(),
    };
    this.#feeds.set(feedUid, feed);
    return feed;
  }

  /** Reports may come before the watch has named the feed. */
  #openUnknown(feedUid: string): FeedReports | undefined {
    let unknown = 0;
    for (const feed of this.#feeds.values()) if (!feed.known) unknown += 1;
    return unknown < this.#limits.unknownFeeds ? this.#open(feedUid) : undefined;
  }

  #room(feed: FeedReports): boolean {
    if (feed.byPod.size >= this.#limits.perFeed) {
      const [stalest] = [...feed.byPod.values()].sort((a, b) => a.receivedMs - b.receivedMs);
      if (stalest === undefined || feed.fresh.has(stalest.pod)) return false;
      this.#drop(feed, stalest.pod);
      this.counters.evicted += 1;
    }
    return this.#total < this.#limits.total;
  }

  #drop(feed: FeedReports, pod: string): void {
    if (feed.byPod.delete(pod)) this.#total -= 1;
    feed.fresh.delete(pod);
  }
}

/** Everything of a report that a condition or the plan reads, but no running number. */
function transitionKey(report: CollectorReport): string {
  const { symbols, flow, publish } = report;
  return JSON.stringify([
    report.writer,
    report.epoch,
    report.terminating,
    [symbols.assigned, symbols.inSync, symbols.resyncing, symbols.named],
    [symbols.unknown, symbols.duplicates],
    [flow.connected, flow.flowing],
    [publish.connected, report.sentMs - publish.lastConfirmedMs <= CONFIRMED_FRESH_MS],
    publish.spilledBytes > 0,
    report.problems.map(({ reason }) => reason),
    report.ledger === null,
    report.ledger?.stream.created,
    report.ledger?.lost.length,
  ]);
}

/** What the book needs of a connection. */
export interface ReportSource {
  subscribe(
    subject: string,
    options: { readonly callback: (error: Error | null, message: { string(): string }) => void },
  ): Pick<Subscription, 'unsubscribe'>;
}

/** Every report on this connection goes into the book, until the connection ends. */
export function followReports(source: ReportSource, book: ReportBook, onError: (error: Error) => void): void {
  source.subscribe(ALL_REPORTS, {
    callback: (error, message) => {
      if (error === null) book.receive(message.string());
      else onError(error);
    },
  });
}
