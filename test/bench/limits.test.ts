import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { RECORDINGS } from '../../bench/frames/recorded.ts';

const run = promisify(execFile);
const ROOT = new URL('../../', import.meta.url).pathname;

interface Limits {
  readonly pipeline: { readonly least: Readonly<Record<string, number>> };
  readonly publish: { readonly least: number };
}
const limits = JSON.parse(
  readFileSync(new URL('../../bench/limits.json', import.meta.url), 'utf8'),
) as Limits;

/** The line for programs, which is the last. */
async function benched<T>(bench: string, rounds: number): Promise<readonly T[]> {
  const env = { ...process.env, ROUNDS: String(rounds) };
  const { stdout } = await run(process.execPath, [`bench/${bench}.ts`], { cwd: ROOT, env });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as readonly T[];
}

const skip = !existsSync(RECORDINGS) && 'no recordings';
test('the pipeline keeps the pace of bench/limits.json on every venue', { skip }, async () => {
  const rows = await benched<{ venue: string; digits: string; ratio: number }>('pipeline', 5);
  assert.deepEqual([...new Set(rows.map(({ venue }) => venue))], Object.keys(limits.pipeline.least));
  for (const { venue, digits, ratio } of rows) {
    const least = limits.pipeline.least[venue] ?? Infinity;
    assert.ok(ratio >= least, `${venue}, ${digits}: ${ratio} of the floor, at least ${least} is wanted`);
  }
});

test('acknowledged publishing is faster than js.publish by the ratio of bench/limits.json', async () => {
  const rows = await benched<{ name: string; messagesASecond: number; ratio: number }>('publish', 3);
  const ratioOf = (name: string): number => rows.find((row) => row.name === name)?.ratio ?? Number.NaN;
  const ratio = ratioOf("the collector's delivery") / ratioOf('js.publish');
  assert.ok(
    ratio >= limits.publish.least,
    `${ratio.toFixed(2)} of js.publish, at least ${limits.publish.least} is wanted`,
  );
});
