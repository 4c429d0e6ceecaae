import { ApiException, CustomObjectsApi, type KubeConfig } from '@kubernetes/client-node';
import { API_GROUP, API_VERSION, FEED_PLURAL, type CollectorFeed } from '../contract/feed.ts';

/** What this user may not read is null. */
export type Readable<T> = T | null;

const UNREADABLE = new Set([401, 403]);
const PLACE = { group: API_GROUP, version: API_VERSION, plural: FEED_PLURAL };

/** Of one namespace; without one of all of them, or of the context's own where the user may not read all. */
export function feedsOf(
  config: KubeConfig,
  namespace: string | undefined,
): Promise<Readable<readonly CollectorFeed[]>> {
  const api = config.makeApiClient(CustomObjectsApi);
  const within = async (name: string): Promise<readonly CollectorFeed[]> =>
    itemsOf(await api.listNamespacedCustomObject({ ...PLACE, namespace: name }));
  if (namespace !== undefined) return readable(() => within(namespace));
  const own = config.getContextObject(config.getCurrentContext())?.namespace ?? 'default';
  return widest(
    async () => itemsOf(await api.listClusterCustomObject(PLACE)),
    () => within(own),
  );
}

/** What nobody may read is null; every other failure is thrown. */
export async function readable<T>(read: () => Promise<T>): Promise<Readable<T>> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ApiException && UNREADABLE.has(error.code)) return null;
    throw error;
  }
}

/** A resource that is not installed has no objects. */
export async function widest<T>(
  everywhere: () => Promise<readonly T[]>,
  here: () => Promise<readonly T[]>,
): Promise<Readable<readonly T[]>> {
  try {
    return (await readable(everywhere)) ?? (await readable(here));
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return [];
    throw error;
  }
}

const itemsOf = (list: unknown): readonly CollectorFeed[] =>
  (list as { readonly items?: readonly CollectorFeed[] }).items ?? [];
