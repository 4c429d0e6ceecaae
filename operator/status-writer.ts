import { isDeepStrictEqual } from 'node:util';
import { API_GROUP, API_VERSION, FEED_KIND, type CollectorFeed, type FeedStatus } from '../contract/feed.ts';
import { Backoff } from '../runtime/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import type { ApiObject } from './kube/api.ts';
import type { KubeClient } from './kube/client.ts';
import type { KubeFault } from './kube/fault.ts';
import { TokenBucket } from './kube/token-bucket.ts';
import { canonicalJson } from './plan/canonical.ts';

/** `transition`: a condition or the observed generation; `counts`: everything else. */
const LANES = ['transition', 'counts'] as const;
type Lane = (typeof LANES)[number];
/** `reason`: conditions stand as they stood, for another reason; in the lane of transitions. */
type Difference = Lane | 'reason';

const PER_SECOND: Readonly<Record<Lane, number>> = { transition: 50, counts: 5 };
/** Counts of one feed are written at most this often. */
const COUNTS_EVERY_MS = 5_000;
/** Reasons pass quickly while a feed begins or rolls: so long after a write only a condition that changes is written. */
const REASONS_EVERY_MS = 5_000;
const WIDTH = 10;
const CONFLICT_AGAIN_MS = 200;
const REFUSED_AGAIN_MS = 60_000;
const BACKOFF_MS = { firstMs: 250, maxMs: 30_000 };

export interface StatusWriterOptions {
  readonly client: Pick<KubeClient, 'applyStatus'>;
  readonly clock: Clock;
  readonly random: () => number;
  /** The feed as the cache has it: its resourceVersion is the precondition. */
  readonly current: (uid: string) => CollectorFeed | undefined;
  readonly mayWrite: () => boolean;
  readonly onFault: (feed: CollectorFeed, fault: KubeFault) => void;
  readonly onWritten?: (feed: CollectorFeed, before: FeedStatus | undefined, after: FeedStatus) => void;
}

interface Entry {
  wanted: FeedStatus;
  /** As the API server has it, as far as we know. */
  written: FeedStatus | undefined;
  /** Newer than the cache's after a write of our own. */
  resourceVersion: string | undefined;
  writing: boolean;
  notBeforeMs: number;
  countsNotBeforeMs: number;
  reasonsNotBeforeMs: number;
  difference: Difference | undefined;
}

/** Writes what differs, transitions first, each lane at its rate. One entry a feed, so the map is as large as the cache. */
export class StatusWriter {
  readonly counters = { written: 0, suppressed: 0, conflicts: 0, failed: 0, dropped: 0 };
  readonly #options: StatusWriterOptions;
  readonly #buckets: Readonly<Record<Lane, TokenBucket>>;
  readonly #backoff: Backoff;
  readonly #entries = new Map<string, Entry>();
  readonly #pending: Readonly<Record<Lane, Set<string>>> = { transition: new Set(), counts: new Set() };
  readonly #flights = new Set<Promise<void>>();
  #timer: { readonly dueMs: number; readonly cancel: () => void } | undefined;
  #pausedUntilMs = 0;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
    this.#backoff = new Backoff({ ...BACKOFF_MS, random: options.random });
    this.#buckets = {
      transition: new TokenBucket(options.clock, PER_SECOND.transition),
      counts: new TokenBucket(options.clock, PER_SECOND.counts),
    };
  }

  /** Statuses that wait to be written. */
  get pending(): number {
    return this.#pending.transition.size + this.#pending.counts.size;
  }

  /** The status that was offered last. */
  latest(uid: string): FeedStatus | undefined {
    return this.#entries.get(uid)?.wanted;
  }

  offer(feed: CollectorFeed, wanted: FeedStatus): void {
    const { uid } = feed.metadata;
    let entry = this.#entries.get(uid);
    if (entry === undefined) {
      const first = { written: feed.status, resourceVersion: undefined, writing: false };
      const free = { notBeforeMs: 0, countsNotBeforeMs: 0, reasonsNotBeforeMs: 0 };
      entry = { wanted, ...first, ...free, difference: undefined };
      this.#entries.set(uid, entry);
    }
    entry.wanted = wanted;
    if (this.#sort(uid, entry) === undefined) this.counters.suppressed += 1;
    this.#pump();
  }

  forget(uid: string): void {
    this.#entries.delete(uid);
    this.#pending.transition.delete(uid);
    this.#pending.counts.delete(uid);
  }

  /** No longer leader: another writes now, and what the server has is no longer known. */
  reset(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const uid of this.#entries.keys()) this.forget(uid);
  }

  /** Everything that waits, without regard to rates, for at most that long; at the end of the process. */
  async flush(limitMs: number): Promise<void> {
    const deadline = new AbortController();
    const cancel = this.#options.clock.after(limitMs, () => deadline.abort());
    await Promise.all(this.#flights);
    const waiting = LANES.flatMap((lane) => [...this.#pending[lane]]);
    for (let from = 0; from < waiting.length && !deadline.signal.aborted; from += WIDTH)
      await Promise.all(waiting.slice(from, from + WIDTH).map((uid) => this.#write(uid, deadline.signal)));
    cancel();
  }

  #sort(uid: string, entry: Entry): Difference | undefined {
    this.#pending.transition.delete(uid);
    entry.difference = differenceOf(entry.written, entry.wanted);
    if (entry.difference === 'counts') this.#pending.counts.add(uid);
    else this.#pending.counts.delete(uid);
    if (entry.difference === 'transition' || entry.difference === 'reason') this.#pending.transition.add(uid);
    return entry.difference;
  }

  #pump(): void {
    const nowMs = this.#options.clock.nowMs();
    if (!this.#options.mayWrite()) return;
    if (nowMs < this.#pausedUntilMs) return this.#later(this.#pausedUntilMs - nowMs);
    for (const lane of LANES) this.#pumpLane(lane, nowMs);
    return undefined;
  }

  #pumpLane(lane: Lane, nowMs: number): void {
    for (const uid of this.#pending[lane]) {
      const entry = this.#entries.get(uid);
      if (entry === undefined || entry.writing) continue;
      const dueMs = Math.max(entry.notBeforeMs, notBeforeMs(entry));
      if (dueMs > nowMs) {
        this.#later(dueMs - nowMs);
        continue;
      }
      if (this.#flights.size >= WIDTH) return; // The end of a write pumps again.
      if (!this.#buckets[lane].take()) return this.#later(this.#buckets[lane].waitMs());
      const flight = this.#write(uid).finally(() => {
        this.#flights.delete(flight);
        this.#pump();
      });
      this.#flights.add(flight);
    }
  }

  #later(delayMs: number): void {
    const { clock } = this.#options;
    const dueMs = clock.nowMs() + delayMs;
    if (this.#timer !== undefined && this.#timer.dueMs <= dueMs) return;
    this.#timer?.cancel();
    const cancel = clock.after(delayMs, () => {
      this.#timer = undefined;
      this.#pump();
    });
    this.#timer = { dueMs, cancel };
  }

  async #write(uid: string, signal?: AbortSignal): Promise<void> {
    const { client, clock, current, onFault } = this.#options;
    const entry = this.#entries.get(uid);
    const feed = current(uid);
    if (entry === undefined || feed === undefined) return this.forget(uid);
    const { wanted } = entry;
    entry.writing = true;
    const written = await client.applyStatus(
      statusObject(feed, newer(entry.resourceVersion, feed.metadata.resourceVersion), wanted),
      signal === undefined ? {} : { signal },
    );
    entry.writing = false;
    const nowMs = clock.nowMs();
    if (written.ok) {
      this.counters.written += 1;
      this.#backoff.reset();
      this.#options.onWritten?.(feed, entry.written, wanted);
      entry.written = wanted;
      entry.resourceVersion = written.value.metadata.resourceVersion;
      entry.countsNotBeforeMs = nowMs + COUNTS_EVERY_MS;
      entry.reasonsNotBeforeMs = nowMs + REASONS_EVERY_MS;
    } else {
      if (written.fault.reason !== 'conflict') onFault(feed, written.fault);
      this.#failed(entry, written.fault, nowMs);
      if (written.fault.reason === 'notFound') return this.forget(uid);
    }
    if (this.#entries.get(uid) === entry) this.#sort(uid, entry);
    return undefined;
  }

  #failed(entry: Entry, { reason, retryAfterMs = 0 }: KubeFault, nowMs: number): void {
    switch (reason) {
      case 'conflict':
        this.counters.conflicts += 1;
        entry.resourceVersion = undefined;
        entry.notBeforeMs = nowMs + CONFLICT_AGAIN_MS;
        return;
      case 'notFound':
        this.counters.dropped += 1;
        return;
      case 'invalid':
      case 'forbidden':
        this.counters.failed += 1;
        entry.notBeforeMs = nowMs + REFUSED_AGAIN_MS;
        return;
      case 'gone':
      case 'tooManyRequests':
      case 'unauthorized':
      case 'unreachable':
      case 'server':
      case 'aborted':
        this.counters.failed += 1;
        this.#pausedUntilMs = nowMs + Math.max(retryAfterMs, this.#backoff.nextMs());
        return;
      default:
        reason satisfies never;
    }
  }
}

const notBeforeMs = ({ difference, countsNotBeforeMs, reasonsNotBeforeMs }: Entry): number => {
  if (difference === 'counts') return countsNotBeforeMs;
  return difference === 'reason' ? reasonsNotBeforeMs : 0;
};

function differenceOf(written: FeedStatus | undefined, wanted: FeedStatus): Difference | undefined {
  if (written === undefined || conditionsKey(written) !== conditionsKey(wanted)) return 'transition';
  if (reasonsKey(written) !== reasonsKey(wanted)) return 'reason';
  if (isDeepStrictEqual(written, wanted)) return undefined;
  const { observedTime: _, ...before } = written;
  const { observedTime: __, ...after } = wanted;
  return canonicalJson(before) === canonicalJson(after) ? undefined : 'counts';
}

const conditionsKey = ({ observedGeneration, conditions }: FeedStatus): string =>
  canonicalJson([observedGeneration, conditions?.map(({ type, status }) => [type, status])]);

/** Without messages: they hold numbers. */
const reasonsKey = ({ conditions }: FeedStatus): string =>
  canonicalJson(conditions?.map(({ type, reason }) => [type, reason]));

function statusObject(
  feed: CollectorFeed,
  resourceVersion: string | undefined,
  status: FeedStatus,
): ApiObject {
  const { name, namespace, uid } = feed.metadata;
  const object = {
    apiVersion: `${API_GROUP}/${API_VERSION}`,
    kind: FEED_KIND,
    // An old leader's status and one for a feed of the same name that is no more are refused.
    metadata: { name, namespace, uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
    status,
  };
  return object;
}

/** Resource versions grow (KEP 5504); the cache may be behind our own write. */
function newer(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.length > b.length || (a.length === b.length && a > b) ? a : b;
}
