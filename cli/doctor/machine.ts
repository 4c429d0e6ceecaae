import { ok, warning, wrong, type Finding } from './finding.ts';

/** What the checks of this machine ask it. */
export interface Machine {
  readonly nodeVersion: string;
  /** First line that the program prints, null where it is not there. */
  run(program: string, args: readonly string[]): Promise<string | null>;
  /** Null: free; else why it cannot be had. */
  tryPort(port: number): Promise<'EADDRINUSE' | 'EACCES' | null>;
  /** Body of the status API at the port, null where nothing of that kind answers. */
  readStatus(port: number): Promise<unknown>;
}

const OLDEST_NODE = [24, 12] as const;
const OLDEST_HELM_MAJOR = 3;

export async function checkMachine(machine: Machine, port: number): Promise<readonly Finding[]> {
  return [
    nodeFinding(machine.nodeVersion),
    await kubectlFinding(machine),
    await helmFinding(machine),
    await portFinding(machine, port),
  ];
}

function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isRecent = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  if (isRecent) return ok('node', version);
  const mend = 'run "npm ci" without --omit=optional, which brings the pinned one, or install Node 24';
  return wrong('node', `${version} is older than ${OLDEST_NODE.join('.')}`, mend);
}

async function kubectlFinding(machine: Machine): Promise<Finding> {
  const said = await machine.run('kubectl', ['version', '--client']);
  if (said !== null) return ok('kubectl', said.replace(/^Client Version:\s*/, ''));
  const mend = 'https://kubernetes.io/docs/tasks/tools/ says how to install it';
  return warning('kubectl', 'not found in PATH; only Kubernetes needs it', mend);
}

async function helmFinding(machine: Machine): Promise<Finding> {
  const said = await machine.run('helm', ['version', '--short']);
  const mend = 'https://helm.sh/docs/intro/install/ says how to install it';
  if (said === null) return warning('helm', 'not found in PATH; only Kubernetes needs it', mend);
  const major = Number(/^v?(\d+)\./.exec(said)?.[1] ?? Number.NaN);
  if (major < OLDEST_HELM_MAJOR) return wrong('helm', `${said}: the chart needs Helm 3 or 4`, mend);
  return ok('helm', said);
}

async function portFinding(machine: Machine, port: number): Promise<Finding> {
  const check = `port ${port}`;
  const refusal = await machine.tryPort(port);
  if (refusal === null) return ok(check, 'free for the status API of a collector');
  const mend = 'give another one: marketprism collect --port PORT, or DATA_COLLECTOR_PORT';
  if (refusal === 'EACCES') return wrong(check, 'this user may not listen on it', mend);
  const status = await machine.readStatus(port);
  if (isOurs(status)) return ok(check, `a collector answers there: ${status.message}`);
  return warning(check, 'taken by another program', mend);
}

function isOurs(status: unknown): status is { readonly message: string } {
  const { message, data } = (status ?? {}) as { readonly message?: unknown; readonly data?: unknown };
  const { service } = (data ?? {}) as { readonly service?: unknown };
  return typeof message === 'string' && service === 'marketprism-collector';
}
