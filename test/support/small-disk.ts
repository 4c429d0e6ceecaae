// A file system of its own, so small that it can really be full. It is mounted in the namespace of a process that ends
// with this one, so nothing stays mounted, and reached through /proc: the kernel says ENOSPC, no stand-in does.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly path: string;
  /** Takes all that is left of it. */
  fill(): Promise<void>;
  /** Gives back what `fill` took. */
  free(): Promise<void>;
  remove(): Promise<void>;
}

const CHUNK = Buffer.alloc(64 << 10);
/** Another user than root mounts in a user namespace of its own. */
const UNSHARE = process.getuid?.() === 0 ? ['--mount'] : ['--map-root-user', '--mount'];

/** Undefined: this machine lets nobody mount. */
export async function smallDisk(bytes: number): Promise<SmallDisk | undefined> {
  const point = await mkdtemp(join(tmpdir(), 'marketprism-disk-'));
  const script = `mount -t tmpfs -o size=${bytes},mode=700 none '${point}' && echo mounted && exec cat`;
  const holder = spawn('unshare', [...UNSHARE, 'sh', '-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = once(holder, 'close').catch(() => undefined);
  const said = once(holder.stdout, 'data').then(() => true);
  const isMounted = await Promise.race([said, ended.then(() => false)]);
  if (!isMounted) {
    await rmdir(point);
    return undefined;
  }
  const path = `/proc/${holder.pid}/root${point}`;
  const filler = join(path, 'filler');
  return {
    path,
    fill: () => fillUp(filler),
    free: () => rm(filler, { force: true }),
    async remove() {
      holder.stdin.end();
      await ended;
      await rmdir(point);
    },
  };
}

async function fillUp(path: string): Promise<void> {
  const file = await open(path, 'a');
  try {
    for (;;) await file.write(CHUNK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    await file.close();
  }
}
