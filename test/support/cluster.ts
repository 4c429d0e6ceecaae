// What the end-to-end tests use of a cluster: kubectl, helm, a namespace of their own, waiting for a condition.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = new URL('../..', import.meta.url).pathname;
const MAX_OUTPUT_BYTES = 64 << 20;
const POLL_MS = 250;

export function requireCluster(): void {
  if (process.env['KUBECONFIG'] === undefined) {
    throw new Error(
      'this test needs a cluster: run "make cluster-up image", then eval "$(test/cluster/env.sh)"',
    );
  }
}

interface Ran {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end; a failing one is a value, its message is on stderr. */
export async function tryRun(command: string, args: readonly string[], input?: string): Promise<Ran> {
  const running = run(command, [...args], { cwd: root, maxBuffer: MAX_OUTPUT_BYTES, encoding: 'utf8' });
  if (input !== undefined) running.child.stdin?.end(input);
  try {
    const { stdout, stderr } = await running;
    return { ok: true, stdout, stderr };
  } catch (error) {
    const failed = error as { stdout?: string; stderr?: string; message: string };
    return { ok: false, stdout: failed.stdout ?? '', stderr: failed.stderr ?? failed.message };
  }
}

export async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const ran = await tryRun('kubectl', args, input);
  if (!ran.ok) throw new Error(`kubectl ${args.join(' ')}: ${ran.stderr}`);
  return ran.stdout;
}

export const apply = (yaml: string): Promise<string> => kubectl(['apply', '-f', '-'], yaml);

/** Polls until `probe` gives a value; the error tells what was seen last. */
export async function waitFor<T>(
  what: string,
  timeoutMs: number,
  probe: () => Promise<T | undefined>,
  seen: () => Promise<string> = async () => '',
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (Date.now() > deadline)
      throw new Error(`not within ${timeoutMs / 1_000} s: ${what}; seen: ${await seen()}`);
    await delay(POLL_MS);
  }
}

export interface Installation {
  readonly namespace: string;
  readonly release: string;
  /** Address of the release's NATS that this machine reaches. */
  nats(): Promise<string>;
  uninstall(): Promise<void>;
}

/** The chart in a namespace of its own that enforces Pod Security `restricted`. */
export async function install(namespace: string, values: readonly string[] = []): Promise<Installation> {
  requireCluster();
  const release = 'marketprism';
  await kubectl(['apply', '--server-side', '--force-conflicts', '-f', 'crds']);
  await tryRun('kubectl', ['create', 'namespace', namespace]);
  await kubectl([
    'label',
    'namespace',
    namespace,
    'pod-security.kubernetes.io/enforce=restricted',
    '--overwrite',
  ]);
  const helm = await tryRun('helm', [
    'upgrade',
    '--install',
    release,
    'charts/marketprism',
    '--namespace',
    namespace,
    '--values',
    'test/demo/values.yaml',
    '--set',
    'crds.enabled=false,rbac.aggregate=false',
    ...values.flatMap((value) => ['--set', value]),
    '--wait',
    '--timeout',
    '180s',
  ]);
  if (!helm.ok) {
    throw new Error(
      `helm: ${helm.stderr}\n${await kubectl(['--namespace', namespace, 'get', 'pods,events'])}`,
    );
  }
  return {
    namespace,
    release,
    async nats() {
      const path = 'jsonpath={.spec.clusterIP}';
      const address = await kubectl([
        '--namespace',
        namespace,
        'get',
        'service',
        `${release}-nats`,
        '-o',
        path,
      ]);
      return `nats://${address}:4222`;
    },
    async uninstall() {
      await tryRun('kubectl', [
        '--namespace',
        namespace,
        'delete',
        'collectorfeeds',
        '--all',
        '--timeout=60s',
      ]);
      // Without this a pod whose NATS is unreachable uses up its grace to deliver what it holds.
      const collectors = [
        '--namespace',
        namespace,
        'pods',
        '-l',
        'app.kubernetes.io/name=marketprism-collector',
      ];
      await tryRun('kubectl', ['wait', '--for=delete', ...collectors, '--timeout=10s']);
      await tryRun('kubectl', ['delete', ...collectors, '--force', '--grace-period=0']);
      await tryRun('helm', ['uninstall', release, '--namespace', namespace, '--wait', '--timeout', '60s']);
      await tryRun('kubectl', ['delete', 'namespace', namespace, '--timeout=120s']);
    },
  };
}

/**
 * SIGKILL to the process of a pod's container, without a word to Kubernetes: the nodes of the local cluster are this
 * machine, so its processes are ours. False where they are not (CLUSTER=current).
 */
export async function killContainer(namespace: string, pod: string): Promise<boolean> {
  const path = 'jsonpath={.status.containerStatuses[0].containerID}';
  const id = (await kubectl(['--namespace', namespace, 'get', pod, '-o', path])).split('//')[1] ?? '';
  let killed = false;
  for (const entry of readdirSync('/proc')) {
    if (id === '' || !/^\d+$/.test(entry) || !cgroupOf(entry).includes(id)) continue;
    process.kill(Number(entry), 'SIGKILL');
    killed = true;
  }
  return killed;
}

function cgroupOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch {
    // It ended since the folder was read.
    return '';
  }
}

export interface SeenCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export interface SeenFeed {
  readonly metadata: { readonly uid: string; readonly generation: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly SeenCondition[];
    readonly symbols?: { readonly summary: string; readonly active: number };
    readonly effective?: Readonly<Record<string, unknown>>;
    readonly collectors?: { readonly summary: string };
    readonly messages?: {
      readonly total: number;
      readonly throughSequence?: number;
      readonly duplicates?: number;
      readonly byStream?: Readonly<Record<string, number>>;
      readonly stream?: { readonly name: string; readonly base: number };
    };
    readonly integrity?: { readonly gaps: number };
  };
}

export async function getFeed(namespace: string, name: string): Promise<SeenFeed> {
  return JSON.parse(
    await kubectl(['--namespace', namespace, 'get', 'collectorfeed', name, '-o', 'json']),
  ) as SeenFeed;
}

export function condition(feed: SeenFeed, type: string): SeenCondition | undefined {
  return feed.status?.conditions?.find((one) => one.type === type);
}

/** Waits until the feed satisfies `test`; the error shows its conditions. */
export function waitForFeed(
  at: { readonly namespace: string; readonly name: string; readonly timeoutMs?: number },
  what: string,
  test: (feed: SeenFeed) => boolean,
): Promise<SeenFeed> {
  const read = (): Promise<SeenFeed> => getFeed(at.namespace, at.name);
  return waitFor(
    what,
    at.timeoutMs ?? 60_000,
    async () => {
      const feed = await read();
      return test(feed) ? feed : undefined;
    },
    async () => JSON.stringify((await read()).status ?? {}, null, 1),
  );
}

export const isTrue = (feed: SeenFeed, type: string): boolean => condition(feed, type)?.status === 'True';
