import {
  ApiException,
  AppsV1Api,
  AuthorizationV1Api,
  CustomObjectsApi,
  VersionApi,
  type KubeConfig,
  type V1Deployment,
} from '@kubernetes/client-node';
import { API_GROUP, API_VERSION, FEED_PLURAL } from '../../contract/feed.ts';
import { contentHash } from '../../operator/plan/canonical.ts';
import { feedsOf, readable, widest } from '../feeds-of-cluster.ts';
import type { Cluster, OperatorSeen, Right } from './cluster.ts';

const OPERATORS = 'app.kubernetes.io/part-of=marketprism,app.kubernetes.io/component=operator';

/** Of all namespaces where the user may, else of `namespace`. */
export function clusterOf(config: KubeConfig, namespace: string): Cluster {
  const deployments = config.makeApiClient(AppsV1Api);
  const objects = config.makeApiClient(CustomObjectsApi);
  return {
    version: async () => (await config.makeApiClient(VersionApi).getCode()).gitVersion,
    schemaDigest: () => readable(() => installedDigest(objects)),
    operators: async () =>
      (
        await widest(
          async () => (await deployments.listDeploymentForAllNamespaces({ labelSelector: OPERATORS })).items,
          async () =>
            (await deployments.listNamespacedDeployment({ namespace, labelSelector: OPERATORS })).items,
        )
      )?.map(operatorOf) ?? null,
    feeds: () => feedsOf(config, undefined),
    may: (account, right) =>
      readable(() => mayIn(config.makeApiClient(AuthorizationV1Api), namespace, account, right)),
  };
}

interface Definition {
  readonly spec: {
    readonly versions: readonly {
      readonly name: string;
      readonly schema?: { readonly openAPIV3Schema?: unknown };
    }[];
  };
}

/** Read as it is: the generated types would rename the schema's own words. */
async function installedDigest(objects: CustomObjectsApi): Promise<string | undefined> {
  const definitions = { group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions' };
  try {
    const name = `${FEED_PLURAL}.${API_GROUP}`;
    const { spec } = (await objects.getClusterCustomObject({ ...definitions, name })) as Definition;
    const version = spec.versions.find((one) => one.name === API_VERSION);
    return version === undefined ? undefined : contentHash(version.schema?.openAPIV3Schema);
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return undefined;
    throw error;
  }
}

async function mayIn(
  api: AuthorizationV1Api,
  namespace: string,
  account: OperatorSeen | null,
  { verb, group, resource, subresource }: Right,
): Promise<boolean> {
  const attributes = { verb, group, resource, ...(subresource === undefined ? {} : { subresource }) };
  const ask = { resourceAttributes: { ...attributes, namespace: account?.namespace ?? namespace } };
  if (account === null)
    return (await api.createSelfSubjectAccessReview({ body: { spec: ask } })).status?.allowed === true;
  const user = `system:serviceaccount:${account.namespace}:${account.serviceAccount}`;
  const answer = await api.createSubjectAccessReview({ body: { spec: { ...ask, user } } });
  return answer.status?.allowed === true;
}

function operatorOf({ metadata, spec, status }: V1Deployment): OperatorSeen {
  return {
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    serviceAccount: spec?.template.spec?.serviceAccountName ?? 'default',
    version: metadata?.labels?.['app.kubernetes.io/version'] ?? null,
    wanted: spec?.replicas ?? 1,
    available: status?.availableReplicas ?? 0,
  };
}
