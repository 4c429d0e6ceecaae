// Runs the real helm over the chart and reads what it renders.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';

const run = promisify(execFile);
const root = new URL('../..', import.meta.url).pathname;
const MAX_OUTPUT_BYTES = 16 << 20;

export const CHART = 'charts/marketprism';
export type Values = Readonly<Record<string, unknown>>;

export interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** HELM, else PATH, else where `test/cluster/tools.sh --bin` says. */
async function helmBinary(): Promise<string> {
  const given = process.env['HELM'];
  if (given !== undefined) return given;
  const { stdout } = await run('test/cluster/tools.sh', ['--bin'], { cwd: root });
  const found = [...(process.env['PATH'] ?? '').split(delimiter), stdout.trim()]
    .map((folder) => join(folder, 'helm'))
    .find((path) => existsSync(path));
  if (found === undefined) throw new Error('helm is not built: run test/cluster/tools.sh helm');
  return found;
}

export type HelmResult =
  { readonly kind: 'done'; readonly text: string } | { readonly kind: 'refused'; readonly message: string };

/** Runs helm with `values` on its standard input. */
export async function helm(args: readonly string[], values: Values = {}): Promise<HelmResult> {
  const running = run(await helmBinary(), [...args, '--values', '-'], {
    cwd: root,
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  running.child.stdin?.end(JSON.stringify(values));
  try {
    return { kind: 'done', text: (await running).stdout };
  } catch (error) {
    return { kind: 'refused', message: (error as { stderr?: string }).stderr ?? String(error) };
  }
}

export interface Release {
  readonly name?: string;
  readonly namespace?: string;
}

export const template = (
  values: Values,
  { name = 'marketprism', namespace = 'market-data' }: Release = {},
): Promise<HelmResult> => helm(['template', name, CHART, '--namespace', namespace], values);

export async function render(values: Values = {}, release: Release = {}): Promise<readonly Rendered[]> {
  const result = await template(values, release);
  if (result.kind === 'refused') throw new Error(result.message);
  const documents = parseAllDocuments(result.text, { maxAliasCount: 0 } as never);
  return documents.map((document) => document.toJS() as Rendered | null).filter((object) => object !== null);
}

export function only(objects: readonly Rendered[], kind: string, name: string): Rendered {
  const found = objects.filter((object) => object.kind === kind && object.metadata.name === name);
  const [object] = found;
  if (object === undefined || found.length > 1)
    throw new Error(
      `${found.length} of ${kind} ${name} among ${objects.map((o) => `${o.kind}/${o.metadata.name}`).join(' ')}`,
    );
  return object;
}

/** The value at a dotted path; a number is an index. */
export function at(object: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], object);
}
