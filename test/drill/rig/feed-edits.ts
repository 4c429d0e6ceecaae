// A user who changes feeds all the time, and an eye on what comes of it; straight at the API server.
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import { fetch } from 'undici';
import { connectTo, type Connection } from '../../../operator/kube/connection.ts';
import { systemClock } from '../../../runtime/clock.ts';

const LOOK_MS = 100;
/** Of each feed its own: a subject belongs to one feed alone. */
const symbolsOf = (feed: number, round: number): readonly string[] =>
  ['A', 'B', 'C'].slice(0, 2 + (round % 2)).map((letter) => `${letter}${feed}-USDT`);

interface Named {
  readonly metadata: { readonly name: string; readonly generation?: number };
}
interface FeedObject extends Named {
  readonly spec: { readonly symbols: readonly string[] };
  readonly status?: { readonly observedGeneration?: number };
}
interface ConfigMap extends Named {
  readonly data?: Readonly<Record<string, string>>;
}
interface Edit {
  readonly feed: string;
  readonly generation: number;
  readonly atMs: number;
  seenMs: number | undefined;
}

export class FeedEdits {
  readonly #connection: Connection;
  readonly #namespace: string;
  readonly #edits: Edit[] = [];
  readonly #highest = new Map<string, number>();
  /** Numbers that only grow, and did not: epochs of assignments, observed generations. */
  readonly fallen: string[] = [];
  #round = 0;
  #feedCount = 0;
  #isOver = false;
  #looking: Promise<void> = Promise.resolve();

  constructor(config: KubeConfig, namespace: string) {
    this.#connection = connectTo(config, systemClock());
    this.#namespace = namespace;
  }

  /** So many feeds, named `feed-0` and so on; from here on they are looked at. */
  async begin(feeds: number): Promise<void> {
    this.#feedCount = feeds;
    for (let index = 0; index < feeds; index += 1) {
      const spec = { exchange: 'binance', market: 'spot', symbols: symbolsOf(index, 0), streams: ['trade'] };
      const metadata = { name: `feed-${index}`, namespace: this.#namespace };
      const made = (await this.#ask('POST', this.#feeds(), {
        apiVersion: 'marketprism.io/v1alpha1',
        kind: 'CollectorFeed',
        metadata,
        spec,
      })) as FeedObject;
      this.#note(made);
    }
    this.#looking = this.#look();
  }

  /** The next feed gets other symbols. */
  async edit(): Promise<void> {
    const feed = this.#round % this.#feedCount;
    const name = `feed-${feed}`;
    const symbols = symbolsOf(feed, Math.floor(this.#round / this.#feedCount) + 1);
    this.#round += 1;
    this.#note((await this.#ask('PATCH', this.#feeds(name), { spec: { symbols } })) as FeedObject);
  }

  /** Edits every so often until the task is done. */
  async while<T>(everyMs: number, task: Promise<T>): Promise<T> {
    const done = new AbortController();
    const edit = async (): Promise<void> => {
      while (!done.signal.aborted) {
        await this.edit();
        await delay(everyMs);
      }
    };
    const editing = edit();
    try {
      return await task;
    } finally {
      done.abort();
      await editing;
    }
  }

  get pending(): number {
    return this.#edits.filter(({ seenMs }) => seenMs === undefined).length;
  }

  /** From the change to the status that speaks of it, of those made between two times. */
  longestMs(fromMs = -Infinity, toMs = Infinity): number {
    const waits = this.#edits
      .filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
      .map(({ atMs, seenMs }) => (seenMs ?? Infinity) - atMs);
    return Math.max(0, ...waits);
  }

  get count(): number {
    return this.#edits.length;
  }

  /** Assignments whose symbols are not those of their feed. */
  async notAsSpecified(): Promise<readonly string[]> {
    const feeds = (await this.#list(this.#feeds())) as readonly FeedObject[];
    const maps = (await this.#list(this.#configMaps())) as readonly ConfigMap[];
    return feeds.flatMap(({ metadata: { name }, spec }) => {
      const map = maps.find((one) => one.metadata.name === `${name}-0`);
      const { symbols = [] } = JSON.parse(map?.data?.['assignment.json'] ?? '{}') as { symbols?: string[] };
      const same = [...symbols].sort().join() === [...spec.symbols].sort().join();
      return same ? [] : [`${name}: the spec has ${spec.symbols.join()}, the assignment ${symbols.join()}`];
    });
  }

  /** Whose lease it is; the part before the mark of its start. */
  async leader(): Promise<string | undefined> {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${this.#namespace}/leases`;
    const leases = (await this.#list(path)) as readonly {
      readonly spec?: { readonly holderIdentity?: string };
    }[];
    return leases[0]?.spec?.holderIdentity?.replace(/_[^_]*$/, '');
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#looking;
    await this.#connection.close();
  }

  #note({ metadata: { name, generation = 0 } }: FeedObject): void {
    this.#edits.push({ feed: name, generation, atMs: performance.now(), seenMs: undefined });
  }

  async #look(): Promise<void> {
    while (!this.#isOver) {
      for (const { metadata, status } of (await this.#list(this.#feeds())) as readonly FeedObject[]) {
        const observed = status?.observedGeneration ?? 0;
        this.#grows(`observedGeneration of ${metadata.name}`, observed);
        const nowMs = performance.now();
        for (const edit of this.#edits)
          if (edit.seenMs === undefined && edit.feed === metadata.name && edit.generation <= observed)
            edit.seenMs = nowMs;
      }
      for (const { metadata, data } of (await this.#list(this.#configMaps())) as readonly ConfigMap[]) {
        const { epoch } = JSON.parse(data?.['assignment.json'] ?? '{}') as { epoch?: number };
        if (epoch !== undefined) this.#grows(`epoch of ${metadata.name}`, epoch);
      }
      await delay(LOOK_MS);
    }
  }

  #grows(what: string, value: number): void {
    const before = this.#highest.get(what) ?? 0;
    if (value < before) this.fallen.push(`${what} fell from ${before} to ${value}`);
    this.#highest.set(what, Math.max(before, value));
  }

  #feeds(name = ''): string {
    return `/apis/marketprism.io/v1alpha1/namespaces/${this.#namespace}/collectorfeeds${name === '' ? '' : `/${name}`}`;
  }

  #configMaps(): string {
    return `/api/v1/namespaces/${this.#namespace}/configmaps`;
  }

  async #list(path: string): Promise<readonly unknown[]> {
    return ((await this.#ask('GET', path)) as { readonly items: readonly unknown[] }).items;
  }

  async #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const { headers, dispatcher } = await this.#connection.authorize();
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const answer = await fetch(`${this.#connection.server}${path}`, {
      method,
      dispatcher,
      headers: { ...headers, 'content-type': type },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}
