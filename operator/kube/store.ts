import type { ApiObject } from './api.ts';

export type StoreEvent<T> =
  | { readonly kind: 'added'; readonly object: T }
  | { readonly kind: 'changed'; readonly before: T; readonly object: T }
  | { readonly kind: 'deleted'; readonly object: T };

/**
 * The objects of a reflector by namespace and name, and by one index. As large as the cluster's own list of them:
 * label selectors bound it, and the objects are stripped.
 */
export class Store<T extends ApiObject> {
  readonly #objects = new Map<string, T>();
  readonly #byIndex = new Map<string, Map<string, T>>();
  readonly #indexOf: (object: T) => string | undefined;

  constructor(indexOf: (object: T) => string | undefined) {
    this.#indexOf = indexOf;
  }

  get size(): number {
    return this.#objects.size;
  }

  get(namespace: string, name: string): T | undefined {
    return this.#objects.get(`${namespace}/${name}`);
  }

  indexed(value: string): readonly T[] {
    return [...(this.#byIndex.get(value)?.values() ?? [])];
  }

  values(): readonly T[] {
    return [...this.#objects.values()];
  }

  /** Two objects of one name and different UID are two objects: the first one was deleted unseen. */
  put(object: T): readonly StoreEvent<T>[] {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    if (before !== undefined && before.metadata.resourceVersion === object.metadata.resourceVersion)
      return [];
    this.#unindex(key, before);
    this.#objects.set(key, object);
    this.#index(key, object);
    if (before === undefined) return [{ kind: 'added', object }];
    if (before.metadata.uid === object.metadata.uid) return [{ kind: 'changed', before, object }];
    return [
      { kind: 'deleted', object: before },
      { kind: 'added', object },
    ];
  }

  /** The event carries the last known state. */
  remove(object: ApiObject): readonly StoreEvent<T>[] {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    if (before === undefined) return [];
    this.#objects.delete(key);
    this.#unindex(key, before);
    return [{ kind: 'deleted', object: before }];
  }

  /** Everything that is not in `present`, which a list just gave. */
  absentFrom(present: ReadonlySet<string>): readonly T[] {
    return [...this.#objects].filter(([key]) => !present.has(key)).map(([, object]) => object);
  }

  #index(key: string, object: T): void {
    const value = this.#indexOf(object);
    if (value === undefined) return;
    const group = this.#byIndex.get(value) ?? new Map<string, T>();
    group.set(key, object);
    this.#byIndex.set(value, group);
  }

  #unindex(key: string, object: T | undefined): void {
    const value = object === undefined ? undefined : this.#indexOf(object);
    const group = value === undefined ? undefined : this.#byIndex.get(value);
    if (value === undefined || group === undefined) return;
    group.delete(key);
    if (group.size === 0) this.#byIndex.delete(value);
  }
}

export const keyOf = ({ metadata }: ApiObject): string => `${metadata.namespace ?? ''}/${metadata.name}`;
