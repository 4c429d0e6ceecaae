// Who runs where: what is measured on one core, server and venue on the other.
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** All threads of a process on one core; false where that cannot be done (one core, no `taskset`). */
export async function pin(pid: number | undefined, core: number): Promise<boolean> {
  if (pid === undefined || availableParallelism() < 2) return false;
  try {
    await run('taskset', ['-a', '-c', '-p', String(core), String(pid)]);
    return true;
  } catch {
    return false;
  }
}
