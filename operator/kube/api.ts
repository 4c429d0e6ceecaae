/** What every object of the API server has, as far as the engine reads it. */
export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly {
      readonly kind: string;
      readonly name: string;
      readonly uid: string;
      readonly controller?: boolean;
    }[];
  };
}

interface Resource {
  readonly apiVersion: string;
  readonly plural: string;
}

/** The kinds that the operator reads or writes; the chart's RBAC rules name the same. */
const RESOURCES = {
  CollectorFeed: { apiVersion: 'marketprism.io/v1alpha1', plural: 'collectorfeeds' },
  Deployment: { apiVersion: 'apps/v1', plural: 'deployments' },
  ConfigMap: { apiVersion: 'v1', plural: 'configmaps' },
  NetworkPolicy: { apiVersion: 'networking.k8s.io/v1', plural: 'networkpolicies' },
  Pod: { apiVersion: 'v1', plural: 'pods' },
  Lease: { apiVersion: 'coordination.k8s.io/v1', plural: 'leases' },
  Event: { apiVersion: 'events.k8s.io/v1', plural: 'events' },
} as const satisfies Readonly<Record<string, Resource>>;

export type Kind = keyof typeof RESOURCES;

export interface ObjectRef {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
}

export const apiVersionOf = (kind: Kind): string => RESOURCES[kind].apiVersion;

/** Path of a collection; a null namespace means all of them. */
export function collectionPath(kind: Kind, namespace: string | null): string {
  const { apiVersion, plural } = RESOURCES[kind];
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return namespace === null ? `${root}/${plural}` : `${root}/namespaces/${namespace}/${plural}`;
}

export const objectPath = ({ kind, namespace, name }: ObjectRef): string =>
  `${collectionPath(kind, namespace)}/${encodeURIComponent(name)}`;

/** Throws on a kind that the operator does not know: a plan that holds one is a bug. */
export function refOf(object: ApiObject): ObjectRef {
  const { kind, metadata } = object;
  if (!Object.hasOwn(RESOURCES, kind) || metadata.namespace === undefined)
    throw new TypeError(`no namespaced object of a known kind: ${kind} ${metadata.name}`);
  return { kind: kind as Kind, namespace: metadata.namespace, name: metadata.name };
}

export const refText = ({ kind, namespace, name }: ObjectRef): string => `${kind} ${namespace}/${name}`;

/** The UID of the object that controls this one. */
export function controllerUid(object: ApiObject): string | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true)?.uid;
}
