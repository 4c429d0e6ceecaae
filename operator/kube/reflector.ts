import { Backoff } from '../../runtime/backoff.ts';
import type { Clock } from '../../runtime/clock.ts';
import { apiVersionOf, type ApiObject } from './api.ts';
import type { KubeClient, ListQuery } from './client.ts';
import { faultOfStatus, failure, success, type KubeFault, type KubeResult } from './fault.ts';
import { readLines } from './lines.ts';
import { keyOf, type Store, type StoreEvent } from './store.ts';
import { wait } from './wait.ts';

export interface ReflectorOptions<T extends ApiObject> {
  readonly client: KubeClient;
  readonly query: ListQuery;
  readonly store: Store<T>;
  /** Keeps what is read of an object, so that memory stays small. */
  readonly strip: (object: ApiObject) => T;
  /** What it throws ends the reflector: a consumer that fails is a bug, not a broken watch. */
  readonly onEvent: (event: StoreEvent<T>) => void;
  readonly onFault?: (operation: 'list' | 'watch', fault: KubeFault) => void;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** The API server sends a bookmark a minute; a watch without a byte for this long is half-open. */
const SILENT_MS = 150_000;
const TIMEOUT_SECONDS = { min: 290, max: 580 };
const BACKOFF_MS = { firstMs: 500, maxMs: 15_000 };
/** A watch that ended earlier and said nothing counts as failed, or it would be opened in a tight loop. */
const SHORT_WATCH_MS = 5_000;

export interface ReflectorCounts {
  lists: number;
  watches: number;
  failures: number;
  events: number;
  lastHeardMs: number;
}

/** List, then watch from there, for ever: resumes where it was, lists again only when the server no longer knows that. */
export class Reflector<T extends ApiObject> {
  readonly counts: ReflectorCounts = { lists: 0, watches: 0, failures: 0, events: 0, lastHeardMs: 0 };
  readonly #options: ReflectorOptions<T>;
  readonly #backoff: Backoff;
  #resourceVersion: string | undefined;
  #synced = false;
  /** Since an event was read. */
  #goneInRow = 0;
  #silence: SilenceWatch | undefined;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#backoff = new Backoff({ ...BACKOFF_MS, random: options.random });
  }

  /** True once the first list was handed over whole. */
  get hasSynced(): boolean {
    return this.#synced;
  }

  get query(): ListQuery {
    return this.#options.query;
  }

  /** Watches on from where it is, on another connection: the present one may be dead without a sign. */
  reopen(): void {
    this.#silence?.reopen();
  }

  /** Ends when the signal does; rejects with what the consumer threw. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, onFault } = this.#options;
    while (!signal.aborted) {
      const operation = this.#resourceVersion === undefined ? 'list' : 'watch';
      const turn = operation === 'list' ? await this.#list(signal) : await this.#watch(signal);
      if (signal.aborted) return;
      if (turn.ok) {
        // A list that only leads to the next 410 is no success.
        if (this.#goneInRow === 0) this.#backoff.reset();
        continue;
      }
      this.counts.failures += 1;
      onFault?.(operation, turn.fault);
      if (turn.fault.reason === 'gone') this.#startAfresh();
      await wait(clock, Math.max(turn.fault.retryAfterMs ?? 0, this.#backoff.nextMs()), signal);
    }
  }

  /** The server is back, but restarted: no reason to wait as while it was away, unless that is all it ever says. */
  #startAfresh(): void {
    this.#resourceVersion = undefined;
    this.#goneInRow += 1;
    if (this.#goneInRow === 1) this.#backoff.reset();
  }

  async #list(signal: AbortSignal): Promise<KubeResult<null>> {
    const { client, query, store, strip } = this.#options;
    this.counts.lists += 1;
    const items: T[] = [];
    let at: string | undefined;
    let resourceVersion: string;
    do {
      const page = await client.list(query, at, { signal });
      if (!page.ok) return page;
      items.push(...page.value.items.map((item) => strip(withKind(item, query))));
      resourceVersion = page.value.resourceVersion;
      at = page.value.continue;
    } while (at !== undefined);
    const present = new Set(items.map(keyOf));
    for (const absent of store.absentFrom(present)) this.#emit(store.remove(absent));
    for (const item of items) this.#emit(store.put(item));
    this.#resourceVersion = resourceVersion;
    this.#synced = true;
    this.#heard();
    return success(null);
  }

  async #watch(signal: AbortSignal): Promise<KubeResult<null>> {
    const { client, clock, query, random } = this.#options;
    const resourceVersion = this.#resourceVersion ?? '';
    this.counts.watches += 1;
    const { min, max } = TIMEOUT_SECONDS;
    const timeoutSeconds = Math.round(min + random() * (max - min));
    const silence = new SilenceWatch(clock, signal);
    this.#silence = silence;
    try {
      const opened = await client.watch(query, { resourceVersion, timeoutSeconds }, silence.signal);
      const ended = opened.ok ? await this.#follow(opened.value, silence) : opened;
      return silence.isReopened ? success(null) : ended;
    } finally {
      this.#silence = undefined;
      silence.end();
    }
  }

  /** Errors of the connection are turned into values here and nowhere else, so that the consumer's pass through. */
  async #follow(chunks: AsyncIterable<Uint8Array>, silence: SilenceWatch): Promise<KubeResult<null>> {
    const startedMs = this.#options.clock.nowMs();
    const lines = readLines(chunks)[Symbol.asyncIterator]();
    let said = 0;
    for (;;) {
      let next: IteratorResult<string>;
      try {
        next = await lines.next();
      } catch (error) {
        return failure('unreachable', error instanceof Error ? error.message : String(error));
      }
      if (next.done === true) break;
      silence.heard();
      const fault = this.#take(next.value);
      if (fault !== undefined) {
        await lines.return?.(undefined);
        return { ok: false, fault };
      }
      said += 1;
    }
    const livedMs = this.#options.clock.nowMs() - startedMs;
    if (said > 0 || livedMs >= SHORT_WATCH_MS) return success(null);
    return failure('server', `the watch ended after ${livedMs} ms without a word`);
  }

  #take(line: string): KubeFault | undefined {
    const event = parseEvent(line);
    if (event === undefined) return { reason: 'server', message: `no watch event: ${line.slice(0, 200)}` };
    if (event.type === 'ERROR') return faultOfStatus(event.object);
    const { store, strip, query } = this.#options;
    const object = withKind(event.object, query);
    if (event.type === 'DELETED') this.#emit(store.remove(object));
    else if (event.type !== 'BOOKMARK') this.#emit(store.put(strip(object)));
    this.#resourceVersion = object.metadata.resourceVersion ?? this.#resourceVersion;
    this.#goneInRow = 0;
    // A connection that brought something is no reason to wait longer for the next one.
    this.#backoff.reset();
    this.#heard();
    return undefined;
  }

  #emit(events: readonly StoreEvent<T>[]): void {
    for (const event of events) {
      this.counts.events += 1;
      this.#options.onEvent(event);
    }
  }

  #heard(): void {
    this.counts.lastHeardMs = this.#options.clock.nowMs();
  }
}

/** Aborts when nothing was heard for too long, or with the outer signal. */
class SilenceWatch {
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #outer: AbortSignal;
  readonly #giveUp = (): void => this.#controller.abort(this.#outer.reason);
  #cancel: () => void;
  #reopened = false;

  constructor(clock: Clock, outer: AbortSignal) {
    this.#clock = clock;
    this.#outer = outer;
    this.#cancel = this.#arm();
    outer.addEventListener('abort', this.#giveUp, { once: true });
    if (outer.aborted) this.#giveUp();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get isReopened(): boolean {
    return this.#reopened;
  }

  reopen(): void {
    this.#reopened = true;
    this.#controller.abort(new Error('it is opened anew'));
  }

  heard(): void {
    this.#cancel();
    this.#cancel = this.#arm();
  }

  end(): void {
    this.#cancel();
    this.#outer.removeEventListener('abort', this.#giveUp);
    this.#controller.abort(new Error('the watch has ended'));
  }

  #arm(): () => void {
    return this.#clock.after(SILENT_MS, () => {
      this.#controller.abort(new Error(`not a byte for ${SILENT_MS / 1_000} s: the connection is half-open`));
    });
  }
}

function parseEvent(line: string): { readonly type: string; readonly object: ApiObject } | undefined {
  try {
    const event = JSON.parse(line) as { type?: unknown; object?: unknown } | null;
    return typeof event?.type === 'string' && typeof event.object === 'object' && event.object !== null
      ? { type: event.type, object: event.object as ApiObject }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Items of a list carry neither kind nor apiVersion. */
function withKind(object: ApiObject, { kind }: ListQuery): ApiObject {
  return object.kind === kind ? object : { ...object, kind, apiVersion: apiVersionOf(kind) };
}
