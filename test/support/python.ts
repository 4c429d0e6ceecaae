// Python with what examples/requirements.txt pins, in the tools' cache: installed once a pin, by hash.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = new URL('../..', import.meta.url).pathname;
const REQUIREMENTS = join(ROOT, 'examples/requirements.txt');

/** Environment for `python3` that finds the packages. Throws what is needed where something is missing. */
export async function pythonEnvironment(): Promise<Readonly<Record<string, string>>> {
  const pins = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const cache =
    process.env['MARKETPRISM_CACHE'] ??
    join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'marketprism');
  const folder = join(cache, `python-${pins}`);
  if (!existsSync(folder)) await install(cache, folder);
  return { PATH: process.env['PATH'] ?? '', PYTHONPATH: folder };
}

async function install(cache: string, folder: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const made = await mkdtemp(join(cache, 'python-new-'));
  const target = ['--require-hashes', '--no-deps', '--target', made, '-r', REQUIREMENTS];
  try {
    await run('python3', ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...target]);
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    throw new Error(
      'the Python example needs python3 ≥3.9 with pip, and a package registry that has what examples/requirements.txt names',
      { cause: error },
    );
  }
  // Another test may have been quicker.
  await rename(made, folder).catch(() => rm(made, { recursive: true, force: true }));
}

/** What examples/consume.py and examples/trades.py say of a stream. */
export interface PythonVerdict {
  readonly books: Readonly<
    Record<string, { readonly id: string; readonly digest: string; readonly gaps: readonly unknown[] }>
  >;
  readonly missingTrades: Readonly<Record<string, number>>;
}

export async function judgeWithPython(server: string, stream: string): Promise<PythonVerdict> {
  const env = await pythonEnvironment();
  const options = { cwd: ROOT, env, maxBuffer: 64 * 1024 * 1024 };
  const said = async (example: string): Promise<unknown> =>
    JSON.parse((await run('python3', [`examples/${example}`, server, stream], options)).stdout);
  return { books: await said('consume.py'), missingTrades: await said('trades.py') } as PythonVerdict;
}
