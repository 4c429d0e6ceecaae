import { constants } from 'node:fs';
import { mkdir, open, readdir, readFile, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

const NAME = /^(\d{10})\.spill$/;

/** A segment's file while it grows. */
export interface SegmentFile {
  /** Writes at this offset, all of it or a rejection; the same bytes may be written there again. */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  close(): Promise<void>;
}

/** The folder of the spill; the seam at which tests let a disk fail. */
export interface SpillFiles {
  /** Numbers of the segments that are there, ascending; makes the folder. */
  list(): Promise<readonly number[]>;
  create(number: number): Promise<SegmentFile>;
  read(number: number): Promise<Uint8Array>;
  remove(number: number): Promise<void>;
}

/**
 * Nothing is synced to the medium: what was written survives the process, which is what the spill is for, not a power
 * cut. (A sync a batch costs some 5 ms on a network disk, at every 100 ms of an outage.)
 */
export function spillFiles(folder: string): SpillFiles {
  const path = (number: number): string => join(folder, `${String(number).padStart(10, '0')}.spill`);
  return {
    async list() {
      await mkdir(folder, { recursive: true });
      const names = await readdir(folder);
      return names
        .flatMap((name) => NAME.exec(name)?.[1] ?? [])
        .map(Number)
        .toSorted((left, right) => left - right);
    },
    async create(number) {
      const handle = await open(
        path(number),
        constants.O_CREAT | constants.O_WRONLY | constants.O_TRUNC,
        0o600,
      );
      return segmentFile(handle);
    },
    read: (number) => readFile(path(number)),
    remove: (number) => rm(path(number), { force: true }),
  };
}

function segmentFile(handle: FileHandle): SegmentFile {
  return {
    async write(bytes, offset) {
      let written = 0;
      while (written < bytes.byteLength) {
        const { bytesWritten } = await handle.write(
          bytes,
          written,
          bytes.byteLength - written,
          offset + written,
        );
        written += bytesWritten;
      }
    },
    close: () => handle.close(),
  };
}
