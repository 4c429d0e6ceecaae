import type { CollectorFeed, FeedStatus } from '../../contract/feed.ts';
import type { Readable } from '../feeds-of-cluster.ts';
import { ok, skipped, warning, wrong, type Finding } from './finding.ts';

export interface OperatorSeen {
  readonly namespace: string;
  readonly name: string;
  readonly serviceAccount: string;
  /** `app.kubernetes.io/version`. */
  readonly version: string | null;
  readonly wanted: number;
  readonly available: number;
}

export type FeedSeen = Pick<CollectorFeed, 'metadata' | 'status'>;

/** A right: verb, and resource with its group, as `kubectl auth can-i` takes it. */
export interface Right {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
}

/** What the checks read of a cluster; each call throws what makes the cluster unusable. */
export interface Cluster {
  /** `v1.37.0`. */
  version(): Promise<string>;
  /** Digest of the schema of the installed resource, undefined where there is none. */
  schemaDigest(): Promise<Readable<string | undefined>>;
  operators(): Promise<Readable<readonly OperatorSeen[]>>;
  feeds(): Promise<Readable<readonly FeedSeen[]>>;
  /** Null account: this user. */
  may(account: OperatorSeen | null, right: Right): Promise<Readable<boolean>>;
}

export interface Expected {
  /** Digest of the schema in this package's `crds/`. */
  readonly schemaDigest: string;
  readonly version: string;
  /** Where the user would apply feeds. */
  readonly namespace: string;
}

const OLDEST_MINOR = 32;
const FEEDS = { group: 'marketprism.io', resource: 'collectorfeeds' } as const;
/** The chart grants these and more: one of each kind tells whether it did. */
const OPERATOR_RIGHTS: readonly Right[] = [
  { ...FEEDS, verb: 'watch' },
  { ...FEEDS, verb: 'patch', subresource: 'status' },
  { group: 'apps', resource: 'deployments', verb: 'patch' },
  { group: '', resource: 'configmaps', verb: 'patch' },
  { group: '', resource: 'pods', verb: 'watch' },
  { group: 'networking.k8s.io', resource: 'networkpolicies', verb: 'patch' },
];
const SHOWN_FEEDS = 10;

export async function checkCluster(cluster: Cluster, expected: Expected): Promise<readonly Finding[]> {
  const operators = await cluster.operators();
  const findings = [
    versionFinding(await cluster.version()),
    schemaFinding(await cluster.schemaDigest(), expected),
    await applyFinding(cluster, expected.namespace),
    ...operatorFindings(operators, expected),
  ];
  for (const operator of operators ?? []) findings.push(await rightsFinding(cluster, operator));
  return [...findings, ...feedFindings(await cluster.feeds())];
}

function versionFinding(version: string): Finding {
  const [major, minor] = /^v?(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number) ?? [];
  if (major === 1 && minor !== undefined && minor < OLDEST_MINOR)
    return wrong(
      'cluster',
      `Kubernetes ${version}: the oldest supported is 1.${OLDEST_MINOR}`,
      'upgrade the cluster',
    );
  return ok('cluster', `Kubernetes ${version}`);
}

function schemaFinding(digest: Readable<string | undefined>, expected: Expected): Finding {
  const mend = 'kubectl apply --server-side -f crds/';
  if (digest === null) return skipped('resource', 'this user may not read CustomResourceDefinitions');
  if (digest === undefined) return wrong('resource', 'CollectorFeed is not installed', mend);
  if (digest === expected.schemaDigest) return ok('resource', 'CollectorFeed, as this version has it');
  return warning('resource', 'CollectorFeed differs from that of this version', mend);
}

async function applyFinding(cluster: Cluster, namespace: string): Promise<Finding> {
  const may = await cluster.may(null, { ...FEEDS, verb: 'create' });
  if (may === null) return skipped('your rights', 'the cluster does not tell');
  if (may) return ok('your rights', `may create CollectorFeeds in ${namespace}`);
  const mend = `kubectl create rolebinding feeds --clusterrole=edit --user=YOU -n ${namespace} (as an administrator)`;
  return warning('your rights', `may not create CollectorFeeds in ${namespace}`, mend);
}

function operatorFindings(
  operators: Readable<readonly OperatorSeen[]>,
  { version }: Expected,
): readonly Finding[] {
  if (operators === null) return [skipped('operator', 'this user may not list Deployments')];
  const mend = 'helm install marketprism charts/marketprism';
  if (operators.length === 0) return [wrong('operator', 'none is installed', mend)];
  return operators.map((operator) => {
    const { namespace, name, available, wanted } = operator;
    const said = `${namespace}/${name}: ${available} of ${wanted} available`;
    const look = `kubectl -n ${namespace} describe deployment ${name}; kubectl -n ${namespace} logs deployment/${name}`;
    if (available === 0) return wrong('operator', said, look);
    if (available < wanted) return warning('operator', said, look);
    if (operator.version === version) return ok('operator', `${said}, version ${version}`);
    const other = `${said}, version ${operator.version ?? 'unknown'}, this is ${version}`;
    return warning('operator', other, `helm upgrade marketprism charts/marketprism -n ${namespace}`);
  });
}

async function rightsFinding(cluster: Cluster, operator: OperatorSeen): Promise<Finding> {
  const check = 'rights of operator';
  const account = `${operator.namespace}/${operator.serviceAccount}`;
  const missing: string[] = [];
  for (const right of OPERATOR_RIGHTS) {
    const may = await cluster.may(operator, right);
    if (may === null) return skipped(check, `this user may not ask what ${account} may`);
    if (!may) missing.push(rightText(right));
  }
  if (missing.length === 0) return ok(check, account);
  const mend = `helm upgrade marketprism charts/marketprism -n ${operator.namespace} --set rbac.create=true`;
  return wrong(check, `${account} may not ${missing.join(', ')} in its namespace`, mend);
}

const rightText = ({ verb, group, resource, subresource }: Right): string =>
  `${verb} ${resource}${group === '' ? '' : `.${group}`}${subresource === undefined ? '' : `/${subresource}`}`;

function feedFindings(feeds: Readable<readonly FeedSeen[]>): readonly Finding[] {
  if (feeds === null) return [skipped('feeds', 'this user may not list CollectorFeeds')];
  const troubled = feeds.filter(({ status }) => !isFine(status));
  const head = ok('feeds', `${feeds.length}, of which ${feeds.length - troubled.length} are Ready or paused`);
  const rows = troubled.slice(0, SHOWN_FEEDS).map(({ metadata, status }) => {
    const { namespace, name } = metadata;
    const ready = conditionOf(status, 'Ready');
    const said =
      ready === undefined
        ? `${namespace}/${name} has no status: no operator watches its namespace, or it is new`
        : `${namespace}/${name}: ${ready.reason}: ${ready.message}`;
    return wrong('feed', said, `kubectl -n ${namespace} describe cfeed ${name}`);
  });
  const rest = troubled.length - rows.length;
  return [
    head,
    ...rows,
    ...(rest > 0 ? [skipped('feeds', `${rest} more that are not Ready are not shown`)] : []),
  ];
}

function isFine(status: FeedStatus | undefined): boolean {
  return conditionOf(status, 'Ready')?.status === 'True' || conditionOf(status, 'Paused')?.status === 'True';
}

const conditionOf = (
  status: FeedStatus | undefined,
  type: 'Ready' | 'Paused',
): NonNullable<FeedStatus['conditions']>[number] | undefined =>
  status?.conditions?.find((condition) => condition.type === type);
