import { contentHash } from '../plan/canonical.ts';
import type { KubeObject } from '../plan/types.ts';

/** On every applied object: hash of what was declared, so that a field that is no longer declared is noticed. */
export const APPLIED_ANNOTATION = 'marketprism.io/applied-hash';

/** Objects whose normalized form is remembered; beyond it the oldest costs one idle write. */
const MAX_REMEMBERED = 20_000;

/** The declared object with its own hash in an annotation. */
export function stamped(desired: KubeObject): KubeObject {
  const { resourceVersion: _, ...metadata } = desired.metadata;
  const print = contentHash({ ...desired, metadata });
  return {
    ...desired,
    metadata: {
      ...desired.metadata,
      annotations: { ...desired.metadata.annotations, [APPLIED_ANNOTATION]: print },
    },
  };
}

/**
 * Whether the live object still has every declared value. What the server and others added is left alone; what it
 * writes in another spelling (`1000m` as `1`) is remembered from the answer to our own apply.
 */
export class DriftCheck {
  readonly #accepted = new Map<string, string>();

  inSync(desired: KubeObject, live: KubeObject): boolean {
    const [want, have] = [owned(desired), owned(live)];
    return holds(want, have) || this.#accepted.get(live.metadata.uid ?? '') === printOf(want, have);
  }

  /** `live` is the API server's answer to applying `desired`. */
  accept(desired: KubeObject, live: KubeObject): void {
    const uid = live.metadata.uid ?? '';
    const [want, have] = [owned(desired), owned(live)];
    this.#accepted.delete(uid);
    if (holds(want, have)) return;
    this.#accepted.set(uid, printOf(want, have));
    const [oldest] = this.#accepted.keys();
    if (this.#accepted.size > MAX_REMEMBERED && oldest !== undefined) this.#accepted.delete(oldest);
  }
}

const printOf = (want: unknown, have: unknown): string => contentHash([want, project(want, have)]);

/** The part of an object that is declared: no identity, no server's bookkeeping, no status. */
function owned({ metadata, spec, data }: KubeObject): unknown {
  const { labels, annotations, ownerReferences } = metadata;
  return { metadata: { labels, annotations, ownerReferences }, spec, data };
}

/** Every declared leaf has the same value in the live object; what is empty may be left out by the server. */
function holds(want: unknown, have: unknown): boolean {
  if (isEmpty(want) && have === undefined) return true;
  if (Array.isArray(want)) {
    if (!Array.isArray(have)) return false;
    const key = mergeKey(want);
    if (key === undefined)
      return want.length === have.length && want.every((item, index) => holds(item, have[index]));
    return want.every((item) => holds(item, itemOf(have, key, item)));
  }
  if (isRecord(want))
    return isRecord(have) && Object.entries(want).every(([name, value]) => holds(value, have[name]));
  return want === have;
}

/** The live values at the declared places. */
function project(want: unknown, have: unknown): unknown {
  if (Array.isArray(want) && Array.isArray(have)) {
    const key = mergeKey(want);
    if (key === undefined) return have;
    return want.map((item: unknown) => project(item, itemOf(have, key, item)) ?? null);
  }
  if (isRecord(want) && isRecord(have))
    return Object.fromEntries(
      Object.entries(want).map(([name, value]) => [name, project(value, have[name])]),
    );
  return have;
}

/** Lists that the API server merges by a key, in the order of trying: volumeMounts have a name too, but not a unique one. */
const MERGE_KEYS = ['mountPath', 'uid', 'name'] as const;

function mergeKey(items: readonly unknown[]): string | undefined {
  return MERGE_KEYS.find(
    (key) => items.length > 0 && items.every((item) => isRecord(item) && typeof item[key] === 'string'),
  );
}

function itemOf(items: readonly unknown[], key: string, like: unknown): unknown {
  return items.find((item) => isRecord(item) && isRecord(like) && item[key] === like[key]);
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isRecord(value)) return Object.values(value).every(isEmpty);
  return value === undefined || value === null || value === '' || value === 0 || value === false;
}
