import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { spillFiles, type SpillFiles } from '../../../../collector/delivery/spill/files.ts';
import type { SpilledRecord } from '../../../../collector/delivery/spill/format.ts';
import type { LostRecords } from '../../../../collector/delivery/spill/segment.ts';
import { Spill, type SpillOptions, type Ticket } from '../../../../collector/delivery/spill/spill.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { OWNER, spilledOf } from './records.ts';

interface Rig {
  readonly spill: Spill;
  readonly read: { readonly spilled: SpilledRecord; readonly ticket: Ticket }[];
  /** `behind`: the last record that was read back before it was told. */
  readonly lost: (LostRecords & { readonly behind: number | undefined })[];
  readonly dropped: number[];
  readonly counters: Record<string, number>;
  readonly disk: (Error | null)[];
  readonly pressure: boolean[];
}

function rig(files: SpillFiles, over: Partial<SpillOptions> = {}): Rig {
  const parts: Omit<Rig, 'spill'> = { read: [], lost: [], dropped: [], counters: {}, disk: [], pressure: [] };
  const spill = new Spill({
    files,
    owner: OWNER,
    maxBytes: 1 << 20,
    maxUnwrittenBytes: 1 << 20,
    whenFull: 'dropOldest',
    clock: new ManualClock(),
    onRecord: (spilled, ticket) => parts.read.push({ spilled, ticket }),
    onDropped: (count) => parts.dropped.push(count),
    onLost: (lost) => {
      const behind = parts.read.at(-1)?.spilled.pushedMs;
      parts.lost.push(...lost.map((one) => ({ ...one, behind })));
    },
    onPressure: (pressed) => parts.pressure.push(pressed),
    bump: (name, by = 1) => {
      parts.counters[name] = (parts.counters[name] ?? 0) + by;
    },
    onDisk: (failure) => parts.disk.push(failure),
    ...over,
  });
  return { spill, ...parts };
}

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'marketprism-spill-'));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);
const lostOf = ({ lost }: Rig): number => sumOf(lost.map(({ count }) => count));
const idsOf = ({ read }: Rig): readonly number[] => read.map(({ spilled }) => spilled.pushedMs);
const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

async function loadAll({ spill }: Rig): Promise<void> {
  while (spill.active) await spill.load(7);
}

test('records come back in the order in which they came, and leave no file once they are resolved', () =>
  inFolder(async (folder) => {
    const one = rig(spillFiles(folder), { maxBytes: 40_000 });
    for (const id of numbers(1, 100)) one.spill.append(spilledOf(id));
    await one.spill.flush();
    assert.ok((await readdir(folder)).length > 1, 'several segments');
    await one.spill.load(30);
    for (const id of numbers(101, 120)) one.spill.append(spilledOf(id));
    await loadAll(one);
    assert.deepEqual(idsOf(one), numbers(1, 120));
    assert.ok(one.spill.bytes > 0, 'on disk until the stream has them');
    for (const { ticket } of one.read) ticket.resolved();
    await one.spill.close();
    assert.equal(one.spill.bytes, 0);
    assert.deepEqual(await readdir(folder), []);
    assert.deepEqual(one.lost, []);
  }));

test('a successor finds everything that was written and not resolved, the kept before the waiting, each marked as unclear', () =>
  inFolder(async (folder) => {
    const dead = rig(spillFiles(folder));
    const items = [1, 2, 3].map((id) => ({
      isGap: false,
      item: {
        record: spilledOf(id).record,
        pushedMs: id,
        bytes: 0,
        serial: id,
        floor: undefined,
        unclear: false,
        triedMs: 0,
        afterDrop: undefined,
        lostBefore: 0,
        ticket: undefined,
      },
    }));
    dead.spill.keep(items);
    for (const id of numbers(4, 9)) dead.spill.append(spilledOf(id));
    await dead.spill.flush();
    // It dies here: read back, never resolved.
    await dead.spill.load(2);
    const next = rig(spillFiles(folder));
    await next.spill.recover();
    assert.equal(next.counters['spill.recovered'], 9);
    next.spill.append(spilledOf(10));
    await loadAll(next);
    assert.deepEqual(idsOf(next), numbers(1, 10));
    assert.deepEqual(
      next.read.map(({ spilled }) => spilled.unclear),
      [...numbers(1, 9).map(() => true), false],
    );
    await Promise.all([dead.spill.close(), next.spill.close()]);
  }));

test('a torn tail costs what it tore; the rest comes back, and the damage is counted', () =>
  inFolder(async (folder) => {
    const dead = rig(spillFiles(folder));
    for (const id of numbers(1, 5)) dead.spill.append(spilledOf(id));
    await dead.spill.flush();
    const [name = ''] = await readdir(folder);
    await truncate(join(folder, name), dead.spill.bytes - 3);
    const next = rig(spillFiles(folder));
    await next.spill.recover();
    await loadAll(next);
    assert.deepEqual(idsOf(next), numbers(1, 4));
    assert.equal(next.counters['spill.damagedSegments'], 1);
    await Promise.all([dead.spill.close(), next.spill.close()]);
  }));

test('files of another feed are left alone and counted', () =>
  inFolder(async (folder) => {
    const other = rig(spillFiles(folder), { owner: { ...OWNER, feedUid: 'uid-2' } });
    other.spill.append(spilledOf(1));
    await other.spill.close();
    const own = rig(spillFiles(folder));
    await own.spill.recover();
    assert.equal(own.spill.active, false);
    assert.equal(own.counters['spill.foreignSegments'], 1);
    own.spill.append(spilledOf(2));
    await own.spill.close();
    assert.equal((await readdir(folder)).length, 2, 'the foreign file was not written over');
  }));

test('at the bound the oldest on disk go first, each counted with its subject', () =>
  inFolder(async (folder) => {
    const one = rig(spillFiles(folder), { maxBytes: 20_000 });
    for (const id of numbers(1, 200)) one.spill.append(spilledOf(id, `trade.binance.${id % 2}`));
    assert.ok(one.spill.bytes <= 20_000);
    await loadAll(one);
    const lost = lostOf(one);
    assert.ok(lost > 0 && lost < 200);
    assert.deepEqual(idsOf(one), numbers(lost + 1, 200));
    assert.equal(one.counters['spill.dropped'], lost);
    assert.deepEqual(new Set(one.lost.map(({ subject }) => subject)).size, 2);
  }));

test('whenFull stop asks for a pause before the bound and lets go below half of it', () =>
  inFolder(async (folder) => {
    const one = rig(spillFiles(folder), { maxBytes: 20_000, whenFull: 'stop' });
    let id = 0;
    while (!one.spill.pressed) one.spill.append(spilledOf((id += 1)));
    assert.deepEqual(one.lost, []);
    await loadAll(one);
    for (const { ticket } of one.read) ticket.resolved();
    assert.deepEqual(one.pressure, [true, false]);
    await one.spill.flush();
  }));

test('a burst that the disk has not taken yet costs nothing that is in a file', () =>
  inFolder(async (folder) => {
    const one = rig(spillFiles(folder), { maxUnwrittenBytes: 6_000 });
    for (const id of numbers(1, 15)) one.spill.append(spilledOf(id));
    await one.spill.flush();
    await one.spill.load(1);
    for (const id of numbers(16, 60)) one.spill.append(spilledOf(id));
    const lost = sumOf(one.dropped);
    assert.ok(lost > 0, 'more than the bound came at once');
    await loadAll(one);
    assert.deepEqual(idsOf(one).slice(0, 15), numbers(1, 15), 'what was written is not what is given up');
    assert.equal(one.read.length + lost, 60);
    for (const { ticket } of one.read) ticket.resolved();
    await one.spill.close();
  }));

test('what is given up between two that wait is counted at once and told in its place, in one sum a subject', () =>
  inFolder(async (folder) => {
    const one = rig(spillFiles(folder), { maxUnwrittenBytes: 6_000 });
    for (const id of numbers(1, 15)) one.spill.append(spilledOf(id));
    await one.spill.flush();
    await one.spill.load(1);
    // No write comes through in between: these wait in memory, again and again over the bound.
    for (const id of numbers(16, 90)) one.spill.append(spilledOf(id));
    const dropped = sumOf(one.dropped);
    assert.ok(one.dropped.length > 1, 'segment by segment');
    assert.deepEqual(one.lost, [], 'the record that ends the hole was not read back');
    await loadAll(one);
    const left = idsOf(one);
    const at = left.findIndex((id, index) => id !== index + 1);
    assert.equal((left[at] ?? 0) - (left[at - 1] ?? 0) - 1, dropped, 'one hole');
    assert.deepEqual(
      one.lost.map(({ behind, count }) => ({ behind, count })),
      [{ behind: left[at - 1], count: dropped }],
    );
    for (const { ticket } of one.read) ticket.resolved();
    await one.spill.close();
  }));

test('a turn that ends with the last record leaves nothing open', () =>
  inFolder(async (folder) => {
    const one = rig(spillFiles(folder));
    for (const id of numbers(1, 7)) one.spill.append(spilledOf(id));
    await one.spill.flush();
    await one.spill.load(7);
    assert.equal(one.spill.active, false);
    for (const { ticket } of one.read) ticket.resolved();
    assert.equal(one.spill.bytes, 0);
    await one.spill.close();
  }));

test('a segment that is resolved while its file is being made leaves no file', () =>
  inFolder(async (folder) => {
    const one = rig(spillFiles(folder));
    one.spill.append(spilledOf(1));
    const written = one.spill.flush();
    await one.spill.load(1);
    await one.spill.load(1);
    for (const { ticket } of one.read) ticket.resolved();
    await written;
    await one.spill.close();
    assert.deepEqual(await readdir(folder), []);
  }));

test('a write that ends while its segment is read costs nothing', () =>
  inFolder(async (folder) => {
    const sound = spillFiles(folder);
    const one = rig({
      ...sound,
      async read(number) {
        const before = await sound.read(number);
        await one.spill.flush();
        return before;
      },
    });
    for (const id of numbers(1, 5)) one.spill.append(spilledOf(id));
    await one.spill.flush();
    for (const id of numbers(6, 9)) one.spill.append(spilledOf(id));
    await loadAll(one);
    assert.deepEqual(idsOf(one), numbers(1, 9));
    assert.deepEqual(one.lost, []);
    for (const { ticket } of one.read) ticket.resolved();
    await one.spill.close();
  }));

/** While `failing`, a disk that has no space. */
function fullDisk(folder: string): { readonly files: SpillFiles; failing: boolean } {
  const sound = spillFiles(folder);
  const disk = {
    failing: true,
    files: {
      ...sound,
      create: async (number: number) => {
        const file = await sound.create(number);
        return {
          close: () => file.close(),
          async write(bytes: Uint8Array, offset: number) {
            if (disk.failing) throw new Error('ENOSPC: no space left on device');
            await file.write(bytes, offset);
          },
        };
      },
    },
  };
  return disk;
}

test('a disk that fails is named once, loses nothing while memory has room, and is written again when it is well', () =>
  inFolder(async (folder) => {
    const disk = fullDisk(folder);
    const one = rig(disk.files, { maxUnwrittenBytes: 4_000 });
    for (const id of numbers(1, 5)) one.spill.append(spilledOf(id));
    await one.spill.flush();
    await one.spill.flush();
    assert.deepEqual(
      one.disk.map((failure) => failure?.message),
      ['ENOSPC: no space left on device'],
    );
    assert.equal(one.counters['spill.failed'], 2);
    await one.spill.load(3);
    assert.deepEqual(idsOf(one), [1, 2, 3], 'read from memory');
    for (const id of numbers(6, 60)) one.spill.append(spilledOf(id));
    assert.ok(one.spill.unwrittenBytes <= 4_000 + 300);
    const lost = sumOf(one.dropped);
    assert.ok(lost > 0, 'the bound holds in memory too');
    disk.failing = false;
    // The one that is under way still fails.
    await one.spill.flush();
    await one.spill.flush();
    assert.equal(one.disk.at(-1), null);
    await loadAll(one);
    assert.equal(one.read.length + lost, 60);
  }));

test('a disk that failed is found to be well although nothing waits for it, and the trial leaves nothing there', () =>
  inFolder(async (folder) => {
    const disk = fullDisk(folder);
    const clock = new ManualClock();
    const one = rig(disk.files, { clock });
    one.spill.append(spilledOf(1));
    await one.spill.flush();
    await loadAll(one);
    for (const { ticket } of one.read) ticket.resolved();
    const tried = async (): Promise<void> => {
      await clock.advance(5_000);
      await one.spill.flush();
    };
    await tried();
    assert.equal(one.disk.length, 1, 'it still fails');
    disk.failing = false;
    await one.spill.flush();
    assert.equal(one.disk.length, 1, 'not asked all the time');
    await tried();
    assert.equal(one.disk.at(-1), null);
    await one.spill.close();
    assert.deepEqual(await readdir(folder), []);
  }));
