import { setTimeout as delay } from 'node:timers/promises';
import { API_GROUP, API_VERSION, FEED_KIND, type FeedSpec, type FeedStatus } from '../../contract/feed.ts';
import { LABELS, OWNED_SELECTOR } from '../../operator/plan/names.ts';
import type { Api } from './api.ts';

const POLL_MS = 50;

interface FeedObject {
  readonly metadata: { readonly name: string; readonly uid: string; readonly generation: number };
  readonly status?: FeedStatus;
}
interface DeploymentObject {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
}

interface Edit {
  readonly name: string;
  readonly generation: number;
  readonly atMs: number;
  observedMs: number | undefined;
  acknowledgedMs: number | undefined;
}

interface Life {
  readonly createdMs: number;
  deploymentMs: number | undefined;
  readyMs: number | undefined;
}

export interface FeedShape {
  readonly symbols: number;
}

/** A user with many feeds, and an eye on what becomes of them: watches, so times are those of the events. */
export class Feeds {
  readonly #api: Api;
  readonly #namespace: string;
  readonly #shape: FeedShape;
  readonly #lives = new Map<string, Life>();
  readonly #statuses = new Map<string, FeedStatus | undefined>();
  readonly #deployments = new Set<string>();
  readonly #round = new Map<string, number>();
  #edits: Edit[] = [];

  constructor(api: Api, namespace: string, shape: FeedShape) {
    this.#api = api;
    this.#namespace = namespace;
    this.#shape = shape;
  }

  watch(signal: AbortSignal): Promise<unknown> {
    const query = `labelSelector=${encodeURIComponent(OWNED_SELECTOR)}`;
    const deployments = `/apis/apps/v1/namespaces/${this.#namespace}/deployments?${query}`;
    return Promise.all([
      this.#api.watch(this.#path(), signal, (type, object) => {
        if (type !== 'DELETED') this.#onFeed(object as FeedObject);
      }),
      this.#api.watch(deployments, signal, (type, object) =>
        this.#onDeployment(type, object as DeploymentObject),
      ),
    ]);
  }

  get deployments(): number {
    return this.#deployments.size;
  }

  get ready(): number {
    return [...this.#statuses.values()].filter((status) => conditionOf(status, 'Ready') === 'True').length;
  }

  /** Of one that is not Ready: its conditions. */
  get laggard(): string | undefined {
    const lagging = [...this.#statuses].find(([, status]) => conditionOf(status, 'Ready') !== 'True');
    return lagging === undefined ? undefined : `${lagging[0]}: ${JSON.stringify(lagging[1]?.conditions)}`;
  }

  get unseenEdits(): number {
    return this.#edits.filter(
      ({ observedMs, acknowledgedMs }) => (observedMs && acknowledgedMs) === undefined,
    ).length;
  }

  /** So many of them, one after the other at this pace. */
  async create(from: number, count: number, perSecond: number): Promise<void> {
    await paced(count, perSecond, async (index) => {
      const name = `feed-${from + index}`;
      this.#lives.set(name, { createdMs: performance.now(), deploymentMs: undefined, readyMs: undefined });
      await this.#api.ask('POST', this.#path(), {
        apiVersion: `${API_GROUP}/${API_VERSION}`,
        kind: FEED_KIND,
        metadata: { name },
        spec: this.#spec(from + index, 0),
      });
    });
  }

  /** Feeds in turn get one symbol in place of another. */
  async edit(from: number, count: number, perSecond: number): Promise<void> {
    this.#edits = [];
    await paced(count, perSecond, async (index) => {
      const name = `feed-${from + index}`;
      const round = (this.#round.get(name) ?? 0) + 1;
      this.#round.set(name, round);
      const { symbols } = this.#spec(from + index, round);
      const atMs = performance.now();
      const answer = (await this.#api.ask('PATCH', this.#path(name), { spec: { symbols } })) as FeedObject;
      const { generation } = answer.metadata;
      const edit = { name, generation, atMs, observedMs: undefined, acknowledgedMs: undefined };
      this.#edits.push(edit);
      // The event may have come before the answer.
      this.#note(edit, this.#statuses.get(name));
    });
  }

  /** All get so many collectors: their symbols move. */
  async grow(collectors: number, count: number, perSecond: number): Promise<void> {
    await paced(count, perSecond, async (index) => {
      await this.#api.ask('PATCH', this.#path(`feed-${index}`), { spec: { sharding: { collectors } } });
    });
  }

  get lastEditMs(): number {
    return this.#edits.at(-1)?.atMs ?? Number.NaN;
  }

  /** From the creation to the event of the feed's first Deployment, and to that of its readiness. */
  lifeTimes(): { readonly deploymentMs: readonly number[]; readonly readyMs: readonly number[] } {
    const lives = [...this.#lives.values()];
    const since = (key: 'deploymentMs' | 'readyMs'): readonly number[] =>
      lives.map((life) => (life[key] ?? Number.NaN) - life.createdMs);
    return { deploymentMs: since('deploymentMs'), readyMs: since('readyMs') };
  }

  /** From the change to the event of the status that speaks of it, and of the one that says that all collectors have it. */
  editTimes(): { readonly observedMs: readonly number[]; readonly acknowledgedMs: readonly number[] } {
    const since = (key: 'observedMs' | 'acknowledgedMs'): readonly number[] =>
      this.#edits.map((edit) => (edit[key] ?? Number.NaN) - edit.atMs);
    return { observedMs: since('observedMs'), acknowledgedMs: since('acknowledgedMs') };
  }

  async until(what: string, test: () => boolean, timeoutMs: number): Promise<void> {
    const deadlineMs = performance.now() + timeoutMs;
    while (!test()) {
      if (performance.now() > deadlineMs) {
        const seen = `${this.deployments} Deployments, ${this.ready} feeds Ready, ${this.unseenEdits} edits unseen`;
        throw new Error(`not within ${timeoutMs / 1_000} s: ${what}; ${seen}; ${this.laggard ?? ''}`);
      }
      await delay(POLL_MS);
    }
  }

  #spec(index: number, round: number): FeedSpec {
    const { symbols } = this.#shape;
    const last = `R${round}F${index}-USDT`;
    return {
      exchange: 'binance',
      market: 'spot',
      symbols: [...Array.from({ length: symbols - 1 }, (_, at) => `S${at}F${index}-USDT`), last],
      streams: ['orderbook', 'trade'],
      sharding: { collectors: 1 },
      // Each behind an address of its own: no venue grants one address so much.
      endpoints: { websocket: `wss://venue-${index}.test`, rest: `https://venue-${index}.test` },
    };
  }

  #onFeed({ metadata: { name }, status }: FeedObject): void {
    this.#statuses.set(name, status);
    const life = this.#lives.get(name);
    if (life !== undefined && conditionOf(status, 'Ready') === 'True') life.readyMs ??= performance.now();
    for (const edit of this.#edits) if (edit.name === name) this.#note(edit, status);
  }

  #note(edit: Edit, status: FeedStatus | undefined): void {
    if ((status?.observedGeneration ?? 0) < edit.generation) return;
    const nowMs = performance.now();
    edit.observedMs ??= nowMs;
    // All collectors have acknowledged the newest assignment.
    if (conditionOf(status, 'Reconciling') === 'False') edit.acknowledgedMs ??= nowMs;
  }

  #onDeployment(type: string, { metadata: { name, labels } }: DeploymentObject): void {
    if (type === 'DELETED') return void this.#deployments.delete(name);
    this.#deployments.add(name);
    const life = this.#lives.get(labels?.[LABELS.feed] ?? '');
    if (life !== undefined) life.deploymentMs ??= performance.now();
  }

  #path(name = ''): string {
    return `/apis/${API_GROUP}/${API_VERSION}/namespaces/${this.#namespace}/collectorfeeds${name && `/${name}`}`;
  }
}

const conditionOf = (status: FeedStatus | undefined, wanted: string): string | undefined =>
  status?.conditions?.find(({ type }) => type === wanted)?.status;

/** At the pace, however long each takes. */
async function paced(
  count: number,
  perSecond: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  const beganMs = performance.now();
  const running: Promise<void>[] = [];
  for (let index = 0; index < count; index += 1) {
    const waitMs = beganMs + (index * 1_000) / perSecond - performance.now();
    if (waitMs > 0) await delay(waitMs);
    running.push(work(index));
  }
  await Promise.all(running);
}
