import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { watchAssignmentFile, type AssignmentFile } from '../../../collector/assignments/file.ts';
import { ASSIGNMENT_KEY } from '../../../contract/assignment.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { createLogger } from '../../../runtime/log.ts';
import { assignment } from '../control/fakes.ts';

describe('the mounted assignment', () => {
  let folder: string;
  let seen: number[];
  let file: AssignmentFile;
  let versions: number;
  const waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assignment-'));
    seen = [];
    versions = 0;
  });
  afterEach(async () => {
    file.close();
    await rm(folder, { recursive: true });
  });
  /** As the kubelet does: a new folder, a symlink `..data` renamed over the old one. */
  async function mount(text: string): Promise<void> {
    versions += 1;
    const version = `..v${versions}`;
    await mkdir(join(folder, version));
    await writeFile(join(folder, version, ASSIGNMENT_KEY), text);
    await symlink(version, join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    if (versions === 1) await symlink(join('..data', ASSIGNMENT_KEY), join(folder, ASSIGNMENT_KEY));
  }
  function watch(): void {
    file = watchAssignmentFile({
      path: folder,
      clock: systemClock(),
      log: createLogger('test', 'silent'),
      onAssignment: ({ epoch }) => {
        seen.push(epoch);
        for (const one of waiting.splice(0))
          if (one.holds()) one.resolve();
          else waiting.push(one);
      },
    });
  }
  function until(holds: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (holds()) resolve();
    else waiting.push({ holds, resolve });
    return promise;
  }

  it('is read at the start and again after each swap of the symlink', async () => {
    await mount(JSON.stringify(assignment({ epoch: 1 })));
    watch();
    await until(() => seen.length === 1);
    await mount(JSON.stringify(assignment({ epoch: 2 })));
    await until(() => seen.length === 2);
    assert.deepEqual(seen, [1, 2]);
    assert.equal(file.fault, undefined);
  });

  it('may come later than its reader, and what is broken is named and then mended', async () => {
    watch();
    await mount('{');
    const broken = Promise.withResolvers<void>();
    const end = systemClock().every(20, () => /notJson/.test(file.fault ?? '') && broken.resolve());
    await broken.promise;
    end();
    assert.deepEqual(seen, []);
    await mount(JSON.stringify(assignment({ epoch: 3 })));
    await until(() => seen.length === 1);
    assert.equal(file.fault, undefined);
  });
});
