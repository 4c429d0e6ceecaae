import { watch, type FSWatcher } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ASSIGNMENT_KEY, parseAssignment, type Assignment } from '../../contract/assignment.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';

export interface AssignmentFileOptions {
  /** The mounted folder of the ConfigMap, or the file itself. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onAssignment: (assignment: Assignment) => void;
}

export interface AssignmentFile {
  /** Why there is no usable assignment in the file at the moment; undefined when there is one. */
  readonly fault: string | undefined;
  close(): void;
}

const POLL_MS = 1_000;

/**
 * Follows the file through kubelet's swap of the `..data` symlink. The watch makes it quick, the poll makes it sure:
 * inotify is lost on some file systems and when the folder itself is replaced.
 */
export function watchAssignmentFile(options: AssignmentFileOptions): AssignmentFile {
  const { clock, log, onAssignment } = options;
  let seen: string | undefined;
  let fault: string | undefined = `${options.path} was not read yet`;
  let reading = false;
  let again = false;
  let closed = false;

  const complain = (text: string): void => {
    if (fault !== text) log.warn({ path: options.path }, text);
    fault = text;
  };
  const look = async (): Promise<void> => {
    const path = await fileIn(options.path);
    const version = await versionOf(path);
    if (version === seen) return;
    const assignment = parseAssignment(await readFile(path, 'utf8'));
    if (closed) return;
    seen = version;
    if ('reason' in assignment) {
      complain(`${path} holds no assignment (${assignment.reason}: ${assignment.detail})`);
      return;
    }
    fault = undefined;
    onAssignment(assignment);
  };
  /** One look at a time; what happens during one is looked at after it. */
  const poke = (): void => {
    if (closed) return;
    again = reading;
    if (reading) return;
    reading = true;
    look()
      .catch((error: unknown) => complain(`${options.path} cannot be read: ${messageOf(error)}`))
      .finally(() => {
        reading = false;
        if (again) poke();
      });
  };

  const endPoll = clock.every(POLL_MS, poke);
  const watcher = tryWatch(options.path, poke, log);
  poke();
  return {
    get fault() {
      return fault;
    },
    close() {
      closed = true;
      endPoll();
      watcher?.close();
    },
  };
}

async function fileIn(path: string): Promise<string> {
  return (await stat(path)).isDirectory() ? join(path, ASSIGNMENT_KEY) : path;
}

/** Changes with the symlink's target and with the file: taken before reading, so that a later write is seen again. */
async function versionOf(path: string): Promise<string> {
  const real = await realpath(path);
  const { mtimeMs, size, ino } = await stat(real);
  return `${real} ${mtimeMs} ${size} ${ino}`;
}

function tryWatch(path: string, onEvent: () => void, log: Logger): FSWatcher | undefined {
  try {
    const watcher = watch(path.endsWith('.json') ? dirname(path) : path, onEvent);
    watcher.on('error', (error) => log.warn({ err: error, path }, 'file watch lost, polling goes on'));
    return watcher;
  } catch (error) {
    log.warn({ err: error, path }, 'file cannot be watched, polling instead');
    return undefined;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
