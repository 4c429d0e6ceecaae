import { Backoff } from '../../runtime/backoff.ts';
import type { Clock } from '../../runtime/clock.ts';

/** What a run of a key came to. */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'again'; readonly afterMs: number }
  /** Tried again with growing delay; `shared` when the trouble is not the key's own (API server away). */
  | { readonly kind: 'retry'; readonly error: string; readonly shared?: boolean }
  /** What was read is older than what was written, or somebody is still at it: tried again soon, and no trouble. */
  | { readonly kind: 'stale'; readonly reason: string }
  /** In vain until the resource changes; a new generation comes as a user change. */
  | { readonly kind: 'invalid'; readonly reason: string };

/** `user`: the resource changed. `child`: something owned changed. `resync`: nothing is known to have changed. */
export const PRIORITIES = ['user', 'child', 'resync'] as const;
export type Priority = (typeof PRIORITIES)[number];

export interface QueueOptions {
  readonly work: (key: string, signal: AbortSignal) => Promise<Outcome>;
  readonly concurrency: number;
  /** Most keys known at once: waiting, running or delayed. */
  readonly capacity: number;
  readonly clock: Clock;
  readonly random: () => number;
  /** There is room again after keys were refused: put in what may be missing. */
  readonly onRoom: () => void;
  /** `work` must not throw; what it throws is a bug, counted, reported here, and retried as one of the key's own. */
  readonly onPanic: (key: string, error: unknown) => void;
  readonly onOutcome?: (
    outcome: Outcome['kind'] | 'panic',
    workSeconds: number,
    waitedSeconds: number,
  ) => void;
}

const OWN_BACKOFF_MS = { firstMs: 100, maxMs: 300_000 };
const SHARED_BACKOFF_MS = { firstMs: 100, maxMs: 30_000 };
/** What it waits for is under way (a cache, a deletion): soon done, and nobody tells of all of it. */
const STALE_BACKOFF_MS = { firstMs: 100, maxMs: 5_000 };

interface Entry {
  /** Set while waiting for a worker. */
  waiting: { readonly priority: Priority; readonly sinceMs: number } | undefined;
  /** Set while a worker has it; `again` when it was added meanwhile. */
  running: { readonly sinceMs: number; again: Priority | undefined } | undefined;
  /** Set while it waits for time. */
  delayed: { readonly dueMs: number; readonly cancel: () => void; readonly retrying: boolean } | undefined;
  backoff: { readonly own: Backoff; readonly shared: Backoff; readonly stale: Backoff } | undefined;
}

export interface QueueCounts {
  adds: number;
  retries: number;
  refused: number;
  panics: number;
}

/** Each key at most once waiting and at most once running; what is added while it runs makes it run again after. */
export class WorkQueue {
  readonly counts: QueueCounts = { adds: 0, retries: 0, refused: 0, panics: 0 };
  readonly #options: QueueOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #lanes: Readonly<Record<Priority, Set<string>>> = {
    user: new Set(),
    child: new Set(),
    resync: new Set(),
  };
  #active = 0;
  #closed = false;
  #owesRoom = false;
  #signal: AbortSignal | undefined;
  #idle: (() => void)[] = [];

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  get depth(): number {
    return PRIORITIES.reduce((sum, priority) => sum + this.#lanes[priority].size, 0);
  }

  get active(): number {
    return this.#active;
  }

  /** Keys known, also those that only wait for time. */
  get size(): number {
    return this.#entries.size;
  }

  /** Age of the longest running work, milliseconds. */
  get longestRunningMs(): number {
    const nowMs = this.#options.clock.nowMs();
    const ages = [...this.#entries.values()].map(({ running }) =>
      running === undefined ? 0 : nowMs - running.sinceMs,
    );
    return Math.max(0, ...ages);
  }

  /** Workers run from now until the signal ends; the signal is handed to the work. Keys are kept in between. */
  start(signal: AbortSignal): void {
    this.#signal = signal;
    this.#pump();
  }

  /** No new work begins; what runs goes on, and keys are kept. */
  pause(): void {
    this.#signal = undefined;
  }

  /** For good: no timer is left behind. */
  close(): void {
    this.#closed = true;
    this.pause();
    for (const entry of this.#entries.values()) this.#undelay(entry);
  }

  /** Resolves when no work is running. */
  drained(): Promise<void> {
    if (this.#active === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  add(key: string, priority: Priority): boolean {
    this.counts.adds += 1;
    const entry = this.#entryOf(key);
    if (entry === undefined) return false;
    if (priority === 'user') entry.backoff = undefined;
    // A key in trouble keeps its delay for everything but the user's own change: its own writes make events too.
    else if (entry.delayed?.retrying === true) return true;
    this.#undelay(entry);
    if (entry.running !== undefined) entry.running.again = higher(entry.running.again, priority);
    else this.#enqueue(key, entry, priority);
    this.#pump();
    return true;
  }

  /** Runs the key no later than that; an earlier appointment stays. */
  after(key: string, delayMs: number): boolean {
    const entry = this.#entryOf(key);
    if (entry === undefined) return false;
    this.#delay(key, entry, delayMs, false);
    return true;
  }

  #entryOf(key: string): Entry | undefined {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    if (this.#entries.size >= this.#options.capacity) {
      this.counts.refused += 1;
      this.#owesRoom = true;
      return undefined;
    }
    const entry: Entry = { waiting: undefined, running: undefined, delayed: undefined, backoff: undefined };
    this.#entries.set(key, entry);
    return entry;
  }

  #enqueue(key: string, entry: Entry, priority: Priority): void {
    const { waiting } = entry;
    if (waiting !== undefined && higher(waiting.priority, priority) === waiting.priority) return;
    if (waiting !== undefined) this.#lanes[waiting.priority].delete(key);
    entry.waiting = { priority, sinceMs: waiting?.sinceMs ?? this.#options.clock.nowMs() };
    this.#lanes[priority].add(key);
  }

  #delay(key: string, entry: Entry, delayMs: number, retrying: boolean): void {
    const { clock } = this.#options;
    if (this.#closed) return;
    const dueMs = clock.nowMs() + delayMs;
    if (entry.waiting !== undefined) return;
    const { delayed } = entry;
    // An appointment neither shortens a backoff nor is put off by a later one; a backoff replaces both.
    if (delayed !== undefined && !retrying && (delayed.retrying || delayed.dueMs <= dueMs)) return;
    this.#undelay(entry);
    const cancel = clock.after(delayMs, () => {
      entry.delayed = undefined;
      if (entry.running !== undefined) entry.running.again = higher(entry.running.again, 'resync');
      else this.#enqueue(key, entry, 'resync');
      this.#pump();
    });
    entry.delayed = { dueMs, cancel, retrying };
  }

  #undelay(entry: Entry): void {
    entry.delayed?.cancel();
    entry.delayed = undefined;
  }

  #pump(): void {
    const { concurrency } = this.#options;
    const signal = this.#signal;
    if (signal === undefined || signal.aborted) return;
    while (this.#active < concurrency) {
      const key = this.#take();
      if (key === undefined) return;
      void this.#run(key, signal);
    }
  }

  #take(): string | undefined {
    for (const priority of PRIORITIES) {
      const lane = this.#lanes[priority];
      const [key] = lane;
      if (key === undefined) continue;
      lane.delete(key);
      return key;
    }
    return undefined;
  }

  async #run(key: string, signal: AbortSignal): Promise<void> {
    const { clock, work, onPanic, onOutcome } = this.#options;
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    const sinceMs = clock.nowMs();
    const waitedMs = sinceMs - (entry.waiting?.sinceMs ?? sinceMs);
    entry.waiting = undefined;
    entry.running = { sinceMs, again: undefined };
    this.#active += 1;
    let outcome: Outcome;
    let kind: Outcome['kind'] | 'panic';
    try {
      outcome = await work(key, signal);
      kind = outcome.kind;
    } catch (error) {
      this.counts.panics += 1;
      onPanic(key, error);
      outcome = { kind: 'retry', error: String(error) };
      kind = 'panic';
    }
    this.#active -= 1;
    onOutcome?.(kind, (clock.nowMs() - sinceMs) / 1_000, waitedMs / 1_000);
    this.#settle(key, entry, outcome);
    this.#pump();
    if (this.#active === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #settle(key: string, entry: Entry, outcome: Outcome): void {
    const again = entry.running?.again;
    entry.running = undefined;
    const isRetried = outcome.kind === 'retry' || outcome.kind === 'stale';
    if (isRetried) {
      this.counts.retries += 1;
      if (again !== 'user') this.#delay(key, entry, this.#retryDelay(entry, outcome), true);
    } else {
      entry.backoff = undefined;
      if (outcome.kind === 'again') this.#delay(key, entry, outcome.afterMs, false);
    }
    if (again === 'user' || (again !== undefined && !isRetried)) {
      this.#undelay(entry);
      this.#enqueue(key, entry, again);
    }
    if (entry.waiting !== undefined || entry.delayed !== undefined) return;
    this.#entries.delete(key);
    this.#offerRoom();
  }

  #retryDelay(entry: Entry, outcome: Outcome & { readonly kind: 'retry' | 'stale' }): number {
    const { random } = this.#options;
    entry.backoff ??= {
      own: new Backoff({ ...OWN_BACKOFF_MS, random }),
      shared: new Backoff({ ...SHARED_BACKOFF_MS, random }),
      stale: new Backoff({ ...STALE_BACKOFF_MS, random }),
    };
    const { own, shared, stale } = entry.backoff;
    if (outcome.kind === 'stale') return stale.nextMs();
    return (outcome.shared === true ? shared : own).nextMs();
  }

  #offerRoom(): void {
    if (!this.#owesRoom || this.#entries.size > this.#options.capacity / 2) return;
    this.#owesRoom = false;
    this.#options.onRoom();
  }
}

function higher(a: Priority | undefined, b: Priority): Priority {
  return a === undefined || PRIORITIES.indexOf(b) < PRIORITIES.indexOf(a) ? b : a;
}
