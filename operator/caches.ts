import type { CollectorFeed } from '../contract/feed.ts';
import type { Clock } from '../runtime/clock.ts';
import { controllerUid, type ApiObject, type Kind } from './kube/api.ts';
import type { KubeClient } from './kube/client.ts';
import type { KubeFault } from './kube/fault.ts';
import type { Priority } from './kube/queue.ts';
import { Reflector } from './kube/reflector.ts';
import { Store, type StoreEvent } from './kube/store.ts';
import { stripFeed, stripObject, stripPod } from './kube/strip.ts';
import { LABELS, OWNED_SELECTOR } from './plan/names.ts';
import { podSummary } from './plan/pods.ts';
import type { KubeObject, PodSummary } from './plan/types.ts';

export interface CachesOptions {
  readonly client: KubeClient;
  /** Null: all namespaces, by one watch a kind. */
  readonly namespaces: readonly string[] | null;
  /** Something of this feed changed. */
  readonly onChange: (feedKey: string, priority: Priority) => void;
  /** This feed was read, or is gone. */
  readonly onFeed: (feed: CollectorFeed, isGone: boolean) => void;
  readonly onFault: (kind: Kind, operation: 'list' | 'watch', fault: KubeFault) => void;
  readonly clock: Clock;
  readonly random: () => number;
}

const OWNED_KINDS = ['Deployment', 'ConfigMap', 'NetworkPolicy'] as const satisfies readonly Kind[];

export const feedKey = (namespace: string, name: string): string => `${namespace}/${name}`;
export const keyOfFeed = ({ metadata }: CollectorFeed): string => feedKey(metadata.namespace, metadata.name);

/** Of whatever kind: what is asked of it does not depend on that. */
type AnyReflector = Pick<Reflector<ApiObject>, 'run' | 'reopen' | 'hasSynced' | 'counts' | 'query'>;

/** Everything that is read of the API server, kept current by watches: a reconcile asks nobody. */
export class Caches {
  readonly reflectors: readonly AnyReflector[];
  readonly #options: CachesOptions;
  readonly #feeds: Store<CollectorFeed>[] = [];
  readonly #owned: Store<KubeObject>[] = [];
  readonly #pods: Store<KubeObject>[] = [];

  constructor(options: CachesOptions) {
    this.#options = options;
    const scopes = options.namespaces ?? [null];
    this.reflectors = scopes.flatMap((namespace) => [
      this.#reflectFeeds(namespace),
      ...OWNED_KINDS.map((kind) => this.#reflectOwned(kind, namespace)),
      this.#reflectPods(namespace),
    ]);
  }

  get hasSynced(): boolean {
    return this.reflectors.every(({ hasSynced }) => hasSynced);
  }

  feeds(): readonly CollectorFeed[] {
    return this.#feeds.flatMap((store) => store.values());
  }

  get feedCount(): number {
    return this.#feeds.reduce((sum, { size }) => sum + size, 0);
  }

  feed(key: string): CollectorFeed | undefined {
    const [namespace = '', name = ''] = key.split('/');
    return this.#feeds.map((store) => store.get(namespace, name)).find((feed) => feed !== undefined);
  }

  feedByUid(uid: string): CollectorFeed | undefined {
    return this.#feeds.flatMap((store) => store.indexed(uid))[0];
  }

  owned(feedUid: string): readonly KubeObject[] {
    return this.#owned.flatMap((store) => store.indexed(feedUid));
  }

  pods(feedUid: string): readonly PodSummary[] {
    return this.#pods
      .flatMap((store) => store.indexed(feedUid))
      .map(podSummary)
      .filter((pod) => pod !== undefined);
  }

  /** UIDs of feeds that had this key and of which objects are still there. */
  leftoverUids(key: string, exceptUid: string | undefined): readonly string[] {
    const uids = this.#owned
      .flatMap((store) => store.values())
      .filter(({ metadata }) => feedKey(metadata.namespace, metadata.labels?.[LABELS.feed] ?? '') === key)
      .map(controllerUid)
      .filter((uid) => uid !== undefined && uid !== exceptUid);
    return [...new Set(uids)] as string[];
  }

  /** Every watch on a connection of today. */
  reopen(): void {
    for (const reflector of this.reflectors) reflector.reopen();
  }

  /** Ends with the signal; rejects when a consumer throws. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.reflectors.map((reflector) => reflector.run(signal)));
  }

  #reflectFeeds(namespace: string | null): AnyReflector {
    const store = new Store<CollectorFeed>(({ metadata }) => metadata.uid);
    this.#feeds.push(store);
    const reflector = this.#reflect(
      { kind: 'CollectorFeed', namespace },
      { store, strip: stripFeed, onEvent: (event) => this.#onFeed(event, reflector.hasSynced) },
    );
    return reflector;
  }

  #reflectOwned(kind: Kind, namespace: string | null): AnyReflector {
    const store = new Store<KubeObject>(controllerUid);
    this.#owned.push(store);
    const query = { kind, namespace, labelSelector: OWNED_SELECTOR };
    return this.#reflect(query, { store, strip: stripObject, onEvent: (event) => this.#onChild(event) });
  }

  #reflectPods(namespace: string | null): AnyReflector {
    const store = new Store<KubeObject>(({ metadata }) => metadata.labels?.[LABELS.feedUid]);
    this.#pods.push(store);
    const query = { kind: 'Pod', namespace, labelSelector: OWNED_SELECTOR } as const;
    return this.#reflect(query, { store, strip: stripPod, onEvent: (event) => this.#onChild(event) });
  }

  #reflect<T extends ApiObject>(
    query: Reflector<T>['query'],
    of: {
      readonly store: Store<T>;
      readonly strip: (object: ApiObject) => T;
      readonly onEvent: (event: StoreEvent<T>) => void;
    },
  ): Reflector<T> {
    const { client, clock, random, onFault } = this.#options;
    return new Reflector<T>({
      client,
      clock,
      random,
      query,
      ...of,
      onFault: (operation, fault) => onFault(query.kind, operation, fault),
    });
  }

  /** Feeds of the first list are old news; of later changes our own status write is none. */
  #onFeed(event: StoreEvent<CollectorFeed>, synced: boolean): void {
    if (event.kind === 'changed' && !concernsUs(event.before, event.object)) return;
    this.#options.onFeed(event.object, event.kind === 'deleted');
    const priority = event.kind === 'added' && !synced ? 'resync' : 'user';
    this.#options.onChange(keyOfFeed(event.object), priority);
  }

  #onChild({ object }: StoreEvent<KubeObject>): void {
    const { labels, namespace } = object.metadata;
    const feed = labels?.[LABELS.feed];
    if (feed !== undefined) this.#options.onChange(feedKey(namespace, feed), 'child');
  }
}

function concernsUs({ metadata: before }: CollectorFeed, { metadata: after }: CollectorFeed): boolean {
  return (
    before.generation !== after.generation ||
    before.deletionTimestamp !== after.deletionTimestamp ||
    JSON.stringify([before.labels, before.annotations]) !== JSON.stringify([after.labels, after.annotations])
  );
}
