/** UIDs by what they have in common; a key without any is forgotten. */
export class UidIndex {
  readonly #groups = new Map<string, Set<string>>();

  add(key: string, uid: string): void {
    const group = this.#groups.get(key) ?? new Set<string>();
    group.add(uid);
    this.#groups.set(key, group);
  }

  remove(key: string, uid: string): void {
    const group = this.#groups.get(key);
    group?.delete(uid);
    if (group?.size === 0) this.#groups.delete(key);
  }

  /** In the order in which they came. */
  of(key: string): ReadonlySet<string> {
    return this.#groups.get(key) ?? NONE;
  }

  removeAll(uid: string): void {
    for (const key of this.#groups.keys()) this.remove(key, uid);
  }

  clear(): void {
    this.#groups.clear();
  }
}

const NONE: ReadonlySet<string> = new Set();
